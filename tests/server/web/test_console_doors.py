"""Every address of the console: who is not signed in signs in, no form without its token, nothing of a neighbour."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from models import (
    Appointment,
    CommonProblem,
    ContentCheck,
    Deduction,
    Department,
    DutyItem,
    DutyRecord,
    Household,
    IdentityOpening,
    Invitation,
    Issue,
    IssueEvent,
    Message,
    Place,
    Resident,
    Whistle,
    new_public_id,
)
from models.enums import (
    CheckState,
    CommonState,
    DutyState,
    IssueCategory,
    MessageKind,
    PlaceKind,
    Relation,
    Role,
    Tenancy,
)
from server.core import crypto
from tests.server.web.desk import Desk
from tests.world import Caller, World

SECRET = "邻家"
OPEN = {"/console/sign-in"}
ANY = re.compile(r"<any\(([^,)]+)[^>]*>")


def rules(app: Flask, method: str) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/console") and method in (rule.methods or ()) and rule.rule not in OPEN
    ]


def address(rule: Rule, values: dict[str, str]) -> str:
    """The rule's address with a value for each of its variables."""
    path = ANY.sub(r"\1", rule.rule)
    return re.sub(r"<(?:[^:<>]*:)?(\w+)>", lambda found: values[found[1]], path)


@pytest.fixture
def neighbour(world: World) -> dict[str, str]:
    """Ids of everything somebody else's community has."""
    community = world.community(f"{SECRET}社区")
    building = world.building(world.grid(community), f"{SECRET}楼")
    head = world.person((Role.HEAD, building), name=f"{SECRET}楼长")
    answer = world.anyone().post(
        f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "leak", "text": f"{SECRET}漏水"}
    )
    now, made = world.clock.now(), {name: new_public_id() for name in IDS}
    place = {"building_id": building.id, "grid_id": building.row.grid_id, "community_id": community.id}
    with world.writing() as c:
        household = c.execute(
            sa.insert(Household)
            .values(
                public_id=made["household"], unit="", door="101", position="00101", tenancy=Tenancy.OWNER,
                created_at=now, updated_at=now, **place,
            )
            .returning(Household.id)
        ).scalar_one()  # fmt: skip
        c.execute(
            sa.insert(Resident).values(
                public_id=made["resident"], household_id=household, relation=Relation.SELF, is_contact=True,
                name_sealed=crypto.seal(f"{SECRET}人", "residents.name_sealed"), created_at=now,
                name_index=crypto.blind_index(SECRET, "residents.name"), **place,
            )
        )  # fmt: skip
        c.execute(
            sa.insert(Invitation).values(
                public_id=made["invitation"], code_hash=b"h" * 16, role=Role.HEAD, place_id=building.id,
                name=f"{SECRET}新楼长", created_at=now, created_by_id=head.person_id,
                expires_at=now + timedelta(days=7),
            )
        )  # fmt: skip
        c.execute(
            sa.insert(Deduction).values(
                public_id=made["deduction"], month=202610, points=1000, reason=SECRET, evidence=SECRET,
                entered_by_id=head.person_id, entered_at=now, **place,
            )
        )  # fmt: skip
        district = c.execute(sa.insert(Place).values(
            public_id=new_public_id(), kind=PlaceKind.DISTRICT, code="far", name="别的区", created_at=now
        ).returning(Place.id)).scalar_one()  # fmt: skip
        department = c.execute(sa.insert(Department).values(
            public_id=made["department"], district_id=district, name=f"{SECRET}局", created_at=now
        ).returning(Department.id)).scalar_one()  # fmt: skip
        issue_id = c.execute(sa.select(Issue.id).where(Issue.public_id == answer.json["id"])).scalar_one()
        c.execute(sa.insert(Whistle).values(
            public_id=made["whistle"], issue_id=issue_id, department_id=department, reason=SECRET, sounded_at=now,
            month=202610, sign_in_due_at=now, contact_due_at=now, due_at=now, **place,
        ))  # fmt: skip
        c.execute(
            sa.insert(CommonProblem).values(
                public_id=made["problem"], community_id=community.id, category=IssueCategory.LEAK, title=SECRET,
                note=SECRET, state=CommonState.WATCHED, created_at=now, created_by_id=head.person_id, changed_at=now,
            )
        )  # fmt: skip
        item = c.execute(sa.select(DutyItem.id).limit(1)).scalar_one()
        c.execute(
            sa.insert(DutyRecord).values(
                public_id=made["record"], item_id=item, person_id=head.person_id, month=202610, text=SECRET,
                done_on=now.date(), state=DutyState.SUBMITTED, created_at=now, **place,
            )
        )  # fmt: skip
        c.execute(
            sa.insert(Message).values(
                public_id=made["message"], person_id=head.person_id, kind=MessageKind.NOTICE, title=SECRET, body=SECRET,
                link="", dedup_key="x", created_at=now,
            )
        )  # fmt: skip
        event = c.execute(
            sa.select(IssueEvent.id, IssueEvent.issue_id)
            .join(Issue, Issue.id == IssueEvent.issue_id)
            .where(Issue.public_id == answer.json["id"])
        ).one()
        c.execute(
            sa.insert(ContentCheck).values(
                public_id=made["check"], issue_id=event.issue_id, event_id=event.id, state=CheckState.QUEUED,
                created_at=now, due_at=now, **place,
            )
        )  # fmt: skip
        c.execute(
            sa.insert(IdentityOpening).values(
                public_id=made["opening"], issue_id=event.issue_id, asked_at=now, asked_by_id=head.person_id,
                asked_role=Role.COMMUNITY, asked_place_id=community.id, reason=SECRET, **place,
            )
        )  # fmt: skip
        appointment = c.execute(
            sa.select(Appointment.public_id).where(Appointment.person_id == head.person_id)
        ).scalar_one()
    return {
        **made,
        "issue": answer.json["id"],
        "place": building.public_id,
        "building": building.public_id,
        "community": community.public_id,
        "appointment": appointment,
        "month": "2026-09",
        "component": "star_book",
        "entry": "1",
        "key": "leak_roof",
        "version": "1",
    }


