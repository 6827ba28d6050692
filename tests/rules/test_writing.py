"""What people write, as it is kept. The whole table over every door stands in tests/journeys/test_hostile_texts.py."""

import pytest

from server.rules.writing import clean, says_something


@pytest.mark.parametrize(
    ("typed", "one_line", "lines"),
    [
        (" a \r\n b ", "a b", "a \n b"),
        ("a\u2028b\u2029c\rd", "a b c d", "a\nb\nc\nd"),
        ("\u202d138\u202c", "138", "138"),
        ("a\ufeffb", "ab", "ab"),
        ("e\u0301", "é", "é"),
        ("\u200e\u200f\u202a", "", ""),
        ("a\tb", "a b", "a\tb"),
    ],
)
def test_what_is_kept(typed: str, one_line: str, lines: str) -> None:
    assert (clean(typed), clean(typed, lines=True)) == (one_line, lines)


@pytest.mark.parametrize("typed", ["a\0b", "a\x1bb", "a\x9fb", "a\u202eb", "a\u2066b", "\ud800", "a\udfff"])
def test_what_is_refused(typed: str) -> None:
    for lines in (True, False):
        with pytest.raises(ValueError, match=r"控制字符|文字编码"):
            clean(typed, lines=lines)


@pytest.mark.parametrize(
    ("text", "seen"), [("a", True), ("？", True), ("👍", True), ("", False), ("\u200d\ufe0f", False), ("\u0301", False)]
)
def test_whether_there_is_anything_to_see(text: str, seen: bool) -> None:
    assert says_something(text) is seen
