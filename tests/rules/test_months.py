from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import FIXED_MONTHS, MonthState
from server.rules.calendar import SHANGHAI, WorkCalendar
from server.rules.decision import Refusal
from server.rules.months import MonthFacts, MonthMove, MonthStep, decide_month

M, S = MonthMove, MonthState
OPENER, SECOND = 1, 2
CALENDAR = WorkCalendar()
OVER = datetime(2026, 11, 1, 8, tzinfo=SHANGHAI)  # October is over
ENDS = datetime(2026, 11, 10, tzinfo=SHANGHAI)


def facts(state: MonthState | None = None, **more: object) -> MonthFacts:
    """October, its notice (if any) opened by OPENER and running until ENDS."""
    after = {S.NOTICE, S.SEALED, S.PUBLISHED}
    notice = {"notice_opened_by": OPENER, "notice_ends_at": ENDS} if state in after else {}
    return MonthFacts(202610, state, **{**notice, **more})  # type: ignore[arg-type]


def code(month: MonthFacts, move: MonthMove, actor_id: int | None = SECOND, now: datetime = ENDS) -> str | None:
    """The refusal's code; None when the move is made."""
    decision = decide_month(month, move, actor_id, now, CALENDAR, WHY)
    assert decision.reason.endswith("。")
    return decision.code if isinstance(decision, Refusal) else None


ROAD = {
    (None, M.CLOSE): S.DRAFT,
    (S.DRAFT, M.REDRAFT): S.DRAFT,
    (S.DRAFT, M.OPEN_NOTICE): S.NOTICE,
    (S.NOTICE, M.SEAL): S.SEALED,
    (S.SEALED, M.PUBLISH): S.PUBLISHED,
    (S.SEALED, M.CORRECT): S.DRAFT,
    (S.PUBLISHED, M.CORRECT): S.DRAFT,
}
WHY = "检查表登记错了楼栋。"


@pytest.mark.parametrize("state", [None, *MonthState])
@pytest.mark.parametrize("move", MonthMove)
def test_every_state_and_move(state: MonthState | None, move: MonthMove) -> None:
    decision = decide_month(facts(state), move, SECOND, ENDS, CALENDAR, WHY)
    if (state, move) in ROAD:
        assert isinstance(decision, MonthStep)
        assert decision.to_state is ROAD[state, move]
    else:
        assert isinstance(decision, Refusal)
        assert decision.code == "wrong_state"


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        (datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC), "month_not_over"),  # one second before Shanghai's midnight
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), None),
    ],
)
def test_a_month_is_closed_when_it_is_over(now: datetime, refused: str | None) -> None:
    assert code(facts(), M.CLOSE, now=now) == refused


def test_closing_twice_says_what_to_do_instead() -> None:
    decision = decide_month(facts(S.DRAFT), M.CLOSE, SECOND, OVER, CALENDAR)
    assert decision.reason == "2026年10月现在是“草稿”，不能生成草稿。可以重新生成草稿，或者开始公示。"


@pytest.mark.parametrize(
    ("state", "move", "refused"),
    [
        (None, M.CLOSE, None),
        (S.DRAFT, M.REDRAFT, None),
        (S.DRAFT, M.OPEN_NOTICE, "needs_a_person"),
        (S.NOTICE, M.SEAL, "needs_a_person"),
        (S.SEALED, M.PUBLISH, "needs_a_person"),
        (S.PUBLISHED, M.CORRECT, None),  # at the terminal: a draft, which a person of the office still has to open
    ],
)
def test_the_clock_drafts_and_nothing_more(state: MonthState | None, move: MonthMove, refused: str | None) -> None:
    assert code(facts(state), move, actor_id=None) == refused


def test_a_notice_runs_five_working_days() -> None:
    opened = decide_month(facts(S.DRAFT), M.OPEN_NOTICE, OPENER, datetime(2026, 11, 2, 9, tzinfo=SHANGHAI), CALENDAR)
    assert isinstance(opened, MonthStep)
    assert opened.notice_ends_at == ENDS
    assert opened.reason == "2026年10月的得分开始公示5个工作日，到11月9日24点为止，有疑问可以申诉。"


@pytest.mark.parametrize(
    ("actor_id", "now", "more", "refused"),
    [
        (SECOND, ENDS, {}, None),
        (OPENER, ENDS, {}, "second_person"),
        (SECOND, ENDS - timedelta(seconds=1), {}, "notice_running"),
        (SECOND, ENDS, {"notice_ends_at": None}, "notice_running"),
        (SECOND, ENDS, {"open_appeals": 1}, "appeals_open"),
    ],
)
def test_sealing(actor_id: int, now: datetime, more: dict[str, object], refused: str | None) -> None:
    assert code(facts(S.NOTICE, **more), M.SEAL, actor_id, now) == refused


def test_a_running_notice_says_until_when() -> None:
    decision = decide_month(facts(S.NOTICE), M.SEAL, SECOND, OVER, CALENDAR)
    assert decision.reason == "公示还没有结束，要公示到11月9日24点，请到时再封存。"
    odd = facts(S.NOTICE, notice_ends_at=datetime(2026, 11, 9, 17, 5, tzinfo=SHANGHAI))
    assert "11月9日17点05分" in decide_month(odd, M.SEAL, SECOND, OVER, CALENDAR).reason


@given(
    st.sampled_from(sorted(FIXED_MONTHS)),
    st.sampled_from(MonthMove),
    st.none() | st.integers(1, 3),
    st.integers(0, 2),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1)),
)
def test_sealed_months_never_change(
    state: MonthState, move: MonthMove, actor_id: int | None, appeals: int, now: datetime
) -> None:
    decision = decide_month(facts(state, open_appeals=appeals), move, actor_id, now, CALENDAR)
    if isinstance(decision, MonthStep):
        assert (state, decision.to_state, decision.version) == (S.SEALED, S.PUBLISHED, 1)


@pytest.mark.parametrize("state", sorted(FIXED_MONTHS))
@pytest.mark.parametrize(("why", "refused"), [(WHY, None), ("", "reason_needed"), (" \n", "reason_needed")])
def test_a_correction_needs_a_reason(state: MonthState, why: str, refused: str | None) -> None:
    decision = decide_month(facts(state), M.CORRECT, SECOND, ENDS, CALENDAR, why)
    assert (decision.code if isinstance(decision, Refusal) else None) == refused


@pytest.mark.parametrize(("version", "becomes"), [(1, 2), (2, 3)])
def test_a_correction_is_the_next_version(version: int, becomes: int) -> None:
    decision = decide_month(facts(S.PUBLISHED, version=version), M.CORRECT, SECOND, ENDS, CALENDAR, WHY)
    assert isinstance(decision, MonthStep)
    assert (decision.to_state, decision.version) == (S.DRAFT, becomes)
    assert decision.reason.startswith(f"2026年10月第{becomes}版（更正）的草稿已生成")


@pytest.mark.parametrize(("state", "move"), [pair for pair in ROAD if pair[0] is not None and pair[1] is not M.CORRECT])
def test_every_other_move_stays_in_its_version(state: MonthState, move: MonthMove) -> None:
    decision = decide_month(facts(state, version=2), move, SECOND, ENDS, CALENDAR)
    assert isinstance(decision, MonthStep)
    assert decision.version == 2
    assert "第2版（更正）" in decision.reason
