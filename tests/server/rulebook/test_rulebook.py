"""The room of the rule book: whose book holds where, publishing a version, trying it, and what a report takes from it."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Issue, RuleBook
from models.enums import Role, Triage
from server.rulebook import queries
from server.rules import book_json
from server.rules.book_standard import STANDARD
from tests.queries import count_queries
from tests.world import Caller, Spot, World

NOTE = "路灯归网格"


class Office:
    """A street with two communities, each with a building; only the first may ever publish here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community, self.other = world.community("幸福里社区"), world.community("安居社区")
        self.building = world.building(world.grid(self.community), "3号楼")
        self.neighbour = world.building(world.grid(self.other), "8号楼")
        self.clerk = world.staff(Role.COMMUNITY, self.community)
        self.street = world.staff(Role.STREET, world.street())
        self.district = world.staff(Role.DISTRICT, world.district())
        self.head = world.head(self.building)

    def publish(self, who: Caller, place: Spot, version: int, note: str = NOTE, **changes: Any) -> Any:
        body = {"content": {**book_json.to_content(STANDARD), **changes}, "note": note}
        return who.put(f"/api/v1/rulebooks/{place.public_id}", json=body, headers={"If-Match": f'"{version}"'})

    def follow_up(self, building: Spot) -> int:
        with self.world.reading():
            return queries.book_for_building(building.id).book.follow_up_days


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def test_nobody_elses_book_is_read_or_written(office: Office) -> None:
    place = office.other.public_id
    for who in (office.clerk, office.head):
        for path in (f"rulebooks/{place}", f"rulebooks/{place}/versions"):
            assert who.get(f"/api/v1/{path}").status_code == 404
    assert office.publish(office.clerk, office.other, 0).status_code == 404
    assert office.publish(office.head, office.building, 0).status_code == 403
    # In sight, but another's: each level writes its own.
    assert office.publish(office.street, office.community, 0).json["code"] == "forbidden"
    assert office.publish(office.clerk, office.building, 0).status_code == 403
    tried = office.clerk.post("/api/v1/rulebooks/try", json={"building": office.neighbour.public_id, "text": "漏水"})
    assert tried.status_code == 404
    with office.world.reading() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(RuleBook)).scalar() == 0


def test_the_nearest_book_holds(office: Office) -> None:
    world = office.world
    assert office.follow_up(office.building) == 7
    assert office.publish(office.district, world.district(), 0, follow_up_days=10).status_code == 200
    assert (office.follow_up(office.building), office.follow_up(office.neighbour)) == (10, 10)
    assert office.publish(office.clerk, office.community, 0, follow_up_days=3).status_code == 200
    assert office.publish(office.street, world.street(), 0, follow_up_days=5).status_code == 200
    assert (office.follow_up(office.building), office.follow_up(office.neighbour)) == (3, 5)
    seen = office.head.get(f"/api/v1/rulebooks/{office.building.public_id}").json
    assert (seen["of"], seen["of_name"], seen["version"]) == (office.community.public_id, "幸福里社区", 0)
    assert seen["may_edit"] is False
    assert "follow_up_days" in seen["content"]


def test_a_version_is_published_once_and_the_one_before_stays(office: Office) -> None:
    first = office.publish(office.clerk, office.community, 0, follow_up_days=3)
    assert (first.status_code, first.headers["ETag"], first.json["version"]) == (200, '"1"', 1)
    assert office.publish(office.clerk, office.community, 0, follow_up_days=4).status_code == 412  # saw the one before
    bare = {"content": book_json.to_content(STANDARD), "note": NOTE}
    assert office.clerk.put(f"/api/v1/rulebooks/{office.community.public_id}", json=bare).status_code == 428
    assert office.publish(office.clerk, office.community, 1, "回访改五天", follow_up_days=5).json["version"] == 2
    page = office.clerk.get(f"/api/v1/rulebooks/{office.community.public_id}/versions?limit=1").json
    assert [(one["version"], one["note"], one["created_role"]) for one in page["items"]] == [
        (2, "回访改五天", "community")
    ]
    rest = f"/api/v1/rulebooks/{office.community.public_id}/versions?cursor={page['next_cursor']}"
    assert [one["version"] for one in office.clerk.get(rest).json["items"]] == [1]
    with office.world.reading() as c:
        assert [row.action for row in c.execute(sa.select(AuditEvent.action))].count("book:publish") == 2
        assert len(c.execute(sa.select(RuleBook.id)).all()) == 2
    with office.world.writing() as c, pytest.raises(sa.exc.DBAPIError):
        c.execute(sa.update(RuleBook).values(note="x"))


