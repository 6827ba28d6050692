"""Importing a table of places: all or nothing, idempotent by code, each bad cell named."""

import io
import time
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Place, StairwellCode
from models.enums import PlaceKind, Role
from server.core import clock, sheets
from server.places import service
from server.places.service import ImportReport
from tests.world import Caller, Spot, World

HEADINGS = "编码,名称,类别,上级\n"


def send(caller: Caller, table: str | bytes, filename: str = "places.csv", **form: Any) -> Any:
    data = table.encode() if isinstance(table, str) else table
    return caller.post("/api/v1/places/import", data={"file": (io.BytesIO(data), filename), **form})


def by_operator(world: World, table: str, *, dry_run: bool = False) -> ImportReport:
    """What the command line does: no actor, anywhere."""
    with world.writing():
        stream = io.BytesIO((HEADINGS + table).encode())
        return service.import_table(stream, "places.csv", clock.now(), actor=None, dry_run=dry_run)


def tree(world: World) -> dict[str, tuple[str, str | None]]:
    """code → name and parent's code."""
    parent = Place.__table__.alias()
    with world.reading() as connection:
        rows = connection.execute(
            sa.select(Place.code, Place.name, parent.c.code).outerjoin_from(
                Place.__table__, parent, parent.c.id == Place.parent_id
            )
        )
        return {code: (name, above) for code, name, above in rows}


# ---- whose


def test_a_street_imports_inside_itself_and_nowhere_else(world: World) -> None:
    mine, other = world.street(), world.place(PlaceKind.STREET, world.district())
    theirs = world.place(PlaceKind.COMMUNITY, other, "别的社区")
    staff = world.staff(Role.STREET, mine)
    assert send(staff, f"{HEADINGS}C1,新社区,社区,{mine.code}\n", dry_run="false").status_code == 200
    for row, said in (
        (f"C2,新社区二,社区,{other.code}", "没有这个编码的上级，或者它不在您的管理范围内。"),
        (f"{theirs.code},改名,社区,{other.code}", "这个编码已经用于您管理范围以外的地点。"),
        (f"{theirs.code},别的社区,社区,{mine.code}", "这个编码已经用于您管理范围以外的地点。"),
        ("D2,新区,区,", "区由运维人员在服务器上新建。"),
        (f"S2,新街道,街道,{world.district().code}", "没有这个编码的上级，或者它不在您的管理范围内。"),
    ):
        (error,) = send(staff, f"{HEADINGS}{row}\n").json["errors"]
        assert error["reason"] == said
    assert "C2" not in tree(world)
    assert tree(world)[theirs.code][0] == "别的社区"


def test_a_district_imports_anywhere_inside_itself(world: World) -> None:
    staff = world.staff(Role.DISTRICT, world.district())
    rows = f"S2,新街道,街道,{world.district().code}\nC2,新社区,社区,S2\nB2,1栋,楼栋,C2\n"
    assert send(staff, HEADINGS + rows, dry_run="false").json["created"] == {"street": 1, "community": 1, "building": 1}


def test_who_may_not_import(world: World) -> None:
    community = world.community()
    table = f"{HEADINGS}B1,1栋,楼栋,{community.code}\n"
    assert send(world.anyone(), table).status_code == 401
    assert send(world.resident(), table).status_code == 403
    assert send(world.staff(Role.COMMUNITY, community), table).status_code == 403
    assert send(world.head(world.building()), table).status_code == 403


# ---- what it does


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world: World) -> None:
    before = tree(world) | {world.street().code: (world.street().name, world.district().code)}
    report = send(world.staff(Role.STREET, world.street()), f"{HEADINGS}C1,社区,社区,{world.street().code}\n").json
    assert (report["dry_run"], report["done"], report["created"]) == (True, False, {"community": 1})
    assert tree(world).keys() == before.keys() | {world.district().code}
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(AuditEvent)).scalar() == 0


