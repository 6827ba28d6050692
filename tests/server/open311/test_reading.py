"""GET Service Requests: strangers read what neighbours may, the filing system its own, and it costs two statements."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from models.enums import IssueCategory, Role
from server.core.clock import SetClock
from server.rules import publicity
from server.rules.publicity import Publicity
from tests.queries import count_queries
from tests.server.open311.conftest import V2, System, listed, opened, passed
from tests.world import Caller, Spot, World

SECRET = "张三家502室的秘密"


def report(world: World, building: Spot, **told: Any) -> str:
    body = {"category": "leak", "text": SECRET, **told}
    answer = world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
    return str(answer.json["id"])


def move(caller: Caller, issue: str, word: str, **told: Any) -> None:
    answer = caller.post(f"/api/v1/issues/{issue}/{word}", json=told)
    assert answer.status_code == 200, answer.text


def ids(answer: Any) -> list[str]:
    return [one["service_request_id"] for one in answer.json]


@pytest.fixture
def community(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


@pytest.mark.parametrize("category", IssueCategory)
def test_strangers_read_what_the_rule_of_publicity_allows(
    world: World, hotline: System, building: Spot, category: IssueCategory
) -> None:
    issue = report(world, building, category=str(category), text="三楼 13800000001 漏水")
    anyone = world.anyone()
    shown = publicity.publicity(category)
    before = anyone.get(f"{V2}/requests.json").json
    assert [one["description"] for one in before] == ([] if shown is Publicity.NOTHING else [None])
    passed(world, issue)
    after = anyone.get(f"{V2}/requests.json")
    expected = {Publicity.WHOLE: ["三楼 ＊＊＊ 漏水"], Publicity.CATEGORY: [None], Publicity.NOTHING: []}
    assert [one["description"] for one in after.json] == expected[shown]
    assert anyone.get(f"{V2}/requests/{issue}.json").status_code == (404 if shown is Publicity.NOTHING else 200)


def test_nothing_hidden_leaves_in_any_answer(
    app: Flask, world: World, hotline: System, building: Spot, community: Caller
) -> None:
    """About the head, private, taken back, unchecked, what staff wrote, who reported: none of it, nowhere."""
    about = report(world, building, about_head=True)
    private = report(world, building, category="neighbour")
    unchecked = report(
        world, building, contact="13800000001", category="lift", topic="lift_stopped"
    )  # urgent: due at the same minute
    for issue in (about, private, unchecked):
        passed(world, issue) if issue != unchecked else None
        move(community, issue, "notes", text=SECRET)
        move(community, issue, "resolve", text=SECRET, done_by="物业师傅")
    taken_back = world.anyone().post(
        f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "leak", "text": SECRET}
    )
    world.anyone().post(f"/api/v1/claims/{taken_back.json['claim_code']}/withdraw", json={"text": SECRET})
    own = hotline.file(building, service_code="care", description=SECRET)
    anyone = world.anyone()
    paths = [
        "requests.{}",
        "servicerequestupdates.{}",
        "requests.{}?service_request_id=" + ",".join((about, private, unchecked, own)),
        *(f"{kind}/{issue}.{{}}" for issue in (about, private, unchecked, own) for kind in ("requests", "tokens")),
    ]
    for path in paths:
        for form in ("json", "xml"):
            answer = anyone.get(f"{V2}/{path.format(form)}")
            assert SECRET[:3] not in answer.text
            assert "1380000" not in answer.text
            assert "09:00" not in answer.text.replace("+08:00", "")  # no minute of the day
            for hidden in (about, private, own, taken_back.json["id"]):
                assert hidden not in answer.text.replace(path, ""), path
    assert ids(anyone.get(f"{V2}/requests.json")) == [unchecked]
    # Another system of the same place is a stranger too.
    other = opened(world, world.district(), name="城市 App")
    assert other.get(f"requests/{own}").status_code == 404
    assert ids(other.get("requests")) == [unchecked]


def test_the_filing_system_reads_its_own_in_full(
    world: World, hotline: System, building: Spot, community: Caller, clock: SetClock
) -> None:
    issue = hotline.file(building, service_code="care", description="五楼老人需要帮忙")
    clock.advance(timedelta(hours=2))
    move(community, issue, "accept")
    told = hotline.get(f"requests/{issue}").json[0]
    names = [world.place_of(building, column).name for column in ("community_id", "street_id", "district_id")]
    assert told == {
        "service_request_id": issue,
        "status": "open",
        "status_notes": "已受理",
        "service_name": "老人困难帮扶",
        "service_code": "care",
        "description": "五楼老人需要帮忙",
        "agency_responsible": "网格",
        "service_notice": None,
        "requested_datetime": "2026-10-12T09:00:00+08:00",
        "updated_datetime": "2026-10-12T11:00:00+08:00",
        "expected_datetime": told["expected_datetime"],
        "address": "，".join(["3栋", *names]),
        "address_id": building.public_id,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }
    clock.advance(timedelta(hours=1))
    move(community, issue, "resolve", text="社工上门，已经安排好", done_by="物业师傅")
    told = listed(hotline.get(f"requests/{issue}", "xml"))[0]
    assert (told["status"], told["updated_datetime"]) == ("closed", "2026-10-12T12:00:00+08:00")
    assert "社工上门，已经安排好" in str(told["status_notes"])
    assert hotline.get(f"tokens/{issue}").json == [{"service_request_id": issue, "token": issue}]


def test_filters(world: World, hotline: System, building: Spot, community: Caller, clock: SetClock) -> None:
    first = report(world, building)
    clock.advance(timedelta(days=40))
    lift, leak = report(world, building, category="lift"), report(world, building)
    move(community, leak, "resolve", text="修好了", done_by="物业师傅")
    anyone = world.anyone()

    def found(**told: str) -> list[str]:
        answer = anyone.get(f"{V2}/requests.json", query_string=told)
        assert answer.status_code == 200, answer.text
        return ids(answer)

    assert found() == [leak, lift, first]
    assert found(service_code="leak") == [leak, first]
    assert found(service_code="leak,lift, nothing") == [leak, lift, first]
    assert found(service_code="nothing") == []
    assert found(service_code="leak.roof") == []
    assert found(status="closed") == [leak]
    assert found(status="open,CLOSED") == [leak, lift, first]
    assert found(start_date="2026-11-01T00:00:00Z") == [leak, lift]
    assert found(end_date="2026-11-01T00:00:00+08:00") == [first]
    # A stranger's window is whole days: narrowing it does not tell the minute.
    assert found(start_date="2026-11-21T23:00:00+08:00", end_date="2026-11-21T23:01:00+08:00") == [leak, lift]
    assert found(service_request_id=f"{first},{lift},nobody", status="closed") == [lift, first]  # overrides the rest
    clock.advance(timedelta(days=60))
    assert found() == [leak, lift]  # the latest 90 days
    assert found(start_date="", end_date="", status="") == [leak, lift]  # empty is not given


@pytest.mark.parametrize(
    "told",
    [
        {"start_date": "yesterday"},
        {"start_date": "2026-10-12T09:00:00"},
        {"start_date": "0000-10-12T09:00:00Z"},
        {"end_date": "99999-10-12T09:00:00Z"},
        {"end_date": "2026-06-30T23:59:60Z"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
        {"start_date": "2026-06-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"status": "half"},
        {"cursor": "nonsense"},
        {"cursor": "x" * 65},
        {"service_request_id": ",".join("a" * 101)},
    ],
)
def test_impossible_questions_are_400(hotline: System, told: dict[str, str]) -> None:
    for form in ("json", "xml"):
        answer = hotline.get("requests", form, **told)
        assert answer.status_code == 400, told
    assert listed(answer)[0]["code"] == "400"


def test_it_costs_two_statements_whatever_the_number_and_pages_by_keyset(
    app: Flask, world: World, hotline: System, building: Spot, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for number in range(7):
        made.append(report(world, building))
        clock.advance(timedelta(minutes=number % 2))  # some in the same moment
    with count_queries(app) as sent:
        assert ids(world.anyone().get(f"{V2}/requests.json")) == made[::-1]
    assert len(sent) == 2, sent
    with count_queries(app) as sent:
        assert len(hotline.get("servicerequestupdates").json) == 7
    assert len(sent) == 2, sent
    from server.open311.queries import Search

    monkeypatch.setattr(Search, "__init__", _three_at_once(Search.__init__))
    seen, path = [], f"{V2}/requests.json?status=open"
    while path:
        answer = world.anyone().get(path)
        seen += ids(answer)
        path = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
    assert seen == made[::-1]


def _three_at_once(init: Any) -> Any:
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **{**kwargs, "most": 3})

    return made


def test_an_imported_ledger_is_nobodys_news(world: World, hotline: System, building: Spot) -> None:
    issue = report(world, building)
    with world.writing() as c:
        c.exec_driver_sql("UPDATE issues SET channel = 'ledger'")
    assert world.anyone().get(f"{V2}/requests.json").json == []
    assert world.anyone().get(f"{V2}/requests/{issue}.json").status_code == 404
