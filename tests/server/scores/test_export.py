"""The ranking as an Excel file for the notice board: buildings, reasons, and nobody's name."""

import io
from typing import Any

import python_calamine
import sqlalchemy as sa

from models import AuditEvent
from models.enums import Role
from tests.server.scores.given import Community
from tests.world import World


def _sheets(data: bytes) -> dict[str, list[list[Any]]]:
    book = python_calamine.load_workbook(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_neighbour_exports_nothing_and_a_head_may_not(world: World) -> None:
    ours, theirs = Community(world), Community(world)
    building = ours.building()
    ours.on_notice()
    assert theirs.office.get(ours.path("export.xlsx")).status_code == 404
    assert world.head(building).get(ours.path("export.xlsx")).status_code == 403
    assert world.staff(Role.GRID, ours.grid).get(ours.path("export.xlsx")).status_code == 403


def test_three_sheets_with_places_lines_and_remarks(world: World) -> None:
    community = Community(world)
    best, thin = community.building(5), community.building(stars=None, answers=0)
    world.head(best)
    community.published()
    answer = community.office.get(community.path("export.xlsx"))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=ranking.xlsx; filename*=UTF-8''")
    sheets = _sheets(answer.data)
    assert list(sheets) == ["排名", "得分明细", "说明"]
    header, first, second = sheets["排名"]
    assert header == ["名次", "楼栋", "总分", "是否参与排名", "并列", "流动红旗", "说明"]
    assert first[:2] + first[3:6] == [1, best.name, "参与排名", "", "是"]
    assert isinstance(first[2], float | int)
    assert second[:2] == ["", thin.name]
    lines = sheets["得分明细"][1:]
    assert [line[:2] for line in lines[:4]] == [
        [best.name, "居民测评"],
        [best.name, "星级评定"],
        [best.name, "诉求办理"],
        [best.name, "履职记录"],
    ]
    assert all(line[5] and line[6] for line in lines)
    assert {line[7] for line in lines[:4]} == {
        f"standard-1/{part} 第1版" for part in ("survey", "star_book", "case_handling", "duties")
    }
    assert abs(sum(line[2] or 0 for line in lines[:4]) - first[2]) < 0.0005
    remarks = {row[0]: row[1] for row in sheets["说明"][1:]}
    assert (remarks["状态"], remarks["考核月"]) == ("已公布", "2026年10月")
    assert len(remarks["封存校验码"]) == 64


def test_thin_data_are_an_empty_cell_and_not_a_zero(world: World) -> None:
    community = Community(world)
    best, thin = community.building(5), community.building(stars=None, answers=0)
    community.on_notice()
    sheets = _sheets(community.office.get(community.path("export.xlsx")).data)
    assert [row[2] for row in sheets["排名"][1:] if row[1] == thin.name] == [""]
    points = {(row[0], row[1]): row[2:5] for row in sheets["得分明细"][1:]}
    assert points[best.name, "居民测评"] == ["", "", "数据不足"]
    assert {tuple(cells) for (name, _), cells in points.items() if name == thin.name} == {("", "", "数据不足")}


def test_nobodys_name_is_in_it_and_the_export_is_in_the_trail(world: World) -> None:
    community = Community(world)
    building = community.building()
    world.person((Role.HEAD, building), name="赵钱孙")
    community.on_notice()
    sheets = _sheets(community.office.get(community.path("export.xlsx")).data)
    everything = " ".join(str(cell) for rows in sheets.values() for row in rows for cell in row)
    assert "赵钱孙" not in everything
    assert "工作人员" not in everything
    with world.reading() as connection:
        row = connection.execute(
            sa.select(AuditEvent.actor_id, AuditEvent.detail).where(AuditEvent.action == "ranking:export")
        ).one()
    assert row.actor_id == community.office.person_id
    assert row.detail == {"month": 202610, "version": 1, "state": "notice", "rows": 1}


def test_before_the_draft_there_is_nothing_to_export(world: World) -> None:
    community = Community(world)
    community.building()
    assert community.office.get(community.path("export.xlsx")).status_code == 404
