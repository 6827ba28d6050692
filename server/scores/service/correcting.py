"""Putting a sealed month right: its next version, for a stated reason, from the facts of now under the law it had."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import CommunityMonth, Place, new_public_id
from models.enums import PlaceKind
from server.core import database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem
from server.rules.calendar import Month
from server.rules.months import MonthMove, MonthStep
from server.rules.permissions import Permission
from server.scores import queries, rule_book
from server.scores.queries import MonthView
from server.scores.service import moving

_places = Place.__table__.c


def correct(actor: Actor, month: Month, community: str, reason: str, now: datetime) -> tuple[MonthView, str]:
    """Begin a correction: a draft beside the sealed version, which stays as it is and counts until this is published.

    Returns the new version with what was done, in words. 409 for a month that is not sealed, or is being corrected.
    """
    place, row = moving.held(actor, Permission.MONTH_CLOSE, month, community)
    step = _correct(actor, place.id, row, month, reason, now)
    return queries.month(actor, month, community, step.version), step.reason


def correct_at_terminal(month: Month, community_code: str, reason: str, now: datetime) -> str:
    """The same by the office's own code, at the terminal and in nobody's name: it is a draft, and people go on from it.

    Returns what was done, in words. 404 for a code that is no community's.
    """
    query = sa.select(_places.id).where(_places.code == community_code, _places.kind == PlaceKind.COMMUNITY)
    community_id = database.connection().execute(query).scalar()
    if community_id is None:
        raise Problem(404, "not_found", f"没有编码为 {community_code} 的社区。")
    return _correct(None, community_id, moving.newest(community_id, month), month, reason, now).reason


def _correct(
    actor: Actor | None, community_id: int, row: Row[Any] | None, month: Month, reason: str, now: datetime
) -> MonthStep:
    step = moving.decide(row, month, MonthMove.CORRECT, actor, now, reason)
    assert row is not None  # there is no step without a month
    law, public_id = rule_book.law_with(row.rule_set_id), new_public_id()
    made = sa.insert(CommunityMonth).values(
        public_id=public_id,
        community_id=community_id,
        month=month,
        version=step.version,
        state=step.to_state,
        rule_set_id=law.id,
        drafted_at=now,
        manifest_hash="",
        correction_reason=reason,
        corrected_at=now,
        corrected_by_id=actor.person_id if actor else None,
    )
    month_id = database.connection().execute(made.returning(CommunityMonth.id)).scalar_one()
    buildings = moving.draw_up(month_id, community_id, month, law)
    moving.trace(
        actor,
        Permission.MONTH_CLOSE,
        Action.MONTH_CORRECT,
        public_id,
        community_id,
        month,
        step.version,
        now,
        reason=reason,
        buildings=buildings,
        replaces=row.manifest_hash,
    )
    return step
