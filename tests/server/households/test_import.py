"""A table of households: all or nothing, safe to send again, one sentence a bad cell."""

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Household, Resident
from models.enums import Role
from server.core.sheets import Sheet, write_xlsx
from tests.server.households.registry import URL, everything_written, person, register
from tests.world import Caller, World

HEADINGS = ["单元", "房号", "姓名", "电话", "关系", "居住情况"]
Lines = list[list[Any]]


def as_csv(lines: Lines, headings: list[str] | None = None) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headings or HEADINGS, *lines])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(lines: Lines, headings: list[str] | None = None) -> bytes:
    return write_xlsx([Sheet("住户", headings or HEADINGS, lines)])


def send(caller: Caller, data: bytes, name: str = "住户.csv", *, dry_run: bool = False, **form: Any) -> Any:
    form |= {"file": (io.BytesIO(data), name), "dry_run": "true" if dry_run else "false"}
    headers = form.pop("headers", {})
    return caller.post(f"{URL}/import", data=form, headers=headers, content_type="multipart/form-data")


def counts(world: World) -> tuple[int, int, int]:
    with world.reading() as connection:
        return tuple(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (Household, Resident, AuditEvent)
        )  # type: ignore[return-value]


FAMILY: Lines = [
    ["1单元", "301室", "张小明", 13812345678, "户主", "自住"],
    ["1单元", "301室", "王 秀英", "021-62345678", "妻子", ""],
    ["1", "302", "李四", "", "租客", "出租"],
    ["1", "401", "", "", "", "空置"],
]


@pytest.fixture
def head(world: World) -> Caller:
    return world.head(world.building())


@pytest.mark.parametrize(("make", "name"), [(as_csv, "a.csv"), (as_xlsx, "a.xlsx")])
def test_a_head_imports_her_building(world: World, head: Caller, make: Any, name: str) -> None:
    rehearsed = send(head, make(FAMILY), name, dry_run=True)
    assert rehearsed.status_code == 200
    assert counts(world) == (0, 0, 0)
    done = send(head, make(FAMILY), name)
    assert done.json == rehearsed.json | {"dry_run": False, "done": True}
    told = {key: done.json[key] for key in ("rows", "households_new", "residents_new", "unchanged", "error_count")}
    assert told == {"rows": 4, "households_new": 3, "residents_new": 3, "unchanged": 0, "error_count": 0}
    shown = [
        (
            h["unit"],
            h["door"],
            h["tenancy"],
            [(r["name"], r["phone"], r["relation"], r["is_contact"]) for r in h["residents"]],
        )
        for h in head.get(URL).json["items"]
    ]
    assert shown == [
        ("1", "301", "owner", [("张**", "138******78", "self", True), ("王**", "021******78", "spouse", False)]),
        ("1", "302", "rented", [("李*", None, "tenant", False)]),
        ("1", "401", "vacant", []),
    ]


def test_the_same_table_again_changes_nothing(world: World, head: Caller) -> None:
    assert send(head, as_csv(FAMILY)).json["done"]
    before = head.get(URL).json
    again = send(head, as_csv(FAMILY)).json
    assert (again["unchanged"], again["households_new"], again["residents_new"]) == (4, 0, 0)
    assert (again["residents_changed"], again["households_changed"]) == (0, 0)
    assert head.get(URL).json == before


def test_a_later_table_corrects_and_adds_and_never_moves_anybody_out(head: Caller) -> None:
    send(head, as_csv(FAMILY))
    later: Lines = [
        ["1", "301", "张小明", "13900001111", "", ""],
        ["1", "302", "李四", "", "亲属", "自住"],
        ["1", "302", "赵六", "", "本人", ""],
        ["1", "401", "新来的", "", "", ""],
    ]
    report = send(head, as_csv(later)).json
    assert (report["residents_new"], report["residents_changed"], report["households_changed"]) == (2, 2, 2)
    shown = {h["door"]: h for h in head.get(URL).json["items"]}
    assert [(r["name"], r["phone"]) for r in shown["301"]["residents"]] == [
        ("张**", "139******11"),
        ("王**", "021******78"),
    ]
    assert [(r["name"], r["relation"], r["is_contact"]) for r in shown["302"]["residents"]] == [
        ("赵*", "self", True),
        ("李*", "relative", False),
    ]
    assert (shown["302"]["tenancy"], shown["401"]["tenancy"]) == ("owner", "other")
    assert {h["door"]: h["version"] for h in shown.values()} == {"301": 2, "302": 2, "401": 2}


def test_a_clerk_imports_many_buildings_by_their_codes(world: World) -> None:
    community = world.community()
    one, two = (world.building(world.grid(community)) for _ in range(2))
    clerk = world.staff(Role.COMMUNITY, community)
    lines = [[spot.code, "1", "301", "张小明", "", "", ""] for spot in (one, two)]
    assert send(clerk, as_csv(lines, ["楼栋编号", *HEADINGS])).json["households_new"] == 2
    for spot in (one, two):
        (item,) = clerk.get(URL, query_string={"building": spot.public_id}).json["items"]
        assert item["building"] == spot.public_id
    with world.reading() as connection:
        rows = connection.execute(sa.select(Household.building_id, Household.grid_id, Household.community_id)).all()
    assert sorted(rows) == sorted((spot.id, spot.row.grid_id, community.id) for spot in (one, two))


def test_somebody_elses_building_is_refused(world: World, head: Caller) -> None:
    other = world.building()
    lines = [[other.code, "1", "301", "张小明", "", "", ""], ["没有这个", "1", "302", "李四", "", "", ""]]
    answer = send(head, as_csv(lines, ["楼栋编号", *HEADINGS]))
    assert (answer.status_code, answer.json["code"]) == (422, "rows_refused")
    assert [error["field"] for error in answer.json["errors"]] == ["rows.2.楼栋编号", "rows.3.楼栋编号"]
    assert len({error["message"] for error in answer.json["errors"]}) == 1  # does not tell which of them exists
    assert send(head, as_csv(FAMILY), building=other.public_id).status_code == 404
    assert counts(world) == (0, 0, 0)


