"""Looking for words: what is found, who finds it, what is refused, and that both databases answer alike."""

import pytest
import sqlalchemy as sa

from models import Issue, search
from models.enums import PlaceKind, Role
from server.core import database
from server.issues import service
from server.issues.queries import lists
from server.issues.queries import search as looking
from server.issues.queries.filters import conditions
from server.jobs import relay
from tests.queries import count_queries, many_issues, plan
from tests.server.issues.test_life import move, reported
from tests.server.issues.test_lists import ids
from tests.world import Caller, Spot, World


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


@pytest.fixture
def clerk(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


def found(caller: Caller, q: str, **more: str) -> list[str]:
    answer = caller.get("/api/v1/issues", query_string={"q": q, **more})
    assert answer.status_code == 200, answer.json
    return ids(answer)


def test_words_are_found_where_they_stand(world: World, building: Spot, clerk: Caller) -> None:
    leak, _ = reported(world, building, text="三楼水管漏水，WIFI密码12345也看不清💧💧", spot="二单元")
    lift, _ = reported(world, building, text="电梯停在四楼，100%_是坏了")
    assert found(clerk, "漏水") == []  # a second behind: the relay has not run
    relay.run(world.app)
    for q, expected in {
        "漏水": [leak],
        "水漏": [],
        "楼": None,
        "三楼 漏水": [leak],
        "漏水　三楼": [leak],
        "四楼 漏水": [],
        "二单元": [leak],
        "ｗｉｆｉ": [leak],
        "wifi密码": [leak],
        "234": [leak],
        "💧💧": [leak],
        "100%": [lift],
        "%_": None,
        "*": None,
        "电梯*": [lift],
        '"电梯" OR 漏水': [],  # no language of a database: OR is a word like others
        "电梯' --": [lift],
        "NEAR(电梯)": [],
    }.items():
        answer = clerk.get("/api/v1/issues", query_string={"q": q})
        if expected is None:
            assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "q"), q
            assert "两个" in answer.json["detail"]
        else:
            assert ids(answer) == expected, q
    assert clerk.get("/api/v1/issues", query_string={"q": "漏" * 9000}).status_code == 422
    assert clerk.get("/api/v1/issues", query_string={"q": "漏\0水"}).status_code == 422
    assert found(clerk, "漏水" * 30) == []


def test_what_was_done_is_found_too(world: World, building: Spot, clerk: Caller) -> None:
    issue, claim = reported(world, building)
    move(clerk, issue, "resolve", text="更换了钢丝绳", done_by="物业")
    relay.run(world.app)
    assert found(clerk, "钢丝绳") == [issue]
    assert found(clerk, "电梯 钢丝绳") == [issue]
    world.anyone().post(f"/api/v1/claims/{claim}/reopen", json={"text": "还是停"})
    again = move(world.staff(Role.STREET, world.street()), issue, "resolve", text="重装了控制柜", done_by="物业")
    assert again.status_code == 200, again.json
    relay.run(world.app)
    assert found(clerk, "控制柜") == [issue]
    assert found(clerk, "钢丝绳") == []  # it says so no longer, whatever the index still holds
    assert found(clerk, "还是停") == []  # timelines are not looked into


def test_nobody_finds_what_they_may_not_see(world: World, building: Spot) -> None:
    about_her, _ = reported(world, building, about_head=True, text="楼长态度恶劣")
    plain, _ = reported(world, building, text="走廊态度恶劣的猫")
    elsewhere, _ = reported(world, world.building(), text="邻居态度恶劣")
    relay.run(world.app)
    community = world.place_of(building, "community_id")
    assert found(world.head(building), "态度恶劣") == [plain]
    both = world.person((Role.COMMUNITY, community), (Role.HEAD, building))
    assert found(both, "态度恶劣") == [plain]
    assert found(world.staff(Role.COMMUNITY, community), "态度恶劣") == [plain, about_her]
    assert found(world.staff(Role.GRID, world.place_of(building, "grid_id")), "态度恶劣") == [plain, about_her]
    street = world.staff(Role.STREET, world.street())
    assert found(street, "态度恶劣") == [elsewhere, plain, about_her]
    assert found(world.staff(Role.DISTRICT, world.district()), "态度恶劣") == [elsewhere, plain, about_her]
    assert found(street, "态度恶劣", place=community.public_id) == [plain, about_her]
    assert found(street, "态度恶劣", place=building.public_id) == [plain, about_her]
    assert found(world.staff(Role.DEPARTMENT, world.district()), "态度恶劣") == []
    assert world.resident().get("/api/v1/my/issues", query_string={"q": "态度恶劣"}).json["items"] == []


