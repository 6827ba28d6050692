"""Posters: who prints them, what is on the paper, and that what is on the paper can be scanned."""

import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import ImageDraw
from werkzeug.test import TestResponse

from models import Place, StairwellCode, db
from models.enums import PlaceKind, Role
from server.places import posters, queries
from server.places.posters import Door, FontTrouble, Size, lettering
from tests.queries import count_queries
from tests.server.places.printed import A4_POINTS, Printed, scan
from tests.world import Caller, Spot, World

NOW = datetime(2026, 10, 12, tzinfo=UTC)
URL = "http://louzhang.test/q/"


def pdf(caller: Caller, place: Spot, size: str = "a4") -> TestResponse:
    return caller.get(f"/api/v1/places/{place.public_id}/posters.pdf?size={size}")


def printed(caller: Caller, place: Spot, size: str = "a4") -> Printed:
    answer = pdf(caller, place, size)
    assert answer.status_code == 200, answer.json
    return Printed(answer.data)


def door(name: str = "3栋", **changes: object) -> Door:
    address = "louzhang.example.gov.cn/q/ab01cd234h"
    told = {
        "where": "幸福社区 阳光小区",
        "name": name,
        "code": "ab01cd234h",
        "url": f"https://{address}",
        "address": address,
    }
    return Door(**{**told, **changes})  # type: ignore[arg-type]


# --- who


def test_a_neighbours_posters_are_not_found(world: World) -> None:
    community = world.community()
    mine, other = world.building(community), world.building(community)
    head = world.head(mine)
    assert pdf(head, mine).status_code == 200
    assert pdf(head, other).status_code == 404
    assert pdf(head, community).status_code == 404, "a head prints for the own building only"
    assert pdf(world.staff(Role.COMMUNITY, world.community()), community).status_code == 404
    assert pdf(world.staff(Role.STREET, world.street()), community).status_code == 403
    assert pdf(world.staff(Role.COMMUNITY, community), world.street()).status_code == 404
    assert pdf(world.anyone(), mine).status_code == 401
    assert pdf(head, mine, "a3").status_code == 422


# --- what


def test_a_buildings_poster_is_one_a4_page_that_scans(world: World) -> None:
    building = world.building(world.community("幸福社区"), "3栋")
    answer = pdf(world.head(building), building)
    assert answer.content_type == "application/pdf"
    assert unquote(answer.headers["Content-Disposition"]).endswith("''3栋-楼道码-A4海报.pdf")
    paper = Printed(answer.data)
    assert paper.sizes == [A4_POINTS]
    assert paper.title == "3栋 楼道码 A4 海报"
    assert paper.read() == [URL + building.stairwell_code]
    assert len(answer.data) < 40_000


def test_four_of_a6_and_twenty_one_labels_fill_a_sheet(world: World) -> None:
    building = world.building()
    head = world.head(building)
    for size, copies in (("a6", 4), ("label", 21)):
        paper = printed(head, building, size)
        assert paper.sizes == [A4_POINTS]
        assert paper.read() == [URL + building.stairwell_code] * copies


def test_all_open_buildings_below_a_place_in_the_order_of_a_walk(world: World) -> None:
    community = world.community()
    grid, other_grid = world.grid(community), world.grid(community)
    estate = world.place(PlaceKind.ESTATE, grid, "阳光小区")
    ten, two, closed, dark = (world.building(estate, name) for name in ("10栋", "2栋", "3栋", "4栋"))
    elsewhere = world.building(other_grid, "1栋")
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == closed.id).values(closed_at=world.clock.now()))
        connection.execute(
            sa.update(StairwellCode).where(StairwellCode.building_id == dark.id).values(revoked_at=world.clock.now())
        )
    staff = world.staff(Role.COMMUNITY, community)
    in_estate = [URL + b.stairwell_code for b in (two, ten)]
    for place, expected in (
        (estate, in_estate),
        (grid, in_estate),
        (community, [URL + elsewhere.stairwell_code, *in_estate]),
    ):
        paper = printed(staff, place)
        assert [paper.read(page) for page in range(len(paper.pages))] == [[code] for code in expected], place.name
    assert printed(staff, community, "a6").read() == [URL + b.stairwell_code for b in (elsewhere, two, ten)]
    assert pdf(staff, dark).json["code"] == "no_code"
    with world.writing() as connection:
        connection.execute(sa.update(StairwellCode).values(revoked_at=world.clock.now()))
    assert pdf(staff, community).json["code"] == "no_code"


def test_all_are_read_with_as_many_statements_as_one(world: World) -> None:
    community = world.community()
    for number in range(3):
        world.building(community, f"{number}栋")
    staff = world.staff(Role.COMMUNITY, community)
    with count_queries(world.app) as sent:
        assert pdf(staff, community, "label").status_code == 200
    assert len(sent) == 3, sent


def test_more_than_five_hundred_are_refused_in_words(world: World) -> None:
    community = world.community()
    with world.writing() as connection:
        column = {c.name: c for c in Place.__table__.c}
        copied = ("kind", "parent_id", "district_id", "street_id", "community_id", "created_at")
        base = world.building(community).row
        for number in range(queries.POSTERS_MOST):
            values = {name: base._mapping[name] for name in copied}
            values |= {"public_id": f"x{number:015d}", "code": f"x{number}", "name": f"{number}号"}
            place_id = connection.execute(sa.insert(Place).values(**values).returning(column["id"])).scalar_one()
            connection.execute(
                sa.insert(StairwellCode).values(
                    public_id=values["public_id"],
                    code=f"x{number:09d}",
                    building_id=place_id,
                    created_at=base.created_at,
                )
            )
    answer = pdf(world.staff(Role.COMMUNITY, community), community, "label")
    assert (answer.status_code, answer.json["code"]) == (422, "too_many_posters")
    assert "分开印" in answer.json["detail"]


