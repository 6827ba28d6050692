"""The forms of the rule book and the JSON they stand for: words with blanks between them, spans as a number and a unit."""

import re
from collections.abc import Mapping
from typing import Any

from models.enums import IssueCategory, Level
from server.rules import book_json
from server.rules.book import QUESTIONS_MOST, Question, RuleBook, Topic
from server.rules.book_checks import HELPERS_MOST
from server.rules.clocks import Clocks
from server.web.console.forms import Form

SPANS = (("sign_in", "签收"), ("contact", "联系上报人"), ("report", "办结或反馈"))
PACES = (("ordinary", "一般"), ("urgent", "紧急"))
HELPERS_SHOWN = HELPERS_MOST
_BETWEEN = re.compile(r"[\s、，,；;]+")


def words(written: str) -> list[str]:
    """Words as they are typed: blanks, lines or commas between them."""
    return [word for word in _BETWEEN.split(written.strip()) if word]


def lines(written: str) -> list[str]:
    """One a line."""
    return [line.strip() for line in written.splitlines() if line.strip()]


def new_key(book: RuleBook) -> str:
    """The key of a topic of the place's own. Topics are switched off and never deleted, so none comes twice."""
    n = 1
    while book.topic(f"own_{n}"):
        n += 1
    return f"own_{n}"


# --- one topic


def topic_values(topic: Topic) -> dict[str, Any]:
    """What stands in the form of a topic."""
    values: dict[str, Any] = {
        "category": topic.category.value,
        "name": topic.name,
        "words": " ".join(topic.words),
        "triage": topic.triage.value,
        "urgent": _tick(topic.urgent),
        "emergency": topic.emergency,
        "first": topic.first.value,
        "department": topic.department,
        "responsible": "\n".join(topic.responsible),
        "after_photo": _tick(topic.after_photo),
        "off": _tick(not topic.on),
    }
    for n in range(1, QUESTIONS_MOST + 1):
        question = topic.questions[n - 1] if n <= len(topic.questions) else Question("")
        values |= {
            f"q{n}.text": question.text,
            f"q{n}.ask": question.ask.value,
            f"q{n}.options": " ".join(question.options),
            f"q{n}.required": _tick(question.required),
        }
    for n, helper in enumerate(topic.helpers[:HELPERS_SHOWN], 1):
        values |= {f"h{n}.kind": helper.kind.value, f"h{n}.name": helper.name}
        values |= {f"h{n}.what": helper.what, f"h{n}.phone": helper.phone}
    for pace, clocks in (("ordinary", topic.ordinary), ("urgent", topic.hurried)):
        values |= _span_values(pace, clocks)
    return values


def topic_content(form: Form, key: str) -> dict[str, Any]:
    """The topic that stands in the form."""
    return {
        "key": key,
        "category": form.value("category"),
        "name": form.value("name").strip(),
        "words": words(form.value("words")),
        "triage": form.value("triage"),
        "urgent": _ticked(form, "urgent"),
        "emergency": form.value("emergency"),
        "first": form.value("first"),
        "department": form.value("department").strip(),
        "responsible": lines(form.value("responsible")),
        "clocks": {pace: _spans(form, pace) for pace, _ in PACES},
        "after_photo": _ticked(form, "after_photo"),
        "questions": [
            {
                "text": form.value(f"q{n}.text").strip(),
                "ask": form.value(f"q{n}.ask", "choice"),
                "options": words(form.value(f"q{n}.options")) if form.value(f"q{n}.ask", "choice") == "choice" else [],
                "required": _ticked(form, f"q{n}.required"),
            }
            for n in range(1, QUESTIONS_MOST + 1)
            if form.value(f"q{n}.text").strip()
        ],
        "helpers": [
            {
                "kind": form.value(f"h{n}.kind", "neighbours"),
                "name": form.value(f"h{n}.name").strip(),
                "what": form.value(f"h{n}.what").strip(),
                "phone": form.value(f"h{n}.phone").strip(),
            }
            for n in range(1, HELPERS_SHOWN + 1)
            if form.value(f"h{n}.name").strip()
        ],
        "on": not _ticked(form, "off"),
    }


