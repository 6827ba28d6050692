"""A rule book as data: the shipped one is sound, JSON keeps every word, and every fault is told at once."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from models.enums import IssueCategory, Level
from server.rules import book_changes, book_json
from server.rules.book import Question, clocks_for, with_topic
from server.rules.book_json import BookError, from_content, from_json, to_content, to_json
from server.rules.book_standard import STANDARD
from server.rules.clocks import Clocks, Span, Unit

WORK, PLAIN, DAYS = Unit.WORK_HOURS, Unit.HOURS, Unit.WORKDAYS


def leak() -> Any:
    topic = STANDARD.topic("leak_pipe")
    assert topic is not None
    return topic


def test_the_shipped_book_is_sound_and_survives_json() -> None:
    assert from_json(to_json(STANDARD)) == STANDARD
    assert {kind.category for kind in STANDARD.offered} == set(IssueCategory)
    assert all(STANDARD.topics_of(category) for category in IssueCategory)
    assert max(len(topic.questions) for topic in STANDARD.topics) <= 3
    assert not any(question.required for topic in STANDARD.topics for question in topic.questions)  # ten seconds


@pytest.mark.parametrize(
    ("level", "urgent", "sign_in", "contact", "report"),
    [
        (Level.HEAD, False, Span(8, WORK), Span(48, Unit.DAY_HOURS), Span(5, DAYS)),
        (Level.HEAD, True, Span(2, PLAIN), Span(4, PLAIN), Span(24, PLAIN)),
        (Level.GRID, False, Span(1, WORK), Span(24, Unit.DAY_HOURS), Span(5, DAYS)),
        (Level.DEPARTMENT, False, Span(1, WORK), Span(24, Unit.DAY_HOURS), Span(5, DAYS)),
        (Level.DISTRICT, True, Span(1, PLAIN), Span(2, PLAIN), Span(24, PLAIN)),
    ],
)
def test_each_level_has_its_clocks(level: Level, urgent: bool, sign_in: Span, contact: Span, report: Span) -> None:
    assert clocks_for(STANDARD, None, level, urgent=urgent) == Clocks(sign_in, contact, report)
    bare = replace(STANDARD, clocks=())
    assert clocks_for(bare, None, level, urgent=urgent) == Clocks(sign_in, contact, report)


def test_a_topics_own_span_goes_before_its_levels() -> None:
    topic = replace(leak(), ordinary=Clocks(report=Span(3, DAYS)), hurried=Clocks(sign_in=Span(1, PLAIN)))
    assert clocks_for(STANDARD, topic, Level.HEAD) == Clocks(Span(8, WORK), Span(48, Unit.DAY_HOURS), Span(3, DAYS))
    assert clocks_for(STANDARD, topic, Level.HEAD, urgent=True) == Clocks(
        Span(1, PLAIN), Span(4, PLAIN), Span(24, PLAIN)
    )


def _set(path: str, value: Any) -> dict[str, Any]:
    content = deepcopy(to_content(STANDARD))
    at: Any = content
    *way, last = path.split("/")
    for step in way:
        at = at[int(step) if step.isdecimal() else step]
    if value is ...:
        del at[last]
    else:
        at[int(last) if last.isdecimal() else last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("hours", ..., "“hours”没有写"),
        ("extra", 1, "“extra”不认识"),
        ("topics", {}, "“topics”应是一列"),
        ("topics/0", 3, "第1个小类：应是一个对象"),
        ("topics/0/key", "漏水", "代号要用小写字母"),
        ("topics/1/key", "leak_upstairs", "代号“leak_upstairs”用了两次"),
        ("topics/0/name", "", "名称应有1到20个字"),
        ("topics/0/name", "楼\0上", "看不见的字符"),
        ("topics/0/name", "\ud800", "看不见的字符"),
        ("topics/0/category", "roof", "“category”只能是"),
        ("topics/0/first", "department", "先由谁办只能是"),
        ("topics/0/urgent", 1, "“urgent”应是true 或 false"),
        ("topics/0/emergency", "flood", "选的紧急情况不在规则里"),
        ("topics/0/words", ["漏"], "只有一个字"),
        ("topics/0/words", ["漏水+"], "两边都要有字"),
        ("topics/0/questions", [{"text": "几楼？", "ask": "text", "options": [], "required": False}] * 4, "最多问3个"),
        ("topics/0/questions/0/options", ["一", "二"], "不是选择题，不要写选项"),
        ("topics/2/questions/0/options", ["一"], "选项应有2到8个"),
        ("topics/0/clocks/ordinary/report", [0, "workdays"], "数量1到1000"),
        ("topics/0/clocks/ordinary/report", [True, "workdays"], "数量1到1000"),
        ("topics/0/clocks/ordinary/report", [3, "weeks"], "单位是"),
        ("topics/0/helpers", [{"kind": "market", "name": "水电工", "what": "", "phone": "打我"}], "帮手的电话"),
        ("kinds/0/category", "other", "“leak”（漏水渗水）应当正好写一次"),
        ("kinds/16/on", False, "不能停用"),
        ("emergencies/0/number", "拨打", "号码要是能拨的电话"),
        ("emergencies/0/words", [], "至少写一个词"),
        ("clocks/head/ordinary/report", None, "三项都要写"),
        ("clocks/mayor", {}, "没有“mayor”这一级"),
        ("hours", {"opens": "17:00", "closes": "09:00"}, "下班要晚于上班"),
        ("hours", {"opens": "nine", "closes": "17:00"}, "要写成“09:00”"),
        ("follow_up_days", 0, "1到60天"),
        ("follow_up_days", 7.0, "应是整数"),
    ],
)
def test_a_fault_is_told_in_plain_chinese(path: str, value: Any, told: str) -> None:
    with pytest.raises(BookError) as refused:
        from_content(_set(path, value))
    assert told in str(refused.value)


def test_all_faults_are_told_at_once_and_nonsense_is_no_book() -> None:
    content = _set("topics/0/name", "")
    content["topics"][1]["words"] = ["漏"]
    content["follow_up_days"] = 99
    with pytest.raises(BookError) as refused:
        from_content(content)
    assert len(refused.value.problems) == 3
    for text in ("", "[]", "{", "null", "[" * 100_000, json.dumps({"topics": [{}]})):
        with pytest.raises(BookError):
            from_json(text)


def test_the_page_of_a_code_stays_light_whatever_is_written() -> None:
    asked = tuple(Question(f"第{n}问？") for n in range(3))
    crowded = replace(
        STANDARD, topics=tuple(replace(leak(), key=f"t_{n}", name=f"第{n}", questions=asked) for n in range(13))
    )
    with pytest.raises(BookError) as refused:
        from_content(to_content(crowded))
    assert "下最多12个小类" in str(refused.value)


def test_what_a_version_changed_is_said_in_sentences() -> None:
    changed = with_topic(
        STANDARD,
        replace(leak(), name="公共水管", words=(*leak().words[1:], "水表+漏"), ordinary=Clocks(report=Span(3, DAYS))),
    )
    added = with_topic(changed, replace(leak(), key="own_1", name="地暖漏水"))
    told = book_changes.changes(STANDARD, replace(added, follow_up_days=3))
    assert told == [
        "小类“公共水管”的名称：公共水管漏水 → 公共水管",
        "小类“公共水管”的联想的词：加了水表+漏",
        "小类“公共水管”的联想的词：去掉水管+漏",
        "小类“公共水管”的时限（一般，办结或反馈）：没有 → 3个工作日",
        "新增小类“地暖漏水”",
        "私事几天后回访：7 → 3",
    ]
    assert book_changes.changes(STANDARD, STANDARD) == []
    assert book_json.topic_content(leak())["key"] == "leak_pipe"
