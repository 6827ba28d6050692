"""What fits into a subscribe message: lengths, characters, and never half an emoji."""

from datetime import UTC, datetime

import pytest

from models.enums import MessageKind
from server.rules import subscribe
from server.rules.subscribe import FIELDS, STATUS, fault, render, shorten, units

NINE = datetime(2026, 10, 12, 1, 5, tzinfo=UTC)
FAMILY = "👨‍👩‍👧"
K = MessageKind.NEW_ISSUE


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("漏" * 20, "漏" * 20),
        ("漏" * 21, "漏" * 19 + "…"),
        ("三楼\n漏水\t很\u2028急 ", "三楼 漏水 很 急"),
        ("漏" * 18 + "😀", "漏" * 18 + "😀"),  # an emoji counts twice
        ("漏" * 19 + "😀", "漏" * 19 + "…"),
        ("漏" * 18 + "😀漏", "漏" * 18 + "…"),
        ("漏" * 11 + FAMILY + "漏" * 9, "漏" * 11 + FAMILY + "…"),
        ("漏" * 12 + FAMILY + "漏" * 9, "漏" * 12 + "…"),  # whole or not at all
        ("漏" * 15 + "🇨🇳" + "漏" * 9, "漏" * 15 + "🇨🇳…"),
        ("漏" * 16 + "🇨🇳" + "漏" * 9, "漏" * 16 + "…"),
        ("漏" * 16 + "👍🏽" + "漏" * 9, "漏" * 16 + "…"),
        ("\ud83d漏水", "漏水"),  # half a surrogate pair is nothing
        ("\x00\x07", ""),
    ],
)
def test_a_thing_is_one_line_of_twenty(text: str, short: str) -> None:
    assert shorten(text, 20) == short
    assert units(short) <= 20


@pytest.mark.parametrize(
    ("kind", "text", "fitted"),
    [
        ("phrase", "已办结，请确认", "已办结请确"),
        ("phrase", "OK", ""),
        ("name", "幸福社区居民委员会一二三四", "幸福社区居民委员会一"),
        ("name", "Zhang San of the long name", "Zhang San of the lon"),
        ("name", "王3", "王"),
        ("character_string", "A１２栋-3", "A12-3"),
        ("character_string", "x" * 33, "x" * 32),
        ("letter", "ab1c", "abc"),
        ("symbol", "！？abc~~~~", "！？~~~"),
        ("number", "12.5", "12.5"),
        ("number", "1" * 33, ""),
        ("number", "十二", ""),
        ("amount", "¥1234567890", "¥1234567890"),
        ("amount", "12345678901", ""),
        ("amount", "100元", "100元"),
        ("phone_number", "电话 010-12345678", "010-12345678"),
        ("car_number", "川A 12345", "川A12345"),
        ("time", "09:05", "09:05"),
        ("time", "九点", ""),
        ("date", "2026-10-12", "2026-10-12"),
    ],
)
def test_every_type_keeps_what_it_may_hold(kind: str, text: str, fitted: str) -> None:
    assert FIELDS[kind].fit(text).strip() == fitted


def test_a_message_has_every_field_and_none_is_empty() -> None:
    fields = {"thing1": "building", "phrase2": "status", "time3": "time", "date4": "time", "character_string5": "case"}
    values = {"building": "阳光小区\n三栋", "status": STATUS[K], "time": NINE, "case": "ab12"}
    assert render(fields, values, NINE) == {
        "thing1": "阳光小区 三栋",
        "phrase2": "待受理",
        "time3": "2026年10月12日 09:05",
        "date4": "2026年10月12日 09:05",
        "character_string5": "ab12",
    }
    empty = render(fields, {}, NINE)
    assert all(empty.values())
    assert empty["time3"] == "2026年10月12日 09:05"
    assert render({"thing1": "=请尽快处理"}, {}, NINE) == {"thing1": "请尽快处理"}


@pytest.mark.parametrize("kind", MessageKind)
def test_every_status_is_a_phrase(kind: MessageKind) -> None:
    assert FIELDS["phrase"].fit(STATUS[kind]) == STATUS[kind]


@pytest.mark.parametrize(
    ("key", "wanted", "words"),
    [
        ("thing1", "building", ""),
        ("thing1", "time", ""),
        ("amount2", "=100元", ""),
        ("thing", "building", "is not a type and a number"),
        ("stuff1", "building", "is not a type and a number"),
        ("thing1", "points", "wants 'points'; a new_issue has: title, text, kind"),
        ("phrase1", "time", "cannot show 'time' (a moment)"),
        ("time1", "building", "cannot show 'building' (a text)"),
        ("number1", "case", "cannot show 'case' (a code)"),
        ("phrase1", "=Hello", "does not fit the words 'Hello'"),
        ("thing1", "=", "does not fit the words ''"),
    ],
)
def test_a_wrong_entry_is_named(key: str, wanted: str, words: str) -> None:
    assert fault(K, key, wanted).startswith(words)
    assert bool(fault(K, key, wanted)) == bool(words)


def test_every_kind_has_a_vocabulary() -> None:
    assert set(subscribe.OWN) == set(STATUS) == set(MessageKind)
