"""The law of joining as a table: every standing of the target × every word of the joined reporter."""

from datetime import UTC, datetime, timedelta

import pytest

from models.enums import OPEN_STATES, IssueCategory, IssueState, Level, Move, Role
from server.rules.decision import Refusal
from server.rules.joining import (
    TABLE,
    Effect,
    JoinedFacts,
    JoinedStep,
    Offer,
    Standing,
    decide,
    may_join,
    moves_open_to,
    offered,
    standing,
)
from server.rules.moves import Details, reporter, staff

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
S, E, M = IssueState, Effect, Move
FIXER, SHE = 7, 9

FACTS: dict[Standing, JoinedFacts] = {
    Standing.WORKING: JoinedFacts(S.ACCEPTED, Level.HEAD),
    Standing.AGAIN: JoinedFacts(S.REOPENED, Level.GRID, NOW, FIXER, Level.HEAD),
    Standing.SETTLED: JoinedFacts(S.RESOLVED, Level.HEAD, NOW, FIXER, Level.HEAD),
    Standing.OVER: JoinedFacts(S.CONFIRMED, Level.HEAD, NOW, FIXER, Level.HEAD),
    Standing.REFUSED: JoinedFacts(S.DECLINED, Level.COMMUNITY),
}
SAID = {
    "note": (M.NOTE, Details(text="也在漏")),
    "good": (M.CONFIRM, Details()),
    "rate": (M.RATE, Details(contacted=True)),
    "rate not": (M.RATE, Details(solved=False)),
    "not yet": (M.REOPEN, Details(text="还在漏")),
    "urge": (M.URGE, Details()),
    "leave": (M.WITHDRAW, Details()),
}
ROWS: dict[str, tuple[Effect | None, ...]] = {
    #            working   again     settled     over        refused
    "note":     (E.NOTES,  E.NOTES,  E.NOTES,    None,       None),
    "good":     (None,     None,     E.ANSWERS,  E.ANSWERS,  None),
    "rate":     (None,     None,     E.ANSWERS,  E.ANSWERS,  None),
    "rate not": (None,     E.ADDS,   E.REOPENS,  E.GOES_ON,  None),
    "not yet":  (None,     E.ADDS,   E.REOPENS,  E.GOES_ON,  None),
    "urge":     (E.URGES,  E.URGES,  None,       None,       None),
    "leave":    (E.LEAVES, E.LEAVES, E.LEAVES,   None,       None),
}  # fmt: skip


@pytest.mark.parametrize("word", SAID)
@pytest.mark.parametrize(("place", "stands"), list(enumerate(Standing)))
def test_what_each_word_does(word: str, place: int, stands: Standing) -> None:
    move, details = SAID[word]
    found = decide(FACTS[stands], move, reporter(SHE), details, NOW + timedelta(days=1))
    expected = ROWS[word][place]
    if expected is None:
        assert isinstance(found, Refusal)
        assert "。" in found.reason
    else:
        assert isinstance(found, JoinedStep)
        assert found.effect is expected
        assert found.reason.endswith("。")
    if word != "rate not":
        assert (move in moves_open_to(FACTS[stands], reporter(SHE))) == (expected is not None)


@pytest.mark.parametrize("state", list(IssueState))
def test_every_state_of_a_target_stands_somehow(state: IssueState) -> None:
    found = standing(JoinedFacts(state, Level.HEAD, None))
    assert (found is Standing.WORKING) == (state in OPEN_STATES)


@pytest.mark.parametrize("move", [move for move in Move if move not in TABLE])
def test_nothing_else_happens_to_a_joined_report(move: Move) -> None:
    assert isinstance(decide(FACTS[Standing.SETTLED], move, staff(Role.COMMUNITY, 3), Details(), NOW), Refusal)