IDS = (
    "department",
    "whistle",
    "household",
    "resident",
    "invitation",
    "deduction",
    "record",
    "message",
    "photo",
    "check",
    "opening",
    "problem",
    "api_key",
    "template",
)


def test_whoever_is_not_signed_in_is_sent_to_sign_in(app: Flask, neighbour: dict[str, str]) -> None:
    visitor = Desk(Caller(app, None))
    for rule in rules(app, "GET"):
        answer = visitor.client.get(address(rule, neighbour))
        assert answer.status_code == 303, rule
        assert answer.headers["Location"].startswith("/console/sign-in?next=/console"), rule
    for rule in rules(app, "POST"):
        assert visitor.client.post(address(rule, neighbour)).status_code == 303, rule


def test_no_form_is_taken_without_its_token(app: Flask, world: World, neighbour: dict[str, str]) -> None:
    clerk = Desk(world.staff(Role.COMMUNITY, world.community()))
    posts = rules(app, "POST")
    assert len(posts) > 30
    for rule in posts:
        answer = clerk.client.post(address(rule, neighbour), data={"form_token": "0" * 64})
        assert answer.status_code == 403, rule
        assert "页面已过期" in answer.get_data(as_text=True), rule


@pytest.mark.parametrize("role", [Role.COMMUNITY, Role.GRID, Role.HEAD])
def test_nothing_of_a_neighbour_is_found(app: Flask, world: World, neighbour: dict[str, str], role: Role) -> None:
    home = world.community("我们社区")
    grid = world.grid(home)
    spot = {Role.COMMUNITY: home, Role.GRID: grid, Role.HEAD: world.building(grid)}[role]
    desk = Desk(world.person((role, spot)))
    token = desk.open("/console").value("/sign-out", "form_token")
    for rule in rules(app, "GET"):
        answer = desk.client.get(address(rule, neighbour))
        if not rule.rule.endswith(".xlsx"):  # packed; tested where they are made
            assert SECRET.encode() not in answer.get_data(), rule
        if "<" in rule.rule and "<string(length=7):month>" not in rule.rule.split("/")[-1]:
            assert answer.status_code in (303, 403, 404), (rule, answer.status_code)
    for rule in rules(app, "POST"):
        if rule.endpoint in ("console.sign_out", "console.save_inspections"):  # the sheet is tested with the sheet
            continue
        data = {"form_token": token, "version": "1", "building": neighbour["building"], "place": neighbour["building"]}
        answer = desk.client.post(address(rule, neighbour), data=data)
        assert answer.status_code in (400, 403, 404, 412, 422), (rule, answer.status_code)
        assert SECRET not in answer.get_data(as_text=True), rule


