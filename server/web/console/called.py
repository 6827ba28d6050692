"""What pages show of whistles to departments: on an issue, and at home."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.enums import Role, Satisfaction
from server.core import paging
from server.core.access import Actor
from server.issues import queries
from server.issues.queries import WhistleFilters, WhistleItem
from server.rules.permissions import Permission
from server.web.console.words import may

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """Whistles that wait for something. `count` is "100+" above a page: no total is ever counted."""

    label: str
    count: str
    items: list[WhistleItem]
    state: str
    urgent: bool


def on_issue(actor: Actor, issue: str, now: datetime) -> dict[str, Any]:
    """What the page of an issue needs: its whistles, whom one could call, and the names its forms answer to."""
    found = queries.whistles_for_staff(actor, issue, now)
    return {
        "whistles": found,
        "callable": queries.callable_departments(actor, issue, now) if may(actor, Permission.ISSUE_WHISTLE) else None,
        "ratings": Satisfaction,
        "whistle_forms": {"whistle", *(f"{move}-{each.id}" for each in found for move in each.moves)},
    }


def desks(actor: Actor, now: datetime) -> list[Desk]:
    """A department's work of today, and for those who call: what is overdue."""
    if any(post.role is Role.DEPARTMENT for post in actor.posts):
        waiting = _desk(actor, "等本部门办理的吹哨", "open", now)
        late = _desk(actor, "超期没有反馈", "overdue", now)
        return [late, waiting] if late.items else [waiting]
    if not may(actor, Permission.DEPARTMENT_READ):
        return []
    late = _desk(actor, "部门超期没有反馈", "overdue", now)
    return [late] if late.items else []


def _desk(actor: Actor, label: str, state: str, now: datetime) -> Desk:
    page = queries.whistles(actor, WhistleFilters(state=state, limit=paging.MOST), now)
    count = f"{len(page.items)}+" if page.next_cursor else str(len(page.items))
    return Desk(label, count, list(page.items[:SHOWN]), state, urgent=True)


def nameless(actor: Actor) -> bool:
    """Whether somebody holds a department's post that names no department, as old ones do: she sees nothing."""
    return any(post.role is Role.DEPARTMENT and post.department_id is None for post in actor.posts)
