"""When a level's turn with an issue ends and the next one begins."""

import pytest

from models.enums import IssueState, Level, Move, TurnEnd
from server.rules.moves import Step
from server.rules.turns import turn_begins, turn_end

S, L, M, E = IssueState, Level, Move, TurnEnd


@pytest.mark.parametrize(
    ("state", "level", "move", "to", "to_level", "by_clock", "end", "begins"),
    [
        (S.REPORTED, L.HEAD, M.ACCEPT, S.ACCEPTED, L.HEAD, False, None, False),
        (S.REPORTED, L.HEAD, M.PASS_UP, S.REPORTED, L.GRID, False, E.PASSED_UP, True),
        (S.REPORTED, L.HEAD, M.PASS_UP, S.REPORTED, L.GRID, True, E.ESCALATED, True),
        (S.ACCEPTED, L.GRID, M.RESOLVE, S.RESOLVED, L.GRID, False, E.RESOLVED, False),
        (S.RESOLVED, L.GRID, M.CONFIRM, S.CONFIRMED, L.GRID, False, None, False),
        (S.RESOLVED, L.GRID, M.REOPEN, S.REOPENED, L.COMMUNITY, False, None, True),
        (S.RESOLVED, L.DISTRICT, M.REOPEN, S.REOPENED, L.DISTRICT, False, None, True),
        (S.ACCEPTED, L.GRID, M.DECLINE, S.DECLINED, L.GRID, False, E.ENDED, False),
        (S.ACCEPTED, L.GRID, M.WITHDRAW, S.WITHDRAWN, L.GRID, False, E.ENDED, False),
        (S.REPORTED, L.COMMUNITY, M.ASSIGN, S.REPORTED, L.COMMUNITY, False, E.ASSIGNED, True),  # to a colleague
        (S.REPORTED, L.COMMUNITY, M.PUSH_BACK, S.REPORTED, L.GRID, False, E.PUSHED_BACK, True),
        (S.REPORTED, L.COMMUNITY, M.WHISTLE, S.REPORTED, L.DEPARTMENT, False, E.WHISTLED, True),
        (S.REPORTED, L.DEPARTMENT, M.WHISTLE, S.REPORTED, L.DEPARTMENT, False, None, False),  # one department more
        (S.DUPLICATE, L.GRID, M.SPLIT, S.REPORTED, L.GRID, False, None, True),
    ],
)
def test_turns(
    state: IssueState,
    level: Level,
    move: Move,
    to: IssueState,
    to_level: Level,
    by_clock: bool,
    end: TurnEnd | None,
    begins: bool,
) -> None:
    step = Step(to, to_level, "。")
    assert turn_end(state, level, move, step, by_clock=by_clock) is end
    assert turn_begins(state, step, end) is begins
