"""交办 of many issues at once: each is moved or told why not, all in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import Level, Move
from server.core.access import Actor
from server.core.errors import Problem
from server.issues.service.moving import Wish, move_as_staff
from server.rules.lifecycle import Details
from server.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of one of them. `code` and `detail` say why it was not handed over; empty when it was."""

    id: str
    done: bool
    code: str = ""
    detail: str = ""


def assign_many(
    actor: Actor, issues: Sequence[str], to_level: Level | None, assignee: str | None, text: str, now: datetime
) -> list[Assigned]:
    """Hand up to 100 issues to a level below or to a colleague. Whatever cannot be is left as it is, with the reason.

    In the order they were named. Locked in one order whoever asks, so that two who choose the same rows never wait for
    each other in a circle. A refusal comes before anything of that issue is written.
    """
    wish = Wish(Details(text=text, to_level=to_level), assignee=assignee or "")
    found: dict[str, Assigned] = {}
    for issue in sorted(set(issues)):
        try:
            move_as_staff(actor, Permission.ISSUE_ASSIGN, issue, Move.ASSIGN, wish, now)
            found[issue] = Assigned(issue, True)
        except Problem as problem:
            found[issue] = Assigned(issue, False, problem.slug, problem.detail or "")
    return [found[issue] for issue in dict.fromkeys(issues)]
