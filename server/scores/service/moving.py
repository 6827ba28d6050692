"""A community's month on its way: draft → public notice → sealed by a second person → published."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import CommunityMonth, ScoreLine, Standing, new_public_id
from server.core import audit, database, months, workdays
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict
from server.rules.calendar import Month
from server.rules.decision import Refusal
from server.rules.months import MonthFacts, MonthMove, MonthStep, decide_month
from server.rules.permissions import Permission
from server.scores import facts, manifest, queries, rule_book, settlement, telling
from server.scores.queries import MonthView
from server.scores.queries.months import MONTH_COLUMNS
from server.scores.queries.months import community as community_of
from server.scores.rule_book import Law

_table = CommunityMonth.__table__
_NEWEST = (
    sa.select(*MONTH_COLUMNS)
    .where(_table.c.community_id == sa.bindparam("community_id"), _table.c.month == sa.bindparam("month"))
    .order_by(_table.c.version.desc())
    .limit(1)
    .with_for_update()
)


def close(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Draft a community's month. Returns it with what was done, in words. 409 when it is not over, or drafted."""
    place, row = _held(actor, Permission.MONTH_CLOSE, month, community)
    step = _decide(row, month, MonthMove.CLOSE, actor, now)
    law = rule_book.law_of(month)
    public_id = new_public_id()
    month_id = (
        database.connection()
        .execute(
            sa.insert(CommunityMonth)
            .values(
                public_id=public_id,
                community_id=place.id,
                month=month,
                version=1,
                state=step.to_state,
                rule_set_id=law.id,
                drafted_at=now,
                manifest_hash="",
            )
            .returning(CommunityMonth.id)
        )
        .scalar_one()
    )
    buildings = _draw_up(month_id, place.id, month, law)
    _trace(actor, Permission.MONTH_CLOSE, Action.MONTH_DRAFT, public_id, place, month, now, buildings=buildings)
    return queries.month(actor, month, community), step.reason


def redraft(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Reckon a draft again from the facts of this moment. 409 once the notice opened."""
    place, row = _held(actor, Permission.MONTH_CLOSE, month, community)
    step = _decide(row, month, MonthMove.REDRAFT, actor, now)
    assert row is not None  # there is no step without a month
    law = rule_book.law_of(month)
    _change(row.id, rule_set_id=law.id, drafted_at=now)
    buildings = _draw_up(row.id, place.id, month, law)
    _trace(actor, Permission.MONTH_CLOSE, Action.MONTH_DRAFT, row.public_id, place, month, now, buildings=buildings)
    return queries.month(actor, month, community), step.reason


def open_notice(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Open the public notice: the draft is reckoned once more, so it shows exactly the facts of this moment.

    Nobody who is just writing facts of the month is overtaken, and nobody writes any from here on.
    """
    place, row = _held(actor, Permission.MONTH_OPEN_NOTICE, month, community)
    step = _decide(row, month, MonthMove.OPEN_NOTICE, actor, now)
    assert row is not None
    assert step.notice_ends_at is not None
    law = rule_book.law_of(month)
    buildings = _draw_up(row.id, place.id, month, law)
    _change(
        row.id,
        state=step.to_state,
        rule_set_id=law.id,
        drafted_at=now,
        notice_opened_at=now,
        notice_opened_by_id=actor.person_id,
        notice_ends_at=step.notice_ends_at,
    )
    told = telling.tell_notice(row.id, row.public_id, month, step.notice_ends_at, now)
    remark = workdays.remark(now, step.notice_ends_at)
    _trace(
        actor,
        Permission.MONTH_OPEN_NOTICE,
        Action.MONTH_NOTICE,
        row.public_id,
        place,
        month,
        now,
        buildings=buildings,
        told=told,
        holidays_known=not remark,
    )
    return queries.month(actor, month, community), step.reason + remark


def seal(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Seal the month: from here on the database itself refuses to change it. By a second person, after the notice."""
    place, row = _held(actor, Permission.MONTH_SEAL, month, community)
    step = _decide(row, month, MonthMove.SEAL, actor, now)
    assert row is not None
    proof = manifest.hash_of(row.id)
    _change(row.id, state=step.to_state, sealed_at=now, sealed_by_id=actor.person_id, manifest_hash=proof)
    _trace(actor, Permission.MONTH_SEAL, Action.MONTH_SEAL, row.public_id, place, month, now, manifest_hash=proof)
    return queries.month(actor, month, community), step.reason


def publish(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Publish a sealed month: the red flags are final, and every head hears of it."""
    place, row = _held(actor, Permission.MONTH_PUBLISH, month, community)
    step = _decide(row, month, MonthMove.PUBLISH, actor, now)
    assert row is not None
    _change(row.id, state=step.to_state, published_at=now, published_by_id=actor.person_id)
    told = telling.tell_published(row.id, row.public_id, month, now)
    _trace(actor, Permission.MONTH_PUBLISH, Action.MONTH_PUBLISH, row.public_id, place, month, now, told=told)
    return queries.month(actor, month, community), step.reason


def _held(actor: Actor, permission: Permission, month: Month, community: str) -> tuple[Row[Any], Row[Any] | None]:
    """The community and its newest month, held until the transaction ends; writers of its facts are waited for."""
    place = community_of(actor, permission, community)
    months.hold(place.id, month)
    row = database.connection().execute(_NEWEST, {"community_id": place.id, "month": month}).one_or_none()
    return place, row


def _decide(row: Row[Any] | None, month: Month, move: MonthMove, actor: Actor, now: datetime) -> MonthStep:
    known = MonthFacts(month, row.state, row.notice_opened_by_id, row.notice_ends_at) if row else MonthFacts(month)
    decision = decide_month(known, move, actor.person_id, now, workdays.calendar())
    if isinstance(decision, Refusal):
        raise conflict(decision.code, decision.reason)
    return decision


def _draw_up(month_id: int, community_id: int, month: Month, law: Law) -> int:
    """Write the lines and standings of a draft afresh. Returns the number of buildings."""
    conn = database.connection()
    for model in (ScoreLine, Standing):
        conn.execute(sa.delete(model).where(model.community_month_id == month_id))
    settled = settlement.settle(law.rules, facts.gather(month, [community_id]).get(community_id, []))
    settlement.write([(month_id, settled)])
    return len(settled.standings)


def _change(month_id: int, **values: Any) -> None:
    database.connection().execute(sa.update(CommunityMonth).where(CommunityMonth.id == month_id).values(values))


def _trace(
    actor: Actor,
    permission: Permission,
    action: Action,
    public_id: str,
    place: Row[Any],
    month: Month,
    now: datetime,
    **detail: Any,
) -> None:
    audit.record(
        action,
        now,
        actor=actor,
        role=actor.role_for(permission),
        subject=f"month:{public_id}",
        place_id=place.id,
        detail={"month": month, **detail},
    )
