"""Every state × move × mover as a row: the law held against one table that says it all, for three holders of the issue.

Movers: H head, G grid, C community, S street, D district, P department, O operator, r the reporter, k the clock. What the
table does not name is refused.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.enums import IssueState, Level, Move, Role, Triage
from server.rules import lifecycle, lifecycle_who
from server.rules.lifecycle import (
    CLOCK,
    IssueFacts,
    Mover,
    MoverKind,
    Refusal,
    Step,
    decide,
    moves_open_to,
    reporter,
    staff,
)
from server.rules.moves import Assignee, Details, OpenExtension
from server.rules.permissions import Permission
from tests.rules.life_samples import COLLEAGUE, FULL, HANDLER, NOON, issue

# The states before and after, in short: "rai>d" means from reported, accepted, in_progress to declined.
LETTERS = {
    "r": IssueState.REPORTED,
    "a": IssueState.ACCEPTED,
    "i": IssueState.IN_PROGRESS,
    "o": IssueState.REOPENED,
    "s": IssueState.RESOLVED,
    "c": IssueState.CONFIRMED,
    "q": IssueState.CLOSED_SILENT,  # quiet
    "d": IssueState.DECLINED,
    "j": IssueState.DUPLICATE,  # joined
    "w": IssueState.WITHDRAWN,
}
# move           | from > to ("=" as it was)  | held by the head | by the community | by a department
ROWS = """
report           | -                          | -                | -                | -
import           | -                          | -                | -                | -
accept           | ro>a                       | HGCSD            | CSD              | D
start            | rao>i                      | HGCSD            | CSD              | D
note             | raios>=                    | HGCSDr           | HGCSDr           | HGCSDPr
resolve          | raio>s                     | HGCSD            | CSD              | D
confirm          | s>c                        | Cr               | Cr               | Cr
rate             | scq>=                      | Cr               | Cr               | Cr
reopen           | s>o                        | Cr               | Cr               | Cr
decline          | raio>d                     | GCSD             | CSD              | D
join             | raio>j                     | HGCSD            | CSD              | D
withdraw         | raios>w                    | r                | r                | r
pass_up          | rai>r o>o                  | HGCSk            | CSk              | -
close_silent     | s>q                        | k                | k                | k
sign_in          | raio>=                     | H                | C                | P
contact          | raio>=                     | HGCSD            | CSD              | DP
triage           | raio>=                     | HGCSD            | CSD              | D
follow_up        | raio>=                     | HGCSD            | CSD              | D
assign           | rai>r o>o                  | GCSD             | CSD              | -
suspend          | raio>=                     | HGCSD            | CSD              | D
resume           | raio>=                     | HGCSD            | CSD              | D
ask_extension    | raio>=                     | HGCS             | CS               | -
grant_extension  | raio>=                     | GCSD             | SD               | D
refuse_extension | raio>=                     | GCSD             | SD               | D
whistle          | rai>r o>o                  | CSD              | CSD              | D
report_back      | rai>i o>o                  | -                | -                | P
push_back        | rai>r o>o                  | -                | CSD              | P
urge             | raio>=                     | GCSDr            | SDr              | CSDr
rate_department  | raioscqdj>=                | CS               | CS               | -
split            | j>r                        | GCSD             | CSD              | D
"""
HOLDERS = (Level.HEAD, Level.COMMUNITY, Level.DEPARTMENT)
MOVERS: dict[str, Mover] = {
    **{letter: staff(role, COLLEAGUE) for letter, role in zip("HGCSDPO", (R for R in Role), strict=True)},
    "r": reporter(3),
    "k": CLOCK,
}
Cell = tuple[IssueState, str]


def written() -> dict[tuple[Level, Move], dict[Cell, IssueState]]:
    """What the table says: holder and move → state before and mover → state after."""
    table: dict[tuple[Level, Move], dict[Cell, IssueState]] = {}
    for line in ROWS.strip().splitlines():
        name, states, *who = (cell.strip() for cell in line.split("|"))
        for level, movers in zip(HOLDERS, who, strict=True):
            table[level, Move(name)] = {
                (LETTERS[before], mover): LETTERS[before if after == "=" else after]
                for befores, after in (part.split(">") for part in states.split() if part != "-")
                for before in befores
                for mover in movers.strip("-")
            }
    return table


def decided(level: Level, move: Move) -> Iterator[tuple[Cell, IssueState | None]]:
    """What the law says: every state and mover, None for a refusal."""
    for state in IssueState:
        facts, details = _ready(state, level, move)
        for letter, mover in MOVERS.items():
            decision = decide(facts, move, mover, details, NOON)
            assert decision.reason.endswith("。")
            allowed = isinstance(decision, Step)
            assert allowed is (move in moves_open_to(facts, mover, NOON)), (state, letter)
            if isinstance(decision, Refusal):
                assert decision.code
            yield (state, letter), decision.to_state if isinstance(decision, Step) else None


def _ready(state: IssueState, level: Level, move: Move) -> tuple[IssueFacts, Details]:
    """An issue that stands as the move needs it, and everything that has to come with it."""
    more: dict[str, object] = {"passed_up_from": Level.GRID if level is Level.COMMUNITY else None}
    if move is Move.RESUME:
        more["suspended_until"] = NOON + timedelta(days=1)
    if move in (Move.GRANT_EXTENSION, Move.REFUSE_EXTENSION):
        more["extension"] = OpenExtension(HANDLER, level, 3)
    if move is Move.FOLLOW_UP:
        more["triage"] = Triage.PRIVATE
    details = Details(text="请尽快", assignee=Assignee(9, stands=True)) if move is Move.ASSIGN else FULL
    return issue(state, level, **more), details


def differences(level: Level, move: Move) -> list[str]:
    """Where law and table disagree."""
    table = written()[level, move]
    return [
        f"{move} of {state} by {letter}, held by {level}: the law says {after}, the table {table.get((state, letter))}"
        for (state, letter), after in decided(level, move)
        if after is not table.get((state, letter))
    ]


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("level", HOLDERS)
def test_every_state_move_and_mover(level: Level, move: Move) -> None:
    assert differences(level, move) == []


def test_the_table_is_whole() -> None:
    assert set(lifecycle.TABLE) == set(Move)
    assert set(written()) == {(level, move) for level in HOLDERS for move in Move}
    assert len(list(decided(Level.HEAD, Move.NOTE))) == len(IssueState) * (len(Role) + 2)


@pytest.mark.parametrize(
    ("move", "broken"),
    [
        (Move.ACCEPT, (frozenset({MoverKind.STAFF}), {IssueState.RESOLVED: IssueState.ACCEPTED})),  # other states
        (Move.WITHDRAW, (frozenset({MoverKind.STAFF}), dict(lifecycle.TABLE[Move.WITHDRAW][1]))),  # other movers
        (Move.REOPEN, (lifecycle.TABLE[Move.REOPEN][0], {IssueState.CONFIRMED: IssueState.REOPENED})),
    ],
)
def test_one_wrong_cell_of_the_law_is_found(move: Move, broken: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lifecycle.TABLE, move, broken)  # type: ignore[arg-type]
    monkeypatch.setitem(lifecycle_who.RIGHTS, Move.WITHDRAW, Permission.ISSUE_NOTE)
    assert differences(Level.HEAD, move)


def test_one_wrong_right_of_the_law_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lifecycle_who.RIGHTS, Move.DECLINE, Permission.ISSUE_RESOLVE)
    (first, *_) = differences(Level.HEAD, Move.DECLINE)
    assert first.startswith("decline of reported by H")