def test_rows_may_come_in_any_order(world: World) -> None:
    report = by_operator(
        world,
        "B1,1栋,院坝,E1\nE1,小区,小区,G1\nB2,2栋,楼栋,C1\nG1,网格,网格,C1\nC1,社区,村,S1\nS1,镇,镇,D1\nD1,区,区,\n",
    )
    assert report.errors == []
    assert sum(report.created.values()) == 7
    with world.reading() as connection:
        ids = dict(connection.execute(sa.select(Place.code, Place.id)).all())
        rows = {row.code: row for row in connection.execute(sa.select(Place.__table__))}
        above = ("district_id", "street_id", "community_id", "grid_id", "estate_id")
        assert [rows["B1"]._mapping[c] for c in above] == [ids[code] for code in ("D1", "S1", "C1", "G1", "E1")]
        assert [rows["B2"]._mapping[c] for c in above] == [ids["D1"], ids["S1"], ids["C1"], None, None]
        for code, own in zip(("D1", "S1", "C1", "G1", "E1"), above, strict=True):
            assert rows[code]._mapping[own] == ids[code]
            assert all(rows[code]._mapping[below] is None for below in above[above.index(own) + 1 :])
        with_codes = connection.execute(sa.select(StairwellCode.building_id)).scalars().all()
        assert set(with_codes) == {ids["B1"], ids["B2"]}
        (event,) = connection.execute(sa.select(AuditEvent.action, AuditEvent.detail)).all()
        assert event.action == "place:import"
        assert event.detail["created"]["building"] == 2


def test_a_second_time_nothing_changes_and_a_new_name_renames(world: World) -> None:
    table = "D1,区,区,\nS1,街道一,街道,D1\nS2,街道二,街道,D1\n"
    by_operator(world, table)
    again = by_operator(world, table)
    assert (again.created, again.renamed, again.unchanged) == ({}, 0, 3)
    swapped = by_operator(world, table.replace("街道一", "?").replace("街道二", "街道一").replace("?", "街道二"))
    assert (swapped.created, swapped.renamed, swapped.unchanged) == ({}, 2, 1)
    assert (tree(world)["S1"][0], tree(world)["S2"][0]) == ("街道二", "街道一")
    moved_on = by_operator(world, "S1,街道三,街道,D1\nS3,街道二,街道,D1\n")
    assert (moved_on.created, moved_on.renamed) == ({PlaceKind.STREET: 1}, 1)
    with world.reading() as connection:
        versions = dict(connection.execute(sa.select(Place.code, Place.version)).all())
    assert versions == {"D1": 1, "S1": 3, "S2": 2, "S3": 1}


def test_excel_with_numbers_for_codes_and_headings_in_english(world: World) -> None:
    table = sheets.write_xlsx(
        [
            sheets.Sheet(
                "地点",
                ["Name", "CODE", "备注", "parent", "kind"],
                [["新社区", 370203005001, "x", world.street().code, "community"]],
            )
        ]
    )
    answer = send(world.staff(Role.STREET, world.street()), table, "places.xlsx", dry_run="false")
    assert answer.json["created"] == {"community": 1}, answer.json
    assert tree(world)["370203005001"] == ("新社区", world.street().code)


def test_a_gbk_table_separated_by_semicolons(world: World) -> None:
    table = f"{HEADINGS}C1,㵘社区,社区,{world.street().code}\n".replace(",", ";").encode("gb18030")
    assert send(world.staff(Role.STREET, world.street()), table, dry_run="false").status_code == 200
    assert tree(world)["C1"][0] == "㵘社区"


# ---- what is refused


D = "D1,区,区,\n"
S = D + "S1,街道,街道,D1\n"
C = S + "C1,社区,社区,S1\n"


