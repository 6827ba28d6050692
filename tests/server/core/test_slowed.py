"""Doors that slow floods, over HTTP with a set clock: what is refused, what is not lost, and what it costs."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue, Photo
from server.config import Settings
from server.core.clock import SetClock
from server.core.limits import Limits
from server.rules import allowances
from server.rules.allowances import Allowance
from tests.queries import count_queries
from tests.server.identity.wechat import at_home
from tests.server.photos.album import send
from tests.server.web.stairwell import Stairwell, once_of, picture, words
from tests.world import Spot, World
from wechat.sandbox.server import RunningSandbox

BODY = {"category": "leak", "text": "三楼水管漏水"}
SLOW = "您发得太快了，请过一分钟再发。刚才写的都还在。"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=True, web_workers=1)


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


@pytest.fixture
def tighten(app: Flask) -> Callable[..., None]:
    """Give an allowance smaller numbers, so that a test need not send hundreds."""

    def set_to(allowance: Allowance, **told: str) -> None:
        counted: Limits = app.extensions["limits"]
        small = replace(allowance, **{"per_address": "", "per_code": "", "per_session": "", **told})
        counted.read(small)

    return set_to


def reports(building: Spot) -> str:
    return f"/api/v1/codes/{building.stairwell_code}/issues"


def how_many(world: World, what: Any) -> int:
    with world.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(what)).scalar_one())


def test_a_building_gets_through_and_a_script_does_not(world: World, building: Spot, clock: SetClock) -> None:
    anyone, sent = world.anyone(), 0
    for _ in range(3):  # 150 households in three minutes, all behind one address
        for number in range(50):
            answer = anyone.post(reports(building), json={**BODY, "spot": f"{number}室"})
            assert answer.status_code == 201
            sent += 1
        clock.advance(timedelta(minutes=1))
    assert sent == 150
    answers = [anyone.post(reports(building), json=BODY).status_code for _ in range(100)]
    assert answers.count(201) <= 60
    assert answers[-1] == 429


def test_a_refusal_says_when_and_costs_no_statement(
    app: Flask, world: World, building: Spot, clock: SetClock, tighten: Any
) -> None:
    tighten(allowances.REPORTS, per_address="2/minute")
    anyone = world.anyone()
    assert [anyone.post(reports(building), json=BODY).status_code for _ in range(2)] == [201, 201]
    with count_queries(app) as sent:
        answer = anyone.post(reports(building), data=b"\xff not even JSON", content_type="application/json")
    assert sent == []
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (429, "too_fast", SLOW)
    assert answer.content_type == "application/problem+json"
    clock.advance(timedelta(seconds=int(answer.headers["Retry-After"])))
    assert anyone.post(reports(building), json=BODY).status_code == 201


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = readinto = read  # type: ignore[assignment]


@pytest.mark.parametrize("door", ["issues", "photos"])
def test_a_refused_body_is_not_even_read(app: Flask, world: World, building: Spot, tighten: Any, door: str) -> None:
    for allowance in (allowances.REPORTS, allowances.PHOTOS):
        tighten(allowance, per_code="1/minute")
    url = f"/api/v1/codes/{building.stairwell_code}/{door}"
    world.anyone().post(url, json=BODY)
    answer = app.test_client().post(
        url,
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "900000"},
        content_type="application/json" if door == "issues" else "multipart/form-data; boundary=edge",
        headers={"Idempotency-Key": "another-report-1"},
    )
    assert answer.status_code == 429


def test_long_waits_are_told_as_they_are(world: World, building: Spot, tighten: Any) -> None:
    tighten(allowances.REPORTS, per_address="1/day")
    anyone = world.anyone()
    anyone.post(reports(building), json=BODY)
    answer = anyone.post(reports(building), json=BODY)
    hours = -(-int(answer.headers["Retry-After"]) // 3600)
    assert f"请过 {hours} 小时再发" in answer.json["detail"] or "分钟再发" in answer.json["detail"]


def test_the_page_and_the_program_s_door_count_together_by_code(world: World, building: Spot, tighten: Any) -> None:
    tighten(allowances.REPORTS, per_code="2/minute")
    stairs = Stairwell(world, building)
    assert stairs.post(category="leak", text="漏水").status_code == 303
    shouted = reports(building).replace(building.stairwell_code, building.stairwell_code.upper())
    assert world.anyone().post(shouted, json=BODY).status_code in (201, 404)
    assert world.anyone().post(reports(building), json=BODY).status_code == 429
    assert world.anyone().post(reports(world.building()), json=BODY).status_code == 201


def test_one_phone_is_slowed_and_its_neighbour_not(world: World, building: Spot, tighten: Any) -> None:
    tighten(allowances.REPORTS, per_session="2/minute")
    one, other = world.resident(), world.resident()
    body = {**BODY, "code": building.stairwell_code}
    assert [one.post("/api/v1/issues", json=body).status_code for _ in range(3)] == [201, 201, 429]
    assert other.post("/api/v1/issues", json=body).status_code == 201


def test_what_was_taken_is_answered_again_although_the_allowance_is_used_up(
    world: World, building: Spot, tighten: Any
) -> None:
    tighten(allowances.REPORTS, per_address="1/minute")
    anyone, key = world.anyone(), {"Idempotency-Key": "one-bar-of-signal-1"}
    first = anyone.post(reports(building), json=BODY, headers=key)
    again = [anyone.post(reports(building), json=BODY, headers=key) for _ in range(3)]
    assert [(answer.status_code, answer.json) for answer in again] == [(201, first.json)] * 3
    assert anyone.post(reports(building), json=BODY, headers=key).status_code == 429  # a phone waits; a script gives up
    assert anyone.post(reports(building), json=BODY).status_code == 429
    assert how_many(world, Issue) == 1


def test_a_page_shows_its_form_again_with_what_was_typed(world: World, building: Spot, tighten: Any) -> None:
    tighten(allowances.REPORTS, per_address="1/minute")
    stairs = Stairwell(world, building)
    once = once_of(stairs.scan())
    first = stairs.post(once=once, category="leak", text="第一件")
    assert first.status_code == 303
    page = stairs.post(category="lift", text="电梯停在三楼", contact="13900001111", photos=[picture()])
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert SLOW in words(page)
    for kept in ("电梯停在三楼", "13900001111", 'value="lift" required checked', "照片没能留在页面上"):
        assert kept in page.text
    # The first form again, from the browser's history: its answer, not a refusal. No longer kind to a flood, though.
    again = stairs.post(once=once, category="leak", text="第一件")
    assert again.status_code == 429
    assert "请按返回键" in words(again)
    assert how_many(world, Issue) == 1
    assert how_many(world, Photo) == 0


def test_a_form_that_was_taken_is_answered_again_where_the_page_is_kind(
    world: World, building: Spot, tighten: Any
) -> None:
    tighten(allowances.REPORTS, per_address="2/minute")
    stairs = Stairwell(world, building)
    once = once_of(stairs.scan())
    first = stairs.post(once=once, category="leak", text="第一件")
    stairs.post(category="leak", text="第二件")
    again = stairs.post(once=once, category="leak", text="第一件")
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert stairs.post(category="leak", text="第三件").status_code == 429
    assert how_many(world, Issue) == 2


def test_photos_of_a_form_are_counted_before_they_are_unpacked(world: World, building: Spot, tighten: Any) -> None:
    tighten(allowances.PHOTOS, per_address="3/minute")
    stairs = Stairwell(world, building)
    assert stairs.post(category="leak", text="漏水", photos=[picture(), picture()]).status_code == 303
    broken = io.BytesIO(b"no picture at all")
    page = stairs.post(category="leak", text="还在漏", photos=[broken, picture()])
    assert page.status_code == 429
    assert "还在漏" in page.text
    assert stairs.post(category="leak", text="没有照片").status_code == 303


def test_photos_by_code_are_refused_before_they_are_read(
    app: Flask, world: World, building: Spot, tighten: Any
) -> None:
    tighten(allowances.PHOTOS, per_code="1/minute")
    url = f"/api/v1/codes/{building.stairwell_code}/photos"
    assert send(world.anyone(), url=url).status_code == 201
    with count_queries(app) as sent:
        assert send(world.anyone(), url=url, data=b"no picture").status_code == 429
    assert sent == []


def test_guessing_claim_codes_is_slowed_and_reading_one_s_own_is_not(
    world: World, building: Spot, tighten: Any
) -> None:
    tighten(allowances.CLAIM_GUESSES, per_address="3/minute")
    anyone = world.anyone()
    claim = anyone.post(reports(building), json=BODY).json["claim_code"]
    assert {anyone.get(f"/api/v1/claims/{claim}").status_code for _ in range(10)} == {200}
    assert anyone.get("/api/v1/claims/0000-0000-0000").status_code == 404
    assert anyone.get("/r/000000000001").status_code == 404
    assert anyone.get("/r?claim=000000000002").status_code == 404
    for path in (f"/api/v1/claims/{claim}", f"/r/{claim}", "/r?claim=000000000003"):
        assert anyone.get(path).status_code == 429


def test_words_under_one_claim_are_slowed_with_what_was_typed(world: World, building: Spot, tighten: Any) -> None:
    tighten(allowances.WORDS, per_code="1/minute")
    stairs = Stairwell(world, building)
    stairs.send(category="leak", text="漏水")
    claim, anyone = stairs.claim.replace("-", ""), world.anyone()
    assert anyone.post(f"/r/{claim}/note", data={"text": "又漏了", "once": "x" * 20}).status_code == 303
    page = anyone.post(f"/r/{claim}/note", data={"text": "还在漏", "once": "y" * 20})
    assert page.status_code == 429
    assert "还在漏" in page.text
    assert anyone.post(f"/api/v1/claims/{stairs.claim}/notes", json={"text": "还在漏"}).status_code == 429


def test_nobody_asks_wechat_for_numbers_without_end(
    app: Flask, world: World, sandbox: RunningSandbox, tighten: Any
) -> None:
    caller, _ = at_home(world, sandbox, "slowed-phone")
    tighten(allowances.PHONES, per_session="1/minute")
    assert caller.post("/api/v1/me/phone", json={"code": "wrong"}).status_code == 422
    with count_queries(app) as sent:
        assert caller.post("/api/v1/me/phone", json={"code": "wrong"}).status_code == 429
    assert sent == []


def test_signing_in_is_slowed(world: World, tighten: Any) -> None:
    tighten(allowances.SIGN_INS, per_address="1/minute")
    anyone = world.anyone()
    assert anyone.post("/api/v1/sessions", json={"code": "wrong"}).status_code != 429
    assert anyone.post("/api/v1/sessions", json={"code": "wrong"}).status_code == 429
    tighten(allowances.PASSWORDS, per_address="1/minute")
    form = {"username": "wang", "password": "wrong-password"}
    assert anyone.post("/console/sign-in", data=form).status_code != 429
    page = anyone.post("/console/sign-in", data=form)
    assert page.status_code == 429
    assert 'value="wang"' in page.text
    assert SLOW in words(page)


def test_in_a_flood_nobody_is_recognised_and_the_page_still_opens(
    world: World, building: Spot, tighten: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tighten(allowances.RECOGNISED, per_address="1/minute")
    asked: list[str] = []
    monkeypatch.setattr("server.web.resident.recognition._arrive", lambda page: asked.append(page))
    path = f"/wechat/recognised?page={building.stairwell_code}&code=a&state=b"
    for _ in range(2):
        answer = world.anyone().get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(f"/q/{building.stairwell_code}?seen=no")
    assert len(asked) == 1


def test_a_household_s_ipv6_addresses_are_one_and_neighbours_are_not(
    app: Flask, world: World, building: Spot, tighten: Any
) -> None:
    tighten(allowances.REPORTS, per_address="1/minute")
    client = app.test_client()

    def from_(address: str) -> int:
        return client.post(reports(building), json=BODY, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [from_("2001:db8:1:2::1"), from_("2001:db8:1:2::2"), from_("2001:db8:1:3::1")] == [201, 429, 201]
    counted: Limits = app.extensions["limits"]
    assert not any("2001" in key or "db8" in key for key in counted._counters._own._kept)


def test_where_every_caller_seems_to_be_the_proxy_nobody_is_slowed_by_address(
    app: Flask, settings: Settings, world: World, building: Spot, caplog: pytest.LogCaptureFixture
) -> None:
    counted = app.extensions["limits"] = Limits(replace(settings, environment="production"), app.extensions["keyring"])
    counted.read(replace(allowances.REPORTS, per_address="1/minute"))
    assert {world.anyone().post(reports(building), json=BODY).status_code for _ in range(3)} == {201}
    assert [r.getMessage() for r in caplog.records if "TRUSTED_PROXIES" in r.getMessage()] == [
        "people's addresses are unknown: is TRUSTED_PROXIES right?"
    ]


def test_off_means_off(app: Flask, settings: Settings, world: World, building: Spot) -> None:
    app.extensions["limits"] = counted = Limits(replace(settings, limits=False), app.extensions["keyring"])
    counted.read(replace(allowances.REPORTS, per_address="1/minute"))
    assert {world.anyone().post(reports(building), json=BODY).status_code for _ in range(3)} == {201}


def test_the_contract_names_it(app: Flask) -> None:
    contract = app.test_client().get("/api/v1/openapi.json").json
    assert contract
    for path, method in (("/api/v1/codes/{code}/issues", "post"), ("/api/v1/claims/{claim}", "get")):
        told = contract["paths"][path][method]["responses"]["429"]
        assert told == {"$ref": "#/components/responses/TOO_MANY_REQUESTS"}
    assert "Retry-After" in contract["components"]["responses"]["TOO_MANY_REQUESTS"]["headers"]
    assert "429" not in contract["paths"]["/api/v1/me"]["get"]["responses"]
