"""Inviting a head: a code shown once, taken up once."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Appointment, AuditEvent, Invitation, Person
from models.enums import PlaceKind, Role
from tests.world import Caller, Spot, World
from wechat.sandbox.server import RunningSandbox


def invite(staff: Caller, place: Spot, **changes: Any) -> Any:
    return staff.post("/api/v1/invitations", json={"place": place.public_id, "name": "李桂兰", **changes})


def accept(caller: Caller, code: str) -> Any:
    return caller.post("/api/v1/invitations/acceptances", json={"code": code})


# ---- whose


def test_outside_my_community_nobody_is_invited(world: World) -> None:
    community = world.community()
    building = world.building(community)
    neighbour = world.staff(Role.COMMUNITY, world.community())
    assert invite(neighbour, building).status_code == 404
    made = invite(world.staff(Role.COMMUNITY, community), building).json["invitation"]
    assert neighbour.delete(f"/api/v1/invitations/{made['id']}").status_code == 404
    assert neighbour.get("/api/v1/invitations").json["items"] == []
    assert neighbour.get(f"/api/v1/invitations?place={building.public_id}").status_code == 404


def test_who_may_invite(world: World) -> None:
    community = world.community()
    building = world.building(community)
    assert invite(world.anyone(), building).status_code == 401
    assert invite(world.resident(), building).status_code == 403
    assert invite(world.head(building), building).status_code == 403
    assert invite(world.staff(Role.STREET, world.street()), building).status_code == 403
    assert invite(world.staff(Role.COMMUNITY, community), building).status_code == 201


def test_a_post_elsewhere_gives_no_right_here(world: World) -> None:
    """Grid worker here and community staff there: here she invites nobody."""
    here = world.grid()
    both = world.person((Role.GRID, here), (Role.COMMUNITY, world.community()))
    assert invite(both, world.building(here)).status_code == 403


def test_a_role_goes_with_its_kind_of_place(world: World) -> None:
    community = world.community()
    grid = world.grid(community)
    building = world.building(grid)
    staff = world.staff(Role.COMMUNITY, community)
    assert invite(staff, grid, role="grid").status_code == 201
    for place, changes in (
        (grid, {}),
        (building, {"role": "grid"}),
        (community, {}),
        (building, {"role": "community"}),
        (building, {"role": "king"}),
        (building, {"name": ""}),
        (building, {"name": "长" * 41}),
        (building, {"term_ends_at": "2026-10-15T00:00:00+08:00"}),
        (building, {"term_ends_at": "2027-10-15T00:00:00"}),
        (building, {"term_ends_at": "9999-12-31T23:59:59-12:00"}),
        (building, {"colour": "red"}),
    ):
        assert invite(staff, place, **changes).status_code == 422, changes


# ---- a code


def test_a_code_is_shown_once_and_only_its_hash_is_kept(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    made = invite(staff, building).json
    assert re.fullmatch("[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", made["code"])
    assert made["invitation"]["state"] == "open"
    assert made["invitation"]["expires_at"].startswith("2026-10-19T01:00")
    plain = made["code"].replace("-", "")
    listed = staff.get("/api/v1/invitations")
    assert plain not in listed.text
    assert made["code"] not in listed.text
    with world.reading() as connection:
        (kept,) = connection.execute(sa.select(Invitation.__table__)).all()
        assert plain not in str(kept)
        (event,) = connection.execute(sa.select(AuditEvent.__table__)).all()
        assert event.action == "invitation:make"
        assert plain not in str(event)
        assert "李桂兰" not in str(event)


def test_a_resident_becomes_a_head_by_taking_it_up(world: World, sandbox: RunningSandbox) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    code = invite(staff, building, term_ends_at="2027-10-12T00:00:00+08:00").json["code"]
    newcomer = world.anyone()
    newcomer.token = newcomer.post("/api/v1/sessions", json={"code": sandbox.login_code("heads-1")}).json["token"]
    assert newcomer.get(f"/api/v1/places/{building.public_id}").status_code == 403
    world.clock.advance(timedelta(days=6))
    taken = accept(newcomer, code.lower().replace("-", " "))
    assert taken.status_code == 201, taken.json
    assert (taken.json["role"], taken.json["state"], taken.json["place"]["id"]) == ("head", "live", building.public_id)
    assert taken.json["ends_at"].startswith("2027-10-11T16:00")
    me = newcomer.get("/api/v1/me").json
    assert me["name"] == "李桂兰"
    assert [post["place"] for post in me["posts"]] == [building.public_id]
    assert newcomer.get(f"/api/v1/places/{building.public_id}").status_code == 200
    with world.reading() as connection:
        assert connection.execute(sa.select(Appointment.appointed_by_id)).scalars().all()[-1] == staff.person_id
        actions = connection.execute(sa.select(AuditEvent.action).order_by(AuditEvent.id)).scalars().all()
    assert actions == ["invitation:make", "invitation:accept", "appointment:start"]
    (listed,) = staff.get("/api/v1/invitations").json["items"]
    assert listed["state"] == "accepted"
    assert staff.get("/api/v1/invitations?open=true").json["items"] == []


def test_a_name_the_office_already_knows_is_kept(world: World) -> None:
    community = world.community()
    code = invite(world.staff(Role.COMMUNITY, community), world.building(community)).json["code"]
    known = world.person(name="王秀英")
    assert accept(known, code).json["person"]["name"] == "王秀英"


def test_an_invitation_is_taken_up_once(world: World) -> None:
    community = world.community()
    building = world.building(community)
    code = invite(world.staff(Role.COMMUNITY, community), building).json["code"]
    first, second = world.resident(), world.resident()
    assert accept(first, code).status_code == 201
    again, other = accept(first, code), accept(second, code)
    assert (again.status_code, again.json["code"]) == (409, "invitation_used")
    assert again.json["detail"] == "您已经接受过这份邀请了。"
    assert (other.status_code, other.json["code"]) == (409, "invitation_used")
    assert second.get("/api/v1/me").json["posts"] == []


def test_of_two_at_the_same_moment_one_is_appointed(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    for _ in range(3):
        code = invite(staff, building).json["code"]
        people = [world.resident() for _ in range(4)]
        gate, answers = threading.Barrier(len(people)), []

        def race(person: Caller, gate: threading.Barrier, code: str, answers: list[int]) -> None:
            gate.wait()
            answers.append(accept(person, code).status_code)

        threads = [threading.Thread(target=race, args=(person, gate, code, answers)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [201, 409, 409, 409]
        assert sum(bool(person.get("/api/v1/me").json["posts"]) for person in people) == 1


def test_one_person_with_two_invitations_at_once_is_appointed_once(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    codes = [invite(staff, building).json["code"] for _ in range(2)]
    person = world.person(name="王秀英")
    others = [Caller(world.app, person.token) for _ in codes]
    gate, answers = threading.Barrier(2), []

    def race(caller: Caller, code: str) -> None:
        gate.wait()
        answers.append(accept(caller, code).status_code)

    threads = [threading.Thread(target=race, args=pair) for pair in zip(others, codes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409]
    assert len(person.get("/api/v1/me").json["posts"]) == 1


def test_an_expired_or_revoked_invitation_says_so(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    made, late = invite(staff, building).json, invite(staff, building).json
    for _ in range(2):
        assert staff.delete(f"/api/v1/invitations/{made['invitation']['id']}").status_code == 204
    resident = world.resident()
    revoked = accept(resident, made["code"])
    assert (revoked.status_code, revoked.json["code"]) == (410, "invitation_revoked")
    world.clock.advance(timedelta(days=7))
    expired = accept(resident, late["code"])
    assert (expired.status_code, expired.json["code"]) == (410, "invitation_expired")
    states = [item["state"] for item in staff.get("/api/v1/invitations").json["items"]]
    assert states == ["revoked", "expired"]
    with world.reading() as connection:
        assert connection.execute(sa.select(AuditEvent.action)).scalars().all().count("invitation:revoke") == 1


def test_an_accepted_invitation_cannot_be_taken_back(world: World) -> None:
    community = world.community()
    staff = world.staff(Role.COMMUNITY, community)
    made = invite(staff, world.building(community)).json
    accept(world.resident(), made["code"])
    assert staff.delete(f"/api/v1/invitations/{made['invitation']['id']}").json["code"] == "invitation_used"


def test_a_head_is_not_appointed_to_her_building_twice(world: World) -> None:
    community = world.community()
    building = world.building(community)
    code = invite(world.staff(Role.COMMUNITY, community), building).json["code"]
    assert accept(world.head(building), code).json["code"] == "already_appointed"
    assert accept(world.resident(), code).status_code == 201, "the invitation is still good for somebody else"


def test_nobody_is_appointed_to_a_building_closed_meanwhile(world: World) -> None:
    community = world.community()
    building = world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    code = invite(staff, building).json["code"]
    staff.patch(f"/api/v1/places/{building.public_id}", json={"closed": True}, headers={"If-Match": '"1"'})
    assert accept(world.resident(), code).json["code"] == "place_closed"
    assert invite(staff, building).json["code"] == "place_closed"


# ---- guessing


def test_guessing_is_slowed_for_the_one_who_guesses(world: World) -> None:
    community = world.community()
    code = invite(world.staff(Role.COMMUNITY, community), world.building(community)).json["code"]
    guesser, other = world.resident(), world.resident()
    for _ in range(5):
        wrong = accept(guesser, "AAAA-AAAA")
        assert (wrong.status_code, wrong.json["code"]) == (404, "invitation_unknown")
    stopped = accept(guesser, code)
    assert (stopped.status_code, stopped.json["code"]) == (429, "too_many_failures")
    assert "邀请码" in stopped.json["detail"]
    assert int(stopped.headers["Retry-After"]) == 900
    world.clock.advance(timedelta(minutes=15))
    assert accept(guesser, "BBBB-BBBB").status_code == 404
    assert accept(other, code).status_code == 201


@pytest.mark.parametrize("code", ["", "AAAA", "A" * 33, "AAAA\u0000AAA", None, 7])
def test_what_cannot_be_a_code_is_refused(world: World, code: object) -> None:
    assert accept(world.resident(), code).status_code == 422  # type: ignore[arg-type]


def test_only_who_is_signed_in_takes_an_invitation_up(world: World) -> None:
    assert accept(world.anyone(), "AAAA-AAAA").status_code == 401


def test_a_repeated_acceptance_gets_the_same_answer(world: World) -> None:
    community = world.community()
    staff = world.staff(Role.COMMUNITY, community)
    building = world.building(community)
    headers = {"Idempotency-Key": "0123456789abcdef"}
    made = [
        staff.post("/api/v1/invitations", json={"place": building.public_id, "name": "李"}, headers=headers).json
        for _ in range(2)
    ]
    assert made[0]["code"] == made[1]["code"]
    resident = world.resident()
    answers = [
        resident.post("/api/v1/invitations/acceptances", json={"code": made[0]["code"]}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    with world.reading() as connection:
        held = sa.select(sa.func.count()).select_from(Appointment).join(Person, Person.id == Appointment.person_id)
        assert connection.execute(held.where(Person.public_id == resident.public_id)).scalar() == 1


def test_lists_narrow_to_a_place(world: World) -> None:
    community = world.community()
    estate = world.place(PlaceKind.ESTATE, community, "阳光小区")
    inside, outside = world.building(estate, "1栋"), world.building(community)
    staff = world.staff(Role.COMMUNITY, community)
    invite(staff, inside), invite(staff, outside)
    (item,) = staff.get(f"/api/v1/invitations?place={estate.public_id}").json["items"]
    assert item["place"] == {"id": inside.public_id, "kind": "building", "name": "1栋", "estate_name": "阳光小区"}
    page = staff.get("/api/v1/invitations?limit=1").json
    rest = staff.get(f"/api/v1/invitations?limit=1&cursor={page['next_cursor']}").json
    assert [page["items"][0]["place"]["id"], rest["items"][0]["place"]["id"]] == [inside.public_id, outside.public_id]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("how", ["post ended", "account closed"])
def test_codes_put_by_before_a_post_ended_are_dark_with_it(world: World, how: str) -> None:
    community = world.community()
    building = world.building(community)
    clerk, colleague = world.staff(Role.COMMUNITY, community), world.staff(Role.COMMUNITY, community)
    world.staff(Role.COMMUNITY, world.community())
    put_by, another = (invite(staff, building).json["code"] for staff in (clerk, colleague))
    now = world.clock.now()
    with world.writing() as connection:
        if how == "post ended":
            ended = sa.update(Appointment).where(Appointment.person_id == clerk.person_id).values(ends_at=now)
        else:
            ended = sa.update(Person).where(Person.id == clerk.person_id).values(disabled_at=now)
        connection.execute(ended)
    refused = accept(world.resident(), put_by)
    assert (refused.status_code, refused.json["code"]) == (410, "invitation_revoked")
    assert accept(world.resident(), another).status_code == 201
