"""A community's month on its way: draft → public notice → sealed by a second person → published.

Every move is made on the newest version; `correcting` begins the next one.
"""

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
from server.scores import facts, manifest, queries, reviewing, rule_book, settlement, telling
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
    place, row = held(actor, Permission.MONTH_CLOSE, month, community)
    step = decide(row, month, MonthMove.CLOSE, actor, now)
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
    buildings = draw_up(month_id, place.id, month, law)
    trace(actor, Permission.MONTH_CLOSE, Action.MONTH_DRAFT, public_id, place.id, month, 1, now, buildings=buildings)
    return queries.month(actor, month, community, step.version), step.reason


def redraft(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Reckon a draft again from the facts of this moment. 409 once the notice opened."""
    place, row = held(actor, Permission.MONTH_CLOSE, month, community)
    step = decide(row, month, MonthMove.REDRAFT, actor, now)
    assert row is not None  # there is no step without a month
    law = _law(row)
    _change(row.id, rule_set_id=law.id, drafted_at=now)
    buildings = draw_up(row.id, place.id, month, law)
    _trace(actor, Permission.MONTH_CLOSE, Action.MONTH_DRAFT, row, place, now, buildings=buildings)
    return queries.month(actor, month, community, step.version), step.reason


def open_notice(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Open the public notice: the draft is reckoned once more, so it shows exactly the facts of this moment.

    Nobody who is just writing facts of the month is overtaken, and nobody writes any from here on.
    """
    place, row = held(actor, Permission.MONTH_OPEN_NOTICE, month, community)
    step = decide(row, month, MonthMove.OPEN_NOTICE, actor, now)
    assert row is not None
    assert step.notice_ends_at is not None
    law = _law(row)
    buildings = draw_up(row.id, place.id, month, law)
    _change(
        row.id,
        state=step.to_state,
        rule_set_id=law.id,
        drafted_at=now,
        notice_opened_at=now,
        notice_opened_by_id=actor.person_id,
        notice_ends_at=step.notice_ends_at,
    )
    told = telling.tell_notice(row, step.notice_ends_at, now)
    remark = workdays.remark(now, step.notice_ends_at)
    _trace(
        actor,
        Permission.MONTH_OPEN_NOTICE,
        Action.MONTH_NOTICE,
        row,
        place,
        now,
        buildings=buildings,
        told=told,
        holidays_known=not remark,
    )
    return queries.month(actor, month, community, step.version), step.reason + remark


def seal(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Seal the month: from here on the database itself refuses to change it. By a second person, after the notice."""
    place, row = held(actor, Permission.MONTH_SEAL, month, community)
    step = decide(row, month, MonthMove.SEAL, actor, now)
    assert row is not None
    proof = manifest.hash_of(row.id)
    _change(row.id, state=step.to_state, sealed_at=now, sealed_by_id=actor.person_id, manifest_hash=proof)
    _trace(actor, Permission.MONTH_SEAL, Action.MONTH_SEAL, row, place, now, manifest_hash=proof)
    return queries.month(actor, month, community, step.version), step.reason


def publish(actor: Actor, month: Month, community: str, now: datetime) -> tuple[MonthView, str]:
    """Publish a sealed month: the red flags are final, and every head hears of it."""
    place, row = held(actor, Permission.MONTH_PUBLISH, month, community)
    step = decide(row, month, MonthMove.PUBLISH, actor, now)
    assert row is not None
    stood = telling.published(place.id, month)
    _change(row.id, state=step.to_state, published_at=now, published_by_id=actor.person_id)
    told = telling.tell_published(row, stood, now)
    reviews = reviewing.tell(place.id, place.public_id, place.name, now)
    _trace(actor, Permission.MONTH_PUBLISH, Action.MONTH_PUBLISH, row, place, now, told=told, reviews=reviews)
    return queries.month(actor, month, community, step.version), step.reason


def held(actor: Actor, permission: Permission, month: Month, community: str) -> tuple[Row[Any], Row[Any] | None]:
    """The community and its newest month, held until the transaction ends; writers of its facts are waited for."""
    place = community_of(actor, permission, community)
    return place, newest(place.id, month)


def newest(community_id: int, month: Month) -> Row[Any] | None:
    """A community's month in its newest version, once whoever is writing its facts is done; held with it."""
    months.hold(community_id, month)
    return database.connection().execute(_NEWEST, {"community_id": community_id, "month": month}).one_or_none()


def decide(
    row: Row[Any] | None, month: Month, move: MonthMove, actor: Actor | None, now: datetime, why: str = ""
) -> MonthStep:
    """What the law says to a move; 409 when it says no. `actor` is None at the terminal."""
    known = MonthFacts(month)
    if row is not None:
        known = MonthFacts(month, row.state, row.version, row.notice_opened_by_id, row.notice_ends_at)
    decision = decide_month(known, move, actor.person_id if actor else None, now, workdays.calendar(), why)
    if isinstance(decision, Refusal):
        raise conflict(decision.code, decision.reason)
    return decision


def _law(row: Row[Any]) -> Law:
    """A first version follows the law of its month as it is now; a correction the one it was scored by."""
    return rule_book.law_of(row.month) if row.version == 1 else rule_book.law_with(row.rule_set_id)


def draw_up(month_id: int, community_id: int, month: Month, law: Law) -> int:
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
    actor: Actor, permission: Permission, action: Action, row: Row[Any], place: Row[Any], now: datetime, **detail: Any
) -> None:
    trace(actor, permission, action, row.public_id, place.id, row.month, row.version, now, **detail)


def trace(
    actor: Actor | None,
    permission: Permission,
    action: Action,
    public_id: str,
    community_id: int,
    month: Month,
    version: int,
    now: datetime,
    **detail: Any,
) -> None:
    """Leave a move's trace in the audit trail."""
    audit.record(
        action,
        now,
        actor=actor,
        role=actor.role_for(permission) if actor else None,
        subject=f"month:{public_id}",
        place_id=community_id,
        detail={"month": month, "version": version, **detail},
    )