@pytest.mark.parametrize(
    ("table", "line", "column", "said"),
    [
        (D + ",街道,街道,D1\n", 3, "编码", "没有填写。"),
        (D + "S1,,街道,D1\n", 3, "名称", "没有填写。"),
        (D + "S1,街道,,D1\n", 3, "类别", "没有填写。"),
        (D + "S1,街道,楼层,D1\n", 3, "类别", "不认识这个类别"),
        (D + "S1,街道,街道,\n", 3, "上级", "街道/镇要写明上级：区。"),
        (D + "S1,街道,街道,D9\n", 3, "上级", "没有这个编码的上级"),
        ("D1,区,区,D1\n", 2, "上级", "上级不能是自己。"),
        (D + "D2,区二,区,D1\n", 3, "上级", "区没有上级"),
        (S + "B1,1栋,楼栋,S1\n", 4, "上级", "楼栋/院坝的上级应为社区/村、网格或小区，不能是街道/镇。"),
        (C + "B1,1栋,楼栋,C1\nE1,小区,小区,B1\n", 6, "上级", "不能是楼栋/院坝"),
        (S + "S1,街道二,街道,D1\n", 4, "编码", "编码与第 3 行重复。"),
        (S + "S2,街道,街道,D1\n", 4, "名称", "同一上级之下与第 3 行重名。"),
        (D + "D2,区,区,\n", 3, "名称", "同一上级之下与第 2 行重名。"),
        (D + "S" + "1" * 32 + ",街道,街道,D1\n", 3, "编码", "最多 32 个字。"),
        (D + f"S1,{'长' * 81},街道,D1\n", 3, "名称", "最多 80 个字。"),
        (D + "S1,a\u202eb,街道,D1\n", 3, "名称", "控制字符"),
        (D + f"S1,街道,街道,{'D' * 33}\n", 3, "上级", "最多 32 个字。"),
        (D + f"S1,街道,{'街' * 81},D1\n", 3, "类别", "最多 80 个字。"),
    ],
)
def test_each_bad_cell_is_named(world: World, table: str, line: int, column: str, said: str) -> None:
    report = by_operator(world, table)
    assert [(e.line, e.column) for e in report.errors] == [(line, column)]
    assert said in report.errors[0].reason
    assert not report.done
    assert tree(world) == {}, "all or nothing"


def test_the_limits_themselves_are_allowed(world: World) -> None:
    assert by_operator(world, f"{'D' * 32},{'长' * 80},区,\nS1,街道,街道,{'D' * 32}\n").done


def test_a_circle_is_named_with_its_lines(world: World) -> None:
    report = by_operator(world, C + "G1,网格,网格,E1\nE1,小区,小区,G1\nB1,1栋,楼栋,E1\n")
    assert [(e.line, e.column, e.reason) for e in report.errors] == [
        (5, "上级", "上下级形成了循环（第 5、6 行）。"),
        (6, "上级", "上下级形成了循环（第 5、6 行）。"),
    ]


def test_all_errors_are_told_at_once_and_nothing_is_written(world: World) -> None:
    staff = world.staff(Role.STREET, world.street())
    rows = f"C1,社区一,社区,{world.street().code}\nC2,,社区,nowhere\nC3,社区三,楼层,{world.street().code}\n"
    told = send(staff, HEADINGS + rows).json
    assert (told["error_count"], told["created"], told["done"]) == (2, {"community": 1}, False)
    refused = send(staff, HEADINGS + rows, dry_run="false")
    assert (refused.status_code, refused.json["code"]) == (422, "rows_refused")
    assert [e["field"] for e in refused.json["errors"]] == ["rows.3.名称", "rows.4.类别"]
    assert "C1" not in tree(world)


def test_many_errors_are_counted_and_the_first_told(world: World) -> None:
    report = by_operator(world, "".join(f"S{n},街道{n},街道,nowhere\n" for n in range(300)))
    assert (report.error_count, len(report.errors)) == (300, 200)


def test_an_import_neither_moves_nor_changes_kinds(world: World) -> None:
    by_operator(world, C + "C2,社区二,社区,S1\nG1,网格,网格,C1\n")
    before = tree(world)
    report = by_operator(world, "G1,网格,网格,C2\nC2,社区二,网格,S1\n")
    assert [(e.line, e.column, e.reason) for e in report.errors] == [
        (2, "上级", "已登记在另一个上级之下，导入不能搬移地点。"),
        (3, "类别", "已登记为社区/村，导入不能改变类别。"),
    ]
    assert tree(world) == before