@pytest.mark.parametrize(
    ("days", "word", "effect"),
    [
        (7, "not yet", E.GOES_ON),
        (8, "not yet", "too_late"),
        (8, "rate not", E.ANSWERS),  # late, but it still counts
        (30, "rate", E.ANSWERS),
        (31, "rate", "too_late"),
        (31, "rate not", "too_late"),
    ],
)
def test_her_windows_are_the_reporters(days: int, word: str, effect: Effect | str) -> None:
    move, details = SAID[word]
    found = decide(FACTS[Standing.OVER], move, reporter(None), details, NOW + timedelta(days=days))
    assert (found.code if isinstance(found, Refusal) else found.effect) == effect


def test_it_is_reopened_above_who_settled_it_and_told_without_her_words() -> None:
    move, details = SAID["not yet"]
    found = decide(FACTS[Standing.SETTLED], move, reporter(None), details, NOW)
    assert isinstance(found, JoinedStep)
    assert (found.to_level, "还在漏" in found.told) == (Level.GRID, False)
    no_grid = JoinedFacts(S.RESOLVED, Level.HEAD, NOW, FIXER, Level.HEAD, has_grid=False)
    found = decide(no_grid, move, reporter(None), details, NOW)
    assert isinstance(found, JoinedStep)
    assert found.to_level is Level.COMMUNITY


def test_who_fixed_it_does_not_answer_for_it() -> None:
    for mover in (reporter(FIXER), staff(Role.COMMUNITY, FIXER)):
        found = decide(FACTS[Standing.SETTLED], M.RATE, mover, Details(solved=True), NOW)
        assert isinstance(found, Refusal)
        assert found.code == "own_work"
        assert M.RATE not in moves_open_to(FACTS[Standing.SETTLED], mover)
    # That it is not solved, she may say herself.
    assert isinstance(decide(FACTS[Standing.SETTLED], M.REOPEN, reporter(FIXER), Details(text="没好"), NOW), JoinedStep)


def test_the_office_notes_down_a_phone_call_and_nothing_else() -> None:
    clerk = staff(Role.COMMUNITY, 3)
    assert moves_open_to(FACTS[Standing.SETTLED], clerk) == [M.RATE]
    found = decide(FACTS[Standing.SETTLED], M.RATE, clerk, Details(solved=True), NOW)
    assert isinstance(found, JoinedStep)
    assert found.reason.startswith("社区电话回访：")
    assert isinstance(decide(FACTS[Standing.SETTLED], M.WITHDRAW, clerk, Details(), NOW), Refusal)


def test_not_yet_is_said_once_while_it_is_done_again() -> None:
    facts = JoinedFacts(S.REOPENED, Level.GRID, NOW, FIXER, Level.HEAD, said_not_yet=True)
    found = decide(facts, M.REOPEN, reporter(None), Details(text="快点"), NOW)
    assert isinstance(found, Refusal)
    assert found.code == "already_said"
    assert M.REOPEN not in moves_open_to(facts, reporter(None))


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        *((Offer(state, IssueCategory.LEAK), None) for state in sorted(OPEN_STATES)),
        (Offer(S.RESOLVED, IssueCategory.LEAK), "target_solved"),
        (Offer(S.CONFIRMED, IssueCategory.LEAK), "target_ended"),
        (Offer(S.DECLINED, IssueCategory.LEAK), "target_ended"),
        (Offer(S.REPORTED, IssueCategory.LEAK, mine=True), "own_report"),
        (Offer(S.REPORTED, IssueCategory.LEAK, joined=True), "already_joined"),
        (Offer(S.RESOLVED, IssueCategory.LEAK, joined=True), "already_joined"),
    ],
)
def test_what_can_be_joined(offer: Offer, code: str | None) -> None:
    found = may_join(offer)
    assert (found.code if found else None) == code


def test_private_matters_and_what_is_about_a_head_are_never_offered() -> None:
    hidden = {c for c in IssueCategory if not offered(c, about_head=False)}
    assert hidden == {IssueCategory.NEIGHBOUR, IssueCategory.CARE, IssueCategory.ERRAND}
    assert not any(offered(c, about_head=True) for c in IssueCategory)
