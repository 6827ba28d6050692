"""A leak that three households see: they join by the page of the stairwell, hear what is done, and one says it still leaks."""

import re
from datetime import timedelta

from models.enums import Role
from server.jobs import relay
from server.jobs.runner import tick
from tests.queries import count_queries
from tests.server.web.desk import Desk
from tests.server.web.stairwell import CLAIM, Stairwell, words
from tests.world import World

BUTTON = re.compile(r'name="join" value="([^"]+)"')


def joins(stairs: Stairwell, handle: str, **fields: str) -> str:
    """Press 我也遇到 on the page, without script. Returns the receipt's words; the claim code is kept."""
    sent = stairs.post(category="leak", join=handle, **fields)
    assert sent.status_code == 303, words(sent)
    receipt = stairs.anyone.get(sent.location)
    found = CLAIM.search(receipt.text)
    assert found
    stairs.claim = found[1]
    return words(receipt)


def test_neighbours_join_and_their_word_counts(world: World) -> None:
    building = world.building()
    head = world.head(building)
    worker = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    first, second, third = (Stairwell(world, building) for _ in range(3))
    with count_queries(world.app) as empty:
        assert "我也遇到" not in first.scan().text
    first.send(category="leak", text="楼上往下漏水", phrase="楼上往下漏水")
    relay.run(world.app)

    # The second finds it under its kind, with nothing typed; the page costs no statement more than before.
    with count_queries(world.app) as sent:
        page = second.scan()
    assert len(sent) <= len(empty) + 1
    (handle,) = BUTTON.findall(page.text)
    assert "已经有人报了漏水渗水" in words(page)
    assert "楼上往下漏水" in words(page)
    assert "并在一起办理" in joins(second, handle)
    joins(third, handle, text="我家<厨房>也在滴", contact="13812345678")
    assert "2 位邻居也遇到" in words(first.scan())
    assert "另有 2 份上报说的是同一件事" in words(first.follow())
    assert "那一件现在在楼栋长手里：待受理" in words(second.follow())

    # The head sees all three as one, with the words of each.
    desk = Desk(head)
    issue = head.get("/api/v1/issues?family=open").json["items"][0]["id"]
    shown = desk.open(f"/console/issues/{issue}")
    assert "另有 2 份上报说的是同一件事" in shown.text
    assert "我家<厨房>也在滴" in shown.text
    assert len(head.get("/api/v1/issues?family=open").json["items"]) == 1
    done = head.post(f"/api/v1/issues/{issue}/resolve", json={"text": "换了三楼的水管", "done_by": "物业师傅"})
    assert done.status_code == 200, done.json

    # Each is asked; the third, angry, says it still leaks: reopened once, above the head.
    asked = words(second.follow())
    assert "楼栋长说办好了，请您看一看" in asked
    assert "做了什么：换了三楼的水管" in asked
    assert second.say("confirm", contacted="true", satisfaction="satisfied").status_code == 303
    assert "修改评价" in words(second.follow())
    world.clock.set(world.clock.now() + timedelta(hours=1))
    assert third.say("reopen", text="胡说！还在漏，302的王某根本没来").status_code == 303
    assert "会重新办理" in words(third.anyone.get(f"/r/{third.claim.replace('-', '')}?done=reopen"))
    assert "还没好，已交网格员重新办" in words(first.follow())
    assert "王某" not in words(first.follow())
    assert "王某" not in words(second.follow())
    assert "那一件现在在网格员手里" in words(third.follow())
    assert third.say("reopen", text="快点").status_code == 409

    # Done again; two are silent, and the silence of the target is shown to the third as silence.
    again = worker.post(f"/api/v1/issues/{issue}/resolve", json={"text": "重做了防水", "done_by": "物业师傅"})
    assert again.status_code == 200, again.json
    assert third.say("rate", solved="true", satisfaction="fairly").status_code == 303
    world.clock.set(world.clock.now() + timedelta(days=8))
    tick(world.app)
    assert "没有等到上报人的回音" in words(third.follow())
    history = clerk.get(f"/api/v1/issues/{issue}").json
    assert (history["state"], history["rework"]) == ("closed_silent", 1)


def test_pressing_enter_reports_and_a_wrong_button_says_why(world: World) -> None:
    building = world.building()
    head, stairs = world.head(building), Stairwell(world, building)
    stairs.send(category="lift", text="电梯停了")
    page = stairs.scan().text
    form = page.partition('<form id="report"')[2].partition("</form>")[0]
    assert re.search(r"<button[^>]*>", form)[0].find("name=") < 0  # type: ignore[index] -- the first one is pressed by Enter
    (handle,) = BUTTON.findall(form)
    issue = head.get("/api/v1/issues").json["items"][0]["id"]
    assert head.post(f"/api/v1/issues/{issue}/resolve", json={"text": "好了", "done_by": "物业师傅"}).status_code == 200
    late = stairs.post(category="lift", join=handle, text="还是不动")
    assert late.status_code == 409
    assert "请重新报一件" in words(late)
    assert "还是不动" in late.text  # nothing typed is lost
    assert stairs.post(category="lift", join="0" * 16).status_code == 404
