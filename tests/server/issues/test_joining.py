"""我也遇到 through HTTP: who may join what, what is never offered, what the joined reporter may say, and splitting."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Issue, Place, ReturnVisit, StairwellCode
from models.enums import IssueState, Role
from server.jobs import relay
from tests.queries import count_queries
from tests.server.web.desk import Desk
from tests.world import Caller, Spot, World


class Street:
    """A building with a head, a grid worker and a clerk, and a neighbour's open report."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.grid = world.grid(world.community())
        self.building = world.building(self.grid)
        self.head = world.head(self.building)
        self.worker = world.staff(Role.GRID, self.grid)
        self.clerk = world.staff(Role.COMMUNITY, world.place_of(self.building, "community_id"))
        self.first = world.resident()
        self.target = self.report(self.first)

    def report(self, by: Caller | None = None, **more: Any) -> str:
        body = {"category": "leak", "text": "三楼漏水", "code": self.building.stairwell_code, **more}
        answer = (by or self.first).post("/api/v1/issues", json=body)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def offered(self, category: str = "leak", building: Spot | None = None) -> list[dict[str, Any]]:
        code = (building or self.building).stairwell_code
        found = self.world.anyone().get(f"/api/v1/codes/{code}/issues?category={category}")
        assert found.status_code == 200, found.json
        return list(found.json["items"])

    def handle(self) -> str:
        return str(self.offered()[0]["id"])

    def join(self, by: Caller | None = None, handle: str = "", code: str = "", **said: Any) -> Any:
        path = f"/api/v1/codes/{code or self.building.stairwell_code}/issues/{handle or self.handle()}/join"
        return (by or self.world.anyone()).post(path, json=said)

    def staff(self, who: Caller, verb: str, issue: str = "", status: int = 200, **body: Any) -> Any:
        answer = who.post(f"/api/v1/issues/{issue or self.target}/{verb}", json=body)
        assert answer.status_code == status, answer.json
        return answer.json

    def resolve(self) -> None:
        self.staff(self.head, "resolve", text="换了水管", done_by="物业师傅")

    def issue(self, public_id: str = "") -> Any:
        with self.world.reading() as connection:
            table = Issue.__table__
            return connection.execute(sa.select(table).where(table.c.public_id == (public_id or self.target))).one()


@pytest.fixture
def street(world: World) -> Street:
    return Street(world)


def test_joining_files_a_report_of_ones_own_that_is_part_of_the_other(street: Street) -> None:
    (offer,) = street.offered()
    assert (offer["joined"], offer["category"]) == (0, "leak")
    with count_queries(street.world.app) as sent:
        joined = street.join(text="我家厨房也在滴", contact="13812345678")
    assert joined.status_code == 201, joined.json
    assert len(sent) <= 9, sent
    assert (joined.json["state"], "结果会一并告诉您" in joined.json["message"]) == ("duplicate", True)
    hers, target = street.issue(joined.json["id"]), street.issue()
    assert (hers.duplicate_of_id, hers.clock_at, hers.due_at) == (target.id, None, None)
    assert (target.version, hers.category) == (1, target.category)
    mine = street.world.anyone().get(f"/api/v1/claims/{joined.json['claim_code']}").json
    assert [event["move"] for event in mine["timeline"]] == ["report"]
    assert (mine["joined"]["state"], mine["moves"]) == ("reported", ["note", "withdraw", "urge"])
    assert street.offered()[0]["joined"] == 1
    # Whoever works on it reads her words beside it, and may call her.
    assert street.head.get(f"/api/v1/issues/{street.target}").json["joiners"] == 1
    (joiner,) = street.head.get(f"/api/v1/issues/{street.target}/joiners").json["items"]
    assert (joiner["excerpt"], joiner["has_contact"]) == ("我家厨房也在滴", True)
    phone = street.staff(street.head, "contact", joiner["id"], reason="约上门时间")
    assert phone["contact"] == "13812345678"
    elsewhere = street.world.head(street.world.building())
    assert elsewhere.get(f"/api/v1/issues/{street.target}/joiners").json["items"] == []


def test_only_a_tap_is_enough_and_nothing_waits_for_review(street: Street) -> None:
    joined, typed = street.join(), street.join(text="我家也漏")
    assert street.issue(joined.json["id"]).text == "我也遇到，和邻居报的是同一件事。"
    before = len(street.head.get("/api/v1/messages").json["items"])
    relay.run(street.world.app)
    assert [item["text"] for item in street.clerk.get("/api/v1/moderation").json["items"]] == ["三楼漏水"]
    street.staff(
        street.worker, "split", typed.json["id"], text="不是一件"
    )  # neighbours will see it: now it is looked at
    relay.run(street.world.app)
    assert "我家也漏" in [item["text"] for item in street.clerk.get("/api/v1/moderation").json["items"]]
    assert len(street.head.get("/api/v1/messages").json["items"]) == before + 2  # the target's and the split one