def test_two_who_publish_at_once_leave_one_version(office: Office) -> None:
    answers: list[int] = []

    def send(days: int) -> None:
        answers.append(office.publish(office.clerk, office.community, 0, follow_up_days=days).status_code)

    threads = [threading.Thread(target=send, args=(days,)) for days in (3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers)[0] == 200
    assert set(sorted(answers)[1:]) <= {409, 412}
    with office.world.reading() as c:
        assert c.execute(sa.select(RuleBook.version)).scalars().all() == [1]


def test_every_fault_of_a_book_is_told(office: Office) -> None:
    refused = office.publish(office.clerk, office.community, 0, follow_up_days=0, hedges=["怕"], extra=1)
    assert refused.status_code == 422
    assert [error["message"] for error in refused.json["errors"]] == ["办事规则：“extra”不认识"]
    refused = office.publish(office.clerk, office.community, 0, follow_up_days=0, hedges=["怕"])
    assert len(refused.json["errors"]) == 2
    assert office.publish(office.clerk, office.community, 0, note="").status_code == 422


def test_whoever_stands_at_the_door_reads_what_may_be_reported(office: Office) -> None:
    content = book_json.to_content(STANDARD)
    content["kinds"][0]["on"] = False
    content["kinds"][1]["name"] = "停电"
    office.publish(office.clerk, office.community, 0, kinds=content["kinds"])
    anyone, code = office.world.anyone(), office.building.stairwell_code
    offered = anyone.get(f"/api/v1/codes/{code}/topics").json
    assert [kind["category"] for kind in offered["kinds"]][:2] == ["power", "lift"]
    assert offered["kinds"][0]["name"] == "停电"
    topic = offered["kinds"][0]["topics"][0]
    assert (topic["key"], topic["urgent"]) == ("power_out", True)
    assert topic["questions"][0]["choices"] == ["只有我家", "一个单元", "整栋或更多"]
    assert "words" not in topic
    assert anyone.get("/api/v1/codes/nosuchcode/topics").status_code == 404
    checked = anyone.post(f"/api/v1/codes/{code}/check", json={"text": "楼下起火了"}).json
    assert checked["emergency"]["number"] == "119"
    for body in ({"text": "灭火器过期了"}, {}, {"topic": "no_such"}):
        assert anyone.post(f"/api/v1/codes/{code}/check", json=body).json == {"emergency": None}
    assert (
        anyone.post(f"/api/v1/codes/{code}/check", json={"topic": "lift_trapped"}).json["emergency"]["number"] == "119"
    )


def test_trying_tells_route_clocks_and_why_and_files_nothing(office: Office) -> None:
    body = {"building": office.building.public_id, "text": "楼上弹琴到半夜"}
    tried = office.head.post("/api/v1/rulebooks/try", json=body)
    assert tried.status_code == 200, tried.json
    told = tried.json
    assert (told["category"], told["topic"], told["guessed"]) == ("noise", "noise_home", True)
    assert (told["triage"], told["level"], told["urgent"]) == ("private", "head", False)
    assert told["sign_in_due_at"] == "2026-10-12T09:00:00+00:00"  # 8 working hours after 09:00 in Shanghai
    assert any("按规则是私事" in line for line in told["why"])
    about = office.head.post("/api/v1/rulebooks/try", json={**body, "about_head": True}).json
    assert about["level"] == "grid"
    with office.world.reading() as c:
        assert c.execute(sa.select(sa.func.count()).select_from(Issue)).scalar() == 0


# --- what a report takes from the book


def report(office: Office, **body: Any) -> Any:
    path = f"/api/v1/codes/{office.building.stairwell_code}/issues"
    return office.world.anyone().post(path, json={"category": "power", "text": "没电了", **body})


def test_a_report_keeps_topic_answers_suggestion_book_and_clocks(office: Office) -> None:
    office.publish(office.clerk, office.community, 0, follow_up_days=3)
    now = office.world.clock.now()
    answered = {"影响多少人家？": "一个单元", "停了多久？": "刚停", "没问过？": "x"}
    made = report(office, topic="power_out", answers=answered)
    assert made.status_code == 201, made.json
    assert (made.json["urgent"], made.json["emergency"]) == (True, None)
    with office.world.reading() as c:
        row = c.execute(sa.select(Issue.__table__)).one()
        assert row.rule_book_id == c.execute(sa.select(RuleBook.id)).scalar()
    assert (row.topic, row.topic_name, row.urgent) == ("power_out", "停电", True)
    assert row.answers == [["影响多少人家？", "一个单元"], ["停了多久？", "刚停"]]
    assert (row.suggested, row.triage) == (Triage.SMALL, None)
    assert "按规则是小事" in row.suggested_why
    assert (row.sign_in_due_at, row.contact_due_at) == (now + timedelta(hours=2), now + timedelta(hours=4))
    assert (row.due_at, row.clock_at) == (now + timedelta(hours=24), row.sign_in_due_at)
    seen = office.head.get(f"/api/v1/issues/{made.json['id']}").json
    assert (seen["topic_name"], seen["urgent"], seen["answers"]) == ("停电", True, row.answers)
    (item,) = office.clerk.get("/api/v1/issues").json["items"]
    assert (item["topic_name"], item["urgent"]) == ("停电", True)


def test_a_report_is_never_refused_for_want_of_a_topic(office: Office) -> None:
    for body in ({}, {"topic": ""}, {"topic": "gone_since"}, {"topic": "leak_roof"}, {"answers": {"几楼？": "3"}}):
        assert report(office, **body).status_code == 201, body
    with office.world.reading() as c:
        assert {row.topic for row in c.execute(sa.select(Issue.topic))} == {"power_out"}  # by its words
        assert c.execute(sa.select(sa.func.count()).where(Issue.answers.is_not(None))).scalar() == 0
        assert {row.rule_book_id for row in c.execute(sa.select(Issue.rule_book_id))} == {None}
    assert report(office, topic="power_out", answers={"停了多久？": "三年"}).json["code"] == "invalid"
    assert report(office, answers={str(n): "x" for n in range(4)}).status_code == 422


def test_a_required_answer_is_asked_for_only_where_its_topic_was_chosen(office: Office) -> None:
    content = book_json.to_content(STANDARD)
    power = next(topic for topic in content["topics"] if topic["key"] == "power_out")
    power["questions"][0]["required"] = True
    office.publish(office.clerk, office.community, 0, topics=content["topics"])
    assert report(office).status_code == 201
    refused = report(office, topic="power_out")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "answers")
    assert "请回答“影响多少人家？”" in refused.json["errors"][0]["message"]
    assert report(office, topic="power_out", answers={"影响多少人家？": "只有我家"}).status_code == 201


