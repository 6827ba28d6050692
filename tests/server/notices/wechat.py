"""People with a phone: signed in through the sandbox, with templates that are registered there."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import sqlalchemy as sa
from flask import Flask

from models import Appointment, new_public_id
from models.enums import MessageKind, Role
from server.jobs import relay
from server.notices.templates import Templates, parse
from tests.world import Caller, Spot, World
from wechat.sandbox.messages import Message
from wechat.sandbox.server import RunningSandbox

_numbers = count(1)
LABELS = {"thing1": "楼栋", "phrase2": "状态", "time3": "时间", "thing4": "内容"}
ISSUE_FIELDS = {"thing1": "building", "phrase2": "status", "time3": "time", "thing4": "category"}


def file_entry(template: str, fields: dict[str, str], *, long_term: bool = False, page: str = "") -> dict[str, object]:
    return {"template": template, "long_term": long_term, "fields": fields, "page": page}


class Phones:
    """Templates of this test's own, and the people who accept them."""

    def __init__(self, world: World, sandbox: RunningSandbox) -> None:
        self.world, self.sandbox = world, sandbox
        self.tag = f"t{next(_numbers)}"
        self.new_issue, self.notice, self.overdue = f"{self.tag}-new", f"{self.tag}-notice", f"{self.tag}-overdue"
        notice = {"thing1": "title", "phrase2": "status", "time3": "time", "thing4": "sender"}
        self.templates: Templates = parse(
            {
                "new_issue": file_entry(self.new_issue, ISSUE_FIELDS),
                "notice": file_entry(self.notice, notice, long_term=True),
                "overdue_soon": file_entry(self.overdue, {**ISSUE_FIELDS, "time3": "deadline"}),
            },
            "test",
        )
        for template, lasting in ((self.new_issue, False), (self.notice, True), (self.overdue, False)):
            sandbox.template(template, LABELS, long_term=lasting)

    def person(self, *posts: tuple[Role, Spot]) -> "Phone":
        """Somebody who signed in with WeChat, with the given posts."""
        user = f"{self.tag}-{next(_numbers)}"
        code = self.sandbox.login_code(user)
        token = self.world.anyone().post("/api/v1/sessions", json={"code": code}).json["token"]
        now = self.world.clock.now()
        with self.world.writing() as connection:
            person_id = connection.execute(sa.text("SELECT max(id) FROM persons")).scalar_one()
            for role, spot in posts:
                connection.execute(
                    sa.insert(Appointment).values(
                        public_id=new_public_id(),
                        person_id=person_id,
                        role=role,
                        place_id=spot.id,
                        starts_at=now,
                        created_at=now,
                    )
                )
        return Phone(self, user, Caller(self.world.app, token, person_id))

    def relay(self) -> list[str]:
        """Do what is due; the words of the messages only."""
        done = relay.run(self.world.app)
        return [word.removeprefix("message ") for word in done if word.startswith("message ")]


class Phone:
    """One person's phone."""

    def __init__(self, phones: Phones, user: str, caller: Caller) -> None:
        self.phones, self.user, self.caller = phones, user, caller

    def accept(self, template: str, *, tell: bool = True) -> None:
        """Tap "allow": WeChat counts it, and the phone tells us."""
        self.phones.sandbox.grant(self.user, template)
        if tell:
            answer = self.caller.post("/api/v1/me/subscriptions", json={"results": {template: "accept"}})
            assert answer.status_code == 200, answer.json

    def good_for(self, kind: MessageKind) -> int | None:
        items = self.caller.get("/api/v1/me/subscriptions").json["items"]
        return next(item["good_for"] for item in items if item["kind"] == kind)

    @property
    def messages(self) -> list[Message]:
        return self.phones.sandbox.sent(self.user)

    @property
    def inbox(self) -> list[str]:
        return [item["title"] for item in self.caller.get("/api/v1/messages").json["items"]]


@contextmanager
def phones(app: Flask, world: World, sandbox: RunningSandbox) -> Iterator[Phones]:
    made = Phones(world, sandbox)
    before = app.extensions["templates"]
    app.extensions["templates"] = made.templates
    try:
        yield made
    finally:
        app.extensions["templates"] = before
        sandbox.faults.clear()
