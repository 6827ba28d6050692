"""Common problems through HTTP and the console: suggested, made, moved on; whom they show what."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent
from models.enums import Role
from tests.queries import count_queries
from tests.server.web.desk import Desk
from tests.world import Caller, World

PATH = "/api/v1/common-problems"


class Roofs:
    """A community with four buildings whose roofs leak."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community = world.community()
        grid = world.grid(self.community)
        self.buildings = [world.building(grid) for _ in range(4)]
        self.clerk = world.staff(Role.COMMUNITY, self.community)
        self.head = world.head(self.buildings[0])
        self.reporter = world.resident()
        self.issues = [self.report(n % 3, text=f"屋顶漏水{n}") for n in range(5)]

    def report(self, building: int, **more: Any) -> str:
        body = {"category": "leak", "text": "屋顶漏水", "code": self.buildings[building].stairwell_code, **more}
        answer = self.reporter.post("/api/v1/issues", json=body)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def suggested(self, by: Caller | None = None) -> list[dict[str, Any]]:
        found = (by or self.clerk).get(f"{PATH}/suggestions")
        assert found.status_code == 200, found.json
        return list(found.json["items"])

    def make(self, **more: Any) -> Any:
        body = {"community": self.community.public_id, "category": "leak", "title": "老楼屋顶防水", **more}
        return self.clerk.post(PATH, json=body)


@pytest.fixture
def roofs(world: World) -> Roofs:
    return Roofs(world)


def test_a_cluster_is_suggested_made_and_moves_on(roofs: Roofs) -> None:
    roofs.report(3, about_head=True)  # never part of one
    roofs.report(3, category="care", text="老人要帮忙")
    (found,) = roofs.suggested()
    assert (found["buildings"], found["issues"], found["category"]) == (3, 5, "leak")
    assert "3栋楼报了5件同类问题" in found["reason"]
    made = roofs.make(note="先请人看防水层")
    assert made.status_code == 201, made.json
    assert (made.json["issues"], len(made.json["buildings"]), made.json["state"]) == (5, 3, "watched")
    assert roofs.suggested() == []
    path, tag = f"{PATH}/{made.json['id']}", made.headers["ETag"]
    # New ones are seen beside it, and put in.
    late = roofs.report(3)
    assert roofs.clerk.get(path).json["similar"] == 1
    listed = roofs.clerk.get(f"{path}/issues").json["items"]
    assert [item["part"] for item in listed] == [True] * 5 + [False]
    added = roofs.clerk.post(f"{path}/issues/similar", headers={"If-Match": tag})
    assert (added.status_code, added.json["issues"]) == (200, 6)
    stale = roofs.clerk.post(f"{path}/issues/remove", json={"issues": [late]}, headers={"If-Match": tag})
    assert stale.status_code == 412
    tag = added.headers["ETag"]
    gone = roofs.clerk.post(f"{path}/issues/remove", json={"issues": [late]}, headers={"If-Match": tag})
    assert gone.json["issues"] == 5
    back = roofs.clerk.post(f"{path}/issues", json={"issues": [late]}, headers={"If-Match": gone.headers["ETag"]})
    assert back.json["issues"] == 6
    change = {"title": "老楼屋顶防水", "note": "明年春天开工", "state": "project"}
    done = roofs.clerk.put(path, json=change, headers={"If-Match": back.headers["ETag"]})
    assert (done.json["state"], done.json["next_states"]) == ("project", ["watched", "done", "dropped"])
    # The reporter reads it on her page; her issue keeps its own life.
    mine = roofs.reporter.get(f"/api/v1/my/issues/{late}").json
    said = "这件事与其他3栋楼的同类问题一起，作为共性问题推进：老楼屋顶防水（已立项）。明年春天开工"
    assert (mine["state"], mine["common_problem"]) == ("reported", said)
    ended = roofs.clerk.put(path, json={**change, "state": "done"}, headers={"If-Match": done.headers["ETag"]})
    assert ended.json["ended_at"]
    refused = roofs.clerk.post(f"{path}/issues/similar", headers={"If-Match": ended.headers["ETag"]})
    assert (refused.status_code, refused.json["code"]) == (409, "ended")
    wrong = roofs.clerk.put(path, json={**change, "state": "dropped"}, headers={"If-Match": ended.headers["ETag"]})
    assert (wrong.status_code, wrong.json["code"]) == (409, "wrong_state")
    with roofs.world.reading() as connection:
        actions = connection.execute(sa.select(AuditEvent.action).order_by(AuditEvent.id)).scalars().all()
    wanted = ["common:make", *["common:issues"] * 3, *["common:change"] * 2]
    assert [action for action in actions if action.startswith("common:")] == wanted


