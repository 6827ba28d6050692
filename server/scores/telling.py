"""Telling heads what became of their building's month: once when the notice opens, once when it is published.

A correction is told the same way, with why, and with what it changed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import Appointment, CommunityMonth, Person, Place, Standing
from models.enums import MessageKind, MonthState, Role, StandingState
from server.core import database
from server.notices import service as notices
from server.notices.service import Telling
from server.rules.amounts import show_points
from server.rules.calendar import SHANGHAI, Month, say_month, show_month
from server.rules.explain import best_hint
from server.rules.notices import correction_sentence, correction_title, flag_sentence, score_message
from server.scores.queries import scores
from server.scores.queries.months import in_force, shown_total

_months, _standings, _places = CommunityMonth.__table__, Standing.__table__, Place.__table__
_heads, _persons = Appointment.__table__, Person.__table__

# Every live head of a building of the month; a building without a head is told to nobody.
_LIVE_HEADS = (
    sa.select(
        _heads.c.person_id,
        _places.c.public_id,
        _places.c.name,
        _standings.c.building_id,
        _standings.c.total,
        _standings.c.state,
        _standings.c.rank,
        _standings.c.red_flag,
    )
    .join_from(_standings, _places, _places.c.id == _standings.c.building_id)
    .join(_heads, sa.and_(_heads.c.place_id == _standings.c.building_id, _heads.c.role == Role.HEAD))
    .join(_persons, _persons.c.id == _heads.c.person_id)
    .where(
        _standings.c.community_month_id == sa.bindparam("month_id"),
        _heads.c.starts_at <= sa.bindparam("now", type_=_heads.c.starts_at.type),
        sa.or_(_heads.c.ends_at.is_(None), _heads.c.ends_at > sa.bindparam("now", type_=_heads.c.ends_at.type)),
        _persons.c.disabled_at.is_(None),
    )
    .distinct()
    .order_by(_standings.c.building_id, _heads.c.person_id)
)
_RANKED = sa.select(sa.func.count()).where(
    _standings.c.community_month_id == sa.bindparam("month_id"), _standings.c.state == StandingState.RANKED
)


class Before(NamedTuple):
    """What a building's head was last told of the month."""

    total: int
    state: StandingState
    red_flag: bool


_PUBLISHED = (
    sa.select(_standings.c.building_id, _standings.c.total, _standings.c.state, _standings.c.red_flag)
    .join_from(_standings, _months, _months.c.id == _standings.c.community_month_id)
    .where(
        _months.c.community_id == sa.bindparam("community_id"),
        _months.c.month == sa.bindparam("month"),
        _months.c.state == MonthState.PUBLISHED,
        in_force(_months),
    )
)


def published(community_id: int, month: Month) -> dict[int, Before]:
    """The published result that counts, by building; nothing when there is none."""
    rows = database.connection().execute(_PUBLISHED, {"community_id": community_id, "month": month})
    return {row.building_id: Before(*row[1:]) for row in rows}


def tell_notice(month: Row[Any], notice_ends_at: datetime, now: datetime) -> int:
    """Tell every head her score, and until when it may be appealed against. Returns how many were told."""
    last = (notice_ends_at.astimezone(SHANGHAI) - timedelta(seconds=1)).date()
    after = f"现在公示，可以申诉到{last.month}月{last.day}日24点。"
    if month.version > 1:
        after += "公布以前，原来的结果仍然有效。"
    return _tell(month, "notice", after, {}, now)


def tell_published(month: Row[Any], before: Mapping[int, Before], now: datetime) -> int:
    """Tell every head the final score, and whether her building holds the red flag. Returns how many were told.

    `before`: what was published until now, for a correction to say what it changed.
    """
    after = "公示已经结束，这是最后的结果。"
    if month.version > 1:
        after = "公示已经结束，以更正后的结果为准；原来的一版仍然可以查看。"
    return _tell(month, "published", after, before, now)


def _tell(month: Row[Any], event: str, after: str, before: Mapping[int, Before], now: datetime) -> int:
    conn = database.connection()
    heads = conn.execute(_LIVE_HEADS, {"month_id": month.id, "now": now}).all()
    if not heads:
        return 0
    of = int(conn.execute(_RANKED, {"month_id": month.id}).scalar_one())
    lines = scores.lines_of_month(month.id)
    tellings = [
        _telling(row, of, best_hint(lines[row.building_id]), event, month, after, before.get(row.building_id))
        for row in heads
    ]
    return notices.tell_many(tellings, now)


def _telling(row: Any, of: int, hint: str, event: str, month: Row[Any], after: str, before: Before | None) -> Telling:
    ranked = row.state is StandingState.RANKED
    text = score_message(row.name, month.month, row.total, row.rank, of, ranked, hint)
    final = event == "published"
    flag = flag_sentence(row.red_flag, held=bool(before and before.red_flag)) if final else ""
    title, why, version = text.title, "", ""
    if month.version > 1:
        title, version = correction_title(text.title), f"&version={month.version}"
        was = shown_total(before.total, before.state) if before else ""
        why = correction_sentence(month.correction_reason, was)
    return Telling(
        row.person_id,
        MessageKind.SCORE,
        title,
        f"{why}{flag}{text.body}{after}",
        f"/api/v1/scores/mine?month={show_month(month.month)}&building={row.public_id}{version}",
        f"score:{month.public_id}:{event}:{row.public_id}",
        {
            "building": row.name,
            "month": say_month(month.month),
            "points": f"{show_points(row.total)}分" if ranked else "数据不足",
            "rank": f"第{row.rank}名" if ranked and row.rank else "不参与排名",
        },
    )
