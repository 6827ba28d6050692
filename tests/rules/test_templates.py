"""Which gaps of a reply are left, and that no text with one is sent."""

import pytest

from server.rules import templates

GAPS = [
    ("", []),
    ("已更换三楼声控灯。", []),
    ("{谁}于{何时}{做了什么}", ["谁", "何时", "做了什么"]),
    ("｛谁｝于{ 何时 }来过，{谁}说好了", ["谁", "何时"]),
    ("{}", []),
    ("{ }", []),
    ("{谁", []),
    ("谁}", []),
    ("{{谁}}", ["谁"]),
    ("{谁\n何时}", []),  # runs over a line: no gap of ours
    ("{" + "长" * 20 + "}", ["长" * 20]),
    ("{" + "长" * 21 + "}", []),
    ("王师傅(电话{电话})", ["电话"]),
    ("{" * 1000, []),
]


@pytest.mark.parametrize(("text", "left"), GAPS)
def test_gaps(text: str, left: list[str]) -> None:
    assert templates.gaps(text) == left
    refusal = templates.may_send(text)
    assert (refusal is None) is (left == [])
    if refusal is not None:
        assert all(name in refusal.reason for name in left)
    assert (templates.may_keep(text) is None) is (left != [])


def test_what_is_shipped_can_be_kept_and_not_sent_as_it_is() -> None:
    assert len({each.key for each in templates.SHIPPED}) == len(templates.SHIPPED)
    for each in templates.SHIPPED:
        assert templates.may_keep(each.text) is None
        assert templates.may_send(each.text) is not None
        assert len(each.title) <= templates.TITLE_LIMIT
        assert len(each.text) <= templates.TEXT_LIMIT
    assert {each.kind for each in templates.SHIPPED} == set(templates.ReplyKind)
