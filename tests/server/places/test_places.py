"""Reading the place tree: my places and nobody else's."""

from models.enums import PlaceKind, Role
from server.places import queries
from tests.queries import count_queries
from tests.world import World


def test_a_neighbours_building_is_not_found(world: World) -> None:
    mine, other = world.building(), world.building()
    head = world.head(mine)
    assert head.get(f"/api/v1/places/{mine.public_id}").status_code == 200
    for place in (other.public_id, "0123456789abcdef"):
        answer = head.get(f"/api/v1/places/{place}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert head.get(f"/api/v1/places?parent={other.public_id}").status_code == 404
    assert world.staff(Role.COMMUNITY, world.community()).get(f"/api/v1/places/{mine.public_id}").status_code == 404


def test_who_may_not_read_places_at_all(world: World) -> None:
    building = world.building()
    path = f"/api/v1/places/{building.public_id}"
    assert world.anyone().get(path).status_code == 401
    assert world.resident().get(path).status_code == 403
    assert world.staff(Role.DEPARTMENT, world.district()).get(path).status_code == 403


def test_a_building_with_what_lies_above_it(world: World) -> None:
    community = world.community("幸福社区")
    estate = world.place(PlaceKind.ESTATE, world.grid(community), "阳光小区")
    building = world.building(estate, "3栋")
    answer = world.head(building).get(f"/api/v1/places/{building.public_id}")
    assert answer.headers["ETag"] == '"1"'
    assert answer.json["name"] == "3栋"
    assert answer.json["kind_name"] == "楼栋/院坝"
    assert [a["kind"] for a in answer.json["ancestors"]] == ["district", "street", "community", "grid", "estate"]
    assert [a["name"] for a in answer.json["ancestors"]][2::2] == ["幸福社区", "阳光小区"]


def test_a_district_has_nothing_above_it(world: World) -> None:
    district = world.district()
    answer = world.staff(Role.DISTRICT, district).get(f"/api/v1/places/{district.public_id}")
    assert answer.json["ancestors"] == []


def _names(caller: object, query: str = "") -> list[str]:
    return [place["name"] for place in caller.get(f"/api/v1/places{query}").json["items"]]  # type: ignore[attr-defined]


def test_each_sees_the_places_of_their_posts(world: World) -> None:
    community = world.community("幸福社区")
    grid = world.grid(community)
    building = world.building(grid, "1栋")
    world.building(world.grid(community), "2栋")
    world.building(name="别处")
    assert _names(world.head(building)) == ["1栋"]
    assert _names(world.staff(Role.GRID, grid)) == [grid.name, "1栋"]
    staff = world.staff(Role.COMMUNITY, community)
    assert len(_names(staff)) == 5
    assert _names(staff, "?kind=building") == ["1栋", "2栋"]
    assert _names(staff, "?kind=community") == ["幸福社区"]
    assert _names(staff, "?kind=street") == []
    assert _names(staff, f"?parent={grid.public_id}") == ["1栋"]
    assert len(_names(world.staff(Role.DISTRICT, world.district()), "?kind=building")) == 3
    both = world.person((Role.HEAD, building), (Role.GRID, world.grid()))
    assert len(_names(both)) == 2


def test_searching_by_name_and_code(world: World) -> None:
    community = world.community("100%社区")
    building = world.building(community, "东楼_甲")
    world.building(community, "东楼乙")
    staff = world.staff(Role.COMMUNITY, community)
    assert _names(staff, "?q=东楼") == ["东楼_甲", "东楼乙"]
    assert _names(staff, "?q=_") == ["东楼_甲"], "what people type is text, not a pattern"
    assert _names(staff, "?q=%25") == ["100%社区"]
    assert _names(staff, f"?q={building.code}") == ["东楼_甲"]
    assert _names(staff, f"?q={building.code.upper()}") == ["东楼_甲"]
    assert _names(staff, f"?q={building.code[1:]}") == []
    assert len(_names(staff, "?q=")) == 3


def test_pages_by_cursor(world: World) -> None:
    community = world.community()
    for number in range(5):
        world.building(community, f"{number}栋")
    staff = world.staff(Role.COMMUNITY, community)
    seen, path = [], "/api/v1/places?kind=building&limit=2"
    for _ in range(3):
        page = staff.get(path).json
        seen += [place["name"] for place in page["items"]]
        path = f"/api/v1/places?kind=building&limit=2&cursor={page['next_cursor']}"
    assert seen == [f"{number}栋" for number in range(5)]
    assert page["next_cursor"] is None


def test_bad_questions_are_refused(world: World) -> None:
    staff = world.staff(Role.COMMUNITY, world.community())
    for query in ("kind=house", "parent=1", "cursor=x", "limit=0", "limit=101", "q=" + "长" * 41, "q=%00", "unknown=1"):
        assert staff.get(f"/api/v1/places?{query}").status_code == 422, query
    assert staff.get("/api/v1/places/not-sixteen").status_code == 404


def test_a_list_is_two_queries_however_long(world: World) -> None:
    community = world.community()
    for number in range(12):
        world.building(community, f"{number}栋")
    staff = world.staff(Role.COMMUNITY, community)
    with count_queries(world.app) as sent:
        staff.get("/api/v1/places?limit=10")
    assert len(sent) == 2, sent


# ---- what other rooms ask


def test_names_children_and_buildings_come_in_the_order_people_expect(world: World) -> None:
    community = world.community()
    estate = world.place(PlaceKind.ESTATE, community, "阳光小区")
    for name in ("10栋", "2栋", "1栋"):
        world.building(estate, name)
    plain = world.building(community, "老楼")
    with world.reading():
        assert [child.name for child in queries.children(estate.id)] == ["1栋", "2栋", "10栋"]
        buildings = queries.buildings_of(community.id)
        assert [(b.estate_name, b.name) for b in buildings] == [
            (None, "老楼"),
            ("阳光小区", "1栋"),
            ("阳光小区", "2栋"),
            ("阳光小区", "10栋"),
        ]
        names = queries.place_names([plain.id, estate.id, 10**9])
        assert {name.name for name in names.values()} == {"老楼", "阳光小区"}
        assert queries.place_names([]) == {}
        assert queries.place_by_code(plain.code) == names[plain.id]
        assert queries.place_by_code("nowhere") is None
        found = queries.community_by_code(community.code)
        assert found is not None
        assert found.id == community.id
        assert queries.community_by_code(plain.code) is None
