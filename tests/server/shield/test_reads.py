"""Who opened an issue: role and unit, once a person and day; reading never fails for it."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, IssueRead, Whistle, new_public_id
from models.enums import Role
from server.core import traces
from tests.server.shield.reporter import file, office
from tests.server.web.desk import Desk
from tests.world import Caller, World


def reads(caller: Caller, claim: str) -> list[tuple[str, str]]:
    shown = caller.get(f"/api/v1/claims/{claim}/shield").json["reads"]
    return [(read["role_name"], read["unit"]) for read in shown]


def count(world: World) -> int:
    with world.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(IssueRead)).scalar_one()


def test_the_reporter_sees_who_opened_it_by_role_and_unit(world: World) -> None:
    community = world.community("幸福社区")
    building = world.building(world.grid(community), "3栋")
    head, clerk = world.head(building), world.staff(Role.COMMUNITY, community)
    made = file(world.resident(), building)
    issue, claim, anyone = made["id"], made["claim_code"], world.anyone()
    assert head.get("/api/v1/issues").status_code == 200
    assert Desk(clerk).open("/console/issues")
    assert reads(anyone, claim) == []  # a list is no opening
    for _ in range(2):
        assert head.get(f"/api/v1/issues/{issue}").status_code == 200
    assert reads(anyone, claim) == [("楼栋长", "3栋")]
    world.clock.advance(timedelta(minutes=5))
    assert Desk(clerk).open(f"/console/issues/{issue}")
    assert reads(anyone, claim) == [("社区居委会", "幸福社区"), ("楼栋长", "3栋")]
    assert world.head(world.building()).get(f"/api/v1/issues/{issue}").status_code == 404
    world.clock.advance(timedelta(days=1))
    head.get(f"/api/v1/issues/{issue}")
    assert len(reads(anyone, claim)) == count(world) == 3
    shown = anyone.get(f"/r/{claim.replace('-', '')}").text
    assert "谁看过这件事（3）" in shown
    assert "楼栋长（3栋）打开过" in shown
    assert "王秀英" not in shown


def test_a_form_that_is_refused_shows_the_issue_too(world: World) -> None:
    """Whoever would read without a trace could send a form that is wrong."""
    building = world.building()
    desk = Desk(office(world, building))
    made = file(world.resident(), building)
    token = desk.open("/console").value("/sign-out", "form_token")
    refused = desk.client.post(f"/console/issues/{made['id']}/note", data={"form_token": token, "text": ""})
    assert refused.status_code in (409, 422)
    assert reads(world.anyone(), made["claim_code"]) == [("社区居委会", office_name(world, building))]


def office_name(world: World, building: Any) -> str:
    return world.place_of(building, "community_id").name


def test_an_opened_phone_is_shown_with_its_reason(world: World) -> None:
    building = world.building()
    made = file(world.resident(), building, "open", contact="13912345678")
    clerk = office(world, building)
    assert clerk.post(f"/api/v1/issues/{made['id']}/contact", json={"reason": "约上门时间"}).status_code == 200
    (look,) = world.anyone().get(f"/api/v1/claims/{made['claim_code']}/shield").json["phone_looks"]
    assert (look["role_name"], look["reason"]) == ("社区居委会", "约上门时间")
    assert "约上门时间" in world.anyone().get(f"/r/{made['claim_code'].replace('-', '')}").text


def test_reading_does_not_wait_for_a_writer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds SQLite's write lock, or the very row: the issue is shown, and the trace comes with the next one."""
    building = world.building()
    made, head = file(world.resident(), building), world.head(building)
    monkeypatch.setattr(traces, "PATIENCE", 0.05)
    with world.reading() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        address = connection.engine.url
    if on_sqlite:
        holder = sqlite3.connect(str(address.database), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        engine = sa.create_engine(address)
        other = engine.connect()
        other.exec_driver_sql("LOCK TABLE issue_reads IN SHARE MODE")
    try:
        assert head.get(f"/api/v1/issues/{made['id']}").status_code == 200
        assert count(world) == 0
    finally:
        if on_sqlite:
            holder.execute("ROLLBACK")
            holder.close()
        else:
            other.rollback()
            other.close()
            engine.dispose()
    other_clerk = office(world, building)
    assert other_clerk.get(f"/api/v1/issues/{made['id']}").status_code == 200
    assert count(world) == 2
    assert head.get(f"/api/v1/issues/{made['id']}").status_code == 200
    assert count(world) == 2


def test_a_late_trace_of_what_is_gone_harms_nobody(world: World) -> None:
    building = world.building()
    made, head = file(world.resident(), building), world.head(building)
    values = {"issue_id": 10**9, "day": 20261012, "person_id": 10**9, "role": Role.HEAD, "place_id": building.id}
    traces._waiting.append((IssueRead, {**values, "at": world.clock.now()}))
    assert head.get(f"/api/v1/issues/{made['id']}").status_code == 200
    assert count(world) == 1
    assert not traces._waiting


def test_a_department_is_told_by_its_own_name(world: World) -> None:
    building = world.building()
    made = file(world.resident(), building)
    department, called = (
        world.person((Role.DEPARTMENT, world.district()), department="城管局"),
        world.department("城管局"),
    )
    with world.writing() as connection:
        issue = connection.execute(sa.select(Issue.__table__)).one()
        now = world.clock.now()
        connection.execute(
            sa.insert(Whistle).values(
                public_id=new_public_id(), issue_id=issue.id, department_id=called, reason="请看", sounded_at=now,
                month=202610, sign_in_due_at=now, contact_due_at=now, due_at=now, building_id=issue.building_id,
                grid_id=issue.grid_id, community_id=issue.community_id,
            )
        )  # fmt: skip
    assert department.get(f"/api/v1/issues/{made['id']}").status_code == 200
    assert reads(world.anyone(), made["claim_code"]) == [("职能部门", "城管局")]