def test_a_head_sees_her_communitys_problems_without_anybodys_words(roofs: Roofs, world: World) -> None:
    path = f"{PATH}/{roofs.make().json['id']}"
    assert "屋顶漏水" not in roofs.head.get(path).text
    assert roofs.head.get(PATH).json["items"][0]["buildings"] == 3
    for answer in (
        roofs.head.get(f"{path}/issues"),
        roofs.head.get(f"{PATH}/suggestions"),
        roofs.head.post(PATH, json={"community": roofs.community.public_id, "category": "leak", "title": "屋顶"}),
        roofs.head.put(path, json={"title": "屋顶", "state": "done"}, headers={"If-Match": '"1"'}),
    ):
        assert answer.status_code == 403
    stranger = world.head(world.building())
    other = world.staff(Role.COMMUNITY, world.community())
    assert stranger.get(path).status_code == other.get(path).status_code == 404
    assert other.get(f"{path}/issues").status_code == 404
    assert other.get(PATH).json["items"] == []


def test_what_is_about_a_head_is_refused_and_what_lies_elsewhere_is_not_found(roofs: Roofs, world: World) -> None:
    made = roofs.make(similar=False)
    path, tag = f"{PATH}/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    assert made.json["issues"] == 0
    about = roofs.report(0, about_head=True)
    refused = roofs.clerk.post(f"{path}/issues", json={"issues": [about]}, headers=tag)
    assert (refused.status_code, refused.json["code"]) == (409, "not_common")
    lift = roofs.report(0, category="lift", text="电梯")
    assert roofs.clerk.post(f"{path}/issues", json={"issues": [lift]}, headers=tag).json["code"] == "other_kind"
    elsewhere = Roofs(world)
    assert roofs.clerk.post(f"{path}/issues", json={"issues": elsewhere.issues[:1]}, headers=tag).status_code == 404
    second = roofs.make()
    taken = roofs.clerk.post(f"{path}/issues", json={"issues": roofs.issues[:1]}, headers=tag)
    assert (taken.status_code, taken.json["code"]) == (409, "in_another")
    assert second.json["issues"] == 5
    private = roofs.make(category="neighbour")
    assert private.status_code == 422
    far = roofs.clerk.post(PATH, json={"community": elsewhere.community.public_id, "category": "leak", "title": "屋顶"})
    assert far.status_code == 404


def test_lists_and_suggestions_cost_the_same_however_many(roofs: Roofs) -> None:
    problem = roofs.make(similar=False).json["id"]
    costs = []
    for _ in range(2):
        with count_queries(roofs.world.app) as sent:
            assert roofs.clerk.get(PATH).status_code == 200
            roofs.suggested()
            assert roofs.clerk.get(f"{PATH}/{problem}").status_code == 200
        costs.append(len(sent))
        for n in range(4):
            roofs.report(n % 4, category="lift", text="电梯停了")
            roofs.make(similar=False, title=f"第{n}个")
    assert costs[0] == costs[1] == 8


def test_the_console_from_a_suggestion_to_a_project(roofs: Roofs, world: World) -> None:
    desk = Desk(roofs.clerk)
    page = desk.open("/console/commons")
    assert "3栋楼报了5件同类问题" in page.text
    link = next(link for link in page.links if "/commons/new?" in link)
    form = desk.open(link)
    assert form.value("/new", "category") == "leak"
    refused = form.submit("/new", title="")
    assert refused.status == 422
    made = refused.submit("/new", title="老楼屋顶防水", note="先看防水层")
    assert "共性问题已登记" in made.text
    assert "3 栋楼，5 件诉求" in made.text
    removed = made.submit("/remove", issues=roofs.issues[0])
    assert "3 栋楼，4 件诉求" in removed.text or "4 件诉求" in removed.text
    added = removed.submit("/add_similar")
    assert "5 件诉求" in added.text
    stale = made.submit("/change", state="project")
    assert stale.status == 412
    changed = added.submit("/change", state="project", note="明年春天开工")
    assert "已立项" in changed.text
    shown = desk.open(f"/console/issues/{roofs.issues[1]}").text
    assert "作为共性问题推进：老楼屋顶防水（已立项）" in shown
    head = Desk(roofs.head)
    path = next(link for link in head.open("/console/commons").links if link.count("/") == 3)
    seen = head.open(path)
    assert "明年春天开工" in seen.text
    assert "屋顶漏水" not in seen.html
    assert not seen.forms[1:] or not seen.has_form("/change")
    assert len(head.client.get(path).data) < 60_000
