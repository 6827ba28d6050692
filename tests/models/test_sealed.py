"""What the database itself refuses: rewriting history, and changing a sealed month, whoever asks."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from models import AuditEvent, CommunityMonth, IssueEvent, RuleSet, ScoreLine, Standing
from models.enums import MonthState
from tests.server.scores.given import Community, reopened, visits
from tests.world import World

FIXED = ("sealed", "published")
LINES, STANDINGS, MONTHS = ScoreLine.__table__, Standing.__table__, CommunityMonth.__table__

# Changes to the rows of a month: harmless while it is a draft, refused once it is sealed.
ROW_CHANGES: list[sa.Executable] = [
    sa.update(LINES).values(points=1),
    sa.update(LINES).values(facts=[1]),
    sa.update(STANDINGS).values(total=1),
    sa.update(STANDINGS).values(red_flag=True),
    sa.update(STANDINGS).values(reason="x"),
    sa.delete(LINES),
    sa.delete(STANDINGS),
]
# … and of the month's own row. "later" stands for a moment.
MONTH_CHANGES: list[dict[str, Any]] = [
    {"manifest_hash": "0" * 64},
    {"state": MonthState.DRAFT},
    {"state": MonthState.NOTICE},
    {"month": 202609},
    {"version": 2},
    {"rule_set_id": 2},
    {"community_id": 1},
    {"sealed_at": "later"},
    {"sealed_at": None},
    {"sealed_by_id": None},
    {"notice_ends_at": None},
    {"notice_opened_by_id": None},
    {"drafted_at": "later"},
    {"public_id": "0" * 16},
]


def _refused(world: World, statement: sa.Executable) -> str:
    """What the database said when it refused the statement; fails the test when it did not."""
    with pytest.raises(DBAPIError) as refused, world.writing() as connection:
        connection.execute(statement)
    return str(refused.value.orig)


def _all(world: World, *models: Any) -> list[Any]:
    with world.reading() as connection:
        return [row for model in models for row in connection.execute(sa.select(model.__table__)).all()]


def _month(world: World, state: str) -> Community:
    community = Community(world)
    community.building()
    getattr(community, state)()
    return community


def test_a_drafts_rows_may_change(world: World) -> None:
    _month(world, "drafted")
    with world.writing() as connection:
        for statement in ROW_CHANGES:
            assert connection.execute(statement).rowcount > 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("state", FIXED)
def test_a_sealed_months_rows_never_change(world: World, state: str) -> None:
    _month(world, state)
    before = _all(world, ScoreLine, Standing)
    for statement in ROW_CHANGES:
        assert "a sealed month never changes" in _refused(world, statement)
    assert _all(world, ScoreLine, Standing) == before


@pytest.mark.parametrize("state", FIXED)
def test_nothing_is_added_to_a_sealed_month(world: World, state: str) -> None:
    community = _month(world, state)
    newcomer = world.building(community.grid)
    with world.reading() as connection:
        month_id = connection.execute(sa.select(MONTHS.c.id)).scalar_one()
        line = connection.execute(sa.select(LINES)).first()
    assert line is not None
    standing = sa.insert(STANDINGS).values(
        community_month_id=month_id,
        building_id=newcomer.id,
        total=0,
        state="thin",
        tied=False,
        red_flag=False,
        reason="",
    )
    more = sa.insert(LINES).values({**line._mapping, "component": "deduction"})
    for statement in (standing, more):
        assert "a sealed month never changes" in _refused(world, statement)


@pytest.mark.parametrize("state", FIXED)
def test_a_sealed_month_itself_never_changes(world: World, state: str) -> None:
    _month(world, state)
    before = _all(world, CommunityMonth)
    later = world.clock.now() + timedelta(days=1)
    for change in MONTH_CHANGES:
        values = {column: later if value == "later" else value for column, value in change.items()}
        assert "a sealed month never changes" in _refused(world, sa.update(MONTHS).values(**values)), change
    assert "a sealed month never changes" in _refused(world, sa.delete(MONTHS))
    assert _all(world, CommunityMonth) == before


def test_a_sealed_month_is_published_and_never_taken_back(world: World) -> None:
    _month(world, "published")
    taken_back = sa.update(MONTHS).values(state=MonthState.SEALED)
    assert "a sealed month never changes" in _refused(world, taken_back)
    assert "a sealed month never changes" in _refused(world, sa.update(MONTHS).values(published_at=None))


def test_rows_are_not_moved_into_a_sealed_month(world: World) -> None:
    sealed = _month(world, "sealed")
    other = Community(world)
    other.building(month=202609)
    assert other.move("close", month="2026-09").status_code == 200
    with world.reading() as connection:
        found = dict(connection.execute(sa.select(MONTHS.c.community_id, MONTHS.c.id)).all())
    for table in (LINES, STANDINGS):
        moved = (
            sa.update(table)
            .where(table.c.community_month_id == found[other.spot.id])
            .values(community_month_id=found[sealed.spot.id])
        )
        assert "a sealed month never changes" in _refused(world, moved)


@pytest.mark.parametrize("state", FIXED)
def test_nothing_of_a_version_changes_once_the_next_exists(world: World, state: str) -> None:
    community = _month(world, state)
    first = sa.select(MONTHS.c.id).where(MONTHS.c.version == 1).scalar_subquery()
    before = _all(world, ScoreLine, Standing, CommunityMonth)
    begun = community.office.post(community.path("correct"), json={"reason": "登记错了楼栋"})
    assert begun.status_code == 200
    later = world.clock.now() + timedelta(days=1)
    changes: list[dict[str, Any]] = [
        *MONTH_CHANGES,
        {"state": MonthState.PUBLISHED, "published_at": later},
        {"correction_reason": "x"},
        {"corrected_at": later},
        {"corrected_by_id": community.office.person_id},
    ]
    for change in changes:
        values = {column: later if value == "later" else value for column, value in change.items()}
        update = sa.update(MONTHS).where(MONTHS.c.version == 1).values(**values)
        assert "a sealed month never changes" in _refused(world, update), change
    for table in (LINES, STANDINGS):
        mine = table.c.community_month_id == first
        for statement in (
            sa.delete(table).where(mine),
            sa.update(table).where(mine).values(community_month_id=first),
            sa.update(table).where(~mine).values(community_month_id=first),
        ):
            assert "a sealed month never changes" in _refused(world, statement)
    assert "a sealed month never changes" in _refused(world, sa.delete(MONTHS).where(MONTHS.c.version == 1))
    after = _all(world, ScoreLine, Standing, CommunityMonth)
    assert [row for row in before if row not in after] == []


def _version(world: World, version: int, **more: Any) -> sa.Executable:
    """An INSERT of a version beside the first one."""
    with world.reading() as connection:
        row = connection.execute(sa.select(MONTHS).where(MONTHS.c.version == 1)).one()
    values = {
        **row._mapping,
        "public_id": f"{version:016}",
        "version": version,
        "state": MonthState.DRAFT,
        "correction_reason": "why",
        "corrected_at": world.clock.now(),
        **more,
    }
    del values["id"]
    return sa.insert(MONTHS).values(values)


@pytest.mark.parametrize("state", ["drafted", "on_notice"])
def test_only_a_sealed_version_is_followed_by_another(world: World, state: str) -> None:
    _month(world, state)
    assert "only a sealed month is corrected" in _refused(world, _version(world, 2))


def test_no_version_is_left_out_and_none_is_without_a_reason(world: World) -> None:
    _month(world, "published")
    assert "only a sealed month is corrected" in _refused(world, _version(world, 3))
    assert "corrected_with_reason" in _refused(world, _version(world, 2, correction_reason=""))
    assert "corrected_with_reason" in _refused(world, _version(world, 2, corrected_at=None))


def test_two_versions_on_their_way_at_once_are_refused(world: World) -> None:
    ours = _month(world, "published")
    with world.writing() as connection:
        connection.execute(_version(world, 2))
    assert "only a sealed month is corrected" in _refused(world, _version(world, 3))
    other = Community(world)
    other.building()
    other.drafted()
    moved = sa.update(MONTHS).where(MONTHS.c.community_id == ours.spot.id, MONTHS.c.version == 2)
    said = _refused(world, moved.values(community_id=other.spot.id))
    assert "uq_community_months_open" in said or "community_months.community_id, community_months.month" in said


def test_a_month_on_notice_still_takes_its_seal(world: World) -> None:
    community = _month(world, "on_notice")
    with world.writing() as connection:
        connection.execute(sa.update(MONTHS).values(manifest_hash="0" * 64))
    assert community.move("redraft").status_code == 409


def test_the_first_person_cannot_seal_even_by_sql(world: World) -> None:
    _month(world, "on_notice")
    said = _refused(world, sa.update(MONTHS).values(sealed_by_id=MONTHS.c.notice_opened_by_id))
    assert "sealed_by_second_person" in said


def test_history_is_only_ever_added_to(world: World) -> None:
    community = _month(world, "drafted")
    (issue,) = visits(world, world.building(community.grid), 1)
    reopened(world, issue, "2026-10-15T12:00:00+08:00")
    for model, column in ((IssueEvent, "text"), (AuditEvent, "subject"), (RuleSet, "body")):
        before = _all(world, model)
        assert before
        for statement in (sa.update(model).values({column: "rewritten"}), sa.delete(model)):
            assert "append-only" in _refused(world, statement)
        assert _all(world, model) == before


def test_nothing_is_truncated(world: World) -> None:
    _month(world, "drafted")
    with world.reading() as connection:
        if connection.dialect.name == "sqlite":
            return  # SQLite knows no TRUNCATE: its DELETE fires the triggers above
    for table in ("issue_events", "audit_events", "rule_sets", "score_lines", "standings"):
        assert "append-only" in _refused(world, sa.text(f"TRUNCATE {table} CASCADE"))
