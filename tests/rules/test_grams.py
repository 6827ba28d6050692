"""How texts are cut for searching: what counts as a sign, what is found, and what cannot be looked for."""

import pytest

from server.rules import grams

FOLDED = [
    ("三楼 漏水", "三楼 漏水"),
    ("ＷｉＦｉ　密码１２３", "wifi 密码123"),  # full width, ideographic space
    ("3栋-2单元", "3栋 2单元"),
    ("漏水！！救命……", "漏水 救命"),
    ("100%_*", "100"),
    ("\0漏\u202e水\u200b滴", "漏 水 滴"),  # NUL, an override, a space without width: never inside a word
    ("💧漏水💧", "💧漏水💧"),
    ("☔️", "☔"),  # with or without its variation selector
    ("Straße", "strasse"),
    ("", ""),
    ("%%%", ""),
]


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_folding(text: str, folded: str) -> None:
    assert grams.folded(text) == folded
    assert grams.folded(folded) == folded


FOUND = [
    ("漏水", ("三楼水管漏水",), True),
    ("水漏", ("漏水水管",), False),  # both pairs' signs are there, the pair is not
    ("水管漏", ("漏水", "水管"), False),  # a word does not run over the end of a text
    ("三楼 漏水", ("三楼", "还在漏水"), True),  # words may stand in different texts
    ("三楼 漏水", ("三楼", "好了"), False),
    ("abc", ("xABCx",), True),
    ("漏水 3", ("漏水在3楼",), True),
    ("漏水 4", ("漏水在3楼",), False),
    ("漏水 漏水", ("漏水",), True),
]


@pytest.mark.parametrize(("query", "texts", "found"), FOUND)
def test_finding(query: str, texts: tuple[str, ...], found: bool) -> None:
    words = grams.words_of(query)
    assert grams.found_in(words, *texts) is found
    if found:  # the index never hides what is there
        assert grams.grams(*words) <= grams.grams(*texts)


@pytest.mark.parametrize(
    ("query", "can"), [("漏", False), ("漏 水", False), ("漏水", True), ("漏水 3", True), ("%", False), ("", False)]
)
def test_one_sign_alone_cannot_be_looked_for(query: str, can: bool) -> None:
    assert grams.can_be_sought(grams.words_of(query)) is can


def test_pairs_are_numbers_a_database_can_keep() -> None:
    assert grams.grams("漏水") == {ord("漏") << 21 | ord("水")}
    assert all(0 <= pair < 2**63 for pair in grams.grams("\U0010ffff\U0010fffe\U0001f4a7💧𠮷𠮷"))