def test_names_are_compared_with_what_is_there(world: World) -> None:
    by_operator(world, C + "C2,社区二,社区,S1\n")
    (error,) = by_operator(world, "C3,社区二,社区,S1\n").errors
    assert error.reason == "同一上级之下与已登记的地点重名。"
    (error,) = by_operator(world, "C1,社区二,社区,S1\n").errors
    assert (error.line, error.reason) == (2, "同一上级之下与已登记的地点重名。")
    (error,) = by_operator(world, "D2,区,区,\n").errors
    assert error.column == "名称"


def test_nothing_is_imported_under_a_closed_place(world: World) -> None:
    by_operator(world, C)
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.code == "C1").values(closed_at=world.clock.now()))
    (error,) = by_operator(world, "B1,1栋,楼栋,C1\n").errors
    assert error.reason == "上级已经停用。"
    assert by_operator(world, "C1,社区,社区,S1\n").unchanged == 1


def test_what_is_no_table_is_a_problem(world: World) -> None:
    staff = world.staff(Role.STREET, world.street())
    for table, name, said in (
        (b"", "x.csv", "没有内容"),
        (b"PK\x03\x04", "x.xlsx", "无法读取"),
        ("编码,名称,类别\nC1,社区,社区\n".encode(), "x.csv", "没有“上级”这一列"),
        (b"a,b\n1,2\n", "x.csv", "没有“编码”这一列"),
    ):
        answer = send(staff, table, name)
        assert (answer.status_code, answer.json["code"]) == (422, "bad_table")
        assert said in answer.json["detail"]
    assert staff.post("/api/v1/places/import", data={"dry_run": "true"}).status_code == 422
    assert staff.post("/api/v1/places/import", data={"file": "not a file"}).status_code == 422
    assert send(staff, HEADINGS, colour="red").status_code == 422
    assert staff.post("/api/v1/places/import", json={"file": "x"}).status_code == 422
    large = staff.post(
        "/api/v1/places/import", data=bytes(21 * 1024 * 1024), content_type="multipart/form-data; boundary=x"
    )
    assert large.status_code == 413


def test_the_same_upload_twice_is_answered_once(world: World) -> None:
    staff = world.staff(Role.STREET, world.street())
    table = f"{HEADINGS}C1,社区,社区,{world.street().code}\n".encode()
    headers = {"Idempotency-Key": "0123456789abcdef"}

    def upload(dry_run: str) -> Any:
        form = {"file": (io.BytesIO(table), "places.csv"), "dry_run": dry_run}
        return staff.post("/api/v1/places/import", data=form, headers=headers)

    answers = [upload("false") for _ in range(2)]
    assert [a.json["created"] for a in answers] == [{"community": 1}] * 2
    assert upload("true").status_code == 422, "a rehearsal is another request"


def test_twenty_thousand_buildings_in_one_go(world: World) -> None:
    communities = [world.place(PlaceKind.COMMUNITY, world.street()) for _ in range(20)]
    rows = "".join(f"B{n},{n}栋,楼栋,{communities[n % 20].code}\n" for n in range(20_000))
    began = time.perf_counter()
    report = by_operator(world, rows)
    assert report.created == {PlaceKind.BUILDING: 20_000}
    assert time.perf_counter() - began < 60, "about 4 s of one core; this only catches a row-by-row rewrite"
    with world.reading() as connection:
        codes = connection.execute(sa.select(sa.func.count(sa.distinct(StairwellCode.code)))).scalar()
        assert codes == 20_000


def test_buildings_a_ledger_names(world: World) -> None:
    community = world.community()
    with world.writing():
        service.add_buildings(community.row, ["一区", "二区"], clock.now())
    names = [(name, parent) for name, parent in tree(world).values() if parent == community.code]
    assert sorted(names) == [("一区", community.code), ("二区", community.code)]
    spot: Spot = community
    with world.reading() as connection:
        rows = connection.execute(sa.select(Place.community_id).where(Place.kind == PlaceKind.BUILDING)).scalars().all()
        assert rows == [spot.id, spot.id]
        assert connection.execute(sa.select(sa.func.count()).select_from(StairwellCode)).scalar() == 2
