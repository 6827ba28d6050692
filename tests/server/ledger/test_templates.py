"""Reply templates: whom they reach, who may change them, and that none leaves with a gap in it."""

from typing import Any

from models.enums import Role
from tests.server.issues.test_life import move, reported
from tests.world import Caller, World

NEW = {"title": "换灯", "text": "{谁}于{何时}换了{哪里}的灯。"}


def titles(caller: Caller) -> set[str]:
    answer = caller.get("/api/v1/reply-templates")
    assert answer.status_code == 200, answer.json
    return {item["title"] for item in answer.json["items"]}


def test_an_office_writes_for_itself_and_whoever_lies_below(world: World) -> None:
    building = world.building()
    community = world.place_of(building, "community_id")
    clerk, street = world.staff(Role.COMMUNITY, community), world.staff(Role.STREET, world.street())
    head, worker = world.head(building), world.staff(Role.GRID, world.place_of(building, "grid_id"))
    neighbour = world.staff(Role.COMMUNITY, world.community())
    made = clerk.post("/api/v1/reply-templates", json=NEW)
    assert (made.status_code, made.json["gaps"], made.headers["ETag"]) == (201, ["谁", "何时", "哪里"], '"1"')
    street.post("/api/v1/reply-templates", json={**NEW, "title": "街道的"})
    for caller, seen in (
        (clerk, {"换灯", "街道的"}),
        (head, {"换灯", "街道的"}),
        (worker, {"换灯", "街道的"}),
        (street, {"街道的"}),
        (neighbour, {"街道的"}),
    ):
        assert titles(caller) & {"换灯", "街道的"} == seen
        assert "修好了" in titles(caller)  # the shipped ones
    address = f"/api/v1/reply-templates/{made.json['id']}"
    assert neighbour.get(address).status_code == 404
    for caller, status in ((head, 403), (worker, 403), (neighbour, 404), (street, 404)):
        answer = caller.put(address, json=NEW, headers={"If-Match": '"1"'})
        assert answer.status_code == status, answer.json
    above = next(i for i in clerk.get("/api/v1/reply-templates").json["items"] if i["title"] == "街道的")
    assert above["own"] is False
    assert clerk.put(f"/api/v1/reply-templates/{above['id']}", json=NEW, headers={"If-Match": '"1"'}).status_code == 403
    assert clerk.post("/api/v1/reply-templates", json={**NEW, "place": world.street().public_id}).status_code == 404
    assert world.resident().get("/api/v1/reply-templates").status_code == 403


def test_changing_takes_the_version_one_saw(world: World) -> None:
    clerk = world.staff(Role.COMMUNITY, world.community())
    address = f"/api/v1/reply-templates/{clerk.post('/api/v1/reply-templates', json=NEW).json['id']}"
    better = {"title": "换灯", "text": "{谁}换了灯。"}

    def put(tag: str | None, body: dict[str, Any] = better) -> int:
        return int(clerk.put(address, json=body, headers={"If-Match": tag} if tag else {}).status_code)

    assert (put(None), put('"7"'), put('"1"'), put('"1"')) == (428, 412, 200, 412)
    assert put('"2"', {**better, "text": "换好了。"}) == 422  # the same sentence for everything is no answer
    assert clerk.delete(address, headers={"If-Match": '"2"'}).status_code == 204
    assert clerk.get(address).status_code == 404
    assert "换灯" not in titles(clerk)
    assert clerk.get("/api/v1/reply-templates/repaired").json["kind"] == "resolve"


def test_no_reply_is_sent_with_a_gap_in_it(world: World) -> None:
    building = world.building()
    issue, claim = reported(world, building)
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    for verb, body in (
        ("notes", {"text": "已请{谁}上门"}),
        ("resolve", {"text": "｛谁｝修好了", "done_by": "物业"}),
        ("decline", {"text": "归{单位}管", "responsible": "物业"}),
        ("pass-up", {"text": "请{谁}来看"}),
    ):
        refused = move(clerk, issue, verb, **body)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "text"), verb
        assert "没填的空" in refused.json["errors"][0]["message"]
    # A resident may write what she likes.
    assert world.anyone().post(f"/api/v1/claims/{claim}/notes", json={"text": "门牌写着{3}"}).status_code == 200
    assert move(clerk, issue, "resolve", text="王师傅10月12日修好了", done_by="物业").status_code == 200
