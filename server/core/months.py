"""Which months still take facts. Every room that writes what a month is scored by asks here first.

A community's month takes facts until its public notice opens (design §6); months nobody closed yet are open.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from models import CommunityMonth, Place
from models.enums import CHANGEABLE_MONTHS, PlaceKind
from server.core import database
from server.core.errors import conflict, not_found
from server.rules.calendar import Month, bounds, month_of, parse_month, say_month

_months, _places = CommunityMonth.__table__.c, Place.__table__.c

_STATE = (
    sa.select(_months.state)
    .where(_months.community_id == sa.bindparam("community_id"), _months.month == sa.bindparam("month"))
    .order_by(_months.version.desc())
    .limit(1)
)


def in_path(text: str) -> Month:
    """The month named in an address ("2026-10" → 202610). 404 for anything that is not one."""
    try:
        return parse_month(text)
    except ValueError:
        raise not_found() from None


def require_changeable(community_id: int, month: Month, now: datetime) -> None:
    """Raise 409 when the community's month takes no more facts, or has not begun.

    Until this transaction ends no notice can open for that month: what we let in here, the notice will show.
    """
    if month > month_of(now):
        raise conflict("month_in_future", f"{say_month(month)}还没有到。")
    database.advisory_lock(lock_name(community_id, month), shared=True)
    state = database.connection().execute(_STATE, {"community_id": community_id, "month": month}).scalar()
    if state is not None and state not in CHANGEABLE_MONTHS:
        raise conflict(
            "month_fixed", f"{say_month(month)}已经{state.zh}，不能再登记或更改。有疑问请在公示期间提出申诉。"
        )


def fixed_among(community_id: int, months: Iterable[Month]) -> set[Month]:
    """Those of a community's months that take no more facts. As for `require_changeable`, no other becomes one meanwhile."""
    wanted = sorted(set(months))
    for month in wanted:
        database.advisory_lock(lock_name(community_id, month), shared=True)
    query = (
        sa.select(_months.month, _months.state)
        .where(_months.community_id == community_id, _months.month.in_(wanted))
        .order_by(_months.version)  # the newest version has the last word
    )
    states = {row.month: row.state for row in database.connection().execute(query)}
    return {month for month, state in states.items() if state not in CHANGEABLE_MONTHS}


def hold(community_id: int, month: Month) -> None:
    """Wait for whoever is writing facts of the month, and let nobody begin to until the transaction ends."""
    database.advisory_lock(lock_name(community_id, month))


def lock_name(community_id: int, month: Month) -> str:
    """The name of the lock between writers of facts and the opening of a notice."""
    return f"month {month} of community {community_id}"


def buildings_of(month: Month) -> ColumnElement[bool]:
    """Condition on `places`: a building that stood until the month's end (one torn down later still has its month)."""
    return sa.and_(
        _places.kind == PlaceKind.BUILDING, sa.or_(_places.closed_at.is_(None), _places.closed_at >= bounds(month)[1])
    )
