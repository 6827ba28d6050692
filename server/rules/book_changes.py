"""What one version of a rule book changed against another, as sentences for whoever reads the list of versions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from models.enums import IssueCategory, Level, Triage, Word
from server.rules import book_json
from server.rules.book import Ask, HelperKind, RuleBook
from server.rules.clocks import Unit

_PARTS = {
    "kinds": ("类别", "category"),
    "topics": ("小类", "key"),
    "emergencies": ("紧急情况", "key"),
}
_LISTS = {"hedges": "没有发生的说法", "urgent_words": "加急的词", "big_words": "算大事的词"}
_NAMES = {
    "category": "类别",
    "name": "名称",
    "words": "联想的词",
    "unless": "不算的说法",
    "triage": "三事分流",
    "urgent": "加急",
    "emergency": "紧急情况",
    "first": "先由谁办",
    "department": "吹哨部门",
    "responsible": "负责单位的建议",
    "after_photo": "办结要照片",
    "questions": "问题",
    "helpers": "帮手",
    "on": "启用",
    "number": "号码",
    "sentence": "要说的话",
    "ordinary": "一般",
    "sign_in": "签收",
    "contact": "联系",
    "report": "办结或反馈",
    "opens": "上班",
    "closes": "下班",
}
_WORDS: dict[str, type[Word]] = {
    "triage": Triage,
    "first": Level,
    "ask": Ask,
    "kind": HelperKind,
    "category": IssueCategory,
}


def changes(before: RuleBook, after: RuleBook) -> list[str]:
    """Every difference, in the order of the book; none: the two say the same."""
    old, new = book_json.to_content(before), book_json.to_content(after)
    told: list[str] = []
    for part, (what, key) in _PARTS.items():
        told += _part(what, _by(old[part], key), _by(new[part], key))
    for part, what in _LISTS.items():
        told += _words(what, old[part], new[part])
    for level in Level:
        told += _clocks(f"{level.zh}的时限", old["clocks"].get(level.value), new["clocks"].get(level.value))
    for end in ("opens", "closes"):
        told += _value(f"{_NAMES[end]}时间", end, old["hours"][end], new["hours"][end])
    told += _value("私事几天后回访", "days", old["follow_up_days"], new["follow_up_days"])
    return told or ([] if old == new else ["只换了先后次序。"])


def _by(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, Mapping[str, Any]]:
    return {row[key]: row for row in rows}


def _part(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key, row in new.items():
        called = f"{what}“{row['name']}”"
        if key not in old:
            yield f"新增{called}"
            continue
        for name in row:
            if name == "clocks":
                yield from _clocks(f"{called}的时限", old[key][name], row[name])
            elif isinstance(row[name], list) and all(isinstance(one, str) for one in (*row[name], *old[key][name])):
                yield from _words(f"{called}的{_NAMES[name]}", old[key][name], row[name])
            else:
                yield from _value(f"{called}的{_NAMES.get(name, name)}", name, old[key][name], row[name])
    yield from (f"去掉{what}“{row['name']}”" for key, row in old.items() if key not in new)


def _words(what: str, old: list[str], new: list[str]) -> Iterator[str]:
    if more := [word for word in new if word not in old]:
        yield f"{what}：加了{'、'.join(more)}"
    if less := [word for word in old if word not in new]:
        yield f"{what}：去掉{'、'.join(less)}"


def _clocks(what: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    for pace, zh in (("ordinary", "一般"), ("urgent", "紧急")):
        before, after = (old or {}).get(pace) or {}, (new or {}).get(pace) or {}
        for span in ("sign_in", "contact", "report"):
            yield from _value(f"{what}（{zh}，{_NAMES[span]}）", "span", before.get(span), after.get(span))


def _value(what: str, name: str, old: Any, new: Any) -> Iterator[str]:
    if old != new:
        yield f"{what}：{_show(name, old)} → {_show(name, new)}"


def _show(name: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return "没有"
    if isinstance(value, bool):
        return "是" if value else "否"
    if name == "span":
        return f"{value[0]}{next(unit.zh for unit in Unit if unit == value[1])}"
    if name == "questions":
        return "；".join(f"{q['text']}{'（必答）' if q['required'] else ''}{'／'.join(q['options'])}" for q in value)
    if name == "helpers":
        return "；".join(f"{h['name']} {h['what']} {h['phone']}".strip() for h in value)
    if name in _WORDS:
        return next((word.zh for word in _WORDS[name] if word == value), str(value))
    return str(value)
