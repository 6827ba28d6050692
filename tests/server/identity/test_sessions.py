"""Signing in with WeChat, and what a token is worth."""

import pytest

from models.enums import Role
from tests.world import World
from wechat.sandbox.server import RunningSandbox


def test_a_login_code_becomes_a_token_and_the_token_tells_who_i_am(world: World, sandbox: RunningSandbox) -> None:
    anyone = world.anyone()
    made = anyone.post("/api/v1/sessions", json={"code": sandbox.login_code("sessions-1")})
    assert made.status_code == 201
    anyone.token = made.json["token"]
    me = anyone.get("/api/v1/me")
    assert me.status_code == 200
    assert me.json["posts"] == []
    assert "issue:report" in me.json["permissions"]


def test_the_same_wechat_user_is_the_same_person(world: World, sandbox: RunningSandbox) -> None:
    ids = set()
    for _ in range(2):
        caller = world.anyone()
        caller.token = caller.post("/api/v1/sessions", json={"code": sandbox.login_code("sessions-2")}).json["token"]
        ids.add(caller.get("/api/v1/me").json["id"])
    assert len(ids) == 1


def test_a_used_code_asks_to_sign_in_again(world: World, sandbox: RunningSandbox) -> None:
    code = sandbox.login_code("sessions-3")
    assert world.anyone().post("/api/v1/sessions", json={"code": code}).status_code == 201
    again = world.anyone().post("/api/v1/sessions", json={"code": code})
    assert (again.status_code, again.json["code"]) == (401, "wechat_code_expired")


def test_signing_out_darkens_the_token(world: World) -> None:
    head = world.head(world.building())
    assert head.delete("/api/v1/sessions/current").status_code == 204
    assert head.get("/api/v1/me").status_code == 401


def test_me_names_each_post_and_what_it_allows(world: World) -> None:
    building = world.building()
    (post,) = world.head(building).get("/api/v1/me").json["posts"]
    assert (post["role"], post["place"], post["place_kind"]) == (Role.HEAD, building.public_id, "building")
    assert "household:write" in post["permissions"]
    assert "month:close" not in post["permissions"]


@pytest.mark.parametrize("code", [r"\ud800", r"a\u0000b", ""])
def test_a_login_code_that_cannot_be_one_is_not_even_asked_about(world: World, code: str) -> None:
    answer = world.anyone().post(
        "/api/v1/sessions", data=f'{{"code": "{code}"}}'.encode(), content_type="application/json"
    )
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
