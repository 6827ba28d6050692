"""The bar of the shield: hidden reports come through every door and live a whole life; then every answer the application
has is read by everybody who handles them, and every row without a key. No trace of the reporter is in any.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from models import Issue, IssueEvent, Message, Person, Photo, new_public_id
from models.enums import Component, IssueState, Level, MessageKind, Move, Role
from server.config import Settings
from server.core.logs import JsonFormatter
from server.jobs import relay
from tests.journeys.crawl import Registry, crawl, found, told
from tests.journeys.tied import plain_words, tied_rows
from tests.server.identity.wechat import at_home
from tests.server.photos.album import send
from tests.server.scores.given import OCTOBER, Community
from tests.server.shield.reporter import ask, decide, look
from tests.server.web.desk import Desk
from tests.server.web.stairwell import Stairwell
from tests.server.web.test_recognition import SECRET, SERVICE
from tests.server.web.test_recognition import Phone as InWeChat
from tests.world import Caller, Spot, World
from wechat.sandbox.server import RunningSandbox

NAME, NUMBER, ID = "诸葛藏名", "13977731418", 918273645
OTHER_NUMBER = "13866620517"  # of somebody without an account
USER = "shield-reporter"
ABOUT_HER = "楼长收了钱不办事"


# Answered 200 to nobody of the office, and why that is right.
NEVER_OPEN = frozenset({
    "callbacks.verify",  # WeChat's
    "console.sign_in_page",  # they are signed in
    "photos.to_be_checked",  # WeChat's, and no photo of hers was ever offered to it
    "resident.verification", "mine.recognised", "mine.back",
    "issues.my_issue", "shield.of_mine", "mine.report", "mine.photo",  # hers
    "issues.claimed", "shield.of_claimed", "resident.receipt", "resident.follow", "resident.back", "resident.photo",  # hers
    "moderation.open_photo", "resident.open_photo",  # nobody has let neighbours see one
    "console.issue_form", "console.opening_form", "console.month_form", "console.issue_life_form", "console.template_form",
    "console.assign_many_form", "console.whistle_form", "console.this_months_report",  # lead on to a page
    "open311.addresses", "open311.token",  # another system's, which is not of the office
})  # fmt: skip


@pytest.fixture
def settings(settings: Settings, sandbox: RunningSandbox) -> Settings:
    """Pages know who comes from WeChat, and WeChat is asked about texts where it may be."""
    sandbox.service(SERVICE, SECRET, open_platform="ours")
    wechat = replace(settings.wechat, service_appid=SERVICE, service_secret=SECRET, content_check=True)
    return replace(settings, wechat=wechat)


@dataclass
class Street:
    """A building with everybody who works on it, and the reporter who hides."""

    world: World
    sandbox: RunningSandbox
    community: Community
    building: Spot
    reporter: Caller
    traces: dict[str, str]
    staff: dict[str, Caller]
    issues: list[str] = field(default_factory=list)  # hers
    others: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    openings: list[str] = field(default_factory=list)

    def took(self, made: Any) -> str:
        """Note a report of hers and its claim code."""
        self.issues.append(made["id"])
        self.claim(made["claim_code"])
        return str(made["id"])

    def claim(self, code: str) -> None:
        """A claim code is hers alone, written either way."""
        number = sum("claim" in name for name in self.traces)
        self.traces |= {f"claim {number}": code, f"claim {number} in addresses": code.replace("-", "")}

    def newest(self) -> str:
        """The id of the latest issue."""
        with self.world.reading() as connection:
            return str(connection.execute(sa.select(Issue.public_id).order_by(Issue.id.desc()).limit(1)).scalar_one())

    def registry(self) -> Registry:
        """What stands for the variables of addresses."""
        return Registry(
            {
                "issue": [*self.issues, *self.others],
                "photo": self.photos,
                "building": [self.building.public_id],
                "place": [self.building.public_id, self.community.spot.public_id],
                "community": [self.community.spot.public_id],
                "code": [self.building.stairwell_code, "lift"],
                "household": self.ids("households"),
                "record": self.ids("duty_records"),
                "department": self.ids("departments"),
                "problem": self.ids("common_problems"),
                "template": self.ids("reply_templates"),
                "version": ["1"],
                "key": ["lift_trapped"],
                "public_id": [*self.issues, *self.others],
                "month": [OCTOBER],
                "component": [str(component) for component in Component],
                "claim": ["0000-0000-0000"],  # who handles an issue has no code of it
                "token": ["x"],
                "name": ["x"],
            },
            {
                "issues.issues": ["family=ended", "family=waiting"],
                "shield.openings": ["waiting=false"],
                "console.openings": ["waiting=false"],
                "moderation.checks": ["state=passed", "state=withheld"],
                "console.export_households": [f"place={self.building.public_id}"],
                "households.export": [f"place={self.building.public_id}"],
                "whistles.whistles": ["state=overdue"],
                "whistles.figures": [f"month={OCTOBER}"],
                "whistles.figures_file": [f"month={OCTOBER}"],
                "issue_exports.export_with_text": ["reason=核对台账"],
                "console.issue_export_with_text": ["reason=核对台账"],
                "households.households": [f"building={self.building.public_id}"],
            },
            NEVER_OPEN - {"issues.my_issue"} | {"docs.page"},
        )

    def ids(self, table: str) -> list[str]:
        """Public ids of a table's rows."""
        with self.world.reading() as connection:
            return list(connection.execute(sa.text(f"SELECT public_id FROM {table}")).scalars())


