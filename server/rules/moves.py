"""The facts and wishes the life of an issue is decided from: the issue, who moves it, what came with the move."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.enums import IssueCategory, IssueState, Level, Role, Satisfaction
from server.rules.levels import LEVEL_OF


class MoverKind(StrEnum):
    """In what capacity somebody makes a move."""

    REPORTER = "reporter"
    STAFF = "staff"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Mover:
    """Who makes the move: build with `reporter()`, `staff()` or `CLOCK`. An unnamed reporter has no `person_id`."""

    kind: MoverKind
    role: Role | None = None
    person_id: int | None = None

    @property
    def level(self) -> Level | None:
        """The level a member of staff stands on; None for reporters, the clock and operators."""
        return LEVEL_OF.get(self.role) if self.role else None


CLOCK = Mover(MoverKind.CLOCK)


def reporter(person_id: int | None = None) -> Mover:
    """The one who reported it (signed in, or holding the claim code)."""
    return Mover(MoverKind.REPORTER, None, person_id)


def staff(role: Role, person_id: int) -> Mover:
    """Somebody acting under a live appointment whose scope covers the issue."""
    return Mover(MoverKind.STAFF, role, person_id)


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What the law needs to know of an issue.

    `has_grid`: somebody stands on its building's grid. `has_joiners`: other issues were joined to this one.
    `resolved_…`: who said it was done, on which level and when, of the latest resolution.
    """

    state: IssueState
    level: Level
    category: IssueCategory = IssueCategory.OTHER
    about_head: bool = False
    issue_id: int | None = None
    has_grid: bool = True
    has_joiners: bool = False
    resolved_by_person_id: int | None = None
    resolved_level: Level | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JoinTarget:
    """The issue another one is to be joined to."""

    issue_id: int
    state: IssueState
    about_head: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """What came with a move; each move reads only its own part."""

    text: str = ""
    responsible: str = ""
    to_level: Level | None = None
    target: JoinTarget | None = None
    contacted: bool | None = None
    solved: bool | None = None
    satisfaction: Satisfaction | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of the issue, and the sentence for its timeline. `rework`: counts as one 返工."""

    to_state: IssueState
    to_level: Level
    reason: str
    rework: bool = False
