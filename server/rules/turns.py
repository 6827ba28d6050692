"""A level's turn with an issue: when it begins and ends, and how long the holder has (design §5 "Levels").

A turn ends when the issue goes to other hands, is resolved or ends; it begins when somebody gets it who is to work on it.
"""

from models.enums import OPEN_STATES, IssueState, Level, Move, TurnEnd
from server.rules.clocks import Clocks, Span, Unit
from server.rules.moves import Step

# Heads are volunteers: more time to look, and what is urgent goes on to paid staff when they are away.
_ORDINARY = Clocks(Span(1, Unit.WORK_HOURS), Span(24, Unit.DAY_HOURS), Span(5, Unit.WORKDAYS))
_URGENT = Clocks(Span(1, Unit.HOURS), Span(2, Unit.HOURS), Span(24, Unit.HOURS))
_HEAD_ORDINARY = Clocks(Span(8, Unit.WORK_HOURS), Span(48, Unit.DAY_HOURS), Span(5, Unit.WORKDAYS))
_HEAD_URGENT = Clocks(Span(2, Unit.HOURS), Span(4, Unit.HOURS), Span(24, Unit.HOURS))

_ENDS = {
    Move.PASS_UP: TurnEnd.PASSED_UP,
    Move.WHISTLE: TurnEnd.WHISTLED,
    Move.PUSH_BACK: TurnEnd.PUSHED_BACK,
    Move.ASSIGN: TurnEnd.ASSIGNED,
    Move.REPORT_BACK: TurnEnd.REPORTED_BACK,
}


def default_clocks(level: Level, *, urgent: bool = False) -> Clocks:
    """How long a holder at `level` has where no rule book says otherwise."""
    if level is Level.HEAD:
        return _HEAD_URGENT if urgent else _HEAD_ORDINARY
    return _URGENT if urgent else _ORDINARY


def turn_end(state: IssueState, level: Level, move: Move, step: Step, *, by_clock: bool = False) -> TurnEnd | None:
    """How the running turn of `level` ends with this step; None when it goes on, or none was running."""
    if state not in OPEN_STATES:
        return None
    if step.to_state not in OPEN_STATES:
        return TurnEnd.RESOLVED if move is Move.RESOLVE else TurnEnd.ENDED
    if step.to_level is level and move is not Move.ASSIGN:
        return None
    return TurnEnd.ESCALATED if by_clock else _ENDS.get(move, TurnEnd.ENDED)


def turn_begins(state: IssueState, step: Step, ended: TurnEnd | None) -> bool:
    """Whether somebody's turn begins with this step. `ended`: what `turn_end` said of it."""
    return step.to_state in OPEN_STATES and (ended is not None or state not in OPEN_STATES)
