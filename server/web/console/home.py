"""今日: what needs me today, each number leading to its list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response

from models.enums import IssueState, Level, Role
from server.core import clock, paging
from server.core.access import Actor, needs, require_actor
from server.issues import queries as issues
from server.issues.queries import Filters, IssueItem
from server.moderation import queries as moderation
from server.notices import queries as notices
from server.rules.calendar import month_of, previous
from server.rules.levels import LEVEL_OF
from server.rules.permissions import Permission
from server.scores import queries as scores
from server.shield import queries as shield
from server.surveys import queries as surveys
from server.web.console import blueprint, called, inspections, months, posts
from server.web.console.buildings import full_names
from server.web.console.forms import show
from server.web.console.month_words import next_step
from server.web.console.words import may

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """Issues that wait for something. `count` is "100+" above a page: no total is ever counted."""

    label: str
    count: str
    items: list[IssueItem]
    filters: dict[str, Any]
    urgent: bool


@blueprint.get("")
@needs(Permission.ME_READ)
def home() -> Response:
    """What needs me today."""
    actor, now = require_actor(), clock.now()
    queues = _queues(actor, now) if my_level(actor) else []
    waiting = [item.building for queue in queues if queue.urgent for item in queue.items]
    names = full_names(actor, Permission.ISSUE_LIST, waiting) if waiting else {}
    headless = posts.headless(actor) if may(actor, Permission.INVITATION_WRITE) else []
    return show(
        "home.html",
        queues=queues,
        desks=called.desks(actor, now),
        nameless=called.nameless(actor),
        names=names,
        unread=notices.unread(actor),
        headless=len(headless),
        unchecked=moderation.waiting_for_us(actor) if may(actor, Permission.MODERATION_READ) else "0",
        openings=shield.waiting_for_me(actor) if may(actor, Permission.REPORTER_DECIDE) else "0",
        months=_months(actor, now) if may(actor, Permission.MONTH_READ) else None,
        uninspected=_uninspected(actor, now) if may(actor, Permission.INSPECTION_WRITE) else "",
        this=month_of(now),
        last=previous(month_of(now)),
    )


def _queues(actor: Actor, now: datetime) -> list[Queue]:
    level = my_level(actor)
    mine = _queue(actor, "交办给我的", {"mine": True}, now, urgent=True)
    return [
        *([mine] if mine.items else []),
        _queue(actor, "过了期限", {"overdue": True, "level": level}, now, urgent=True),
        _queue(actor, "上报人说还没好", {"state": IssueState.REOPENED, "level": level}, now, urgent=True),
        _queue(actor, "等我这一级受理", {"state": IssueState.REPORTED, "level": level}, now, urgent=True),
        _queue(actor, "已受理，还没开始", {"state": IssueState.ACCEPTED, "level": level}, now),
        _queue(actor, "正在办理", {"state": IssueState.IN_PROGRESS, "level": level}, now),
        _queue(actor, "办结了，等上报人确认", {"state": IssueState.RESOLVED}, now),
    ]


def _months(actor: Actor, now: datetime) -> list[tuple[str, str, str, str]]:
    """Last month of my communities: id, name, state and what comes next."""
    last, found = previous(month_of(now)), []
    for community, name in months.my_communities(actor):
        views = scores.months_of(actor, community, last, None, 1).items
        told = ("没有草稿", "上个月已经过完，可以生成得分草稿。")
        if views:
            told = (views[0].state_name, next_step(views[0], now))
        if views or may(actor, Permission.MONTH_CLOSE):
            found.append((community, name, *told))
    return found


def _uninspected(actor: Actor, now: datetime) -> str:
    """How many buildings have no inspection this month."""
    page = surveys.inspections(actor, month_of(now), None, True, None, inspections.ROWS)
    return f"{len(page.items)}+" if page.next_cursor else str(len(page.items))


def my_level(actor: Actor) -> Level | None:
    """The highest level the actor stands on. A department works on whistles, which have lists of their own."""
    levels = [LEVEL_OF[post.role] for post in actor.posts if post.role in LEVEL_OF and post.role is not Role.DEPARTMENT]
    return max(levels, key=lambda level: level.height) if levels else None


def _queue(actor: Actor, label: str, filters: dict[str, Any], now: datetime, *, urgent: bool = False) -> Queue:
    page = issues.page_for_staff(actor, Filters(**filters, limit=paging.MOST), now)
    count = f"{len(page.items)}+" if page.next_cursor else str(len(page.items))
    return Queue(label, count, list(page.items[:SHOWN]), filters, urgent)
