"""Each line opens to the rows it rests on, and to nothing more."""

from typing import Any

from models.enums import Component, IssueCategory, Role, Satisfaction
from server.issues import service as issues
from server.rules.ledger_mapping import LedgerMapping
from server.scores import facts
from tests.server.scores.given import Community, visits
from tests.world import Caller, Spot, World

DUTY = "task000000000013"


def _evidence(caller: Caller, community: Community, building: Spot, component: str, **query: Any) -> Any:
    path = f"{community.path()}/buildings/{building.public_id}/evidence/{component}"
    return caller.get(path, query_string=query)


def test_a_neighbour_opens_nothing(world: World) -> None:
    community = Community(world)
    building, next_door = community.building(), community.building()
    community.on_notice()
    for stranger in (world.head(next_door), Community(world).office):
        for component in Component:
            assert _evidence(stranger, community, building, component).status_code == 404, component


def test_case_handling_opens_to_the_issues_with_the_three_answers(world: World) -> None:
    community = Community(world)
    building = community.building(answers=0)
    made = visits(world, building, 3)
    made += visits(world, building, 1, contacted=None, solved=False, satisfaction=Satisfaction.UNSATISFIED)
    visits(world, building, 1, counts=False)
    visits(world, building, 1, month=202609)
    community.drafted()
    head = world.head(building)
    page = _evidence(head, community, building, "case_handling").json
    assert [item["id"] for item in page["items"]] == made
    last = page["items"][-1]
    assert (last["contacted"], last["solved"], last["satisfaction"]) == (None, False, "unsatisfied")
    assert (last["on"], last["title"], last["link"]) == ("2026-10-12", "楼道照明", f"/api/v1/issues/{made[-1]}")
    assert head.get(last["link"]).status_code == 200
    assert page["not_shown"] == 0


def test_a_head_does_not_learn_of_a_complaint_about_herself(world: World) -> None:
    community = Community(world)
    building = community.building(answers=0)
    plain = visits(world, building, 3)
    (about_her,) = visits(world, building, 1, about_head=True, category=IssueCategory.OTHER)
    community.on_notice()
    hers = _evidence(world.head(building), community, building, "case_handling")
    assert [item["id"] for item in hers.json["items"]] == plain
    assert hers.json["not_shown"] == 1
    assert about_her not in hers.text
    clerk_too = world.person((Role.HEAD, building), (Role.COMMUNITY, community.spot))
    assert about_her not in _evidence(clerk_too, community, building, "case_handling").text
    offices = _evidence(community.office, community, building, "case_handling").json
    assert [item["id"] for item in offices["items"]] == [*plain, about_her]
    assert offices["not_shown"] == 0


def test_an_old_ledger_adds_nothing_to_a_month_on_notice(world: World) -> None:
    """What is opened under a line is what was counted: rows of the month that come too late are no evidence."""
    community = Community(world)
    building = community.building(answers=3)
    community.on_notice()
    rows: list[tuple[int, dict[str, str]]] = [
        (
            line,
            {"编号": str(line), "受理时间": f"2026-{month}-12 08:00", "办结时间": f"2026-{month}-12 10:00",
             "地点": building.code, "结果": "满意"},
        )
        for line, month in enumerate(("09", "10", "10"), start=2)
    ]  # fmt: skip
    with world.writing():
        mapping, now = LedgerMapping(), world.clock.now()
        plan = issues.plan_ledger(community.spot.row, rows, mapping, "旧台账", now)
        assert issues.load_ledger(community.spot.row, plan, "旧台账", now) == 3
    page = _evidence(community.office, community, building, "case_handling").json
    assert (len(page["items"]), page["not_shown"]) == (3, 0)
    with world.reading():
        counted = {month: facts.gather(month)[community.spot.id][0].solved for month in (202609, 202610)}
    assert counted == {202609: 1, 202610: 3}


def test_evidence_comes_page_by_page(world: World) -> None:
    community = Community(world)
    building = community.building(answers=0)
    issues = visits(world, building, 5)
    community.drafted()
    seen, cursor = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = _evidence(community.office, community, building, "case_handling", **query).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (issues, None)


def test_star_book_duties_and_deductions_open_to_their_rows(world: World) -> None:
    community = Community(world)
    building = community.building(3)
    head = world.head(building)
    record = head.post(
        "/api/v1/duties/records", json={"item": DUTY, "done_on": "2026-10-11", "text": "检查灭火器。"}
    ).json["id"]
    head.post("/api/v1/duties/records", json={"item": DUTY, "done_on": "2026-10-12", "text": "还没有核实。"})
    community.office.post(f"/api/v1/duties/records/{record}/decision", json={"state": "accepted"})
    taken = {"building": building.public_id, "month": "2026-10", "reason": "楼道堆物", "evidence": "10月9日照片"}
    kept, back = (
        community.office.post("/api/v1/deductions", json={**taken, "points": points}).json["id"]
        for points in (1500, 500)
    )
    community.office.post(f"/api/v1/deductions/{back}/cancel", json={"reason": "登记错了楼栋"})
    community.drafted()

    (stars,) = _evidence(head, community, building, "star_book").json["items"]
    assert "安全3星" in stars["text"]
    assert head.get(stars["link"]).status_code == 200
    (duty,) = _evidence(head, community, building, "duties").json["items"]
    assert (duty["id"], duty["title"], duty["on"]) == (record, "巡查楼道安全", "2026-10-11")
    (deduction,) = _evidence(head, community, building, "deduction").json["items"]
    assert (deduction["id"], deduction["points"], deduction["title"]) == (kept, 1500, "扣1.5分：楼道堆物")
    survey = _evidence(head, community, building, "survey").json
    assert survey == {"items": [], "next_cursor": None, "not_shown": 0, "may_differ": False}


def test_what_is_no_component_is_not_there(world: World) -> None:
    community = Community(world)
    building = community.building()
    community.drafted()
    assert _evidence(community.office, community, building, "luck").status_code == 404
    assert _evidence(community.office, community, building, "duties", cursor="x").status_code == 422


def test_the_street_reads_the_evidence_of_its_communities(world: World) -> None:
    community = Community(world)
    building = community.building(answers=3)
    community.drafted()
    street = world.staff(Role.STREET, world.street())
    assert len(_evidence(street, community, building, "case_handling").json["items"]) == 3
