"""Closing a month for every community at once: what the scheduled job and `flask month close` do."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models import CommunityMonth, Place, new_public_id
from models.enums import MonthState
from server.core import audit, database, workdays
from server.core.audit import Action
from server.core.errors import conflict
from server.core.months import buildings_of
from server.rules.calendar import Month, show_month
from server.rules.decision import Refusal
from server.rules.months import MonthFacts, MonthMove, decide_month
from server.scores import facts, rule_book, settlement
from server.scores.facts import Facts
from server.scores.rule_book import Law

# Buildings written in one transaction (about 25 communities): while SQLite's write lock is held, reports wait.
BATCH = 3_000
FEW = 40  # communities; for fewer, their facts are looked up building by building instead of reading the whole month

_months, _places = CommunityMonth.__table__, Place.__table__


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing did: communities and buildings that got their draft now, and communities that had one already."""

    communities: int
    buildings: int
    skipped: int


def close_month_everywhere(month: Month, now: datetime) -> Closed:
    """Draft a month for every community that has nothing for it yet. Safe to run again: it catches up, or does nothing.

    Runs in transactions of its own: facts are read without a lock, scored, and written a few communities at a time, so
    reports go on meanwhile. What changes in between is in the notice, which reckons its community's draft again. Raises
    409 for a month that is not over.
    """
    decision = decide_month(MonthFacts(month), MonthMove.CLOSE, None, now, workdays.calendar())
    if isinstance(decision, Refusal):
        raise conflict(decision.code, decision.reason)
    with database.transaction():
        pass  # what a job's runner began is ended: on SQLite it may hold the write lock, and reading needs none
    with _collector_resting():
        return _close(month, now)


def _close(month: Month, now: datetime) -> Closed:
    with database.transaction(reads_only=True):
        law = rule_book.law_of(month)
        everybody, done = _communities(month)
        due = everybody - done
        gathered = facts.gather(month, due if len(due) <= FEW else None) if due else {}
    communities = buildings = 0
    for batch in _batches({community: gathered[community] for community in due if community in gathered}):
        settled = {community: settlement.settle(law.rules, rows) for community, rows in batch.items()}
        with database.transaction():
            months = _open(list(settled), month, law, now)
            settlement.write((month_id, settled[community]) for community, month_id in months.items())
            written = sum(len(settled[community].standings) for community in months)
            _trace(month, len(months), written, now)
        communities, buildings = communities + len(months), buildings + written
    return Closed(communities, buildings, len(everybody) - communities)


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Python's cycle collector off: it would walk hundreds of thousands of tuples again and again, and find no cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _communities(month: Month) -> tuple[set[int], set[int]]:
    """Communities that had buildings in the month, and those whose month was closed already."""
    conn = database.connection()
    homes = sa.select(_places.c.community_id).where(buildings_of(month)).distinct()
    done = sa.select(_months.c.community_id).where(_months.c.month == month)
    everybody = set(conn.execute(homes).scalars())
    return everybody, everybody & set(conn.execute(done).scalars())


def _batches(gathered: Facts) -> Iterator[Facts]:
    """Communities in portions of about BATCH buildings, in the order they are stored."""
    batch: Facts = {}
    count = 0
    for community in sorted(gathered):
        batch[community] = gathered[community]
        count += len(gathered[community])
        if count >= BATCH:
            yield batch
            batch, count = {}, 0
    if batch:
        yield batch


def _open(communities: list[int], month: Month, law: Law, now: datetime) -> dict[int, int]:
    """New months by community. Another run that was faster keeps its own: its communities are missing here."""
    insert = database.insert_unless_there(CommunityMonth).returning(CommunityMonth.community_id, CommunityMonth.id)
    rows = [
        {
            "public_id": new_public_id(),
            "community_id": community,
            "month": month,
            "version": 1,
            "state": MonthState.DRAFT,
            "rule_set_id": law.id,
            "drafted_at": now,
            "manifest_hash": "",
        }
        for community in communities
    ]
    return {row[0]: row[1] for row in database.connection().execute(insert, rows)}


def _trace(month: Month, communities: int, buildings: int, now: datetime) -> None:
    if communities:
        audit.record(
            Action.MONTH_DRAFT,
            now,
            subject=f"month:{show_month(month)}",
            detail={"month": month, "communities": communities, "buildings": buildings},
        )