@pytest.fixture
def street(world: World, sandbox: RunningSandbox) -> Iterator[Street]:
    sandbox.world.apps[sandbox.appid].open_platform = "ours"  # one person in the mini-program and on pages
    community = Community(world)
    building = community.building(answers=3)
    with world.writing() as connection:  # the reporter's number is like no other
        connection.execute(sa.insert(Person).values(id=ID - 1, public_id=new_public_id(), created_at=world.clock.now()))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('persons', 'id'), {ID - 1})")
    sandbox.phone(USER, NUMBER)
    reporter, openid = at_home(world, sandbox, USER)
    assert reporter.post("/api/v1/me/phone", json={"code": sandbox.phone_code(USER)}).status_code == 200
    with world.writing() as connection:
        connection.execute(sa.update(Person).where(Person.id == ID).values(name=NAME))
        public_id = connection.execute(sa.select(Person.public_id).where(Person.id == ID)).scalar_one()
    traces = {"name": NAME, "phone": NUMBER, "openid": openid, "id": str(ID), "public id": public_id}
    traces |= {"token": str(reporter.token), "openid of the pages": sandbox.openid(USER, SERVICE), "user": USER}
    staff = {
        "head": world.head(building),
        "grid": world.staff(Role.GRID, community.grid),
        "community": community.office,
        "colleague": community.second,
        "street": world.staff(Role.STREET, world.street()),
        "district": world.staff(Role.DISTRICT, world.district()),
        "department": world.person((Role.DEPARTMENT, world.district()), name="城管局工作人员", department="城管局"),
    }
    yield Street(world, sandbox, community, building, reporter, traces, staff)
    sandbox.world.apps[sandbox.appid].open_platform = None


