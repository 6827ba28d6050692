"""The facts and wishes the life of an issue is decided from: the issue, who moves it, what came with the move."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.enums import IssueCategory, IssueState, Level, Role, Satisfaction, Triage, Word
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


class Cause(Word):
    """Why the clock does something."""

    SIGN_IN = "sign_in", "没有按时签收"
    CONTACT = "contact", "没有按时联系上报人"
    SOON = "soon", "快到期"
    DUE = "due", "没有按时办好"
    FOLLOW_UP = "follow_up", "该跟进了"
    RESUMED = "resumed", "暂缓到期"


@dataclass(frozen=True, slots=True)
class OpenExtension:
    """A request for more time that nobody has decided yet: who asked, on which level, for how many working days."""

    asked_by: int
    level: Level
    workdays: int


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What the law needs to know of an issue.

    `has_grid`: somebody stands on its building's grid. `has_joiners`: other issues were joined to this one.
    `resolved_…`: who said it was done, on which level and when, of the latest resolution.
    `imported`: from an existing ledger, without clocks of ours. `signed_in`, `contacted`: in this level's turn.
    `asked_after`: somebody contacted the reporter or followed up, in any turn. `passed_up_from`: the level below that
    passed it up by hand to the present holder. `reported_back`: a department answered for it since the last resolution.
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
    reported_at: datetime | None = None
    imported: bool = False
    urgent: bool = False
    suggested: Triage | None = None
    triage: Triage | None = None
    due_at: datetime | None = None
    signed_in: bool = False
    contacted: bool = False
    asked_after: bool = False
    suspended_until: datetime | None = None
    extension: OpenExtension | None = None
    urged_by_reporter_at: datetime | None = None
    urged_by_office_at: datetime | None = None
    passed_up_from: Level | None = None
    reported_back: bool = False
    photo_required: bool = False

    def suspended(self, now: datetime) -> bool:
        """Whether its clocks stand still."""
        return self.suspended_until is not None and self.suspended_until > now


@dataclass(frozen=True, slots=True)
class Assignee:
    """The colleague an issue is handed to. `stands`: with a live post that covers it, on the level that has it in hand."""

    person_id: int
    stands: bool


@dataclass(frozen=True, slots=True)
class JoinTarget:
    """The issue another one is to be joined to."""

    issue_id: int
    state: IssueState
    about_head: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """What came with a move; each move reads only its own part.

    `staffed`: somebody stands on `to_level` who may have it. `cause`: why the clock makes the move. `photos`: how many.
    """

    text: str = ""
    responsible: str = ""
    to_level: Level | None = None
    target: JoinTarget | None = None
    contacted: bool | None = None
    solved: bool | None = None
    satisfaction: Satisfaction | None = None
    caller: str = ""
    triage: Triage | None = None
    follow_up_at: datetime | None = None
    until: datetime | None = None
    workdays: int | None = None
    assignee: Assignee | None = None
    staffed: bool = True
    done_by: str = ""
    done_at: datetime | None = None
    photos: int = 0
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of the issue, and the sentence for its timeline. `rework`: counts as one 返工."""

    to_state: IssueState
    to_level: Level
    reason: str
    rework: bool = False
