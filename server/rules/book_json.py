"""A rule book as JSON and back. Whoever wrote a wrong one is told every fault at once, in plain Chinese, and where it is."""

import json
from collections.abc import Callable, Mapping
from datetime import time
from enum import StrEnum
from typing import Any, TypeVar

from models.enums import IssueCategory, Level, Triage
from server.rules import book_checks
from server.rules.book import (
    Ask,
    Emergency,
    Helper,
    HelperKind,
    Kind,
    LevelClocks,
    Question,
    RuleBook,
    Topic,
)
from server.rules.clocks import Clocks, OfficeHours, Span, Unit

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

_SPANS = ("sign_in", "contact", "report")


class BookError(ValueError):
    """A book that cannot be used; `problems` lists every fault in Chinese."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


def to_content(book: RuleBook) -> dict[str, Any]:
    """The book as JSON's own types, in the order it is read on screen."""
    return {
        "kinds": [
            {"category": k.category.value, "name": k.name, "triage": k.triage.value, "words": [*k.words], "on": k.on}
            for k in book.kinds
        ],
        "topics": [_topic_out(topic) for topic in book.topics],
        "emergencies": [
            {
                "key": e.key,
                "name": e.name,
                "number": e.number,
                "sentence": e.sentence,
                "words": [*e.words],
                "unless": [*e.unless],
            }
            for e in book.emergencies
        ],
        "hedges": [*book.hedges],
        "urgent_words": [*book.urgent_words],
        "big_words": [*book.big_words],
        "clocks": {
            c.level.value: {"ordinary": _clocks_out(c.ordinary), "urgent": _clocks_out(c.hurried)} for c in book.clocks
        },
        "hours": {"opens": f"{book.hours.opens:%H:%M}", "closes": f"{book.hours.closes:%H:%M}"},
        "follow_up_days": book.follow_up_days,
    }


def to_json(book: RuleBook) -> str:
    """The book as one JSON object."""
    return json.dumps(to_content(book), ensure_ascii=False)


def from_json(text: str) -> RuleBook:
    """The book written by `to_json`. Raises BookError with all faults."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BookError(["规则不是合法的 JSON。"]) from None
    return from_content(body)


def from_content(content: Any) -> RuleBook:
    """The book of a JSON object. Every field must be there and nothing else. Raises BookError with all faults."""
    faults: list[str] = []
    book = _Reader("办事规则", content, faults).book()
    if not faults:
        faults = book_checks.faults(book)
    if faults:
        raise BookError(faults)
    return book


def topic_content(topic: Topic) -> dict[str, Any]:
    """One topic as JSON's own types: for comparing two versions."""
    return _topic_out(topic)


def _topic_out(topic: Topic) -> dict[str, Any]:
    return {
        "key": topic.key,
        "category": topic.category.value,
        "name": topic.name,
        "words": [*topic.words],
        "triage": topic.triage.value,
        "urgent": topic.urgent,
        "emergency": topic.emergency,
        "first": topic.first.value,
        "department": topic.department,
        "responsible": [*topic.responsible],
        "clocks": {"ordinary": _clocks_out(topic.ordinary), "urgent": _clocks_out(topic.hurried)},
        "after_photo": topic.after_photo,
        "questions": [
            {"text": q.text, "ask": q.ask.value, "options": [*q.options], "required": q.required}
            for q in topic.questions
        ],
        "helpers": [{"kind": h.kind.value, "name": h.name, "what": h.what, "phone": h.phone} for h in topic.helpers],
        "on": topic.on,
    }


def _clocks_out(clocks: Clocks) -> dict[str, Any]:
    spans = {name: getattr(clocks, name) for name in _SPANS}
    return {name: [span.amount, span.unit.value] if span else None for name, span in spans.items()}