def with_topic(book: RuleBook, topic: Mapping[str, Any]) -> dict[str, Any]:
    """The book's content with this topic in the place of the one with its key, or at the end."""
    content = book_json.to_content(book)
    known = [one["key"] for one in content["topics"]]
    if topic["key"] in known:
        content["topics"][known.index(topic["key"])] = topic
    else:
        content["topics"].append(topic)
    return content


# --- the whole book's settings


def settings_values(book: RuleBook) -> dict[str, Any]:
    """What stands in the form of the book's settings."""
    values: dict[str, Any] = {
        "opens": f"{book.hours.opens:%H:%M}",
        "closes": f"{book.hours.closes:%H:%M}",
        "follow_up_days": book.follow_up_days,
        "hedges": " ".join(book.hedges),
        "urgent_words": " ".join(book.urgent_words),
        "big_words": " ".join(book.big_words),
    }
    for kind in book.kinds:
        name = f"k.{kind.category.value}"
        values |= {f"{name}.name": kind.name, f"{name}.triage": kind.triage.value, f"{name}.off": _tick(not kind.on)}
        values[f"{name}.words"] = " ".join(kind.words)
    for one in book.emergencies:
        name = f"e.{one.key}"
        values |= {f"{name}.number": one.number, f"{name}.sentence": one.sentence}
        values |= {f"{name}.words": " ".join(one.words), f"{name}.unless": " ".join(one.unless)}
    for of in book.clocks:
        values |= _span_values(f"c.{of.level.value}.ordinary", of.ordinary)
        values |= _span_values(f"c.{of.level.value}.urgent", of.hurried)
    return values


def with_settings(book: RuleBook, form: Form) -> dict[str, Any]:
    """The book's content with the settings that stand in the form."""
    content = book_json.to_content(book)
    for kind in content["kinds"]:
        name = f"k.{kind['category']}"
        kind["name"], kind["triage"] = form.value(f"{name}.name").strip(), form.value(f"{name}.triage")
        kind["words"] = words(form.value(f"{name}.words"))
        kind["on"] = not _ticked(form, f"{name}.off") or kind["category"] == IssueCategory.OTHER
    for one in content["emergencies"]:
        name = f"e.{one['key']}"
        one["number"], one["sentence"] = form.value(f"{name}.number").strip(), form.value(f"{name}.sentence").strip()
        one["words"], one["unless"] = words(form.value(f"{name}.words")), words(form.value(f"{name}.unless"))
    content["clocks"] = {
        level.value: {pace: _spans(form, f"c.{level.value}.{pace}") for pace, _ in PACES} for level in Level
    }
    content["hours"] = {"opens": form.value("opens"), "closes": form.value("closes")}
    days = form.value("follow_up_days")
    content["follow_up_days"] = int(days) if days.isdecimal() and len(days) < 5 else 0
    for name in ("hedges", "urgent_words", "big_words"):
        content[name] = words(form.value(name))
    return content


def _span_values(name: str, clocks: Clocks) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part, _ in SPANS:
        span = getattr(clocks, part)
        values |= {
            f"{name}.{part}": span.amount if span else "",
            f"{name}.{part}.unit": span.unit.value if span else "",
        }
    return values


def _spans(form: Form, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, _ in SPANS:
        amount = form.value(f"{name}.{part}").strip()
        number = int(amount) if amount.isdecimal() and len(amount) < 6 else 0
        found[part] = [number, form.value(f"{name}.{part}.unit")] if amount else None
    return found


def _tick(ticked: bool) -> str:
    return "true" if ticked else ""


def _ticked(form: Form, name: str) -> bool:
    return form.value(name) == "true"