def telling_picture() -> bytes:
    """A photo whose file says who took it, with what and where."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x013B], exif[0x010E], exif[0x0132] = NAME.encode().decode("latin1"), NUMBER, "2026:10:12 09:00:00"
    Image.new("RGB", (80, 60), (10, 90, 10)).save(out, "JPEG", exif=exif, comment=f"{NAME} {NUMBER}".encode())
    assert NUMBER.encode() in out.getvalue()
    return out.getvalue()


def reported_through_every_door(app: Flask, street: Street) -> None:
    """Signed in by both doors of the API, from WeChat's page, unsigned with a phone, taken down by the office."""
    she, building = street.reporter, street.building
    for _ in range(3):
        street.photos.append(send(she, telling_picture(), headers={"Idempotency-Key": new_public_id()}).json["id"])
    body: dict[str, Any] = {"category": "lift", "text": "三楼电梯按钮不灵", "spot": "三楼", "anonymity": "hidden"}
    doors = (
        (
            "/api/v1/issues",
            {**body, "code": building.stairwell_code, "photo_ids": street.photos[:1], "contact": NUMBER},
        ),
        (f"/api/v1/codes/{building.stairwell_code}/issues", {**body, "use_my_phone": True}),
        (
            "/api/v1/issues",
            {
                **body,
                "code": building.stairwell_code,
                "text": ABOUT_HER,
                "about_head": True,
                "photo_ids": street.photos[1:2],
            },
        ),
        (
            "/api/v1/issues",
            {**body, "code": building.stairwell_code, "anonymity": "none", "photo_ids": street.photos[2:]},
        ),
    )
    for path, content in doors:
        made = she.post(path, json=content, headers={"Idempotency-Key": new_public_id()})
        assert made.status_code == 201, made.json
        street.took(made.json)
    phone = InWeChat(app, street.sandbox, USER)
    path = f"/q/{building.stairwell_code}"
    sent = phone.send(path, phone.open(path), anonymity="hidden")
    assert sent.status_code == 303
    street.issues.append(street.newest())
    street.claim(sent.headers["Location"].split("/")[2])
    assert street.issues[-1] in [item["id"] for item in she.get("/api/v1/my/issues").json["items"]]

    stairs = Stairwell(street.world, building)
    stairs.send(anonymity="hidden", contact=OTHER_NUMBER)
    street.issues.append(street.newest())
    street.claim(stairs.claim)
    street.traces["phone left at the door"] = OTHER_NUMBER
    # Taken on behalf: the clerk knows who called; whoever handles it does not.
    clerk = Desk(street.staff["colleague"])
    page = clerk.open(f"/console/issues/new?building={building.public_id}")
    assert (
        "您选了保密"
        in page.submit("/issues/new", category="lift", text="电梯停了", anonymity="hidden", contact=NUMBER).text
    )
    street.issues.append(street.newest())
    plain = street.world.anyone().post(
        f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "cleaning", "text": "垃圾"}
    )
    street.others.append(plain.json["id"])


def lived(street: Street) -> None:
    """Noted, joined, passed up, whistled, resolved, reopened, confirmed, rated, called back, asked after, told of."""
    world, she, staff = street.world, street.reporter, street.staff
    first, second, about_head, _, page, unsigned, behalf = street.issues

    def work(who: str, issue: str, verb: str, **body: Any) -> None:
        answer = staff[who].post(f"/api/v1/issues/{issue}/{verb}", json=body)
        assert answer.status_code == 200, (who, verb, answer.json)
        relay.run(world.app)
        world.clock.advance(timedelta(minutes=7))

    def say(issue: str, verb: str, **body: Any) -> None:
        key = {"Idempotency-Key": new_public_id()}
        answer = she.post(f"/api/v1/my/issues/{issue}/{verb}", json=body, headers=key)
        assert answer.status_code == 200, (verb, answer.json)
        relay.run(world.app)
        world.clock.advance(timedelta(minutes=7))

    relay.run(world.app)
    say(first, "notes", text="还在那里")
    done = send(staff["head"]).json["id"]
    street.photos.append(done)
    work("community", second, "join", target=first)
    work("head", first, "resolve", text="清走了", done_by="物业师傅", photo_ids=[done])
    say(first, "reopen", text="又堆起来了")
    work("grid", first, "pass-up", text="要清运车")
    (department,) = staff["community"].get("/api/v1/departments").json["items"]
    called = staff["community"].post(
        f"/api/v1/issues/{first}/whistles", json={"departments": [department["id"]], "text": "请派车"}
    )
    assert called.status_code in (200, 201), called.json
    relay.run(world.app)
    (whistle,) = staff["department"].get("/api/v1/whistles").json["items"]
    world.clock.advance(timedelta(minutes=5))
    told_back = {"text": "派车清走了", "done_on": f"{world.clock.now():%Y-%m-%d}"}
    back = staff["department"].post(f"/api/v1/whistles/{whistle['id']}/report-back", json=told_back)
    assert back.status_code == 200, back.json
    work("community", first, "resolve", text="清运了", done_by="物业师傅")
    say(first, "confirm", contacted=True, satisfaction="satisfied", text="好了")
    work("grid", page, "resolve", text="修好了", done_by="物业师傅")
    work("colleague", page, "visit", contacted=True, solved=True)
    work("community", unsigned, "decline", text="不归这里", responsible="电梯公司 96333")
    work("grid", about_head, "accept")
    # Two of the office ask; one is refused, one is granted and looks.
    for issue, grant in ((first, False), (about_head, True)):
        opening = ask(staff["community"], issue, "要当面核实").json["id"]
        street.openings.append(opening)
        assert (
            decide(staff["street"], opening, grant=grant, answer="已经核实" if grant else "没有必要").status_code == 200
        )
    assert look(staff["community"], street.openings[1]).json == {"name": NAME, "phone": NUMBER}
    assert ask(staff["community"], behalf).status_code == 201
    relay.run(world.app)


