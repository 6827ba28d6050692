"""Telling heads what became of their building's month: once when the notice opens, once when it is published."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models import Appointment, Person, Place, Standing
from models.enums import MessageKind, Role, StandingState
from server.core import database
from server.notices import service as notices
from server.notices.service import Telling
from server.rules.amounts import show_points
from server.rules.calendar import SHANGHAI, Month, say_month, show_month
from server.rules.explain import best_hint
from server.rules.notices import score_message
from server.scores.queries import scores

_standings, _places = Standing.__table__, Place.__table__
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


def tell_notice(month_id: int, public_id: str, month: Month, notice_ends_at: datetime, now: datetime) -> int:
    """Tell every head her score, and until when it may be appealed against. Returns how many were told."""
    last = (notice_ends_at.astimezone(SHANGHAI) - timedelta(seconds=1)).date()
    after = f"现在公示，可以申诉到{last.month}月{last.day}日24点。"
    return _tell(month_id, f"score:{public_id}:notice", month, after, now)


def tell_published(month_id: int, public_id: str, month: Month, now: datetime) -> int:
    """Tell every head the final score, and whether her building holds the red flag. Returns how many were told."""
    return _tell(month_id, f"score:{public_id}:published", month, "公示已经结束，这是最后的结果。", now)


def _tell(month_id: int, event: str, month: Month, after: str, now: datetime) -> int:
    conn = database.connection()
    heads = conn.execute(_LIVE_HEADS, {"month_id": month_id, "now": now}).all()
    if not heads:
        return 0
    of = int(conn.execute(_RANKED, {"month_id": month_id}).scalar_one())
    lines = scores.lines_of_month(month_id)
    tellings = [_telling(row, of, best_hint(lines[row.building_id]), event, month, after) for row in heads]
    return notices.tell_many(tellings, now)


def _telling(row: Any, of: int, hint: str, event: str, month: Month, after: str) -> Telling:
    ranked = row.state is StandingState.RANKED
    text = score_message(row.name, month, row.total, row.rank, of, ranked, hint)
    flag = "本楼获得流动红旗。" if row.red_flag and event.endswith(":published") else ""
    return Telling(
        row.person_id,
        MessageKind.SCORE,
        text.title,
        f"{flag}{text.body}{after}",
        f"/api/v1/scores/mine?month={show_month(month)}&building={row.public_id}",
        f"{event}:{row.public_id}",
        {
            "building": row.name,
            "month": say_month(month),
            "points": f"{show_points(row.total)}分" if ranked else "数据不足",
            "rank": f"第{row.rank}名" if ranked and row.rank else "不参与排名",
        },
    )