def test_pages_of_a_search_follow_each_other(world: World, building: Spot, clerk: Caller) -> None:
    made = [reported(world, building, text=f"漏水第{n}次")[0] for n in range(7)]
    noise, _ = reported(world, building, text="漏风，水也凉", category="noise")
    relay.run(world.app)
    seen: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = clerk.get("/api/v1/issues", query_string={"q": "漏水", "limit": "3", **more}).json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}
    assert seen == made[::-1]
    assert found(clerk, "漏水", category="noise") == []
    assert noise not in seen


def test_candidates_that_are_none_are_passed_over(
    world: World, building: Spot, clerk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every pair is there and the word is not: the exact look decides, batch after batch."""
    monkeypatch.setattr(looking, "BATCH", 2)
    there, _ = reported(world, building, text="上水管道")
    for _ in range(5):
        reported(world, building, text="水管，管道，上水")
    relay.run(world.app)
    assert found(clerk, "上水管道") == [there]
    monkeypatch.setattr(looking, "MOST_BATCHES", 2)
    assert found(clerk, "上水管道") == []


def test_a_search_costs_two_statements(world: World, building: Spot, clerk: Caller) -> None:
    reported(world, building, text="漏水")
    relay.run(world.app)
    with count_queries(world.app) as sent:
        assert len(found(clerk, "漏水")) == 1
    assert len(sent) == 2, sent


def test_the_index_can_be_made_anew(world: World, building: Spot, clerk: Caller) -> None:
    first, _ = reported(world, building, text="漏水一")
    relay.run(world.app)
    second, _ = reported(world, building, text="漏水二")
    with world.app.app_context(), database.transaction() as connection:
        missing = service.missing_from_index()
        assert missing == [connection.execute(sa.select(sa.func.max(Issue.id))).scalar()]
        assert service.missing_from_index(missing[0]) == []
        service.index_issues(missing)
    assert found(clerk, "漏水") == [second, first]
    relay.run(world.app)  # indexed again: still once
    assert found(clerk, "漏水") == [second, first]
    with world.app.app_context(), database.transaction():
        service.forget_index()
    assert found(clerk, "漏水") == []
    runner = world.app.test_cli_runner()
    assert "2" in runner.invoke(args=["issues", "index"]).output
    assert found(clerk, "漏水") == [second, first]
    assert "2" in runner.invoke(args=["issues", "index", "--anew"]).output
    assert found(clerk, "漏水") == [second, first]


def test_the_index_leads(world: World, building: Spot) -> None:
    """The plan is part of the promise: the words' index names the candidates, issues are looked up by their key."""
    shape = ((Role.COMMUNITY, PlaceKind.COMMUNITY),)
    reported(world, building, text="漏水")
    with world.writing() as connection:
        many_issues(connection, building.row)
    with world.app.app_context():
        while missing := service.missing_from_index():
            service.index_issues(missing)
        database.commit()
    community = building.row.community_id
    with world.reading() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # a few thousand rows are read fastest whole
        wanted = lists._LIST.where(*conditions(shape, frozenset(), None)).limit(21)
        query = looking._candidates(wanted, looking.Sought(("漏水",), (community,)), 10**9)
        bound = {key: community for key in query.compile(dialect=connection.dialect).params if key == "place_0"}
        explained = plan(connection, query.params(bound))
        if connection.dialect.name == "postgresql":
            assert "ix_issue_search_grams" in explained, explained
            return
    first, second, *_ = explained.splitlines()
    assert f"{search.NAME} VIRTUAL TABLE INDEX" in first, explained
    assert "issues USING INTEGER PRIMARY KEY" in second, explained
    assert "TEMP B-TREE" not in explained, explained