def kept_of_it(street: Street) -> None:
    """What offices make beside issues: a common problem, a reply template, a book of rules, another system's key."""
    clerk, community = street.staff["community"], street.community.spot.public_id
    made = clerk.post(
        "/api/v1/common-problems",
        json={"community": community, "category": "lift", "title": "电梯老化"},
    )
    assert made.status_code == 201, made.json
    template = clerk.post("/api/v1/reply-templates", json={"title": "已派单", "text": "{谁}已在{何时}派单。"})
    assert template.status_code == 201, template.json
    path = f"/api/v1/rulebooks/{community}"
    book = {"content": clerk.get(path).json["content"], "note": "照用自带的"}
    assert clerk.put(path, json=book, headers={"If-Match": '"0"'}).status_code == 200
    key = {"place": street.world.district().public_id, "jurisdiction": "shiyan.gov.cn", "name": "热线"}
    assert street.staff["district"].post("/api/v1/api-keys", json=key).status_code == 201


def scored(street: Street) -> None:
    """The rest of what there is to read: a household, a duty record, the month's draft and notice."""
    head, community = street.staff["head"], street.community
    household = head.post(
        "/api/v1/households",
        json={"building": street.building.public_id, "unit": "1", "door": "301", "tenancy": "owner", "residents": []},
    )
    assert household.status_code == 201, household.json
    item = head.get("/api/v1/duties/items").json["items"][0]["id"]
    record = {"building": street.building.public_id, "item": item, "text": "巡楼", "done_on": "2026-10-12"}
    assert (made := head.post("/api/v1/duties/records", json=record)).status_code == 201, made.json
    community.on_notice()


