"""What the status page says of an issue, as a table; and that no category was forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import server.web
from models.enums import Anonymity, Channel, IssueCategory, IssueState, Level, Move, Role
from server.issues.queries import EventView, HandsView, IssueView, JoinedView
from server.web.resident.phrases import NOT_SOLVED, PHRASES, compose
from server.web.resident.words import HOLDER, headline, moment

S = IssueState
NOW = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
CSS = (Path(server.web.__file__).parent / "static" / "resident.css").read_text(encoding="utf-8")


def event(hours_ago: int, level: Level, text: str = "已受理。") -> EventView:
    at = NOW - timedelta(hours=hours_ago)
    return EventView(at, Move.ACCEPT, "受理", S.ACCEPTED, level, Role.HEAD, "楼栋长", text)


def hands(level: Level, **changes: object) -> HandsView:
    plain = HandsView(
        holder=HOLDER[level],
        since=NOW - timedelta(hours=5 if level is Level.HEAD else 3),
        sign_in_due_at=None,
        signed_in_at=None,
        contact_due_at=None,
        contacted_at=None,
        suspended_until=None,
        suspended_why="",
        suspensions=0,
        extension_asked=None,
        extensions=0,
        pushed_back=0,
        urged=0,
        assigned=False,
        suggested=None,
        suggested_why="",
        triage=None,
        follow_up_at=None,
        photo_required=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


PAUSED = hands(Level.GRID, suspended_until=NOW + timedelta(days=3), suspended_why="等厂家发货", suspensions=1)
LONGER = hands(Level.GRID, extensions=1, extension_asked=2, urged=3)


def view(state: IssueState, level: Level = Level.HEAD, **changes: object) -> IssueView:
    plain = IssueView(
        id="0" * 16,
        category=IssueCategory.LIFT,
        category_name="电梯",
        state=state,
        state_name=state.zh,
        level=level,
        level_name=level.zh,
        topic="",
        topic_name="",
        answers=(),
        urgent=False,
        text="电梯停了",
        spot="",
        channel=Channel.SCAN,
        building="0" * 16,
        building_name="3号楼",
        about_head=False,
        anonymity=Anonymity.OPEN,
        has_contact=False,
        reported_at=NOW,
        due_at=None,
        resolved_at=None,
        ended_at=None,
        outcome="",
        responsible="",
        duplicate_of=None,
        rework=0,
        done_by="",
        done_at=None,
        hands=hands(level),
        photos=[],
        timeline=[event(5, Level.HEAD), event(3, level)],
        moves=[],
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "title", "line", "tone"),
    [
        (view(S.REPORTED), "已送到楼栋长，等受理", "10月12日 04:00 交到楼栋长手里。", "waiting"),
        (view(S.REPORTED, Level.STREET), "已送到街道，等受理", "10月12日 06:00 交到街道手里。", "waiting"),
        (view(S.ACCEPTED), "楼栋长已经受理", "交到楼栋长手里", "working"),
        (view(S.IN_PROGRESS, due_at=NOW), "楼栋长正在办", "应在 10月12日 09:00 之前办好，已经过了期限。", "working"),
        (view(S.IN_PROGRESS, Level.GRID, hands=PAUSED), "网格员正在办", "到10月15日为止：等厂家发货", "working"),
        (
            view(S.ACCEPTED, Level.GRID, hands=LONGER, due_at=NOW),
            "网格员已经受理",
            "已延期1次，已经过了期限。",
            "working",
        ),
        (view(S.ACCEPTED, Level.GRID, hands=LONGER), "网格员已经受理", "申请延期2个工作日，等上级决定。", "working"),
        (view(S.ACCEPTED, Level.GRID, hands=LONGER), "网格员已经受理", "已催办3次。", "working"),
        (view(S.RESOLVED, resolved_at=NOW, done_by="电工", done_at=NOW), "楼栋长说办好了", "电工，10月12日。", "yours"),
        (view(S.REOPENED, Level.GRID), "还没好，已交网格员重新办", "交到网格员手里", "working"),
        (view(S.RESOLVED, resolved_at=NOW, outcome="换了灯"), "楼栋长说办好了", "做了什么：换了灯", "yours"),
        (view(S.RESOLVED, resolved_at=NOW), "楼栋长说办好了", "请在 10月19日 09:00 之前说一声好没好", "yours"),
        (view(S.CONFIRMED, ended_at=NOW), "已经解决，销号了", "10月12日 09:00 您确认已经解决。", "good"),
        (view(S.CLOSED_SILENT, ended_at=NOW), "没等到回音，已结束", "不算解决", "ended"),
        (view(S.DECLINED, responsible="供电所 95598"), "这件事不归这里办", "供电所 95598", "ended"),
        (view(S.WITHDRAWN), "您已经撤回", "再报一次", "ended"),
    ],
)
def test_every_state_has_its_words(given: IssueView, title: str, line: str, tone: str) -> None:
    said = headline(given, NOW)
    assert said.title.startswith(title)
    assert line in "".join(said.lines)
    assert said.tone == tone


@pytest.mark.parametrize(
    ("state", "line", "tone"),
    [
        (S.ACCEPTED, "那一件现在在社区居委会手里：已受理。", "working"),
        (S.RESOLVED, "请在 10月19日 09:00 之前也说一声好没好", "yours"),
        (S.CONFIRMED, "确认已经解决。", "good"),
        (S.CLOSED_SILENT, "社区居委会说那一件办好了，没有等到", "ended"),
        (S.DECLINED, "这件事由物业负责。", "ended"),
        (S.WITHDRAWN, "那一件已经结束。", "ended"),
    ],
)
def test_a_joined_issue_tells_how_the_other_stands(state: IssueState, line: str, tone: str) -> None:
    said = headline(view(S.DUPLICATE), NOW, JoinedView(state, Level.COMMUNITY, "", "物业", NOW, NOW))
    assert line in "".join(said.lines)
    assert said.tone == tone


def test_no_state_and_no_level_is_without_words() -> None:
    assert all(headline(view(state), NOW).title for state in IssueState)
    assert set(HOLDER) == set(Level)


def test_the_year_is_told_only_when_it_is_another_one() -> None:
    assert moment(NOW, NOW) == "10月12日 09:00"
    assert moment(datetime(2025, 12, 31, 16, 0, tzinfo=UTC), NOW) == "1月1日 00:00"  # new year in Shanghai
    assert moment(datetime(2025, 12, 31, 15, 59, tzinfo=UTC), NOW) == "2025年12月31日 23:59"


def test_every_category_offers_its_sentences_without_script() -> None:
    assert list(PHRASES) == list(IssueCategory)
    for category, said in PHRASES.items():
        if category is IssueCategory.OTHER:
            continue
        assert 2 <= len(said) <= 4
        assert f"#c-{category.value}:checked ~ .phrases .p-{category.value}" in CSS


@pytest.mark.parametrize(
    ("ticked", "typed", "text"),
    [
        ([], "", ""),
        ([], " 灯坏了 ", "灯坏了"),
        (["没有人来过", "还是老样子"], "", "还是老样子，没有人来过"),
        (["还是老样子"], "三楼", "还是老样子。\n三楼"),
        (["我编的"], "", ""),
    ],
)
def test_ticked_and_typed_become_one_text(ticked: list[str], typed: str, text: str) -> None:
    assert compose(ticked, typed, NOT_SOLVED) == text
