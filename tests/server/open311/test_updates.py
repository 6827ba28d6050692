"""Request updates as FixMyStreet extends the standard: the filing system speaks for its reporter and hears what happened."""

from datetime import timedelta
from typing import Any

import pytest

from models.enums import Role
from server.core.clock import SetClock
from tests.server.open311.conftest import V2, System, listed, opened
from tests.world import Caller, Spot, World


@pytest.fixture
def community(world: World, building: Spot) -> Caller:
    return world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))


def tell(system: System, issue: str, update: str, status: str, text: str = "", **told: Any) -> Any:
    return system.post(
        "servicerequestupdates",
        service_request_id=issue,
        update_id=update,
        status=status,
        description=text,
        updated_datetime=told.pop("at", "2026-10-12T09:00:00+08:00"),
        **told,
    )


def resolve(caller: Caller, issue: str, text: str) -> None:
    answer = caller.post(f"/api/v1/issues/{issue}/resolve", json={"text": text, "done_by": "物业师傅"})
    assert answer.status_code == 200, answer.text


def state(world: World, caller: Caller, issue: str) -> str:
    return str(caller.get(f"/api/v1/issues/{issue}").json["state"])


def test_a_reporters_word_through_another_system(
    world: World, hotline: System, building: Spot, community: Caller
) -> None:
    issue = hotline.file(building, service_code="leak.leak_upstairs")
    noted = tell(hotline, issue, "1", "OPEN", "今天水更大了")
    assert noted.status_code == 201
    resolve(community, issue, "换了接头")
    assert tell(hotline, issue, "2", "open", "还在滴水").status_code == 201
    assert state(world, community, issue) == "reopened"
    street = world.staff(Role.STREET, world.street())  # 还没好 goes to the superior
    resolve(street, issue, "换了整段水管")
    assert tell(hotline, issue, "3", "CLOSED").status_code == 201
    assert state(world, community, issue) == "confirmed"
    ended = tell(hotline, issue, "4", "OPEN", "又漏了")
    assert (ended.status_code, ended.json[0]["code"]) == (409, 409)
    heard = hotline.get("servicerequestupdates").json
    assert [(one["status"], one["description"].splitlines()[-1]) for one in heard][1:] == [
        ("OPEN", "今天水更大了"),
        ("CLOSED", "换了接头"),
        ("OPEN", "还在滴水"),
        ("CLOSED", "换了整段水管"),
        ("CLOSED", heard[-1]["description"].splitlines()[-1]),
    ]
    assert noted.json == [{"update_id": heard[1]["update_id"]}]
    # A stranger hears that something happened, and none of the words.
    strangers = world.anyone().get(f"{V2}/servicerequestupdates.xml")
    assert [one["description"] for one in listed(strangers)] == [
        "上报（网格）",
        "办结（网格）",
        listed(strangers)[2]["description"],
        listed(strangers)[3]["description"],
        listed(strangers)[4]["description"],
    ]
    for words in ("更大", "滴水", "接头", "整段"):
        assert words not in strangers.text


def test_the_same_update_is_told_once(world: World, hotline: System, building: Spot, community: Caller) -> None:
    issue = hotline.file(building)
    first, again = (tell(hotline, issue, "u-1", "OPEN", "水更大了") for _ in range(2))
    assert again.json == first.json
    assert len(community.get(f"/api/v1/issues/{issue}").json["timeline"]) == 2
    assert tell(hotline, issue, "u-1", "OPEN", "另一句").status_code == 400
    other = opened(world, world.district(), name="城市 App")  # its own updates count from 1 too
    theirs = other.file(building)
    assert tell(other, theirs, "u-1", "OPEN", "水更大了").status_code == 201


def test_closing_what_is_open_takes_the_report_back(
    world: World, hotline: System, building: Spot, community: Caller
) -> None:
    issue = hotline.file(building)
    assert tell(hotline, issue, "1", "CLOSED", "自己修好了").status_code == 201
    assert state(world, community, issue) == "withdrawn"


def test_only_who_filed_it_speaks_for_it(world: World, hotline: System, building: Spot) -> None:
    issue = hotline.file(building)
    other = opened(world, world.district(), name="城市 App")
    assert tell(other, issue, "1", "OPEN", "x").status_code == 404
    scanned = world.anyone().post(
        f"/api/v1/codes/{building.stairwell_code}/issues", json={"category": "leak", "text": "漏"}
    )
    assert tell(hotline, scanned.json["id"], "1", "CLOSED").status_code == 404
    assert tell(hotline, "a\0b", "1", "CLOSED").status_code == 404
    nobody = System(world.anyone(), "lz311_no", "", "")
    assert tell(nobody, issue, "1", "OPEN", "x").status_code == 403


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"status": "HALF"}, "status"),
        ({"status": ""}, "status"),
        ({"text": ""}, "description"),
        ({"text": "好" * 1001}, "description"),
        ({"text": "a\x07b"}, "description"),
        ({"update": ""}, "update_id"),
        ({"at": "2026-10-12T09:06:00+08:00"}, "将来"),
        ({"at": "2026-10-12T08:00:00+08:00"}, "早于"),
        ({"at": "2026-10-12T09:00:00"}, "时区"),
        ({"at": "0000-10-12T09:00:00Z"}, "2000"),
        ({"at": "99999-10-12T09:00:00Z"}, "时区"),
        ({"at": "2026-10-12T00:59:60Z"}, "闰秒"),
    ],
)
def test_what_is_impossible_is_refused(hotline: System, building: Spot, told: dict[str, str], word: str) -> None:
    issue = hotline.file(building)
    answer = tell(hotline, issue, **{"update": "1", "status": "OPEN", "text": "水更大了", **told})
    assert answer.status_code == 400, answer.text
    assert word in answer.json[0]["description"]


def test_updates_of_a_window_by_pages(
    world: World, hotline: System, building: Spot, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = hotline.file(building)
    clock.advance(timedelta(hours=1))
    asked_at = "2026-10-12T10:00:00+08:00"
    for number in range(4):
        assert tell(hotline, issue, str(number), "OPEN", f"第{number}句").status_code == 201
    told = hotline.get("servicerequestupdates", start_date=asked_at).json
    assert [one["description"].splitlines()[-1] for one in told] == [f"第{n}句" for n in range(4)]
    from server.open311.queries import updates as module  # noqa: F401

    monkeypatch.setattr("server.open311.queries.updates.__defaults__", (None, 2))
    seen, path = [], f"{V2}/servicerequestupdates.json"
    while path:
        answer = hotline.anyone.get(path, headers={"X-Api-Key": hotline.key})
        assert hotline.key not in answer.headers.get("Link", "")
        seen += answer.json
        path = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
    assert len({one["update_id"] for one in seen}) == len(seen) == 5
