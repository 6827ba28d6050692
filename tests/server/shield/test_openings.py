"""Two people and a reason see who hid, the reporter is told; nobody whom it concerns takes part."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Appointment, AuditEvent, IdentityOpening, Message
from models.enums import Role
from server.core import audit, crypto
from server.identity import phone
from tests.server.shield.reporter import ask, decide, file, look, office
from tests.server.web.desk import Desk
from tests.world import World

PHONE = "13912345678"


def test_a_neighbour_s_office_finds_nothing(world: World) -> None:
    building = world.building()
    issue = file(world.resident(), building)["id"]
    opening = ask(office(world, building), issue).json["id"]
    neighbour = office(world, world.building())
    assert ask(neighbour, issue).status_code == 404
    assert decide(neighbour, opening).status_code == 404
    assert look(neighbour, opening).status_code == 404
    assert neighbour.get(f"/api/v1/issues/{issue}/openings").status_code == 404
    assert neighbour.get("/api/v1/openings").json["items"] == []


@pytest.mark.parametrize("role", [Role.HEAD, Role.GRID])
def test_whom_it_is_no_right_of(world: World, role: Role) -> None:
    building = world.building()
    issue = file(world.resident(), building)["id"]
    opening = ask(office(world, building), issue).json["id"]
    spot = building if role is Role.HEAD else world.place_of(building, "grid_id")
    who = world.person((role, spot))
    for answer in (ask(who, issue), decide(who, opening), look(who, opening), who.get("/api/v1/openings")):
        assert answer.status_code == 403


def test_asked_decided_looked_at_and_told(world: World) -> None:
    building = world.building(world.grid(world.community("幸福社区")))
    resident, asker, second = world.resident(), office(world, building), office(world, building)
    made = file(resident, building, contact=PHONE)
    issue = made["id"]
    asked = ask(asker, issue, "煤气味要当面核实")
    assert asked.status_code == 201
    opening = asked.json["id"]
    assert look(asker, opening).json["code"] == "not_decided"
    assert (again := ask(second, issue)).status_code == 409, again.json
    assert decide(asker, opening).status_code == 403  # who asked does not decide
    (waiting,) = second.get("/api/v1/openings").json["items"]
    assert (waiting["id"], waiting["mine"], waiting["granted"]) == (opening, False, None)
    shield = resident.get(f"/api/v1/my/issues/{issue}/shield").json
    assert shield["openings"] == []  # a wish is nothing yet
    assert decide(second, opening, grant=True, answer="情况紧急").json["granted"] is True
    assert decide(second, opening, grant=False, answer="x").json["code"] == "already_decided"
    (told,) = resident.get("/api/v1/messages").json["items"]
    assert (told["kind"], told["link"]) == ("revealed", "/api/v1/my/issues")
    assert look(second, opening).status_code == 403
    seen = look(asker, opening)
    assert seen.json == {"name": "", "phone": PHONE}
    world.clock.advance(timedelta(hours=23, minutes=59))
    assert look(asker, opening).status_code == 200
    world.clock.advance(timedelta(minutes=1))
    assert look(asker, opening).json["code"] == "too_late"
    for path in (f"/api/v1/my/issues/{issue}/shield", f"/api/v1/claims/{made['claim_code']}/shield"):
        (shown,) = resident.get(path).json["openings"]
        assert (shown["asked_role_name"], shown["asked_unit"], shown["reason"]) == (
            "社区居委会", "幸福社区", "煤气味要当面核实",
        )  # fmt: skip
        assert (shown["granted"], shown["opened_at"]) == (True, shown["decided_at"])  # the clock stood still
        assert "工作人员" not in str(resident.get(path).json)  # the names of world.staff
    with world.reading() as connection:
        trail = connection.execute(
            sa.select(AuditEvent.action, AuditEvent.actor_id, AuditEvent.subject, AuditEvent.detail)
            .where(AuditEvent.action.like("reporter:%"))
            .order_by(AuditEvent.id)
        ).all()
        assert [(e.action, e.actor_id) for e in trail] == [
            ("reporter:ask", asker.person_id),
            ("reporter:decide", second.person_id),
            ("reporter:look", asker.person_id),
            ("reporter:look", asker.person_id),
        ]
        assert all(PHONE not in str(e) and resident.public_id not in str(e) for e in trail)
        assert audit.verify()[1] is None
        message = connection.execute(sa.select(Message.__table__).where(Message.person_id == resident.person_id)).one()
        assert issue not in str(message)
        assert opening not in str(message)


def test_what_is_refused_is_shown_with_its_reason_and_opens_nothing(world: World) -> None:
    building, resident = world.building(), world.resident()
    asker, second = office(world, building), office(world, building, Role.STREET)
    issue = file(resident, building)["id"]
    opening = ask(asker, issue).json["id"]
    assert decide(second, opening, grant=False).status_code == 422
    assert decide(second, opening, grant=False, answer="没有必要").status_code == 200
    assert look(asker, opening).json["code"] == "refused"
    (shown,) = resident.get(f"/api/v1/my/issues/{issue}/shield").json["openings"]
    assert (shown["granted"], shown["answer"], shown["opened_at"]) == (False, "没有必要", None)
    assert resident.get("/api/v1/messages").json["items"] == []
    assert ask(asker, issue).status_code == 201  # with a better reason


@pytest.mark.parametrize(("kind", "code"), [("open", "not_hidden"), ("none", "nothing_kept")])
def test_there_is_nothing_to_open(world: World, kind: str, code: str) -> None:
    building = world.building()
    issue = file(world.resident(), building, kind)["id"]
    refused = ask(office(world, building), issue)
    assert (refused.status_code, refused.json["code"]) == (409, code)


def test_a_number_given_in_wechat_is_what_is_known_of_whoever_left_none(world: World) -> None:
    building, resident = world.building(), world.resident()
    with world.writing():
        phone._store(resident.person_id, crypto.seal(PHONE, phone.SEALED), crypto.blind_index(PHONE, "persons.phone"))
    asker = office(world, building)
    opening = ask(asker, file(resident, building)["id"]).json["id"]
    decide(office(world, building), opening)
    assert look(asker, opening).json["phone"] == PHONE


def test_what_is_about_a_head_is_decided_above_the_community(world: World) -> None:
    building, resident = world.building(), world.resident()
    asker = office(world, building)
    issue = file(resident, building, about_head=True)["id"]
    opening = ask(asker, issue).json["id"]
    refused = decide(office(world, building), opening)
    assert (refused.status_code, "街道或区里" in refused.json["detail"]) == (403, True)
    assert decide(office(world, building, Role.STREET), opening).status_code == 200


@pytest.mark.parametrize("about_head", [True, False])
def test_whoever_heads_the_building_takes_no_part_whatever_else_they_are(world: World, about_head: bool) -> None:
    building = world.building()
    community = world.place_of(building, "community_id")
    she = world.person((Role.COMMUNITY, community), (Role.HEAD, building))
    asker = office(world, building)
    issue = file(world.resident(), building, about_head=about_head)["id"]
    opening = ask(asker, issue).json["id"]
    expected = 404 if about_head else 403
    assert ask(she, issue).status_code == expected
    assert decide(she, opening, grant=False, answer="x").status_code == expected
    assert len(she.get("/api/v1/openings").json["items"]) == (0 if about_head else 1)
    # Her term as head ends: it still was her building when it was reported.
    with world.writing() as connection:
        connection.execute(
            sa.update(Appointment)
            .where(Appointment.person_id == she.person_id, Appointment.role == Role.HEAD)
            .values(ends_at=world.clock.now() + timedelta(minutes=1))
        )
    world.clock.advance(timedelta(minutes=2))
    assert ask(she, issue).status_code == 403
    assert decide(she, opening, grant=False, answer="x").status_code == 403


def test_whoever_worked_on_it_decides_only_where_nobody_else_can(world: World) -> None:
    building, resident = world.building(), world.resident()
    asker, handler = office(world, building), office(world, building)
    issue = file(resident, building)["id"]
    assert handler.post(f"/api/v1/issues/{issue}/accept", json={}).status_code == 200
    opening = ask(asker, issue).json["id"]
    street = office(world, building, Role.STREET)
    assert "没有办过" in decide(handler, opening).json["detail"]
    with world.writing() as connection:
        connection.execute(
            sa.update(Appointment)
            .where(Appointment.person_id == street.person_id)
            .values(ends_at=world.clock.now() - timedelta(minutes=1))
        )
    assert decide(handler, opening).status_code == 200


def test_the_reporter_herself_does_not_decide(world: World) -> None:
    building = world.building()
    asker, reporter = office(world, building), office(world, building)
    opening = ask(asker, file(reporter, building)["id"]).json["id"]
    assert decide(reporter, opening, grant=False, answer="x").status_code == 403


def test_the_database_itself_wants_two_people(world: World) -> None:
    building = world.building()
    asker = office(world, building)
    opening = ask(asker, file(world.resident(), building)["id"]).json["id"]
    change = sa.update(IdentityOpening).where(IdentityOpening.public_id == opening)
    with pytest.raises(sa.exc.IntegrityError), world.writing() as connection:
        connection.execute(change.values(decided_by_id=asker.person_id, decided_at=world.clock.now(), granted=True))


def test_at_the_console(world: World) -> None:
    building, resident = world.building(), world.resident()
    asker, second = Desk(office(world, building)), Desk(office(world, building, Role.STREET))
    made = file(resident, building, contact=PHONE)
    page = asker.open(f"/console/issues/{made['id']}")
    asked = page.submit(f"/issues/{made['id']}/openings", reason="要当面核实")
    assert "已申请" in asked.text
    assert not asked.has_form(f"/issues/{made['id']}/openings")
    assert "有 1 个查看上报人的申请" in second.open("/console").text
    assert "有 1 个查看上报人的申请" not in asker.open("/console").text
    queue = second.open("/console/openings")
    assert "已同意" in queue.submit("/decide", answer="同意核实").text
    seen = asker.open(f"/console/issues/{made['id']}").submit("/look")
    assert PHONE in seen.text
    assert PHONE not in asker.open(f"/console/issues/{made['id']}").text
    assert PHONE not in second.open(f"/console/issues/{made['id']}").text
    assert "第一次查看" in second.open("/console/openings?waiting=false").text
    claim = made["claim_code"].replace("-", "")
    page_of_hers = world.anyone().get(f"/r/{claim}").text
    assert "有人申请看您是谁" in page_of_hers
    assert "要当面核实" in page_of_hers
    # Of an issue that hides nobody, and to whom it is no right of, nothing is shown.
    plain = file(resident, building, "open")["id"]
    assert not asker.open(f"/console/issues/{plain}").has_form("/openings")
    head = Desk(world.head(building)).open(f"/console/issues/{made['id']}")
    assert "保密" not in head.text
    nothing = file(world.anyone(), building, "none")["id"]
    assert "没有留身份" in asker.open(f"/console/issues/{nothing}").text
