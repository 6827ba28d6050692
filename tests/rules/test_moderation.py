"""Who is asked about a text or photo, what a verdict means, and when a person's word counts."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.enums import CheckedBy, CheckState, HeldFor, IssueCategory
from server.rules import moderation
from server.rules.decision import Refusal
from server.rules.moderation import ACTIVE, LONGEST, Facts, Route
from server.rules.phrases import NOT_SOLVED, PHRASES, compose, only_ours

H, S, R = HeldFor, CheckState, Route
NOW = datetime(2026, 10, 12, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
JUST, LEFT = NOW - timedelta(minutes=1), NOW - ACTIVE


@pytest.mark.parametrize(
    ("facts", "way", "label"),
    [
        (Facts(True, JUST), R.WECHAT, None),
        (Facts(True, NOW - ACTIVE + timedelta(seconds=1)), R.WECHAT, None),
        (Facts(True, LEFT), R.QUEUE, H.UNCHECKED),
        (Facts(True, None), R.QUEUE, H.UNCHECKED),
        (Facts(False, JUST), R.QUEUE, H.UNCHECKED),
        (Facts(True, JUST, hits=(H.ABUSE,)), R.WECHAT, None),
        (Facts(False, JUST, hits=(H.ABUSE, H.LOCAL)), R.QUEUE, H.ABUSE),
        (Facts(True, None, hits=(H.CONTACT,)), R.QUEUE, H.CONTACT),
        (Facts(True, JUST, length=LONGEST), R.WECHAT, None),
        (Facts(True, JUST, length=LONGEST + 1), R.QUEUE, H.LONG),
        (Facts(True, JUST, length=LONGEST + 1, hits=(H.ABUSE,)), R.QUEUE, H.ABUSE),
        (Facts(False, None, length=LONGEST + 1), R.QUEUE, H.UNCHECKED),
        (Facts(True, JUST, photo=True), R.WECHAT, None),
        (Facts(True, None, photo=True), R.QUEUE, H.UNCHECKED),
        (Facts(False, JUST, photo=True), R.QUEUE, H.UNCHECKED),
        (Facts(False, None, ours=True), R.PASS, None),
        (Facts(True, JUST, ours=True), R.PASS, None),
    ],
)
def test_who_is_asked(facts: Facts, way: Route, label: HeldFor | None) -> None:
    routing = moderation.route(facts, NOW)
    assert (routing.route, routing.label) == (way, label)
    assert routing.reason.endswith("。")


def test_only_our_own_sentences_pass_without_anybody_looking() -> None:
    """Whatever else is known of it: what nobody judged does not become public."""
    for configured in (True, False):
        for seen_at in (None, JUST, LEFT):
            for hits in ((), (H.ABUSE,)):
                for photo in (True, False):
                    for length in (0, 5, LONGEST, LONGEST + 1):
                        facts = Facts(configured, seen_at, photo, hits, length)
                        assert moderation.route(facts, NOW).route is not R.PASS


@pytest.mark.parametrize(
    ("suggestion", "label", "hits", "state", "held", "by"),
    [
        ("pass", 100, (), S.PASSED, None, CheckedBy.WECHAT),
        ("pass", 100, (H.LOCAL,), S.QUEUED, H.LOCAL, CheckedBy.WORDS),
        ("review", 20012, (), S.QUEUED, H.VULGAR, CheckedBy.WECHAT),
        ("risky", 20003, (), S.WITHHELD, H.ABUSE, CheckedBy.WECHAT),
        ("risky", 20003, (H.ADS,), S.WITHHELD, H.ABUSE, CheckedBy.WECHAT),
        ("risky", 21000, (), S.WITHHELD, H.OTHER, CheckedBy.WECHAT),
        ("risky", None, (), S.WITHHELD, H.OTHER, CheckedBy.WECHAT),
        ("", 100, (), S.QUEUED, H.FAILED, None),
        ("PASS", 100, (), S.QUEUED, H.FAILED, None),
    ],
)
def test_what_a_verdict_means(
    suggestion: str, label: int | None, hits: Any, state: CheckState, held: HeldFor | None, by: CheckedBy | None
) -> None:
    outcome = moderation.after_verdict(suggestion, label, hits)
    assert (outcome.state, outcome.label, outcome.checked_by) == (state, held, by)


@pytest.mark.parametrize(
    ("state", "passes", "reason", "before", "own", "expected"),
    [
        (S.QUEUED, True, "", False, False, S.PASSED),
        (S.WAITING, True, "", False, False, S.PASSED),
        (S.QUEUED, False, "写了名字", False, False, S.WITHHELD),
        (S.QUEUED, False, "", False, False, "reason_missing"),
        (S.WITHHELD, True, "", False, False, "reason_missing"),
        (S.WITHHELD, True, "看过，没问题", False, False, S.PASSED),
        (S.PASSED, False, "有门牌号", True, False, S.WITHHELD),
        (S.PASSED, True, "还是可以", True, False, "already_decided"),
        (S.WITHHELD, False, "还是不行", True, False, "already_decided"),
        (S.QUEUED, True, "我的", False, True, "own_content"),
    ],
)
def test_a_persons_word(
    state: CheckState, passes: bool, reason: str, before: bool, own: bool, expected: CheckState | str
) -> None:
    decision = moderation.decide(state, passes=passes, reason=reason, decided_before=before, own=own)
    assert (decision.code if isinstance(decision, Refusal) else decision) == expected


@pytest.mark.parametrize("category", list(IssueCategory))
def test_tapped_sentences_are_our_own(category: IssueCategory) -> None:
    for phrase in PHRASES[category]:
        assert only_ours(phrase, category)
        assert not only_ours(f"{phrase}。\n老王干的", category)
    tapped = compose(PHRASES[category], "", PHRASES[category])
    assert only_ours(tapped, category) == bool(PHRASES[category])
    assert only_ours(compose(NOT_SOLVED, "", NOT_SOLVED), category)
    assert not only_ours("", category)
