"""Appointing and ending: each level the next one down, and an ended appointment is dark at the next request."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Appointment, AuditEvent, Person
from models.enums import Role
from server.heads import queries
from tests.queries import count_queries
from tests.world import Caller, Spot, World


def appoint(actor: Caller, person: Caller, role: str, place: Spot, **changes: Any) -> Any:
    body = {"person": person.public_id, "role": role, "place": place.public_id, **changes}
    if role == "department":
        known = actor.get("/api/v1/departments")
        body["department"] = known.json["items"][0]["id"] if known.status_code == 200 else None
    return actor.post("/api/v1/appointments", json=body)


def end(actor: Caller, appointment: str, reason: str = "任期内搬离") -> Any:
    return actor.post(f"/api/v1/appointments/{appointment}/end", json={"reason": reason})


def of(caller: Caller, staff: Caller) -> dict[str, Any]:
    """The one appointment of somebody, as staff sees it."""
    items = staff.get("/api/v1/appointments?limit=100").json["items"]
    (found,) = [item for item in items if item["person"]["id"] == caller.public_id]
    return found  # type: ignore[no-any-return]


# ---- whose


def test_a_neighbours_appointment_is_not_found(world: World) -> None:
    community = world.community()
    building = world.building(community)
    head = world.head(building)
    mine = of(head, world.staff(Role.COMMUNITY, community))
    neighbour = world.staff(Role.COMMUNITY, world.community())
    assert end(neighbour, mine["id"]).status_code == 404
    assert appoint(neighbour, world.resident(), "head", building).status_code == 404
    assert neighbour.get(f"/api/v1/appointments?place={building.public_id}").status_code == 404
    assert all(item["person"]["id"] != head.public_id for item in neighbour.get("/api/v1/appointments").json["items"])


def test_an_ended_appointment_is_dark_at_the_next_request(world: World) -> None:
    community = world.community()
    building = world.building(community)
    head, staff = world.head(building), world.staff(Role.COMMUNITY, community)
    assert head.get(f"/api/v1/places/{building.public_id}").status_code == 200
    ended = end(staff, of(head, staff)["id"])
    assert ended.status_code == 200, ended.json
    assert (ended.json["state"], ended.json["ended_reason"]) == ("ended", "任期内搬离")
    assert head.get(f"/api/v1/places/{building.public_id}").status_code == 403
    assert head.get("/api/v1/me").json["posts"] == []
    again = end(staff, ended.json["id"])
    assert (again.status_code, again.json["code"]) == (409, "already_ended")
    with world.reading() as connection:
        (event,) = connection.execute(sa.select(AuditEvent.__table__)).all()
    assert (event.action, event.actor_role, event.place_id) == ("appointment:end", Role.COMMUNITY, building.id)
    assert event.detail == {"role": "head", "reason": "任期内搬离"}


# role of the actor at (community, street, district) → the roles they appoint
APPOINTS = {
    Role.COMMUNITY: {Role.HEAD, Role.GRID},
    Role.STREET: {Role.COMMUNITY},
    Role.DISTRICT: {Role.STREET, Role.DEPARTMENT, Role.OPERATOR},
}


@pytest.mark.parametrize("actor_role", list(APPOINTS))
def test_each_level_appoints_the_next_one_down(world: World, actor_role: Role) -> None:
    community = world.community()
    grid = world.grid(community)
    places = {
        Role.HEAD: world.building(grid),
        Role.GRID: grid,
        Role.COMMUNITY: community,
        Role.STREET: world.street(),
        Role.DISTRICT: world.district(),
        Role.DEPARTMENT: world.district(),
        Role.OPERATOR: world.district(),
    }
    actor = world.staff(actor_role, places[actor_role])
    world.department()
    for role, place in places.items():
        answer = appoint(actor, world.resident(), role.value, place)
        if role in APPOINTS[actor_role]:
            assert answer.status_code == 201, (role, answer.json)
            assert answer.json["state"] == "live"
        else:
            assert answer.status_code in (403, 404), role


def test_a_post_elsewhere_gives_no_right_here(world: World) -> None:
    """Community staff in one place and head in another community: she appoints nobody in the other."""
    building = world.building()
    both = world.person((Role.HEAD, building), (Role.COMMUNITY, world.community()))
    assert appoint(both, world.resident(), "head", building).status_code == 403


def test_heads_grid_and_residents_appoint_nobody(world: World) -> None:
    building = world.building()
    for caller, status in ((world.anyone(), 401), (world.resident(), 403), (world.head(building), 403)):
        assert appoint(caller, world.resident(), "head", building).status_code == status
        assert caller.get("/api/v1/appointments").status_code == status
        assert end(caller, "0123456789abcdef").status_code == status


def test_any_level_above_ends_an_appointment_and_none_below_or_beside(world: World) -> None:
    community = world.community()
    building = world.building(community)
    head = world.head(building)
    staff, street = world.staff(Role.COMMUNITY, community), world.staff(Role.STREET, world.street())
    district = world.staff(Role.DISTRICT, world.district())
    of_staff = of(staff, street)
    colleague = world.staff(Role.COMMUNITY, community)
    assert end(colleague, of_staff["id"]).status_code == 403
    assert end(staff, of_staff["id"]).status_code == 403, "nobody ends their own"
    assert end(street, of(street, district)["id"]).status_code == 403
    assert end(district, of(district, district)["id"]).status_code == 403
    assert end(street, of(head, street)["id"]).status_code == 200
    assert end(district, of_staff["id"]).status_code == 200
    assert staff.get("/api/v1/appointments").status_code == 403


# ---- what


def test_a_role_goes_with_its_kind_of_place(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    building = world.building(grid)
    staff = world.staff(Role.COMMUNITY, community)
    person = world.resident()
    assert appoint(staff, person, "head", grid).status_code == 422
    assert appoint(staff, person, "grid", building).status_code == 422
    assert appoint(staff, person, "grid", community).status_code == 422
    assert appoint(staff, person, "king", building).status_code == 422
    assert appoint(staff, person, "head", building, colour="red").status_code == 422


def test_terms(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff, person = world.staff(Role.COMMUNITY, community), world.resident()

    def answer(**term: Any) -> tuple[int, str]:
        told = appoint(staff, person, "head", building, **term)
        return told.status_code, told.json.get("code", "") or told.json["state"]

    assert answer(starts_at="2026-10-11T00:00:00+08:00") == (422, "invalid")
    assert answer(ends_at="2026-10-12T09:00:00+08:00") == (422, "invalid")
    assert answer(starts_at="2027-01-01T00:00:00+08:00", ends_at="2026-12-01T00:00:00+08:00") == (422, "invalid")
    assert answer(starts_at="2027-01-01T00:00:00") == (422, "invalid")
    assert answer(starts_at="9999-12-31T23:59:59-12:00") == (422, "invalid")
    assert answer(ends_at="9999-12-31T23:59:59-12:00") == (422, "invalid")
    assert answer(starts_at="0001-01-01T00:00:00+12:00") == (422, "invalid")
    assert answer(starts_at="2027-01-01T00:00:00+08:00", ends_at="2027-07-01T00:00:00+08:00") == (201, "upcoming")
    assert answer(starts_at="2027-06-30T00:00:00+08:00") == (409, "already_appointed")
    assert answer() == (409, "already_appointed"), "an open term runs into the later one"
    assert answer(starts_at="2027-07-01T00:00:00+08:00") == (201, "upcoming")
    assert answer(starts_at="2026-10-12T08:58:00+08:00", ends_at="2027-01-01T00:00:00+08:00") == (201, "live")
    assert person.get(f"/api/v1/places/{building.public_id}").status_code == 200


def test_a_term_begins_and_ends_by_itself(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff, person = world.staff(Role.COMMUNITY, community), world.resident()
    appoint(staff, person, "head", building, starts_at="2026-10-13T09:00:00+08:00", ends_at="2026-10-14T09:00:00+08:00")
    seen = []
    for _ in range(3):
        seen.append((person.get(f"/api/v1/places/{building.public_id}").status_code, of(person, staff)["state"]))
        world.clock.advance(timedelta(days=1))
    assert seen == [(403, "upcoming"), (200, "live"), (403, "ended")]


def test_an_appointment_ended_before_it_begins_never_gives_rights(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff, person = world.staff(Role.COMMUNITY, community), world.resident()
    made = appoint(staff, person, "head", building, starts_at="2026-10-13T09:00:00+08:00").json
    assert end(staff, made["id"]).json["state"] == "ended"
    assert end(staff, made["id"]).status_code == 409
    world.clock.advance(timedelta(days=1))
    assert person.get("/api/v1/me").json["posts"] == []
    assert appoint(staff, person, "head", building).status_code == 201, "and is no obstacle to a new one"


def test_nobody_unknown_or_disabled_is_appointed(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff, person = world.staff(Role.COMMUNITY, community), world.resident()
    with world.writing() as connection:
        connection.execute(
            sa.update(Person).where(Person.public_id == person.public_id).values(disabled_at=world.clock.now())
        )
    told = appoint(staff, person, "head", building)
    assert (told.status_code, told.json["errors"][0]["field"]) == (422, "person")
    person.public_id = "0123456789abcdef"
    assert appoint(staff, person, "head", building).json["detail"] == told.json["detail"]


def test_an_end_needs_a_reason(world: World) -> None:
    community = world.community()
    staff, head = world.staff(Role.COMMUNITY, community), world.head(world.building(community))
    mine = of(head, staff)["id"]
    for reason in ("", " ", "长" * 201):
        assert end(staff, mine, reason).status_code == 422
    assert end(staff, mine, "长" * 200).status_code == 200


def test_lists_narrow_by_place_role_and_state(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    one, two = world.building(grid), world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    head_one, head_two, worker = world.head(one), world.head(two), world.staff(Role.GRID, grid)
    end(staff, of(head_two, staff)["id"])

    def listed(query: str) -> set[str]:
        return {item["person"]["id"] for item in staff.get(f"/api/v1/appointments?{query}").json["items"]}

    assert listed("") == {c.public_id for c in (staff, head_one, head_two, worker)}
    assert listed(f"place={grid.public_id}") == {head_one.public_id, worker.public_id}
    assert listed("role=head") == {head_one.public_id, head_two.public_id}
    assert listed("role=head&state=live") == {head_one.public_id}
    assert listed("state=ended") == {head_two.public_id}
    assert listed("state=upcoming") == set()
    page = staff.get("/api/v1/appointments?limit=3").json
    assert len(page["items"]) == 3
    assert len(staff.get(f"/api/v1/appointments?limit=3&cursor={page['next_cursor']}").json["items"]) == 1
    with count_queries(world.app) as sent:
        staff.get("/api/v1/appointments")
    assert len(sent) == 2, sent


# ---- what other rooms ask


def test_heads_of_buildings(world: World) -> None:
    one, two, three, none = (world.building() for _ in range(4))
    first, second, past = world.head(one), world.head(one), world.head(three)
    other = world.head(two)
    world.staff(Role.GRID, world.grid())
    now = world.clock.now()
    with world.writing() as connection:
        connection.execute(sa.update(Appointment).where(Appointment.person_id == past.person_id).values(ends_at=now))
    with count_queries(world.app) as sent, world.reading():
        found = queries.heads_of([one.id, two.id, three.id, none.id], now)
    assert found == {one.id: [first.person_id, second.person_id], two.id: [other.person_id]}
    assert len(sent) == 1
    with world.reading():
        assert queries.heads_of([three.id], now - timedelta(seconds=1)) == {three.id: [past.person_id]}
        assert queries.heads_of([], now) == {}
        assert [queries.live_head_exists(b.id, now) for b in (one, two, three, none)] == [True, True, False, False]


def test_a_head_whose_account_is_closed_heads_nothing(world: World) -> None:
    building = world.building()
    head = world.head(building)
    now = world.clock.now()
    with world.writing() as connection:
        connection.execute(sa.update(Person).where(Person.id == head.person_id).values(disabled_at=now))
        assert queries.heads_of([building.id], now) == {}
        assert not queries.live_head_exists(building.id, now)
    body = {"category": "lift", "text": "电梯停在四楼"}
    answer = world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
    assert answer.json["level"] == "grid"
    world.head(building)
    answer = world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
    assert answer.json["level"] == "head"
