"""The ledger as a file: what is in it, what never is, who may have it, and what is noted of it."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Issue
from models.enums import Role
from server.core import sheets
from server.issues.service import exporting
from server.jobs import relay
from tests.queries import many_issues
from tests.server.issues.test_life import move, reported
from tests.world import Caller, Spot, World

PHONE = "13812345678"


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


@pytest.fixture
def clerk(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


def rows(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.json
    return [row.cells for row in sheets.read(io.BytesIO(answer.data), "x.xlsx")]


def inside(answer: Any) -> str:
    """All that is in the file, unpacked."""
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        return "\n".join(packed.read(name).decode() for name in packed.namelist())


def trail(world: World) -> list[Any]:
    with world.reading() as connection:
        table = AuditEvent.__table__.c
        return list(connection.execute(sa.select(table.detail, table.actor_id).where(table.action == "issue:export")))


def test_without_words_nothing_is_in_it_that_anybody_wrote(world: World, building: Spot, clerk: Caller) -> None:
    issue, claim = reported(world, building, text="=HYPERLINK(张三电话)", spot="张三家门口", contact=PHONE)
    with world.writing() as connection:
        connection.execute(
            sa.update(Issue).values(due_at=world.clock.now() - timedelta(hours=1), topic_name="电梯停了", urgent=True)
        )
    answer = clerk.get("/api/v1/issues/export.xlsx")
    (row,) = rows(answer)
    assert (row["编号"], row["类别"], row["细类"], row["紧急"], row["进度"]) == (
        issue,
        "电梯",
        "电梯停了",
        "是",
        "待受理",
    )
    assert (row["楼栋"], row["返工次数"], row["已过期"], row["满意度"]) == (building.name, 0, "是", "")
    assert not set(row) & set(exporting.WORDS)
    whole = inside(answer)
    for never in ("张三", PHONE, claim, "HYPERLINK"):
        assert never not in whole
    ((detail, actor),) = trail(world)
    assert actor == clerk.person_id
    assert detail == {"rows": 1, "with_words": False, "reason": "", "filters": {}}


def test_with_words_it_takes_a_right_a_reason_and_stays_text(world: World, building: Spot, clerk: Caller) -> None:
    reported(world, building, text="=1+1 张三说漏水", spot="@三楼", contact=PHONE)
    address = "/api/v1/issues/export-with-text.xlsx"
    assert clerk.get(address).status_code == 422
    answer = clerk.get(address, query_string={"reason": "向街道汇报", "category": "lift", "since": "2026-10-01"})
    (row,) = rows(answer)
    assert (row["问题"], row["位置"]) == ("=1+1 张三说漏水", "@三楼")
    whole = inside(answer)
    assert "<f>" not in whole
    assert 'quotePrefix="1"' in whole
    assert PHONE not in json.dumps(row, default=str)
    ((detail, _),) = trail(world)
    assert (detail["rows"], detail["with_words"], detail["reason"]) == (1, True, "向街道汇报")
    assert detail["filters"] == {"category": "lift", "since": "2026-10-01T00:00:00+08:00"}
    for role, place in ((Role.HEAD, building), (Role.GRID, world.place_of(building, "grid_id"))):
        for file in ("export.xlsx", "export-with-text.xlsx?reason=好奇"):
            assert world.staff(role, place).get(f"/api/v1/issues/{file}").status_code == 403


def test_scope_filters_and_words_hold(
    world: World, building: Spot, clerk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In chunks smaller than what there is: none twice, none forgotten."""
    monkeypatch.setattr(exporting, "CHUNK", 2)
    made = [reported(world, building, text=f"漏水{n}")[0] for n in range(5)]
    lift, _ = reported(world, building)
    reported(world, world.building(), text="漏水在邻居家")
    move(clerk, lift, "resolve", text="好了", done_by="物业")
    relay.run(world.app)
    both = world.person((Role.COMMUNITY, world.place_of(building, "community_id")), (Role.HEAD, building))
    about_her, _ = reported(world, building, about_head=True)

    def listed(query: str, who: Caller = clerk) -> list[str]:
        return [row["编号"] for row in rows(who.get(f"/api/v1/issues/export.xlsx?{query}"))]

    assert listed("") == [about_her, lift, *made[::-1]]
    assert listed("", both) == [lift, *made[::-1]]
    assert listed("q=漏水") == made[::-1]
    assert listed("family=open") == [about_her, *made[::-1]]
    nothing = clerk.get("/api/v1/issues/export.xlsx?place=0000000000000000")
    assert nothing.status_code == 200
    assert made[0] not in inside(nothing)
    assert clerk.get("/api/v1/issues/export.xlsx?q=漏").status_code == 422
    details = [detail for detail, _ in trail(world)]
    assert {"q": "…"} in [detail["filters"] for detail in details]
    assert "漏水" not in json.dumps(details, ensure_ascii=False)  # what somebody looks for may be a name


def test_too_many_rows_are_refused_in_words(
    world: World, building: Spot, clerk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.writing() as connection:
        many_issues(connection, building.row, 30)
    monkeypatch.setattr(exporting, "MOST", 20)
    refused = clerk.get("/api/v1/issues/export.xlsx")
    assert (refused.status_code, refused.json["code"]) == (422, "too_many_rows")
    assert "缩小范围" in refused.json["detail"]
    assert trail(world) == []
