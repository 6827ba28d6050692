"""The law of the reporter's shield, as tables with their boundary rows."""

from datetime import UTC, datetime, timedelta

import pytest

from models.enums import Anonymity, Role
from server.rules import shield
from server.rules.shield import LOOK_WINDOW, Issue, Official, Request

NOW = datetime(2026, 10, 12, 9, tzinfo=UTC)
A = Anonymity


def code(refusal: shield.Refusal | None) -> str:
    return refusal.code if refusal else ""


@pytest.mark.parametrize(
    ("kind", "known", "phone", "refused"),
    [
        (A.OPEN, False, False, ""),
        (A.OPEN, True, True, ""),
        (A.HIDDEN, True, False, ""),
        (A.HIDDEN, False, True, ""),
        (A.HIDDEN, True, True, ""),
        (A.HIDDEN, False, False, "nobody_to_keep"),
        (A.NONE, True, False, ""),
        (A.NONE, False, False, ""),
        (A.NONE, True, True, "nothing_kept"),
        (A.NONE, False, True, "nothing_kept"),
    ],
)
def test_what_a_report_can_be_kept_as(kind: Anonymity, known: bool, phone: bool, refused: str) -> None:
    assert code(shield.filing(kind, known=known, phone=phone)) == refused


@pytest.mark.parametrize(
    ("anonymity", "kept", "about_head", "heads_it", "waiting", "refused"),
    [
        (A.HIDDEN, True, False, False, False, ""),
        (A.HIDDEN, True, True, False, False, ""),
        (A.NONE, False, False, False, False, "nothing_kept"),
        (A.OPEN, False, False, False, False, "not_hidden"),
        (A.HIDDEN, True, False, True, False, "heads_it"),
        (A.HIDDEN, True, True, True, False, "heads_it"),
        (A.HIDDEN, False, False, False, False, "not_kept"),
        (A.HIDDEN, True, False, False, True, "already_asked"),
    ],
)
def test_who_may_ask(
    anonymity: Anonymity, kept: bool, about_head: bool, heads_it: bool, waiting: bool, refused: str
) -> None:
    asker = Official(Role.COMMUNITY, heads_it=heads_it)
    assert code(shield.ask(Issue(anonymity, kept, about_head), asker, waiting=waiting)) == refused


PLAIN, ABOUT_HER, GONE = Issue(A.HIDDEN, True, False), Issue(A.HIDDEN, True, True), Issue(A.HIDDEN, False, False)
OPEN, MINE, DECIDED = Request(False), Request(True), Request(False, True, NOW)
CLERK, STREET, DISTRICT = Official(Role.COMMUNITY), Official(Role.STREET), Official(Role.DISTRICT)


@pytest.mark.parametrize(
    ("issue", "request_", "decider", "grants", "answer", "others", "refused"),
    [
        (PLAIN, OPEN, CLERK, True, "", True, ""),
        (PLAIN, OPEN, CLERK, False, "没有必要", True, ""),
        (PLAIN, OPEN, CLERK, False, " ", True, "answer_missing"),
        (PLAIN, DECIDED, CLERK, True, "", True, "already_decided"),
        (PLAIN, MINE, CLERK, True, "", True, "second_person"),
        (PLAIN, MINE, STREET, False, "x", False, "second_person"),
        (PLAIN, OPEN, Official(Role.COMMUNITY, heads_it=True), True, "", False, "heads_it"),
        (PLAIN, OPEN, Official(Role.STREET, heads_it=True), False, "x", False, "heads_it"),
        (ABOUT_HER, OPEN, CLERK, True, "", False, "above_only"),
        (ABOUT_HER, OPEN, STREET, True, "", True, ""),
        (ABOUT_HER, OPEN, DISTRICT, True, "", True, ""),
        (PLAIN, OPEN, Official(Role.COMMUNITY, reported_it=True), False, "x", False, "own_report"),
        (PLAIN, OPEN, Official(Role.COMMUNITY, handled_it=True), True, "", True, "handled_it"),
        (PLAIN, OPEN, Official(Role.COMMUNITY, handled_it=True), True, "", False, ""),
        (GONE, OPEN, CLERK, True, "", True, "not_kept"),
        (GONE, OPEN, CLERK, False, "已经删除", True, ""),
    ],
)
def test_who_may_decide(
    issue: Issue, request_: Request, decider: Official, grants: bool, answer: str, others: bool, refused: str
) -> None:
    found = shield.decide(issue, request_, decider, grants=grants, answer=answer, others=others)
    assert code(found) == refused


@pytest.mark.parametrize(
    ("mine", "granted", "after", "refused"),
    [
        (True, True, timedelta(0), ""),
        (True, True, LOOK_WINDOW - timedelta(seconds=1), ""),
        (True, True, LOOK_WINDOW, "too_late"),
        (False, True, timedelta(0), "asker_only"),
        (True, False, timedelta(0), "refused"),
        (True, None, timedelta(0), "not_decided"),
    ],
)
def test_who_may_look(mine: bool, granted: bool | None, after: timedelta, refused: str) -> None:
    decided_at = None if granted is None else NOW - after
    assert code(shield.look(Request(mine, granted, decided_at), NOW)) == refused


def test_every_choice_is_told_in_one_line() -> None:
    assert set(shield.MEANS) == set(shield.KEPT) == set(Anonymity)
    assert all(len(line) <= 45 and "\n" not in line for line in shield.MEANS.values())
