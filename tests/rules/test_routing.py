"""Where a report goes, how fast and why: the shipped book applied, with the boundaries of every rule."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from models.enums import IssueCategory, Level, Triage
from server.rules import routing
from server.rules.book import Ask, Question, RuleBook
from server.rules.book_standard import STANDARD
from server.rules.calendar import SHANGHAI, WorkCalendar
from server.rules.routing import PlaceFacts, Suggestion

C = IssueCategory
# National Day 2026: free 1–8 October, and Saturday the 10th is worked instead.
CALENDAR = WorkCalendar(frozenset(date(2026, 10, day) for day in range(1, 9)), frozenset({date(2026, 10, 10)}))
MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=SHANGHAI)


def said(
    text: str,
    category: IssueCategory | None = None,
    topic: str = "",
    place: PlaceFacts = PlaceFacts(True, True),  # noqa: B008 -- frozen
    book: RuleBook = STANDARD,
    now: datetime = MONDAY,
) -> Suggestion:
    return routing.suggest(book, text, category, topic, place, now, CALENDAR)


@pytest.mark.parametrize(
    ("text", "category", "topic"),
    [
        ("三楼楼道灯坏了两天", None, "light_stairs"),
        ("电梯停了，老人下不来", None, "lift_stopped"),
        ("外墙一下雨就漏水", C.LEAK, "leak_roof"),
        ("楼上往下漏水，天花板都湿了", None, "leak_upstairs"),
        ("电动车推进楼道充电", None, "fire_bike"),
        ("化粪池满了，污水冒出来了", None, "sewer_blocked"),
        ("业委会一直成立不了", None, "owners"),
        ("ＫＴＶ 半夜 唱歌 吵", None, "noise_shop"),  # full width, blanks
        ("灯", None, ""),  # one character says nothing
        ("你好", None, ""),
        ("", None, ""),
        ("电梯停了", C.LEAK, ""),  # whoever chose a category is not overruled
    ],
)
def test_what_a_text_speaks_of(text: str, category: IssueCategory | None, topic: str) -> None:
    found = said(text, category)
    assert (found.topic.key if found.topic else "") == topic
    assert found.guessed is bool(topic)
    if category:
        assert found.category is category


def test_a_chosen_topic_needs_no_words_and_one_of_another_category_is_none() -> None:
    assert said("坏了", C.LIFT, "lift_stopped").guessed is False
    assert said("坏了", C.LIFT, "leak_roof").topic is None
    assert said("坏了", None, "no_such_topic").topic is None
    off = replace(STANDARD, topics=tuple(replace(t, on=False) for t in STANDARD.topics))
    assert said("电梯停了", C.LIFT, "lift_stopped", book=off).topic is None


def test_words_in_the_opening_count_three_times_and_a_part_of_a_word_only_once() -> None:
    late = "我们是这里住了十多年的老住户，一直很支持社区的各项工作，感谢大家，也理解大家的辛苦。"
    assert said("楼道灯坏了。" + late + "垃圾桶旁边也有垃圾没人清理").topic.key == "light_stairs"  # type: ignore[union-attr]
    assert said("垃圾没清走。" + late + "旁边的绿化带绿化也没人管").topic.key == "rubbish"  # type: ignore[union-attr]


def test_under_other_the_likelier_kind_is_only_told() -> None:
    found = said("电梯停了两天", C.OTHER)
    assert (found.category, found.topic) == (C.OTHER, None)
    assert found.guess is not None
    assert found.guess.topic == STANDARD.topic("lift_stopped")
    assert "看起来更像“电梯·电梯停了”" in " ".join(routing.explain(STANDARD, found))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("三楼起火了", "119"),
        ("电表箱在冒烟，快来人", "119"),
        ("楼道里闻到燃气味", "119"),
        ("有人坠楼了", "120"),
        ("有人要跳楼", "110"),
        ("我被困在电梯里了", "119"),
        ("电梯里困人了，被困了两个人", "119"),
        ("灭火器过期了", ""),
        ("楼道堆满纸箱，容易起火", ""),
        ("担心哪天起火", ""),
        ("万一着火怎么办", ""),
        ("存在火灾隐患", ""),
        ("明天消防演练会冒烟吗", "119"),  # rather once too often
        ("消防演练的通知没贴", ""),
        ("去年起火烧坏的电线还没换", ""),
        ("没有燃气味，就是灶打不着", ""),
        ("电梯从来没困过人", ""),
        ("楼盘跳楼价广告贴满楼道", ""),
        ("阿" * 96 + "着火了", "119"),  # within the first hundred characters
        ("阿" * 99 + "着火了", ""),
    ],
)
def test_an_emergency_answers_its_number(text: str, number: str) -> None:
    found = routing.alarm(STANDARD, text)
    assert (found.number if found else "") == number, found
    if number:
        assert said(text).urgent


def test_a_topic_may_call_a_number_by_itself() -> None:
    found = routing.alarm(STANDARD, "快来", "lift_trapped")
    assert found is not None
    assert found.number == "119"
    assert said("快来", C.LIFT, "lift_trapped").emergency == found


@pytest.mark.parametrize(
    ("text", "topic", "urgent", "why"),
    [
        ("灯不亮", "light_stairs", False, ""),
        ("灯不亮，孕妇差点摔倒", "light_stairs", True, "说到“孕妇”"),
        ("停了", "lift_stopped", True, "“电梯停了”按规则加急"),
        ("冒烟了", "light_stairs", True, "说到“冒烟”"),
    ],
)
def test_what_is_urgent_and_why(text: str, topic: str, urgent: bool, why: str) -> None:
    found = said(text, STANDARD.topic(topic).category, topic)  # type: ignore[union-attr]
    assert (found.urgent, found.urgent_why) == (urgent, why)


@pytest.mark.parametrize(
    ("text", "triage", "why"),
    [
        ("楼上往下漏水，天花板都湿了", Triage.PRIVATE, "按规则是私事。"),
        ("楼上往下漏水，天花板都湿了，电表箱起火了", Triage.SMALL, "先按小事过问。"),
    ],
)
def test_an_emergency_is_nobodys_private_matter(text: str, triage: Triage, why: str) -> None:
    found = said(text, C.LEAK)
    assert (found.triage, found.triage_why.endswith(why)) == (triage, True), found.triage_why


@pytest.mark.parametrize(
    ("text", "category", "triage", "why"),
    [
        ("楼道灯不亮", C.LIGHTING, Triage.SMALL, "“楼道照明·楼道灯”（说到“楼道灯”、“楼…灯”）按规则是小事。"),
        ("楼上弹琴到半夜", C.NOISE, Triage.PRIVATE, "按规则是私事"),
        ("对门吵架", C.NEIGHBOUR, Triage.PRIVATE, "“邻里纠纷·想请人调解”"),
        ("外墙脱落，砸到车", C.OTHER, Triage.BIG, "按规则是大事"),
        ("楼道灯不亮，几百户都黑着", C.LIGHTING, Triage.SMALL, "按规则是小事。"),  # one big word is not enough
        (
            "楼道灯不亮，几百户都黑着，多次投诉",
            C.LIGHTING,
            Triage.BIG,
            "说到“几百户”、“多次投诉”，牵涉面大，建议按大事",
        ),
        ("弹琴，几百户都听见，多次投诉", C.NOISE, Triage.PRIVATE, "按规则是私事"),  # only what was small becomes big
        ("不知道怎么说", C.ERRAND, Triage.PRIVATE, "“代办事项”按规则是私事。"),
    ],
)
def test_triage_names_the_rule_and_the_words(text: str, category: IssueCategory, triage: Triage, why: str) -> None:
    found = said(text, category)
    assert found.triage is triage
    assert why in found.triage_why
    assert len(found.triage_why) <= 200


@pytest.mark.parametrize(
    ("topic", "place", "level"),
    [
        ("light_stairs", PlaceFacts(True, True), Level.HEAD),
        ("light_stairs", PlaceFacts(False, True), Level.GRID),
        ("light_stairs", PlaceFacts(False, False), Level.COMMUNITY),
        ("light_stairs", PlaceFacts(True, True, about_head=True), Level.GRID),
        ("light_stairs", PlaceFacts(True, False, about_head=True), Level.COMMUNITY),
        ("unlawful_building", PlaceFacts(True, True), Level.COMMUNITY),
        ("unlawful_building", PlaceFacts(True, True, about_head=True), Level.COMMUNITY),
        ("grid_first", PlaceFacts(True, True), Level.GRID),
        ("grid_first", PlaceFacts(True, False), Level.COMMUNITY),
        ("street_first", PlaceFacts(False, False), Level.STREET),
    ],
)
def test_the_first_hands(topic: str, place: PlaceFacts, level: Level) -> None:
    lamp = STANDARD.topic("light_stairs")
    assert lamp is not None
    own = (replace(lamp, key="grid_first", first=Level.GRID), replace(lamp, key="street_first", first=Level.STREET))
    book = replace(STANDARD, topics=(*STANDARD.topics, *own))
    found = said("坏了", None, topic, place, book)
    assert found.step.to_level is level
    assert level.zh in found.step.reason or level is Level.HEAD


@pytest.mark.parametrize(
    ("now", "topic", "sign_in", "contact", "report"),
    [
        (MONDAY, "light_stairs", "10-12 17:00", "10-14 09:00", "10-19 17:00"),
        # The last day before National Day, one hour before the office closes.
        (datetime(2026, 9, 30, 16, 0, tzinfo=SHANGHAI), "light_stairs", "10-09 16:00", "10-10 16:00", "10-14 17:00"),
        # Saturday the 10th is worked.
        (datetime(2026, 10, 9, 17, 0, tzinfo=SHANGHAI), "light_stairs", "10-10 17:00", "10-12 17:00", "10-15 17:00"),
        # Urgent: plain hours, whatever day it is.
        (datetime(2026, 10, 1, 23, 0, tzinfo=SHANGHAI), "lift_stopped", "10-02 01:00", "10-02 03:00", "10-02 23:00"),
    ],
)
def test_the_clocks_of_a_head(now: datetime, topic: str, sign_in: str, contact: str, report: str) -> None:
    found = said("坏了", None, topic, now=now)
    dues = [found.dues.sign_in, found.dues.contact, found.dues.report]
    assert [f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" for at in dues if at] == [sign_in, contact, report]
    assert found.clock_at == dues[0]
    assert all(at.tzinfo is UTC for at in dues if at)


def test_everything_is_told_in_sentences() -> None:
    told = routing.explain(STANDARD, said("楼上往下漏水，正在漏，卫生间都是水"))
    assert told == [
        "没有选小类；从文字看是“漏水渗水·楼上往下漏”。",
        "紧急：说到“正在漏”。",
        "三事分流建议：私事。“漏水渗水·楼上往下漏”（说到“楼上…漏水”、“往下漏水”、“卫生间…漏水”）按规则是私事。",
        "已转给本楼的楼栋长。",
        "时限：签收2小时（10月12日 11:00前），联系上报人4小时（10月12日 13:00前），办结或反馈24小时（10月13日 09:00前）。"
        "办公时间09:00到17:00。",
        "不归这里办的，可能由这些单位负责：楼上住户（谁家漏水谁家修）；物业服务企业（协助查漏）。",
        "私事也有人跟进：7天后回访。",
    ]


@pytest.mark.parametrize(
    ("given", "kept", "fault"),
    [
        ({}, [], "请回答“几楼？”。"),
        ({"几楼？": "3"}, [["几楼？", "3"]], ""),
        ({"几楼？": "３"}, [], "请填一个数字"),
        ({"几楼？": "三"}, [], "请填一个数字"),
        ({"几楼？": "3", "还亮吗？": "是"}, [["几楼？", "3"], ["还亮吗？", "是"]], ""),
        ({"几楼？": "3", "还亮吗？": "也许"}, [["几楼？", "3"]], "请从是、不是里选一个"),
        ({"几楼？": "3", "哪一边？": "东"}, [["几楼？", "3"], ["哪一边？", "东"]], ""),
        ({"几楼？": "3", "哪一边？": "东" * 41}, [["几楼？", "3"]], "最多写40个字"),
        ({"几楼？": "3", "别的？": "x"}, [["几楼？", "3"]], ""),  # a question nobody asked
    ],
)
def test_answers_that_fit_are_kept(given: dict[str, str], kept: list[list[str]], fault: str) -> None:
    lamp = STANDARD.topic("light_stairs")
    assert lamp is not None
    asked = (
        Question("几楼？", Ask.NUMBER, required=True),
        Question("还亮吗？", Ask.YES_NO),
        Question("哪一边？", Ask.TEXT),
    )
    found, faults = routing.answers(replace(lamp, questions=asked), given)
    assert found == kept
    assert fault in "".join(faults)
    assert bool(faults) is bool(fault)
    assert routing.answers(None, given) == ([], [])
