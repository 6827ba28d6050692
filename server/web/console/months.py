"""考核月: where each month stands, and its life from draft to publication."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.enums import FIXED_MONTHS, PlaceKind, Role
from server.core import clock, paging
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.core.months import in_path
from server.places import queries as places
from server.rules.calendar import Month, month_of, previous
from server.rules.months import MonthMove
from server.rules.permissions import Permission
from server.scores import queries, service
from server.scores.queries import MonthView, ReviewView
from server.scores.schemas import CorrectSchema, VersionQuery
from server.web.console import blueprint
from server.web.console.buildings import names_inside
from server.web.console.forms import Form, done, load_query, show
from server.web.console.month_words import can_close, next_step
from server.web.console.words import may

MONTH = "/months/<string(length=7):month>/<string(length=16):community>"
_MOVES: dict[MonthMove, Callable[..., tuple[MonthView, str]]] = {
    MonthMove.CLOSE: service.close,
    MonthMove.REDRAFT: service.redraft,
    MonthMove.OPEN_NOTICE: service.open_notice,
    MonthMove.SEAL: service.seal,
    MonthMove.PUBLISH: service.publish,
}


def my_communities(actor: Actor) -> list[tuple[str, str]]:
    """Id and name of the communities of head, grid and community posts; street and district have a table instead."""
    ids = [post.community_id for post in actor.posts_granting(Permission.MONTH_READ) if post.community_id]
    found = places.place_names(ids)
    return [(found[each].public_id, found[each].name) for each in dict.fromkeys(ids)]


@blueprint.get("/months")
@needs(Permission.MONTH_READ)
def months() -> Response:
    """My community's months; for street and district one month of every community."""
    actor, now = require_actor(), clock.now()
    mine = my_communities(actor)
    if not mine:
        return _table(actor)
    this = month_of(now)
    last = previous(this)
    shown = []
    for community, name in mine:
        views = queries.months_of(actor, community, None, None, 24).items
        recent = next((view for view in views if view.month == last), None)
        shown.append((community, name, recent, [view for view in views if view is not recent]))
    return show("months.html", communities=shown, this=this, last=last, next_step=next_step, now=now)


def _table(actor: Actor) -> Response:
    """One month of many communities."""
    now = clock.now()
    month = in_path(request.args["month"]) if request.args.get("month") else previous(month_of(now))
    cursor = request.args.get("cursor")
    page = places.page(actor, parent=None, kind=PlaceKind.COMMUNITY, q=None, cursor=cursor, limit=paging.MOST)
    states = {view.community: view for view in _all_months(actor, month)}
    return show(
        "months_table.html", page=page, month=month, this=month_of(now), states=states, next_step=next_step, now=now
    )


def _all_months(actor: Actor, month: Month) -> list[MonthView]:
    """A month of every community in scope: a district has hundreds, not thousands."""
    found: list[MonthView] = []
    cursor: str | None = None
    while True:
        page = queries.months_of(actor, None, month, cursor, paging.MOST)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@blueprint.get(MONTH)
@needs(Permission.RANKING_READ)
def month(month: str, community: str) -> Response:
    """One community's month: its life and its ranking, in the version in force or the one asked for."""
    return _page(in_path(month), community, load_query(VersionQuery)["version"])


def _page(month: Month, community: str, version: int | None, form: Form | None = None) -> Response:
    actor, now = require_actor(), clock.now()
    try:
        ranking = queries.ranking(actor, month, community, version)
    except Problem as problem:
        if problem.slug != "month_not_closed":
            raise
        name = dict(my_communities(actor)).get(community) or places.detail(actor, community).name
        return show(
            "month_open.html",
            form,
            month=month,
            community=community,
            name=name,
            can_close=can_close(month, now),
            said=problem,
        )
    office = actor.roles != {Role.HEAD}
    return show(
        "month.html",
        form,
        month=month,
        community=community,
        ranking=ranking,
        version=version,
        parts=queries.parts(actor, month, community, version) if may(actor, Permission.SCORE_READ) else {},
        steps=queries.signed_steps(actor, month, community, version) if office else [],
        reviews=_reviews(actor, ranking.month, now),
        names=names_inside(each.building for each in ranking.standings),
        next_step=next_step(ranking.month, now),
        now=now,
        own={post.place for post in actor.posts},
    )


def _reviews(actor: Actor, view: MonthView, now: datetime) -> list[ReviewView]:
    """The appointment reviews due by the version in force, for those who decide; heads have none of this."""
    counts = view.state in FIXED_MONTHS and all(each.version == view.version for each in view.versions if each.in_force)
    if not counts or not may(actor, Permission.REVIEW_READ):
        return []
    try:
        return queries.reviews(actor, view.month, view.community, now)
    except Problem as problem:  # staff somewhere else, a head here
        if problem.code != 403:
            raise
        return []


@blueprint.get(f"{MONTH}/<any(close,redraft,open_notice,seal,publish,correct):move>")
@needs(Permission.RANKING_READ)
def month_form(month: str, community: str, move: str) -> AnyResponse:
    """The address of a form, asked for by itself (a page reloaded after an error): back to the month."""
    return redirect(url_for("console.month", month=month, community=community, _anchor=move), 303)


def _move(month: str, community: str, move: MonthMove) -> Response:
    form = Form.sent(str(move))
    try:
        if move is MonthMove.CORRECT:
            reason = form.load(CorrectSchema)["reason"]
            view, _ = service.correct(require_actor(), in_path(month), community, reason, clock.now())
        else:
            view, _ = _MOVES[move](require_actor(), in_path(month), community, clock.now())
    except Problem as problem:
        return _refused(in_path(month), community, form.refused(problem))
    version = view.version if len(view.versions) > 1 else None
    return done(f"month_{move}", "month", month=month, community=community, version=version)


def _refused(month: Month, community: str, form: Form) -> Response:
    """The page of the version that moves are made on, with what was wrong."""
    try:
        versions = queries.month(require_actor(), month, community).versions
    except Problem as problem:
        if problem.slug != "month_not_closed":
            raise
        versions = ()
    return _page(month, community, versions[-1].version if len(versions) > 1 else None, form)


@blueprint.post(f"{MONTH}/close")
@needs(Permission.MONTH_CLOSE)
@idempotent
def close_month(month: str, community: str) -> Response:
    """生成草稿."""
    return _move(month, community, MonthMove.CLOSE)


@blueprint.post(f"{MONTH}/redraft")
@needs(Permission.MONTH_CLOSE)
@idempotent
def redraft_month(month: str, community: str) -> Response:
    """重新生成草稿."""
    return _move(month, community, MonthMove.REDRAFT)


@blueprint.post(f"{MONTH}/open_notice")
@needs(Permission.MONTH_OPEN_NOTICE)
@idempotent
def open_notice(month: str, community: str) -> Response:
    """开始公示."""
    return _move(month, community, MonthMove.OPEN_NOTICE)


@blueprint.post(f"{MONTH}/seal")
@needs(Permission.MONTH_SEAL)
@idempotent
def seal_month(month: str, community: str) -> Response:
    """封存, by a second person."""
    return _move(month, community, MonthMove.SEAL)


@blueprint.post(f"{MONTH}/publish")
@needs(Permission.MONTH_PUBLISH)
@idempotent
def publish_month(month: str, community: str) -> Response:
    """公布."""
    return _move(month, community, MonthMove.PUBLISH)


@blueprint.post(f"{MONTH}/correct")
@needs(Permission.MONTH_CLOSE)
@idempotent
def correct_month(month: str, community: str) -> Response:
    """另出更正版, for a reason."""
    return _move(month, community, MonthMove.CORRECT)