def test_signed_in_she_joins_once_and_not_her_own(street: Street) -> None:
    second, handle = street.world.resident(), street.handle()
    assert street.join(second).status_code == 201
    again = street.join(second)
    assert (again.status_code, again.json["code"]) == (409, "already_joined")
    own = street.join(street.first)
    assert (own.status_code, own.json["code"]) == (409, "own_report")
    assert street.join(street.world.resident()).status_code == 201  # somebody else
    mine = second.get("/api/v1/my/issues").json["items"][0]["id"]
    assert second.post(f"/api/v1/my/issues/{mine}/withdraw", json={}).status_code == 200
    assert street.issue(mine).duplicate_of_id is None
    assert street.join(second, handle).status_code == 201  # taken back, and joined again


def test_a_repeated_request_joins_once(street: Street) -> None:
    path = f"/api/v1/codes/{street.building.stairwell_code}/issues/{street.handle()}/join"
    caller, key = street.world.anyone(), {"Idempotency-Key": "k" * 20}
    answers = [caller.post(path, json={}, headers=key).json for _ in range(3)]
    assert len({answer["id"] for answer in answers}) == 1
    assert street.offered()[0]["joined"] == 1


def test_what_neighbours_are_not_shown_cannot_be_joined(street: Street, world: World) -> None:
    from server.moderation.queries.handles import handle  # the name such an issue would have

    private = street.report(category="neighbour", text="楼上吵架")
    about = street.report(about_head=True)
    other = Street(world)
    assert street.offered("neighbour") == []
    assert len(street.offered()) == 1
    with world.app.app_context():
        names = [handle(private), handle(about), handle(other.target), handle("0" * 16)]
    for name in names:
        answer = street.join(handle=name)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), name
    assert street.join(handle=street.target).status_code == 404  # its public id is not its name here


def test_what_is_settled_is_reported_anew(street: Street) -> None:
    handle = street.handle()
    street.resolve()
    settled = street.join(handle=handle)
    assert (settled.status_code, settled.json["code"]) == (409, "target_solved")
    assert "重新报一件" in settled.json["detail"]
    street.first.post(f"/api/v1/my/issues/{street.target}/confirm", json={})
    assert street.join(handle=handle).json["code"] == "target_ended"
    assert street.offered() == []


def test_old_codes_and_closed_buildings_take_nothing(street: Street) -> None:
    handle = street.handle()
    assert street.join(handle=handle, code="nosuchcode").status_code == 404
    with street.world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == street.building.id).values(closed_at=sa.func.now()))
    assert street.join(handle=handle).status_code == 422
    with street.world.writing() as connection:
        connection.execute(sa.update(StairwellCode).values(revoked_at=street.world.clock.now()))
    assert street.join(handle=handle).status_code == 410


def test_whoever_read_the_page_before_the_office_joined_it_joins_the_other(street: Street) -> None:
    later = street.report(street.world.resident(), text="四楼也漏水")
    handle = street.handle()
    street.staff(street.head, "join", later, target=street.target)
    joined = street.join(handle=handle)
    assert joined.status_code == 201
    assert street.issue(joined.json["id"]).duplicate_of_id == street.issue().id


def joined_by(street: Street, who: Caller) -> str:
    answer = street.join(who)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def say(who: Caller, issue: str, word: str, **body: Any) -> Any:
    clock = who._client.application.extensions["clock"]
    clock.set(clock.now() + timedelta(seconds=1))
    return who.post(f"/api/v1/my/issues/{issue}/{word}", json=body)