def test_no_answer_and_no_row_tells_who_hid(app: Flask, street: Street, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reported_through_every_door(app, street)
    lived(street)
    scored(street)
    kept_of_it(street)
    world, registry = street.world, street.registry()

    with world.reading() as connection:
        rows = connection.execute(sa.select(Issue.__table__).where(Issue.public_id.in_(street.issues))).all()
        street.traces |= {f"index {row.id}": row.reporter_index.hex() for row in rows if row.reporter_index}
    opened = {}
    for name, caller in street.staff.items():
        if name == "colleague":  # sees what the other one sees
            continue
        for endpoint, path, answer in crawl(app, caller, registry):
            assert answer.status_code < 500, (name, path)
            opened.setdefault(endpoint, set()).add(answer.status_code)
            assert found(told(answer), street.traces) == [], (name, path)
            if name == "head":
                assert ABOUT_HER.encode() not in told(answer), path
    never = {endpoint for endpoint, codes in opened.items() if 200 not in codes}
    assert (sorted(never - NEVER_OPEN), sorted(NEVER_OPEN - never)) == ([], [])

    # Nor what a DBA reads without the key, nor the log.
    hers = {NAME, NUMBER, street.traces["openid"], street.traces["public id"]}
    with world.reading() as connection:
        for issue in street.issues:
            assert tied_rows(connection, issue, ID, hers) == [], issue
        personal = {NAME, NUMBER, OTHER_NUMBER, street.traces["openid"], street.traces["openid of the pages"]}
        assert plain_words(connection, personal, but=frozenset({"persons.name"})) == []
        claims = {trace for name, trace in street.traces.items() if "claim" in name}
        assert plain_words(connection, claims) == []
    lines = "\n".join(JsonFormatter().format(record) for record in caplog.records if record.name.startswith("louzhang"))
    assert "request" in lines
    assert found(lines.encode(), {k: v for k, v in street.traces.items() if k != "user"}) == []
    asked = street.sandbox.ledger.entries("/wxa/msg_sec_check")
    assert all(street.traces["openid"] != entry.asked.get("openid") for entry in asked)
    assert all(street.traces["openid"] != check.openid for check in street.sandbox.media())

    # She reads of roles and units, in no answer of a name.
    registry.values["claim"] = [street.traces["claim 0"], street.traces["claim 2 in addresses"]]
    names = names_of_the_office(street)
    seen = set()
    for endpoint, path, answer in crawl(app, street.reporter, registry):
        seen |= {endpoint} if answer.status_code == 200 else set()
        assert found(told(answer), names) == [], path
    assert seen >= {"issues.my_issue", "shield.of_mine", "issues.claimed", "shield.of_claimed", "resident.follow"}

    # She knows all of it herself, and hears.
    shown = street.reporter.get(f"/api/v1/my/issues/{street.issues[2]}/shield").json
    assert [one["granted"] for one in shown["openings"]] == [True]
    assert {read["role_name"] for read in shown["reads"]} >= {"网格员", "社区居委会", "街道", "区"}
    assert "楼栋长" not in {read["role_name"] for read in shown["reads"]}  # it is about her
    kinds = [message["kind"] for message in street.reporter.get("/api/v1/messages").json["items"]]
    assert kinds.count("revealed") == 1
    assert kinds.count("resolved") >= 3

    the_crawl_would_notice(app, street)


def names_of_the_office(street: Street) -> dict[str, str]:
    """What nobody who reports may read."""
    with street.world.reading() as connection:
        named = connection.execute(sa.select(Person.name).where(Person.name.not_in(["", NAME]))).scalars().all()
    return {name: name for name in named}


def the_crawl_would_notice(app: Flask, street: Street) -> None:
    """Leaks planted one at a time, each found."""
    world, issue = street.world, street.issues[0]
    registry = street.registry()
    registry.values["issue"] = [issue]
    with world.writing() as connection:
        issue_id = connection.execute(sa.select(Issue.id).where(Issue.public_id == issue)).scalar_one()
        connection.execute(
            sa.insert(IssueEvent).values(
                issue_id=issue_id, at=world.clock.now(), move=Move.NOTE, from_state=IssueState.CONFIRMED,
                to_state=IssueState.CONFIRMED, level=Level.HEAD, actor_role=Role.GRID, text=f"打 {NUMBER} 问过了",
            )
        )  # fmt: skip
    leaking = {
        endpoint
        for endpoint, _, answer in crawl(app, street.staff["department"], registry)
        if found(told(answer), street.traces)
    }
    assert leaking == {"issues.issue", "console.issue"}

    def tied(statement: Any) -> list[str]:
        with world.writing() as connection:
            save = connection.begin_nested()
            connection.execute(statement)
            rows = tied_rows(connection, issue, ID, {NAME})
            save.rollback()
            return [row.split()[0] for row in rows]

    message = {
        "public_id": new_public_id(), "person_id": ID, "kind": MessageKind.RESOLVED, "title": "办结", "body": "办结",
        "created_at": world.clock.now(),
    }  # fmt: skip
    with world.reading() as connection:
        event = connection.execute(sa.select(IssueEvent.id).where(IssueEvent.issue_id == issue_id)).scalars().first()
    assert tied(sa.update(Photo).where(Photo.issue_id == issue_id).values(uploaded_by_id=ID)) == ["photos"] * 2
    linked = sa.insert(Message).values(**message, link=f"/api/v1/my/issues/{issue}", dedup_key="x")
    assert tied(linked) == ["messages"]
    assert tied(sa.insert(Message).values(**message, link="", dedup_key=f"issue-event:{event}")) == ["messages"]
    with world.reading() as connection:
        assert plain_words(connection, {NUMBER}) == ["issue_events.text"]
    with pytest.raises(LookupError, match="say in the registry"):
        list(Registry({}).addresses(app))