def test_an_emergency_is_answered_with_its_number_and_filed_all_the_same(office: Office) -> None:
    told = report(office, text="配电箱着火了").json
    assert told["emergency"]["number"] == "119"
    assert told["urgent"] is True
    on_behalf = {"building": office.building.public_id, "category": "lift", "text": "有人被困在电梯里"}
    assert office.clerk.post("/api/v1/issues", json=on_behalf).json["emergency"]["number"] == "119"


def test_a_topic_that_begins_higher_passes_the_head_over(office: Office) -> None:
    told = report(office, category="other", topic="unlawful_building", text="楼顶在加盖").json
    assert told["level"] == "community"
    assert "“违章搭建”由社区先办" in told["message"]


def test_an_issue_keeps_to_the_book_it_was_filed_under(office: Office) -> None:
    office.publish(office.clerk, office.community, 0, follow_up_days=3)
    report(office)
    office.publish(office.clerk, office.community, 1, follow_up_days=4)
    with office.world.reading() as c:
        filed = c.execute(sa.select(Issue.rule_book_id)).scalar()
        assert queries.book_of(filed).follow_up_days == 3
        assert queries.book_for_building(office.building.id).book.follow_up_days == 4


def test_a_book_is_parsed_once_and_costs_a_report_no_statement(office: Office) -> None:
    office.publish(office.clerk, office.community, 0, follow_up_days=3)
    report(office)  # parses it
    with count_queries(office.world.app) as sent:
        assert report(office).status_code == 201
    with office.world.reading() as c:
        most = 2 if c.dialect.name == "postgresql" else 4
    assert len(sent) == most, sent
    assert json.dumps(sent).count("rule_books") >= 1
