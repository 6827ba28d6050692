"""The manifest of a sealed month: everything that was decided, in one canonical text whose SHA-256 is public.

Public ids only, so that anybody who was given the month can reckon the hash again.
"""

import hashlib
import json
from collections.abc import Iterator

import sqlalchemy as sa

from models import CommunityMonth, Place, ScoreLine, Standing
from models import RuleSet as StoredRuleSet
from models.enums import FIXED_MONTHS
from server.core import database
from server.rules.calendar import show_month

_months, _places, _lines, _standings, _rule_sets = (
    CommunityMonth.__table__,
    Place.__table__,
    ScoreLine.__table__,
    Standing.__table__,
    StoredRuleSet.__table__,
)
_MONTH = (
    sa.select(
        _months.c.community_id,
        _months.c.month,
        _months.c.version,
        _months.c.correction_reason,
        _places.c.public_id,
        _rule_sets.c.body,
    )
    .join_from(_months, _places, _places.c.id == _months.c.community_id)
    .join(_rule_sets, _rule_sets.c.id == _months.c.rule_set_id)
    .where(_months.c.id == sa.bindparam("month_id"))
)
_REPLACED = sa.select(_months.c.manifest_hash).where(
    _months.c.community_id == sa.bindparam("community_id"),
    _months.c.month == sa.bindparam("month"),
    _months.c.version == sa.bindparam("version"),
)
_ALL_STANDINGS = (
    sa.select(
        _places.c.public_id,
        _standings.c.total,
        _standings.c.state,
        _standings.c.rank,
        _standings.c.tied,
        _standings.c.red_flag,
        _standings.c.reason,
    )
    .join_from(_standings, _places, _places.c.id == _standings.c.building_id)
    .where(_standings.c.community_month_id == sa.bindparam("month_id"))
)
_ALL_LINES = (
    sa.select(
        _places.c.public_id,
        _lines.c.component,
        _lines.c.rule_id,
        _lines.c.rule_version,
        _lines.c.points,
        _lines.c.weight,
        _lines.c.thin,
        _lines.c.facts,
    )
    .join_from(_lines, _places, _places.c.id == _lines.c.building_id)
    .where(_lines.c.community_month_id == sa.bindparam("month_id"))
)


def text_of(month_id: int) -> str:
    """The canonical JSON of a month: its rule set, every standing and every line, sorted by building's public id.

    Of a correction also why, and the hash of what it replaces: who holds the last holds them all.
    """
    conn, wanted = database.connection(), {"month_id": month_id}
    month = conn.execute(_MONTH, wanted).one()
    told = {
        "community": month.public_id,
        "month": show_month(month.month),
        "version": month.version,
        "rule_set": json.loads(month.body),
        # Sorted here: databases do not agree on the order of letters.
        "standings": sorted([*row] for row in conn.execute(_ALL_STANDINGS, wanted)),
        "lines": sorted([*row] for row in conn.execute(_ALL_LINES, wanted)),
    }
    if month.version > 1:
        before = {"community_id": month.community_id, "month": month.month, "version": month.version - 1}
        replaced = conn.execute(_REPLACED, before).scalar_one()
        told["correction"] = {"reason": month.correction_reason, "replaces": replaced}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(month_id: int) -> str:
    """SHA-256 of the month's manifest, in hex."""
    return hashlib.sha256(text_of(month_id).encode()).hexdigest()


def broken() -> Iterator[tuple[str, bool]]:
    """Every sealed month in the order of drafting: its community and month in words, and whether its hash is wrong."""
    query = (
        sa.select(_months.c.id, _months.c.month, _months.c.version, _months.c.manifest_hash, _places.c.name)
        .join_from(_months, _places, _places.c.id == _months.c.community_id)
        .where(_months.c.state.in_(FIXED_MONTHS))
        .order_by(_months.c.id)
    )
    for row in database.connection().execute(query).all():
        yield f"{row.name} {show_month(row.month)} v{row.version}", hash_of(row.id) != row.manifest_hash
