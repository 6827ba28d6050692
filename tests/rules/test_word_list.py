"""The word list: what must be found however it is dressed up, and what must not be."""

from pathlib import Path

import pytest

from models.enums import HeldFor
from server.rules import word_list
from server.rules.word_list import WordListError

H = HeldFor
SHIPPED = (Path(__file__).parents[2] / "server" / "moderation" / "words.txt").read_text(encoding="utf-8")
WORDS = word_list.read(SHIPPED)

FOUND = [
    ("你就是个傻逼", H.ABUSE),
    ("你就是个傻 逼", H.ABUSE),
    ("傻。逼！", H.ABUSE),
    ("傻*_*逼", H.ABUSE),
    ("ＮＭＳＬ", H.ABUSE),
    ("N-m-S-l", H.ABUSE),
    ("操 你 妈", H.ABUSE),
    ("楼里有人开赌场", H.GAMBLING),
    ("六合彩稳中", H.GAMBLING),
    ("兼职刷单，在家就能做", H.FRAUD),
    ("专业疏通下水道", H.ADS),
    ("详情看 https://example.com/a", H.ADS),
    ("加微信 abc_12345", H.CONTACT),
    ("加薇信：Abc12345", H.CONTACT),
    ("ｖｘ ａｂｃ１２３４５", H.CONTACT),
    ("QQ群 123456789", H.CONTACT),
    ("打13812345678", H.PERSONAL),
    ("打 138 1234 5678", H.PERSONAL),
    ("打 138-1234-5678", H.PERSONAL),
    ("打１３８１２３４５６７８", H.PERSONAL),
    ("+86 138 1234 5678", H.PERSONAL),
    ("身份证 11010519491231002X", H.PERSONAL),
    ("110105 19491231 0021", H.PERSONAL),
    ("卡号 6222 0200 0000 0000 000", H.PERSONAL),
    ("有人卖摇头丸", H.CRIME),
]
CLEAN = [
    "下水道堵了，污水冒到操场边上",
    "操场的灯不亮",
    "早操你们几点做",
    "请楼下注意安全",
    "印刷单位在一楼放货",
    "重返现场看过了",
    "心智障碍者的家属",
    "包夜间巡逻吗",
    "电梯 2026.10.12 09:30:15 停了",
    "3-2-301 漏水",
    "12、13、14 楼停水，1500 元修不好",
    "水表 13812345 走得快",
    "电表编号 138123456789012",
    "微信群里说过了",
    "用QQ说过",
    "",
    "🙂",
]


@pytest.mark.parametrize(("text", "label"), FOUND)
def test_a_listed_word_is_found_however_it_is_written(text: str, label: HeldFor) -> None:
    assert label in WORDS.hits(text)


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_harmless_is_left_alone(text: str) -> None:
    assert WORDS.hits(text) == ()


def test_hits_are_told_once_and_in_the_order_of_the_words() -> None:
    assert WORDS.hits("傻逼 王八蛋 加微信abcdef 13812345678") == (H.ADS, H.CONTACT, H.PERSONAL, H.ABUSE)


def test_nothing_is_found_across_what_was_set_aside() -> None:
    words = word_list.read("[abuse]\n甲乙\n[harmless]\n中间")
    assert (words.hits("甲中间乙"), words.hits("甲乙中间")) == ((), (H.ABUSE,))


def test_an_installation_adds_its_own() -> None:
    words = word_list.read(SHIPPED, "\ufeff某 某 人  # the mayor\n\n[ads]\n某商场\n[harmless]\n王八蛋糕店\n")
    assert words.hits("某某人来过") == (H.LOCAL,)
    assert words.hits("某商场") == (H.ADS,)
    assert words.hits("王八蛋糕店门口") == ()
    assert words.hits("王八蛋") == (H.ABUSE,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("好\n操", "line 1"),
        ("[abuse]\n...", "line 2"),
        ("[nothing]\n某某", "line 1: no section is called 'nothing'"),
        ("[abuse\n某某", "line 1"),
        ("某某\n" + "长" * 41, "line 2"),
    ],
)
def test_a_list_that_cannot_be_read_names_its_line(text: str, said: str) -> None:
    with pytest.raises(WordListError, match=said.replace("[", r"\[")):
        word_list.read(text)


def test_a_text_of_full_length_is_searched_at_once() -> None:
    """No pattern runs away: 4,000 characters of digits, dots and half-words."""
    for text in ("1" * 4000, "1-" * 2000, "加微信" * 1300, "傻 " * 2000):
        WORDS.hits(text)