COMPLETE = (
    ("issues/{issue}/note", {"text": "x"}),
    ("issues/{issue}/contact", {"reason": "好奇"}),
    ("households/{household}/correct", {"door": "102", "tenancy": "owner", "version": "1"}),
    ("households/{household}/move-out", {}),
    ("households/{household}/residents", {"name": "王五"}),
    ("households/{household}/residents/{resident}/correct", {"name": "王五", "version": "1"}),
    ("issues/{issue}/whistle", {"departments": "{department}", "text": "x"}),
    ("issues/{issue}/whistles/{whistle}/sign_in", {}),
    ("issues/{issue}/whistles/{whistle}/contact", {}),
    ("issues/{issue}/whistles/{whistle}/push_back", {"text": "不归我们"}),
    ("issues/{issue}/whistles/{whistle}/urge", {}),
    ("issues/{issue}/whistles/{whistle}/call_off", {"text": "不用了"}),
    ("issues/{issue}/whistles/{whistle}/rate_department", {"rating": "satisfied"}),
    ("households/{household}/residents/{resident}/move-out", {}),
    ("households/{household}/residents/{resident}/reveal", {"field": "name", "reason": "好奇"}),
    ("places/{place}/new", {"kind": "building", "code": "x1", "name": "x"}),
    ("places/{place}/name", {"name": "x", "version": "1"}),
    ("places/{place}/close", {"version": "1"}),
    ("places/{place}/code/rotate", {"why": "torn"}),
    ("places/{place}/code/revoke", {"why": "torn"}),
    ("posts/{appointment}/end", {"reason": "x"}),
    ("posts/invitations/{invitation}/revoke", {}),
    ("posts/appoint/{place}", {"role": "head", "username": "new-one", "name": "王五"}),
    ("months/{month}/{community}/close", {}),
    ("months/{month}/{community}/redraft", {}),
    ("months/{month}/{community}/open_notice", {}),
    ("months/{month}/{community}/seal", {}),
    ("months/{month}/{community}/publish", {}),
    (
        "inspections/2026-10/{building}",
        {"stairwell": "5", "safety": "5", "care": "5", "neighbours": "5"},
    ),
    ("deductions/2026-10/{deduction}/cancel", {"reason": "x"}),
    ("duties/records/{record}", {"state": "accepted"}),
    ("rulebook/{community}/topics/leak_roof", {"name": "x", "version": "0", "note": "好奇"}),
    ("rulebook/{community}/settings", {"version": "0", "note": "好奇"}),
    ("rulebook/try", {"building": "{building}"}),
    ("inbox/{message}", {}),
    ("moderation/{check}/decide", {"pass": "true", "version": "1"}),
    ("issues/{issue}/openings", {"reason": "好奇"}),
    ("openings/{opening}/decide", {"grant": "true"}),
    ("openings/{opening}/look", {}),
)


def _of(fields: dict[str, str], neighbour: dict[str, str]) -> dict[str, str]:
    return {name: value.format(**neighbour) for name, value in fields.items()}


def test_a_complete_form_about_a_neighbours_row_finds_nothing(world: World, neighbour: dict[str, str]) -> None:
    clerk = Desk(world.staff(Role.COMMUNITY, world.community()))
    token = clerk.open("/console").value("/sign-out", "form_token")
    for path, fields in COMPLETE:
        answer = clerk.client.post(
            "/console/" + path.format(**neighbour), data={"form_token": token, **_of(fields, neighbour)}
        )
        assert answer.status_code == 404, path
        assert SECRET not in answer.get_data(as_text=True), path


def test_a_street_sees_no_household(world: World, neighbour: dict[str, str]) -> None:
    officer = Desk(world.staff(Role.STREET, world.street()))
    assert "住户" not in officer.open("/console").text
    assert officer.open("/console/households", 403)
    assert officer.open(f"/console/households/{neighbour['household']}", 403)


def test_an_operator_sees_no_business(world: World, neighbour: dict[str, str]) -> None:
    operator = Desk(world.staff(Role.OPERATOR, world.district()))
    for page in ("issues", "households", "places", "posts", "months", f"issues/{neighbour['issue']}"):
        assert operator.open(f"/console/{page}", 403), page


def test_every_role_finds_its_menu_open(world: World, neighbour: dict[str, str]) -> None:
    community = world.community("我们社区")
    grid = world.grid(community)
    spots = {Role.HEAD: world.building(grid), Role.GRID: grid, Role.COMMUNITY: community, Role.STREET: world.street()}
    menus = {}
    for role in Role:
        desk = Desk(world.person((role, spots.get(role, world.district()))))
        home = desk.open("/console")
        menu = re.findall(r'<a href="(/console[^"]*)"', home.html.split('class="menu"')[1].split("</nav>")[0])
        for address in menu:
            assert desk.open(address).status == 200
        menus[role] = len(menu)
    assert menus == {
        Role.HEAD: 8,
        Role.GRID: 9,
        Role.COMMUNITY: 12,
        Role.STREET: 11,
        Role.DISTRICT: 11,
        Role.DEPARTMENT: 5,
        Role.OPERATOR: 3,
    }