def test_while_posters_are_drawn_nothing_of_the_database_is_held(world: World, app: Flask) -> None:
    """Drawing takes seconds: a report must not wait for them, nor PostgreSQL keep a snapshot open."""
    community = world.community()
    for number in range(12):
        world.building(community, f"{number}栋")
    staff, let_go = world.staff(Role.COMMUNITY, community), [0.0]
    assert pdf(staff, community, "label").status_code == 200  # the typeface is open, the rest is drawing
    with app.app_context():
        engine = db.engine

    def note(_: object) -> None:
        let_go.append(time.perf_counter())

    for what in ("rollback", "commit"):
        sa.event.listen(engine, what, note)
    began = time.perf_counter()
    with count_queries(app) as sent:
        assert pdf(staff, community).status_code == 200
    ended = time.perf_counter()
    assert len(sent) == 3
    assert ended - let_go[-1] > (ended - began) / 2


# --- letters


def test_rare_letters_of_names_are_printed() -> None:
    for face in (posters.face(None), posters.face(None, Path("/nowhere"))):
        assert face.missing("㵘𠮷𣲘小区3栋龘") == []
        assert face.missing("葛\U000e0100城") == [], "what only chooses a form is left out"
        assert face.missing("3栋😀\U00031350") == ["😀", "\U00031350"]
    plain, rare = (
        Printed(posters.print_out([door(name)], Size.A4, posters.face(None), "x", NOW)) for name in ("口", "㵘")
    )
    assert rare.ink(14, 32, 182, 48) > plain.ink(14, 32, 182, 48) * 1.3, "not the same empty box"


def test_a_name_that_cannot_be_printed_is_named_and_nothing_is_printed(world: World) -> None:
    community = world.community("幸福社区")
    world.building(community, "好楼")
    world.building(community, "3栋😀")
    answer = pdf(world.staff(Role.COMMUNITY, community), community)
    assert (answer.status_code, answer.json["code"]) == (422, "letters_missing")
    assert "幸福社区 3栋😀" in answer.json["detail"]
    assert "U+1F600" in answer.json["detail"]
    assert "好楼" not in answer.json["detail"]


def test_only_a_typeface_we_know_is_taken_from_the_package(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no typeface at all")
    with pytest.raises(FontTrouble, match=r"broken\.ttf"):
        posters.face(broken)
    assert lettering.packaged().name == "NotoSansCJK-Regular.ttc"
    with pytest.raises(FontTrouble, match="not the one we know"):
        lettering.packaged(digest="0" * 64)
    # A collection told by the operator: the face for the mainland's forms, whichever place it has.
    assert posters.face(lettering.packaged()).index == lettering.SIMPLIFIED


@pytest.mark.parametrize("size", Size)
def test_the_longest_names_still_fit(size: Size) -> None:
    long = door("东" * 78 + "3栋", where="幸福里" * 26 + " " + "阳光小区" * 20)
    paper = Printed(posters.print_out([long], size, posters.face(None), "x", NOW))
    assert set(paper.read()) == {long.url}
    for left, top, width, height in ((0, 0, 210, 4), (0, 0, 3.5, 297), (206.5, 0, 3.5, 297), (0, 293, 210, 4)):
        assert paper.ink(left, top, width, height) == 0, "nothing runs over the edge of the sheet"


def test_a_short_last_line_is_evened_out() -> None:
    face = posters.face(None)
    lines = face.fit("幸福家园东区三十八号楼甲座", 1200, 500, 300).lines
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) <= 2
    assert face.fit("3栋", 1200, 500, 300) == (300, ["3栋"])


# --- the code itself


@pytest.mark.parametrize(("left", "top"), [(0.3, 0.3), (0.62, 0.55), (0.3, 0.62), (0.45, 0.1)])
def test_scratches_do_not_kill_a_code(left: float, top: float) -> None:
    paper = Printed(posters.print_out([door()], Size.A4, posters.face(None), "x", NOW))
    page = paper.pages[0]
    side = 96 / 25.4 * 200
    x, y = 57 / 25.4 * 200 + left * side, 101 / 25.4 * 200 + top * side
    ImageDraw.Draw(page).rectangle((x, y, x + side * 0.26, y + side * 0.26), fill=255)
    assert scan(page) == [door().url]


def test_a_torn_code_is_not_read() -> None:
    """So that the test above can fail."""
    page = Printed(posters.print_out([door()], Size.A4, posters.face(None), "x", NOW)).pages[0]
    x, y, side = 57 / 25.4 * 200, 101 / 25.4 * 200, 96 / 25.4 * 200
    ImageDraw.Draw(page).rectangle((x + side * 0.25, y + side * 0.2, x + side, y + side * 0.8), fill=255)
    assert scan(page) == []


# --- how fast


def test_three_hundred_posters_are_quick_small_and_modest() -> None:
    """Measured: 5 s of CPU with nobody else about, 40 MB, 5 MB of file. A hundred here, with room for a busy machine."""
    doors = [
        door(f"{number}栋", code=f"ab01cd{number:04d}", url=f"https://louzhang.test/q/{number}")
        for number in range(100)
    ]
    face = posters.face(None)
    began = time.thread_time()
    made = posters.print_out(doors, Size.A4, face, "x", NOW)
    assert time.thread_time() - began < 6
    assert len(made) < 100 * 25_000
    tracemalloc.start()
    try:
        posters.print_out(doors[:20], Size.A6, face, "x", NOW)
        assert tracemalloc.get_traced_memory()[1] < 20 * 1024 * 1024
    finally:
        tracemalloc.stop()
