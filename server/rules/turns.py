"""A level's turn with an issue: when it begins and ends (design §5 "Levels"). How long it lasts is the rule book's.

A turn ends when the issue goes to other hands, is resolved or ends; it begins when somebody gets it who is to work on it.
"""

from models.enums import OPEN_STATES, IssueState, Level, Move, TurnEnd
from server.rules.moves import Step

_ENDS = {
    Move.PASS_UP: TurnEnd.PASSED_UP,
    Move.WHISTLE: TurnEnd.WHISTLED,
    Move.PUSH_BACK: TurnEnd.PUSHED_BACK,
    Move.ASSIGN: TurnEnd.ASSIGNED,
    Move.REPORT_BACK: TurnEnd.REPORTED_BACK,
}


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