def test_a_clerk_must_say_which_building(world: World) -> None:
    community = world.community()
    building = world.building(world.grid(community))
    clerk = world.staff(Role.COMMUNITY, community)
    answer = send(clerk, as_csv(FAMILY))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "building")
    assert send(clerk, as_csv(FAMILY), building=building.public_id).json["done"]


@pytest.mark.parametrize(
    ("line", "column", "word"),
    [
        (["1", "", "张三", "", "", ""], "房号", "没有填写"),
        (["1", "3" * 17, "张三", "", "", ""], "房号", "最多"),
        (["1", "303", "张三", "12345", "", ""], "电话", "11 位手机号"),
        (["1", "303", "张三", "138******78", "", ""], "电话", "11 位手机号"),
        (["1", "303", "张**", "", "", ""], "姓名", "隐去"),
        (["1", "303", "名" * 31, "", "", ""], "姓名", "最多"),
        (["1", "303", "", "13812345678", "", ""], "姓名", "没有填写"),
        (["1", "303", "张三", "", "同学", ""], "关系", "配偶"),
        (["1", "303", "张三", "", "", "城堡"], "居住情况", "自住"),
        (["1", "303", "张三", "", "", "空置"], "居住情况", "空置"),
        (["1", "301", "张小明", "", "", ""], "姓名", "第 2 行重复"),
        (["一单元", "301", "李四", "", "", "出租"], "居住情况", "第 2 行"),
    ],
)
def test_one_bad_cell_keeps_the_whole_table_out(world: World, head: Caller, line: Any, column: str, word: str) -> None:
    good = ["1", "301", "张小明", "13812345678", "本人", "自住"]
    lines = as_csv([good, line, ["2", "101", "后来", "", "", ""]])
    answer = send(head, lines)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["field"] == f"rows.3.{column}"
    assert word in error["message"]
    assert "一行也没有导入" in answer.json["detail"]
    assert counts(world) == (0, 0, 0)
    rehearsed = send(head, lines, dry_run=True).json
    assert rehearsed["errors"] == [{"line": 3, "column": column, "reason": error["message"]}]
    assert not rehearsed["done"]


def test_people_who_live_there_are_not_declared_away(head: Caller) -> None:
    send(head, as_csv(FAMILY))
    answer = send(head, as_csv([["1", "301", "", "", "", "空置"]]))
    assert answer.status_code == 422
    assert "先办理迁出" in answer.json["errors"][0]["message"]


def test_a_date_where_a_door_should_be_is_told(head: Caller) -> None:
    """Excel makes 3 January of door 1-3."""
    from datetime import date

    answer = send(head, as_xlsx([["1", date(2026, 1, 3), "张三", "", "", ""]]), "a.xlsx", dry_run=True)
    assert "日期" in answer.json["errors"][0]["reason"]


def test_a_table_without_doors_or_that_is_none_is_told(world: World, head: Caller) -> None:
    for data, name in [
        (as_csv([["张三"]], ["姓名"]), "a.csv"),
        (b"", "a.csv"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a.xlsx"),
        (b"PK\x03\x04 nothing", "a.xlsx"),
    ]:
        answer = send(head, data, name)
        assert (answer.status_code, answer.json["code"]) == (422, "bad_table")
    assert head.post(f"{URL}/import", data={"file": "text"}, content_type="multipart/form-data").status_code == 422
    assert head.post(f"{URL}/import", json={}).status_code == 422
    assert counts(world) == (0, 0, 0)


def test_columns_nobody_asked_for_are_named_and_not_kept(head: Caller) -> None:
    lines = [[*FAMILY[0], "31010119900101001X"]]
    report = send(head, as_csv(lines, [*HEADINGS, "身份证号"]), dry_run=True).json
    assert report["ignored"] == ["身份证号"]


def test_an_import_leaves_one_line_without_names(world: World, head: Caller) -> None:
    send(head, as_csv(FAMILY))
    with world.reading() as connection:
        (event,) = connection.execute(sa.select(AuditEvent.__table__)).all()
    assert (event.action, event.actor_role) == ("household:import", "head")
    assert (event.detail["rows"], event.detail["residents_new"]) == (4, 3)
    assert "张小明" not in everything_written(world)


def test_a_repeated_request_is_answered_the_same(world: World, head: Caller) -> None:
    headers = {"Idempotency-Key": "import-0123456789"}
    first = send(head, as_csv(FAMILY), headers=headers)
    second = send(head, as_csv(FAMILY), headers=headers)
    assert first.json == second.json
    assert second.headers["Idempotent-Replay"] == "true"
    assert send(head, as_csv(FAMILY[:1]), headers=headers).status_code == 422


def test_who_moved_out_may_move_in_again(head: Caller) -> None:
    send(head, as_csv(FAMILY))
    (household,) = head.get(URL, query_string={"q": "1-302"}).json["items"]
    head.post(f"{URL}/{household['id']}/move-out")
    report = send(head, as_csv(FAMILY)).json
    assert (report["residents_new"], report["households_changed"]) == (1, 1)


def test_a_registered_person_is_known_by_an_import(world: World) -> None:
    building = world.building()
    head = world.head(building)
    register(head, building, "301", person("张小明", "138 1234 5678", relation="self", is_contact=True), unit="1")
    report = send(head, as_csv(FAMILY[:1])).json
    assert (report["unchanged"], report["residents_new"], report["residents_changed"]) == (1, 0, 0)