def test_each_joiner_answers_and_the_target_is_reopened_once(street: Street) -> None:
    world, people = street.world, [street.world.resident() for _ in range(4)]
    mine = [joined_by(street, who) for who in people]
    early = say(people[0], mine[0], "answers", solved=True)
    assert (early.status_code, early.json["code"]) == (409, "wrong_state")
    street.resolve()
    relay.run(world.app)
    assert people[0].get("/api/v1/messages").json["items"][0]["kind"] == "resolved"
    assert people[0].get(f"/api/v1/my/issues/{mine[0]}").json["moves"] == [
        "note",
        "confirm",
        "rate",
        "reopen",
        "withdraw",
    ]
    good = {"contacted": True, "solved": True, "satisfaction": "satisfied"}
    assert say(people[0], mine[0], "answers", **good).status_code == 200
    assert street.issue().state is IssueState.RESOLVED  # she answers for herself; the target's own reporter writes off
    assert say(people[1], mine[1], "reopen", text="我家302还在漏").status_code == 200
    assert say(people[2], mine[2], "answers", solved=False, satisfaction="unsatisfied").status_code == 200
    again = say(people[1], mine[1], "reopen", text="快点")
    assert (again.status_code, again.json["code"]) == (409, "already_said")
    target = street.issue()
    assert (target.state, str(target.level), target.rework) == (IssueState.REOPENED, "grid", 1)
    timeline = street.worker.get(f"/api/v1/issues/{street.target}").json["timeline"]
    assert [event["move"] for event in timeline] == ["report", "resolve", "reopen", "note"]
    assert "302" not in str(timeline)  # her words are hers
    with world.reading() as connection:
        visits = connection.execute(
            sa.select(Issue.public_id, ReturnVisit.solved, ReturnVisit.counts)
            .join_from(ReturnVisit, Issue, Issue.id == ReturnVisit.issue_id)
            .order_by(ReturnVisit.id)
        ).all()
    assert [tuple(row) for row in visits] == [(mine[0], True, True), (mine[1], False, True), (mine[2], False, True)]
    relay.run(world.app)
    news = [[m["kind"] for m in who.get("/api/v1/messages").json["items"]] for who in (street.first, *people)]
    assert [kinds[0] for kinds in news] == ["progress", "progress", "resolved", "progress", "progress"]


def test_urging_is_shared_by_all_who_reported_it(street: Street) -> None:
    people = [street.world.resident() for _ in range(2)]
    mine = [joined_by(street, who) for who in people]
    assert say(people[0], mine[0], "urge", text="快点").status_code == 200
    assert (street.issue().urged, street.issue(mine[0]).urged) == (1, 0)
    again = say(people[1], mine[1], "urge")
    assert (again.status_code, again.json["code"]) == (409, "urged_already")
    relay.run(street.world.app)
    assert "urged" in [item["kind"] for item in street.head.get("/api/v1/messages").json["items"]]


def test_where_the_target_was_written_off_hers_goes_on_by_itself(street: Street) -> None:
    who = street.world.resident()
    mine = joined_by(street, who)
    street.resolve()
    assert say(street.first, street.target, "confirm").status_code == 200
    assert say(who, mine, "reopen", text="我家还在漏").status_code == 200
    hers = street.issue(mine)
    assert (hers.state, str(hers.level), hers.duplicate_of_id, hers.rework) == (IssueState.REOPENED, "grid", None, 1)
    assert (hers.ended_at, hers.due_at is not None) == (None, True)
    assert street.issue().state is IssueState.CONFIRMED
    street.staff(street.worker, "resolve", mine, text="又修了一次", done_by="物业师傅")
    assert say(who, mine, "confirm").status_code == 200


def test_the_office_asks_a_joiner_by_phone_but_not_over_her_own_words(street: Street) -> None:
    who = street.world.resident()
    mine, quiet = joined_by(street, who), joined_by(street, street.world.resident())
    street.resolve()
    assert "rate" in street.clerk.get(f"/api/v1/issues/{quiet}").json["moves"]
    street.staff(street.clerk, "visit", quiet, contacted=True, solved=True)
    assert say(who, mine, "answers", solved=True, satisfaction="fairly").status_code == 200
    told = street.staff(street.clerk, "visit", mine, status=409, satisfaction="satisfied")
    assert told["code"] == "already_told"
    with street.world.reading() as connection:
        noted = connection.execute(sa.select(ReturnVisit.noted_by_id).order_by(ReturnVisit.id)).scalars().all()
    assert noted == [street.clerk.person_id, None]


