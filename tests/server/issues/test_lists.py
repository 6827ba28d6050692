"""Lists: scope, filters, keyset pages, and what they cost."""

import sqlalchemy as sa

from models.enums import Role
from server.core.access import within
from server.issues import queries
from server.issues.queries import lists
from server.rules.permissions import Permission
from tests.queries import count_queries, plan
from tests.server.issues.test_life import move, reported
from tests.world import World


def ids(answer: object) -> list[str]:
    return [item["id"] for item in answer.json["items"]]  # type: ignore[attr-defined]


def test_each_post_sees_its_own_places(world: World) -> None:
    here, there = world.building(), world.building()
    mine, _ = reported(world, here)
    theirs, _ = reported(world, there)
    community = world.place_of(here, "community_id")
    assert ids(world.head(here).get("/api/v1/issues")) == [mine]
    assert ids(world.staff(Role.GRID, world.place_of(here, "grid_id")).get("/api/v1/issues")) == [mine]
    assert ids(world.staff(Role.COMMUNITY, community).get("/api/v1/issues")) == [mine]
    assert ids(world.staff(Role.STREET, world.street()).get("/api/v1/issues")) == [theirs, mine]
    assert ids(world.staff(Role.DISTRICT, world.district()).get("/api/v1/issues")) == [theirs, mine]
    assert world.staff(Role.OPERATOR, world.district()).get("/api/v1/issues").status_code == 403
    assert world.resident().get("/api/v1/issues").status_code == 403


def test_two_posts_see_both_places(world: World) -> None:
    one, two = world.building(), world.building()
    first, _ = reported(world, one)
    second, _ = reported(world, two)
    both = world.person((Role.HEAD, one), (Role.HEAD, two))
    assert ids(both.get("/api/v1/issues")) == [second, first]


def test_a_clerk_who_is_a_head_meets_no_complaint_about_herself_anywhere(world: World) -> None:
    building = world.building()
    community = world.place_of(building, "community_id")
    both = world.person((Role.COMMUNITY, community), (Role.HEAD, building))
    about_her, _ = reported(world, building, about_head=True, contact="13812345678")
    plain, _ = reported(world, building)
    about_another, _ = reported(world, world.building(community), about_head=True)
    assert ids(both.get("/api/v1/issues")) == [about_another, plain]
    assert both.get(f"/api/v1/issues/{about_her}").status_code == 404
    for verb, body in (
        ("accept", {}),
        ("decline", {"text": "没有的事", "responsible": "我"}),
        ("visit", {"solved": True}),
        ("contact", {"reason": "想知道是谁"}),
    ):
        assert move(both, about_her, verb, **body).status_code == 404, verb
    assert move(both, about_another, "accept").status_code == 200
    colleague = world.staff(Role.COMMUNITY, community)
    assert ids(colleague.get("/api/v1/issues")) == [about_another, plain, about_her]


def test_filters_narrow_and_never_widen(world: World) -> None:
    here, there = world.building(), world.building()
    head = world.head(here)
    first, _ = reported(world, here, category="noise")
    second, _ = reported(world, here)
    reported(world, there)
    move(head, first, "resolve", text="劝停了", done_by="物业师傅")
    assert ids(head.get("/api/v1/issues?state=resolved")) == [first]
    assert ids(head.get("/api/v1/issues?family=open")) == [second]
    assert ids(head.get("/api/v1/issues?category=noise")) == [first]
    assert ids(head.get("/api/v1/issues?level=grid")) == []
    assert ids(head.get(f"/api/v1/issues?building={there.public_id}")) == []
    assert head.get("/api/v1/issues?state=nonsense").status_code == 422
    assert head.get("/api/v1/issues?limit=101").status_code == 422
    assert head.get("/api/v1/issues?cursor=broken!").status_code == 422
    assert head.get("/api/v1/issues?colour=red").status_code == 422


def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    building = world.building()
    head = world.head(building)
    made = [reported(world, building)[0] for _ in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = head.get(f"/api/v1/issues?limit=3{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]


def test_a_list_costs_two_queries_however_long(world: World) -> None:
    building = world.building()
    head = world.head(building)
    for _ in range(3):
        reported(world, building)
    with count_queries(world.app) as sent:
        assert len(ids(head.get("/api/v1/issues"))) == 3
    assert len(sent) == 2, sent


def test_a_detail_costs_four_queries(world: World) -> None:
    building = world.building()
    head = world.head(building)
    issue, _ = reported(world, building)
    with count_queries(world.app) as first:  # notes, after the answer was read, that she opened it today
        assert head.get(f"/api/v1/issues/{issue}").status_code == 200
    with count_queries(world.app) as sent:
        assert head.get(f"/api/v1/issues/{issue}").status_code == 200
    assert len(sent) == 4, sent
    assert 5 <= len(first) <= 6, first


def test_lists_walk_the_keyset_index(world: World) -> None:
    """The plan is part of the promise: page 850 of seven million rows costs what page 1 costs."""
    building = world.building()
    community = world.place_of(building, "community_id")
    with world.app.app_context():
        from models.enums import PlaceKind, SessionKind
        from server.core import database
        from server.core.access import Actor, Post

        post = Post(Role.COMMUNITY, community.id, PlaceKind.COMMUNITY, "", "", community.id, None, None)
        actor = Actor(1, "", "", 1, SessionKind.CONSOLE, (post,))
        table = lists._issues
        everything = within(actor, Permission.ISSUE_LIST, table, narrow=queries.narrow)
        connection = database.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            connection.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        for condition, index in (
            (everything, "ix_issues_community"),
            (everything & (table.c.state == "confirmed"), "ix_issues_community_state"),
        ):
            query = lists._LIST.where(condition, table.c.id < 10**9).order_by(table.c.id.desc()).limit(21)
            told = plan(connection, query)
            assert index in told, told
            assert "Sort" not in told, told
            assert "TEMP B-TREE" not in told, told
