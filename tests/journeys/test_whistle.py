"""The whistle from the stairwell to the district: HTTP, the terminal, the jobs and a set clock. Nothing is patched."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask

from models import ReturnVisit
from models.enums import Role
from server.core.clock import SetClock
from server.jobs import relay
from server.jobs.runner import tick
from tests.world import Caller, World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=SHANGHAI)


def titles(caller: Caller) -> list[str]:
    return [item["title"] for item in caller.get("/api/v1/messages?limit=100").json["items"]]


def test_head_grid_community_two_departments_and_the_district(app: Flask, world: World, clock: SetClock) -> None:
    clock.set(at(12, 9))
    building = world.building(world.grid(world.community("桂花社区")), "3栋")
    head, grid = world.head(building), world.staff(Role.GRID, world.place_of(building, "grid_id"))
    clerk = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    district = world.staff(Role.DISTRICT, world.district())

    def do(caller: Caller, path: str, status: int = 200, **body: Any) -> Any:
        answer = caller.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == status, (path, answer.json)
        relay.run(app)
        return answer.json

    # The district registers two departments and appoints somebody to each.
    ids = {name: do(district, "departments", 201, name=name)["id"] for name in ("住建局", "水务局")}
    place = world.district().public_id
    housing, water = world.resident(), world.resident()
    for person, name in ((housing, "住建局"), (water, "水务局")):
        post = {"person": person.public_id, "role": "department", "place": place, "department": ids[name]}
        do(district, "appointments", 201, **post)

    # A resident reports; the head passes it up, the grid worker too; the community calls both departments.
    said = {"category": "greenery", "text": "大树的根顶裂了院墙，物业修过两次"}
    filed = do(world.anyone(), f"codes/{building.stairwell_code}/issues", 201, **said)
    issue, claim = filed["id"], filed["claim_code"]
    assert do(head, f"issues/{issue}/pass-up", text="要请懂树的人")["level"] == "grid"
    assert do(grid, f"issues/{issue}/pass-up", text="要请部门")["level"] == "community"
    sounded = do(clerk, f"issues/{issue}/whistles", 201, departments=list(ids.values()), text="请来看树根")["items"]
    whistle = {each["department_name"]: each["id"] for each in sounded}
    assert titles(housing) == titles(water) == ["吹哨：3栋的绿化树木"]

    # Housing signs in and pushes back the next day; water does neither for a week.
    clock.set(at(12, 9, 30))
    do(housing, f"whistles/{whistle['住建局']}/sign-in")
    clock.set(at(12, 10, 10))
    tick(app)
    assert "水务局没有按时签收：3栋的绿化树木" in titles(clerk)
    clock.set(at(13, 10))
    do(housing, f"whistles/{whistle['住建局']}/push-back", text="树下面是水务局的管道")
    page = world.anyone().get(f"/r/{claim}").get_data(as_text=True)
    assert "住建局退回" in page
    assert "水务局" in page
    assert do(clerk, f"whistles/{whistle['水务局']}/urge")["items"][1]["urged"] == 1
    clock.set(at(20, 9))
    tick(app)
    late = "水务局没有按时反馈：3栋的绿化树木"
    assert all(late in titles(caller) for caller in (water, clerk, district))
    (overdue,) = district.get("/api/v1/whistles?state=overdue").json["items"]
    assert (overdue["issue"], overdue["department_name"]) == (issue, "水务局")
    assert clerk.get(f"/api/v1/issues/{issue}").json["level"] == "department"

    # It comes at last; the community settles it with the reporter, and rates both.
    clock.set(at(21, 16))
    do(water, f"whistles/{whistle['水务局']}/report-back", text="断了树根，院墙补好了", done_on="2026-10-21")
    view = clerk.get(f"/api/v1/issues/{issue}").json
    assert (view["level"], view["state"]) == ("community", "in_progress")
    do(clerk, f"issues/{issue}/resolve", text="水务局断了树根，补了院墙", done_by="水务局")
    do(clerk, f"whistles/{whistle['水务局']}/rating", rating="unsatisfied", text="催了才来")
    do(clerk, f"whistles/{whistle['住建局']}/rating", rating="fairly")

    # Not good yet: that goes to the district, and counts neither for nor against the building.
    clock.set(at(22, 9))
    again = do(world.anyone(), f"claims/{claim}/reopen", text="院墙又裂了")
    assert (again["state"], again["level"]) == ("reopened", "district")
    assert "3栋的诉求还没好：绿化树木" in titles(district)
    with world.reading() as connection:
        assert connection.execute(sa.select(ReturnVisit.counts)).scalars().all() == [False]
    again = do(district, f"issues/{issue}/whistles", 201, departments=[ids["水务局"]], text="请彻底解决")["items"]
    assert (again[-1]["sounded_by"], again[-1]["state_name"]) == ("区", "待签收")
    assert clerk.post(f"/api/v1/whistles/{again[-1]['id']}/call-off", json={"text": "不用了"}).status_code == 403

    figures = {
        each["department_name"]: each for each in clerk.get("/api/v1/whistles/figures?month=2026-10").json["items"]
    }
    told = {
        name: (each["whistles"], each["pushed_back"], each["urged"], each["overdue"]) for name, each in figures.items()
    }
    assert told == {"住建局": (1, 1, 0, 0), "水务局": (2, 0, 1, 1)}
    assert (figures["水务局"]["signed_in_on_time"], figures["水务局"]["sign_in_counted"]) == (0, 1)
    assert (figures["水务局"]["overdue_days"], figures["水务局"]["unsatisfied"]) == (2, 1)
    moves = [line["move"] for line in district.get(f"/api/v1/issues/{issue}").json["timeline"]]
    assert moves == [
        *("report", "pass_up", "pass_up", "whistle", "sign_in", "push_back", "urge", "report_back", "resolve"),
        *("rate_department", "rate_department", "reopen", "whistle"),
    ]
    assert clock.now() - at(12, 9) == timedelta(days=10)