class _Reader:
    """Reads one JSON object, noting what is wrong with it under its Chinese name. What is missing is read as empty."""

    def __init__(self, where: str, body: Any, faults: list[str]) -> None:
        self.where, self.faults = where, faults
        self.body: Mapping[str, Any] = body if isinstance(body, dict) else {}
        if not isinstance(body, dict):
            faults.append(f"{where}：应是一个对象（花括号里的一组）")

    def wrong(self, name: str, what: str) -> None:
        self.faults.append(f"{self.where}：“{name}”{what}")

    def known(self, *names: str) -> None:
        for name in names:
            if self.body and name not in self.body:
                self.wrong(name, "没有写")
        for name in self.body:
            if name not in names:
                self.wrong(str(name)[:40], "不认识")

    def get(self, name: str, kind: type[T], empty: T, what: str) -> T:
        value = self.body.get(name, empty)
        if type(value) is kind:
            return value
        self.wrong(name, f"应是{what}")
        return empty

    def text(self, name: str) -> str:
        return self.get(name, str, "", "文字")

    def flag(self, name: str) -> bool:
        return self.get(name, bool, False, "true 或 false")

    def words(self, name: str) -> tuple[str, ...]:
        value = self.get(name, list, [], "一列文字")
        if all(type(word) is str for word in value):
            return tuple(value)
        self.wrong(name, "应是一列文字")
        return ()

    def word(self, name: str, known: type[W], empty: W) -> W:
        value = self.body.get(name, empty)
        if isinstance(value, str) and value in [*known]:
            return known(value)
        self.wrong(name, f"只能是：{'、'.join(known)}")
        return empty

    def each(self, name: str, called: Callable[[int, Any], str], read: Callable[["_Reader"], T]) -> tuple[T, ...]:
        found = self.get(name, list, [], "一列")
        return tuple(read(_Reader(called(n, one), one, self.faults)) for n, one in enumerate(found, 1))

    # --- the parts of a book

    def book(self) -> RuleBook:
        self.known(*_ORDER)
        return RuleBook(
            kinds=self.each("kinds", _named("类别", "category"), _Reader.kind),
            topics=self.each("topics", _named("小类", "name"), _Reader.topic),
            emergencies=self.each("emergencies", _named("紧急情况", "name"), _Reader.emergency),
            hedges=self.words("hedges"),
            urgent_words=self.words("urgent_words"),
            big_words=self.words("big_words"),
            clocks=self.level_clocks(),
            hours=self.hours(),
            follow_up_days=self.get("follow_up_days", int, 7, "整数"),
        )

    def kind(self) -> Kind:
        self.known("category", "name", "triage", "words", "on")
        return Kind(
            self.word("category", IssueCategory, IssueCategory.OTHER),
            self.text("name"),
            self.word("triage", Triage, Triage.SMALL),
            self.words("words"),
            self.flag("on"),
        )

    def topic(self) -> Topic:
        self.known(*_TOPIC)
        ordinary, hurried = _Reader(f"{self.where}的时限", self.body.get("clocks"), self.faults).pair()
        emergency = self.text("emergency")
        return Topic(
            key=self.text("key"),
            category=self.word("category", IssueCategory, IssueCategory.OTHER),
            name=self.text("name"),
            words=self.words("words"),
            triage=self.word("triage", Triage, Triage.SMALL),
            urgent=self.flag("urgent"),
            emergency=emergency,
            first=self.word("first", Level, Level.HEAD),
            department=self.text("department"),
            responsible=self.words("responsible"),
            ordinary=ordinary,
            hurried=hurried,
            after_photo=self.flag("after_photo"),
            questions=self.each("questions", lambda n, _: f"{self.where}第{n}个问题", _Reader.question),
            helpers=self.each("helpers", lambda n, _: f"{self.where}第{n}个帮手", _Reader.helper),
            on=self.flag("on"),
        )

    def question(self) -> Question:
        self.known("text", "ask", "options", "required")
        return Question(
            self.text("text"), self.word("ask", Ask, Ask.CHOICE), self.words("options"), self.flag("required")
        )

    def helper(self) -> Helper:
        self.known("kind", "name", "what", "phone")
        return Helper(
            self.word("kind", HelperKind, HelperKind.NEIGHBOURS),
            self.text("name"),
            self.text("what"),
            self.text("phone"),
        )

    def emergency(self) -> Emergency:
        self.known("key", "name", "number", "sentence", "words", "unless")
        key, name, number, sentence = (self.text(part) for part in ("key", "name", "number", "sentence"))
        return Emergency(key, name, number, sentence, self.words("words"), self.words("unless"))

    def level_clocks(self) -> tuple[LevelClocks, ...]:
        found = self.get("clocks", dict, {}, "各级的时限")
        unknown = [name for name in found if name not in [*Level]]
        for name in unknown:
            self.wrong("clocks", f"里没有“{str(name)[:40]}”这一级")
        read = []
        for level in Level:
            if level.value in found:
                pair = _Reader(f"{level.zh}的时限", found[level.value], self.faults).pair()
                read.append(LevelClocks(level, *pair))
        return tuple(read)

    def pair(self) -> tuple[Clocks, Clocks]:
        self.known("ordinary", "urgent")
        both = [
            _Reader(f"{self.where}（{zh}）", self.body.get(name, {}), self.faults).clocks()
            for name, zh in (("ordinary", "一般"), ("urgent", "紧急"))
        ]
        return both[0], both[1]

    def clocks(self) -> Clocks:
        self.known(*_SPANS)
        return Clocks(*(self.span(name) for name in _SPANS))

    def span(self, name: str) -> Span | None:
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, list) and len(value) == 2 and type(value[0]) is int and value[1] in [*Unit]:
            try:
                return Span(value[0], next(unit for unit in Unit if unit == value[1]))
            except ValueError:
                pass
        self.wrong(name, f"要写成[数量, 单位]，数量1到1000，单位是{'、'.join(Unit)}之一")
        return None

    def hours(self) -> OfficeHours:
        told = _Reader("办公时间", self.body.get("hours", {}), self.faults)
        told.known("opens", "closes")
        try:
            return OfficeHours(time.fromisoformat(told.text("opens")), time.fromisoformat(told.text("closes")))
        except ValueError:
            told.wrong("opens", "和“closes”要写成“09:00”“17:00”这样，下班要晚于上班")
            return OfficeHours()


_ORDER = (
    *("kinds", "topics", "emergencies", "hedges", "urgent_words", "big_words"),
    *("clocks", "hours", "follow_up_days"),
)
_TOPIC = (
    *("key", "category", "name", "words", "triage", "urgent", "emergency", "first", "department", "responsible"),
    *("clocks", "after_photo", "questions", "helpers", "on"),
)


def _named(what: str, by: str) -> Callable[[int, Any], str]:
    def called(n: int, body: Any) -> str:
        name = body.get(by) if isinstance(body, dict) else None
        return f"{what}“{name[:40]}”" if isinstance(name, str) and name else f"第{n}个{what}"

    return called