def test_joiners_hear_how_it_goes_and_are_told_when_it_is_declined(street: Street) -> None:
    who = street.world.resident()
    mine = joined_by(street, who)
    street.staff(street.head, "pass-up", text="要大修")
    street.staff(street.worker, "decline", text="业主自己的管子", responsible="业主委员会 电话96777")
    relay.run(street.world.app)
    bodies = [item["body"] for item in who.get("/api/v1/messages").json["items"]]
    assert len(bodies) == 2
    assert "业主委员会" in bodies[0]
    assert "网格" in bodies[1]
    assert "业主自己的管子" not in str(bodies)
    refused = say(who, mine, "reopen", text="不行")
    assert (refused.status_code, "拆分" in refused.json["detail"]) == (409, True)
    # Nothing is lost: hers can be taken out and goes on.
    split = street.staff(street.worker, "split", mine, text="她家的是公共管道")
    assert (split["state"], split["level"], split["duplicate_of"]) == ("reported", "head", None)
    assert street.issue(mine).due_at is not None
    both = [street.clerk.get(f"/api/v1/issues/{issue}").json["timeline"][-1] for issue in (mine, street.target)]
    assert [event["move"] for event in both] == ["split", "split"]
    relay.run(street.world.app)
    assert "单独办理" in who.get("/api/v1/messages").json["items"][0]["body"]
    assert street.head.get("/api/v1/messages").json["items"][0]["kind"] == "new_issue"
    again = street.staff(street.worker, "split", mine, status=409, text="再拆")
    assert again["code"] == "wrong_state"


def test_the_console_splits_and_unlinks(street: Street) -> None:
    mine = joined_by(street, street.world.resident())
    desk = Desk(street.clerk)
    page = desk.open(f"/console/issues/{mine}")
    assert "已拆分出来" in page.submit("/split", text="不是一件").text
    street.resolve()
    again = street.report(text="三楼漏水")
    relay.run(street.world.app)
    page = desk.open(f"/console/issues/{again}")
    assert "90 天内第 2 次" in page.text
    assert "已取消“再次出现”的标记" in page.submit("/not_again", text="不是同一处").text
    assert "第 2 次" not in desk.open(f"/console/issues/{again}").text
    assert not Desk(street.head).open(f"/console/issues/{again}").has_form("/not_again")


def test_neither_head_nor_neighbour_splits(street: Street, world: World) -> None:
    mine = joined_by(street, world.resident())
    street.staff(street.head, "split", mine, status=403, text="拆")
    street.staff(Street(world).clerk, "split", mine, status=404, text="拆")


def test_the_same_fault_within_ninety_days_is_linked_and_can_be_unlinked(street: Street) -> None:
    world, who = street.world, street.world.resident()
    relay.run(world.app)
    street.resolve()
    world.clock.set(world.clock.now() + timedelta(days=80))
    second = street.report(who, text="三楼又漏水了")
    other = street.report(who, text="八楼漏水")
    with count_queries(world.app) as sent:
        relay.run(world.app)
    assert sum("recurs_of_id IS NULL" in line for line in sent) == 2  # one look a report
    view = street.clerk.get(f"/api/v1/issues/{second}").json
    assert (view["recurrence"], view["recurs_of"]) == (2, street.target)
    mine = who.get(f"/api/v1/my/issues/{second}").json
    assert (mine["recurrence"], mine["recurs_of"]) == (2, None)  # nothing of the earlier reporter's
    assert street.clerk.get(f"/api/v1/issues/{other}").json["recurrence"] == 1
    street.staff(street.head, "resolve", second, text="修好了", done_by="物业师傅")
    world.clock.set(world.clock.now() + timedelta(days=90))
    third = street.report(who, text="三楼漏水，第三次了")
    world.clock.set(world.clock.now() + timedelta(days=91))
    late = street.report(who, text="三楼漏水")
    relay.run(world.app)
    assert [street.clerk.get(f"/api/v1/issues/{one}").json["recurrence"] for one in (third, late)] == [3, 1]
    street.staff(street.head, "recurrence/remove", third, status=403, text="不是")
    gone = street.staff(street.clerk, "recurrence/remove", third, text="这次是另一根管子")
    assert (gone["recurrence"], gone["timeline"][-1]["who"]) == (1, "社区居委会")
    street.staff(street.clerk, "recurrence/remove", third, status=409, text="再来")


def test_joining_and_reopening_at_once_leave_one_of_each(street: Street) -> None:
    """Eight taps of one person join once; eight joiners who say 还没好 at once reopen once."""
    who, handle = street.world.resident(), street.handle()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: street.join(Caller(street.world.app, who.token), handle).status_code, range(8))
        )
    assert sorted(answers) == [201, *[409] * 7]
    people = [street.world.resident() for _ in range(7)]
    mine = [(one, joined_by(street, one)) for one in people]
    street.resolve()
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda pair: say(*pair, "reopen", text="还在漏").status_code, mine))
    assert said == [200] * 7
    target = street.issue()
    assert (target.state, str(target.level), target.rework) == (IssueState.REOPENED, "grid", 1)
    moves = [event["move"] for event in street.clerk.get(f"/api/v1/issues/{street.target}").json["timeline"]]
    assert moves == ["report", "resolve", "reopen", *["note"] * 6]
