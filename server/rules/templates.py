"""Reply templates: texts with gaps that a person fills in before they are sent (issue ledger: 谁, 何时, 做了什么).

A gap is a short name in braces, half or full width: {谁}. A text in which one is left is not sent by anybody.
"""

import re
from dataclasses import dataclass

from models.enums import Word
from server.rules.decision import Refusal

_GAP = re.compile(r"[{｛]\s*([^{}｛｝\n]{1,20}?)\s*[}｝]")
TITLE_LIMIT = 40
TEXT_LIMIT = 1000


class ReplyKind(Word):
    """What a shipped template is for; those an office writes are offered everywhere."""

    RESOLVE = "resolve", "办结"
    DECLINE = "decline", "不予受理"
    NOTE = "note", "进展说明"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A template that comes with the product."""

    key: str
    kind: ReplyKind
    title: str
    text: str


SHIPPED = (
    Shipped("repaired", ReplyKind.RESOLVE, "修好了", "{谁}于{何时}到现场，{做了什么}，现在{情况怎样}。"),
    Shipped("replaced", ReplyKind.RESOLVE, "换了新的", "{谁}于{何时}更换了{换了什么}，试用正常。以后再坏请打{电话}。"),
    Shipped("cleared", ReplyKind.RESOLVE, "清理好了", "{谁}于{何时}清理了{哪里}，以后每{多久}检查一次。"),
    Shipped("mediated", ReplyKind.RESOLVE, "说和了", "{谁}于{何时}与双方见面，双方说好{怎么办}。"),
    Shipped(
        "not_ours",
        ReplyKind.DECLINE,
        "不归社区管",
        "这件事按规定由{单位}负责，电话{电话}。我们已于{何时}代您转告{转告了谁}。",
    ),
    Shipped(
        "private",
        ReplyKind.DECLINE,
        "属于自家的事",
        "这是{谁}自家的事，社区不能代办，可以请{谁能帮忙}帮忙，电话{电话}。",
    ),
    Shipped("on_the_way", ReplyKind.NOTE, "已约好上门", "已请{谁}于{何时}上门{做什么}，请家里留人。"),
    Shipped(
        "waiting", ReplyKind.NOTE, "还要等一等", "要等{等什么}，预计{何时}能办，到时我们再告诉您。在这之前{怎么办}。"
    ),
    Shipped(
        "money", ReplyKind.NOTE, "要动维修资金", "这项要用维修资金，需要{多少户}同意。{谁}从{何时}起上门征求意见。"
    ),
)


def gaps(text: str) -> list[str]:
    """The names of the gaps still open in a text, each once, in order."""
    return list(dict.fromkeys(found.strip() for found in _GAP.findall(text) if found.strip()))


def may_send(text: str) -> Refusal | None:
    """Why a text cannot be sent yet; None when nothing in it waits to be filled in."""
    if left := gaps(text):
        return Refusal("gap_left", f"还有没填的空：{'、'.join(left)}。请把花括号里的字换成实际情况再发。")
    return None


def may_keep(text: str) -> Refusal | None:
    """Why a text is no template; None when it has a gap that says who, when or what."""
    if not gaps(text):
        return Refusal("no_gap", "模板里至少要留一个空，比如“{谁}于{何时}{做了什么}”，免得每件事都回同一句话。")
    return None
