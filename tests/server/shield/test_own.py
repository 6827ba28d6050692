"""A hidden reporter's own report: found, spoken about, told of, forgotten; and no row says whose it is."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue, Message, OutboxEntry, Photo, ReturnVisit
from models.enums import MessageKind, OutboxKind, Role
from server.core import retention
from server.issues import service as issues
from server.jobs import relay
from server.notices.templates import parse
from tests.server.notices.wechat import ISSUE_FIELDS, LABELS, file_entry, phones
from tests.server.photos.album import URL, kept
from tests.server.shield.reporter import file, office, row
from tests.server.web.desk import Desk
from tests.world import World
from wechat.sandbox.server import RunningSandbox


def test_it_is_found_by_its_reporter_and_by_nobody_else(world: World) -> None:
    building, resident, other = world.building(), world.resident(), world.resident()
    photo = kept(resident)
    hidden, plain = file(resident, building, photo_ids=[photo]), file(resident, building, "open")
    assert [item["id"] for item in resident.get("/api/v1/my/issues").json["items"]] == [plain["id"], hidden["id"]]
    assert other.get("/api/v1/my/issues").json["items"] == []
    for path in (f"/api/v1/my/issues/{hidden['id']}", f"/api/v1/my/issues/{hidden['id']}/shield", f"{URL}/{photo}"):
        assert resident.get(path).status_code == 200, path
        assert other.get(path).status_code == 404, path
    with world.reading() as connection:
        assert connection.execute(sa.select(Photo.uploaded_by_id)).scalar_one() is None


def test_every_word_of_hers_works(world: World) -> None:
    building, resident, other = world.building(), world.resident(), world.resident()
    clerk = office(world, building)

    def say(issue: str, verb: str, **body: Any) -> None:
        assert other.post(f"/api/v1/my/issues/{issue}/{verb}", json=body).status_code == 404
        assert resident.post(f"/api/v1/my/issues/{issue}/{verb}", json=body).status_code == 200, verb

    first, second = file(resident, building)["id"], file(resident, building)["id"]
    say(first, "notes", text="还在")
    for _ in range(2):
        assert (
            clerk.post(f"/api/v1/issues/{first}/resolve", json={"text": "清走了", "done_by": "物业师傅"}).status_code
            == 200
        )
        say(first, "reopen", text="又来了") if _ == 0 else say(first, "confirm", satisfaction="satisfied")
        clerk = office(world, building, Role.STREET)
    say(first, "answers", contacted=True)
    say(second, "withdraw")
    with world.reading() as connection:
        visit = connection.execute(sa.select(ReturnVisit.noted_by_id, ReturnVisit.solved)).one()
    assert tuple(visit) == (None, True)


@pytest.mark.parametrize("kind", ["open", "hidden"])
def test_a_head_who_reports_and_fixes_it_does_not_write_it_off(world: World, kind: str) -> None:
    building = world.building()
    head = world.head(building)
    made = file(head, building, kind)
    assert (
        head.post(f"/api/v1/issues/{made['id']}/resolve", json={"text": "换了", "done_by": "物业师傅"}).status_code
        == 200
    )
    for path in (f"/api/v1/my/issues/{made['id']}", f"/api/v1/claims/{made['claim_code']}"):
        assert "confirm" not in head.get(path).json["moves"]
        refused = head.post(f"{path}/confirm", json={})
        assert (refused.status_code, refused.json["code"]) == (409, "own_work")
    colleague = world.head(building)
    other = file(colleague, building, kind)
    assert (
        head.post(f"/api/v1/issues/{other['id']}/resolve", json={"text": "换了", "done_by": "物业师傅"}).status_code
        == 200
    )
    assert colleague.post(f"/api/v1/my/issues/{other['id']}/confirm", json={}).status_code == 200


def test_what_she_is_told_names_no_issue(world: World) -> None:
    world.clock.advance(timedelta(minutes=17, seconds=5))
    building, resident, joiner = world.building(name="3栋"), world.resident(), world.resident()
    head, clerk = world.head(building), office(world, building)
    issue, twin = file(resident, building)["id"], file(joiner, building)["id"]
    assert clerk.post(f"/api/v1/issues/{twin}/join", json={"target": issue}).status_code == 200
    assert (
        clerk.post(f"/api/v1/issues/{issue}/resolve", json={"text": "清走了", "done_by": "物业师傅"}).status_code == 200
    )
    relay.run(world.app)
    for who, kinds in ((resident, ["resolved"]), (joiner, ["resolved", "progress"])):
        items = who.get("/api/v1/messages").json["items"]
        assert [told["kind"] for told in items] == kinds
        for told in items:
            assert told["link"] == "/api/v1/my/issues"
            assert "3栋" not in told["title"] + told["body"]
            assert "电梯" not in told["title"] + told["body"]
    with world.reading() as connection:
        stored = connection.execute(
            sa.select(Message.__table__).where(Message.person_id.in_([resident.person_id, joiner.person_id]))
        ).all()
        for message in stored:
            assert issue not in str(message)
            assert twin not in str(message)
            assert "issue-event" not in message.dedup_key
            assert (message.facts, message.created_at.minute, message.created_at.second) == ("", 0, 0)
        events = sa.select(OutboxEntry.done_at).where(OutboxEntry.kind == OutboxKind.ISSUE_EVENT)
        assert not {m.created_at for m in stored} & set(connection.execute(events).scalars())
    with world.writing() as connection:
        connection.execute(sa.update(OutboxEntry).values(done_at=None, outcome=""))
    relay.run(world.app)
    assert len(resident.get("/api/v1/messages").json["items"]) == 1
    assert [m["kind"] for m in head.get("/api/v1/messages").json["items"]] == ["new_issue", "new_issue"]


def test_a_missing_message_does_not_tell_who_it_was(world: World) -> None:
    """Two heads, one of them reported it hidden: both hear. Openly reported, the reporter need not."""
    building = world.building()
    one, two = world.head(building), world.head(building)
    file(one, building)
    relay.run(world.app)
    assert len(one.get("/api/v1/messages").json["items"]) == len(two.get("/api/v1/messages").json["items"]) == 1
    file(one, building, "open")
    relay.run(world.app)
    assert len(one.get("/api/v1/messages").json["items"]) == 1


def test_nor_does_what_wechat_is_asked_to_send(app: Flask, world: World, sandbox: RunningSandbox) -> None:
    with phones(app, world, sandbox) as made:
        template = f"{made.tag}-resolved"
        entry = file_entry(template, ISSUE_FIELDS | {"character_string5": "case"}, page="pages/issue/index?id={id}")
        app.extensions["templates"] = parse({"resolved": entry}, "test")
        sandbox.template(template, LABELS | {"character_string5": "编号"})
        building = world.building(name="3栋")
        phone, clerk = made.person(), office(world, building)
        for kind in ("open", "hidden"):
            phone.accept(template)
            issue = file(phone.caller, building, kind)["id"]
            assert (
                clerk.post(
                    f"/api/v1/issues/{issue}/resolve", json={"text": "清走了", "done_by": "物业师傅"}
                ).status_code
                == 200
            )
            made.relay()
            letter = str(phone.messages[-1])
            assert len(phone.messages) == (1 if kind == "open" else 2)
            for word in (issue, "3栋", "电梯"):
                assert (word in letter) is (kind == "open"), (kind, word, letter)


def test_told_once_for_each_event(world: World) -> None:
    building, resident = world.building(), world.resident()
    issue = row(world, file(resident, building)["id"])
    with world.writing():
        now = world.clock.now()
        assert issues.tell_hidden(issue.id, MessageKind.PROGRESS, "event:1", now)
        assert not issues.tell_hidden(issue.id, MessageKind.PROGRESS, "event:1", now)
        assert issues.tell_hidden(issue.id, MessageKind.PROGRESS, "event:2", now)
        nobody = row(world, file(world.anyone(), building, "none")["id"])
        assert not issues.tell_hidden(nobody.id, MessageKind.PROGRESS, "event:1", now)


def test_who_leaves_or_takes_the_number_back_is_forgotten(world: World) -> None:
    building, resident = world.building(), world.resident()
    same, other = file(resident, building, contact="13900000000"), file(resident, building, contact="13911111111")
    with world.writing():
        assert issues.forget_contact(resident.person_id, "13900000000") == 1
    with world.reading():
        phones = [issues.hidden_reporter(row(world, made["id"]).id) for made in (same, other)]
    assert [(who.person_id, who.phone) for who in phones if who] == [
        (resident.person_id, ""),
        (resident.person_id, "13911111111"),
    ]
    assert len(resident.get("/api/v1/my/issues").json["items"]) == 2
    with world.writing():
        assert issues.forget_reporter(resident.person_id) == 2
    assert resident.get("/api/v1/my/issues").json["items"] == []
    for made in (same, other):
        left = row(world, made["id"])
        assert (left.reporter_index, left.reporter_sealed) == (None, None)
        assert world.anyone().get(f"/api/v1/claims/{made['claim_code']}").status_code == 200


def test_half_a_year_after_the_end_she_is_erased_and_the_claim_code_goes_on(world: World) -> None:
    building, resident = world.building(), world.resident()
    made = file(resident, building)
    assert resident.post(f"/api/v1/my/issues/{made['id']}/withdraw", json={}).status_code == 200
    for days, kept_still in ((179, True), (181, False)):
        with world.writing():
            retention.erase_some(world.clock.now() + timedelta(days=days))
        left = row(world, made["id"])
        assert (left.reporter_sealed is not None) is (left.reporter_index is not None) is kept_still
    shield = world.anyone().get(f"/api/v1/claims/{made['claim_code']}/shield").json
    assert (shield["anonymity"], shield["kept"]) == ("hidden", False)


def test_a_reviewer_does_not_judge_what_she_reported_hidden(world: World) -> None:
    building = world.building()
    clerk, colleague = office(world, building), office(world, building)
    file(clerk, building)
    relay.run(world.app)
    (check,) = clerk.get("/api/v1/moderation").json["items"]
    for who, status in ((clerk, 403), (colleague, 200)):
        answer = who.post(
            f"/api/v1/moderation/{check['id']}/decide",
            json={"pass": True},
            headers={"If-Match": f'"{check["version"]}"'},
        )
        assert answer.status_code == status
    page = Desk(colleague).open(f"/console/issues/{check['issue']}")
    assert "上报人选择了保密" in page.text


def test_the_index_finds_one_s_own(world: World) -> None:
    with world.reading() as connection:
        query = sa.select(Issue.id).where(sa.or_(Issue.reporter_id == 1, Issue.reporter_index == b"0" * 16))
        ordered = query.order_by(Issue.id.desc()).limit(21)
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        compiled = ordered.compile(connection, compile_kwargs={"render_postcompile": True})
        plan = str(connection.exec_driver_sql(explain + str(compiled), _positional(compiled)).all())
    assert "ix_issues_reporter" in plan
    assert "ix_issues_hidden" in plan


def _positional(compiled: Any) -> Any:
    values = compiled.params
    return tuple(values[name] for name in compiled.positiontup) if compiled.positional else values
