"""The phone number somebody leaves in WeChat: given freely, shown masked, used only when she says so."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue, Person
from models.enums import Role
from server.core import crypto
from server.identity import service
from tests.queries import count_queries
from tests.server.identity.wechat import at_home
from tests.world import Caller, Spot, World
from wechat.sandbox.server import RunningSandbox

URL = "/api/v1/me/phone"
NUMBER = "13912345678"


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


def leave(caller: Caller, sandbox: RunningSandbox, user: str) -> None:
    sandbox.phone(user, NUMBER)
    answer = caller.post(URL, json={"code": sandbox.phone_code(user)})
    assert (answer.status_code, answer.json) == (200, {"phone": "139******78"})


def report(caller: Caller, building: Spot, **more: object) -> tuple[int, dict[str, object]]:
    body = {"code": building.stairwell_code, "category": "lift", "text": "电梯不动", **more}
    answer = caller.post("/api/v1/issues", json=body)
    return answer.status_code, answer.json


def test_a_neighbour_s_number_is_not_mine(world: World, sandbox: RunningSandbox, building: Spot) -> None:
    mine, _ = at_home(world, sandbox, "phone-mine")
    neighbour, _ = at_home(world, sandbox, "phone-neighbour")
    leave(mine, sandbox, "phone-mine")
    assert neighbour.get("/api/v1/me").json["phone"] is None
    assert report(neighbour, building, use_my_phone=True)[0] == 422
    assert neighbour.delete(URL).status_code == 204
    assert mine.get("/api/v1/me").json["phone"] == "139******78"
    # Nor does somebody else's button give it to me.
    stolen = neighbour.post(URL, json={"code": sandbox.phone_code("phone-mine")})
    assert (stolen.status_code, stolen.json["code"]) == (422, "phone_code_expired")
    assert neighbour.get("/api/v1/me").json["phone"] is None


def test_it_is_kept_sealed_and_taken_back(world: World, sandbox: RunningSandbox) -> None:
    caller, _ = at_home(world, sandbox, "phone-sealed")
    leave(caller, sandbox, "phone-sealed")
    with world.reading() as connection:
        sealed, index = connection.execute(sa.select(Person.phone_sealed, Person.phone_index)).one()
        assert NUMBER.encode() not in sealed + index
        assert crypto.open_sealed(sealed, "persons.phone_sealed") == NUMBER
    for _ in range(2):
        assert caller.delete(URL).status_code == 204
        assert caller.get("/api/v1/me").json["phone"] is None
    with world.reading() as connection:
        assert tuple(connection.execute(sa.select(Person.phone_sealed, Person.phone_index)).one()) == (None, None)


def test_the_same_post_again_gives_the_same_answer(world: World, sandbox: RunningSandbox) -> None:
    caller, _ = at_home(world, sandbox, "phone-again")
    body, key = {"code": sandbox.phone_code("phone-again")}, {"Idempotency-Key": "0123456789abcdef"}
    first = caller.post(URL, json=body, headers=key)
    again = caller.post(URL, json=body, headers=key)
    assert first.status_code == again.status_code == 200
    assert first.json == again.json


@pytest.mark.parametrize("country", ["852", 852])
def test_a_number_from_elsewhere_says_where(
    world: World, sandbox: RunningSandbox, building: Spot, country: str | int
) -> None:
    caller, _ = at_home(world, sandbox, "phone-abroad")
    sandbox.phone("phone-abroad", "91234567", country)
    assert caller.post(URL, json={"code": sandbox.phone_code("phone-abroad")}).status_code == 200
    assert report(caller, building, use_my_phone=True)[0] == 201
    with world.reading() as connection:
        sealed = connection.execute(sa.select(Issue.contact_sealed)).scalar_one()
        assert crypto.open_sealed(sealed, "issues.contact_sealed") == "+852 91234567"


def test_a_spent_code_is_said_in_words_and_leaves_the_old_number(world: World, sandbox: RunningSandbox) -> None:
    caller, _ = at_home(world, sandbox, "phone-spent")
    leave(caller, sandbox, "phone-spent")
    code = sandbox.phone_code("phone-spent")
    assert caller.post(URL, json={"code": code}).status_code == 200
    for bad in (code, "neverwas", sandbox.login_code("phone-spent")):
        answer = caller.post(URL, json={"code": bad})
        assert (answer.status_code, answer.json["code"]) == (422, "phone_code_expired"), bad
        assert "再点一次" in answer.json["detail"]
        assert "不留手机号也可以上报" in answer.json["detail"]
    assert caller.get("/api/v1/me").json["phone"] == "139******78"


def test_a_quota_is_said_with_the_way_around_it(world: World, sandbox: RunningSandbox, building: Spot) -> None:
    caller, _ = at_home(world, sandbox, "phone-quota")
    sandbox.quota("/wxa/business/getuserphonenumber", day=0)
    try:
        answer = caller.post(URL, json={"code": sandbox.phone_code("phone-quota")})
    finally:
        sandbox.quota("/wxa/business/getuserphonenumber", day=None)
    assert (answer.status_code, answer.json["code"]) == (503, "phone_unavailable")
    assert "不留手机号也可以上报" in answer.json["detail"]
    assert report(caller, building)[0] == 201


def test_staff_without_wechat_are_told_where(world: World, building: Spot) -> None:
    clerk = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    assert clerk.post(URL, json={"code": "x"}).status_code == 409
    assert world.anyone().post(URL, json={"code": "x"}).status_code == 401


def test_a_report_carries_it_only_when_told_to(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    caller, _ = at_home(world, sandbox, "phone-report")
    leave(caller, sandbox, "phone-report")
    with count_queries(app) as silent:
        assert report(caller, building)[0] == 201
    with count_queries(app) as told:
        assert report(caller, building, use_my_phone=True)[0] == 201
    assert len(told) == len(silent)  # it was read with the session
    with world.reading() as connection:
        first, second = connection.execute(sa.select(Issue.contact_sealed).order_by(Issue.id)).scalars()
        assert first is None
        assert crypto.open_sealed(second, "issues.contact_sealed") == NUMBER


def test_two_phones_or_somebody_else_s_are_refused(world: World, sandbox: RunningSandbox, building: Spot) -> None:
    caller, _ = at_home(world, sandbox, "phone-two")
    leave(caller, sandbox, "phone-two")
    status, problem = report(caller, building, use_my_phone=True, contact="13700000000")
    assert (status, problem["errors"]) == (
        422,
        [{"field": "use_my_phone", "message": "联系电话和“用我的手机号”二者选一。"}],
    )
    head = world.head(building)
    body = {"building": building.public_id, "category": "lift", "text": "代报", "use_my_phone": True}
    assert head.post("/api/v1/issues", json=body).status_code == 422
    body = {"category": "lift", "text": "扫码", "use_my_phone": True}
    assert world.anyone().post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body).status_code == 422


def test_no_transaction_is_open_while_wechat_thinks(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    """A writer that waits for WeChat would stop every report on SQLite: one goes in while the other hangs."""
    caller, _ = at_home(world, sandbox, "phone-open")
    gateway, seen = app.extensions["wechat"], []

    class Reporting:
        """WeChat's answer takes as long as somebody else's report."""

        def phone_number(self, code: str, openid: str) -> object:
            with app.app_context():
                seen.append(report(world.resident(), building)[0])
            return gateway.phone_number(code, openid)

    app.extensions["wechat"] = Reporting()
    assert caller.post(URL, json={"code": sandbox.phone_code("phone-open")}).status_code == 200
    assert seen == [201]


def test_a_number_that_comes_after_the_account_was_closed_is_not_kept(
    app: Flask, world: World, sandbox: RunningSandbox
) -> None:
    """WeChat tells of the closing while it is being asked for the number."""
    caller, _ = at_home(world, sandbox, "phone-late")
    gateway = app.extensions["wechat"]

    class Closing:
        """While WeChat thinks, the account is closed."""

        def phone_number(self, code: str, openid: str) -> object:
            with world.writing():
                closed = service.close_account(app.extensions["settings"].wechat.appid, openid, world.clock.now())
                assert closed is not None
            return gateway.phone_number(code, openid)

    app.extensions["wechat"] = Closing()
    sandbox.phone("phone-late", NUMBER)
    answer = caller.post(URL, json={"code": sandbox.phone_code("phone-late")})
    assert (answer.status_code, answer.json["code"]) == (409, "no_wechat")
    with world.reading() as connection:
        assert tuple(connection.execute(sa.select(Person.phone_sealed, Person.phone_index)).one()) == (None, None)
