"""Personal fields are erased when their time is over: the value, its index, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Household, Issue, Resident, new_public_id
from models.enums import Channel, IssueCategory, IssueState, Level, Relation, Tenancy
from models.household import DAYS_AFTER_MOVING_OUT
from server.core import audit, database, retention
from server.core.clock import SetClock
from tests.world import Spot, World


def resident(world: World, building: Spot, moved_out_at: datetime | None) -> int:
    """A resident with name and phone. Returns the internal id."""
    now = world.clock.now()
    place = {"building_id": building.id, "grid_id": building.row.grid_id, "community_id": building.row.community_id}
    with world.writing() as connection:
        household_id = connection.execute(
            sa.insert(Household)
            .values(
                public_id=new_public_id(), door=new_public_id()[:8], tenancy=Tenancy.OWNER, position="1", created_at=now,
                updated_at=now, **place,
            )
            .returning(Household.id)
        ).scalar_one()  # fmt: skip
        return connection.execute(
            sa.insert(Resident)
            .values(
                public_id=new_public_id(), household_id=household_id, name_sealed=b"name", name_index=b"n" * 16,
                phone_sealed=b"phone", phone_index=b"p" * 16, relation=Relation.SELF, created_at=now,
                moved_out_at=moved_out_at, **place,
            )
            .returning(Resident.id)
        ).scalar_one()  # fmt: skip


def issue(world: World, building: Spot, ended_at: datetime | None) -> int:
    """A written-off issue whose reporter left a phone."""
    place = {"building_id": building.id, "grid_id": building.row.grid_id, "community_id": building.row.community_id}
    with world.writing() as connection:
        return connection.execute(
            sa.insert(Issue)
            .values(
                public_id=new_public_id(), category=IssueCategory.OTHER, text="灯坏了", channel=Channel.SCAN,
                state=IssueState.CONFIRMED if ended_at else IssueState.REPORTED, level=Level.HEAD,
                contact_sealed=b"phone", reported_at=world.clock.now(), ended_at=ended_at, **place,
            )
            .returning(Issue.id)
        ).scalar_one()  # fmt: skip


def row(world: World, table: Any, key: int) -> Any:
    with world.reading() as connection:
        return connection.execute(sa.select(table.__table__).where(table.id == key)).one()


def erase(world: World) -> None:
    with world.writing():
        while retention.erase_some(world.clock.now()):
            database.commit()


def test_a_resident_is_erased_half_a_year_after_moving_out(world: World, clock: SetClock) -> None:
    building = world.building()
    half_a_year = timedelta(days=DAYS_AFTER_MOVING_OUT)
    due = resident(world, building, clock.now() - half_a_year)
    not_yet = resident(world, building, clock.now() - half_a_year + timedelta(seconds=1))
    lives_here = resident(world, building, None)
    erase(world)
    gone = row(world, Resident, due)
    assert (gone.name_sealed, gone.name_index, gone.phone_sealed, gone.phone_index) == (None, None, None, None)
    assert gone.erased_at == clock.now()
    for kept in (not_yet, lives_here):
        assert row(world, Resident, kept).name_sealed == b"name"
        assert row(world, Resident, kept).erased_at is None


def test_a_reporters_phone_is_erased_after_the_end_and_the_issue_stays(world: World, clock: SetClock) -> None:
    building = world.building()
    due = issue(world, building, clock.now() - timedelta(days=90))
    open_still = issue(world, building, None)
    erase(world)
    assert row(world, Issue, due).contact_sealed is None
    assert row(world, Issue, due).text == "灯坏了"
    assert row(world, Issue, open_still).contact_sealed == b"phone"


def test_the_trail_says_how_many_and_a_second_run_finds_nothing(world: World, clock: SetClock) -> None:
    building = world.building()
    long_ago = clock.now() - timedelta(days=1000)
    for _ in range(2):
        resident(world, building, long_ago)
    issue(world, building, long_ago)
    for _ in range(2):
        erase(world)
    with world.reading() as connection:
        told = connection.execute(sa.select(AuditEvent.action, AuditEvent.detail)).all()
        assert audit.verify()[1] is None
    assert [tuple(line) for line in told] == [("resident:erase", {"residents": 2, "issues": 1})]


def test_many_are_erased_in_batches(world: World, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    building = world.building()
    for _ in range(3):
        resident(world, building, clock.now() - timedelta(days=1000))
    with world.writing():
        assert retention.erase_some(clock.now())
        assert not retention.erase_some(clock.now())
    with world.reading() as connection:
        left = sa.select(sa.func.count()).where(Resident.name_sealed.is_not(None))
        assert connection.execute(left).scalar_one() == 0


def test_every_rule_of_the_models_can_be_carried_out() -> None:
    rules = retention.rules()
    assert {rule.table.name for rule in rules} >= {"residents", "issues"}
    for rule in rules:
        assert "id" in rule.table.c
        assert rule.after in rule.table.c
        for name in rule.erased(datetime(2026, 1, 1)):
            assert rule.table.c[name].nullable, f"{rule.table.name}.{name} is to be erased and must be nullable"
