"""Signing in at the console, being sent there and back, and forms that were not made for this session."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from models import SignInFailure
from models.enums import Role, SessionKind
from server.core import auth
from server.identity import service
from tests.server.web.desk import Desk, Page
from tests.world import Caller, Spot, World

PASSWORD = "correct horse battery"


@pytest.fixture
def clerk(world: World) -> str:
    """A clerk's user name; the clerk has no post."""
    with world.writing():
        service.create_staff("李梅", "limei", PASSWORD, world.clock.now())
    return "limei"


@pytest.fixture
def visitor(app: Flask) -> Desk:
    return Desk(Caller(app, None))


def sign_in(visitor: Desk, username: str, password: str, page: str = "/console/sign-in") -> Page:
    return visitor.open(page).submit("/sign-in", username=username, password=password)


def test_sign_in_opens_todays_page_and_sign_out_ends_it(clerk: str, visitor: Desk) -> None:
    home = sign_in(visitor, clerk, PASSWORD)
    assert home.status == 200
    assert "李梅" in home.text
    assert "您现在没有任职" in home.text
    out = home.submit("/sign-out")
    assert "已退出" in out.text
    assert visitor.client.get("/console").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(clerk: str, visitor: Desk) -> None:
    data = {"username": clerk, "password": PASSWORD}
    cookie = visitor.client.post("/console/sign-in", data=data).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/console" in cookie
    assert "Secure" not in cookie
    visitor.client.delete_cookie(auth.COOKIE, path="/console")
    cookie = visitor.client.post("/console/sign-in", data=data, base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in cookie


def test_a_wrong_password_keeps_the_name_and_not_the_password(clerk: str, visitor: Desk) -> None:
    page = sign_in(visitor, clerk, "wrong password")
    assert page.status == 401
    assert "用户名或密码不对" in page.text
    assert page.value("/sign-in", "username") == clerk
    assert "wrong password" not in page.html


def test_too_many_failures_are_told_with_how_long_to_wait(clerk: str, visitor: Desk) -> None:
    for _ in range(auth.FAILURES_ALLOWED):
        sign_in(visitor, clerk, "wrong password")
    page = sign_in(visitor, clerk, PASSWORD)
    assert page.status == 429
    assert "请 15 分钟后再试" in page.text
    assert int(page.response.headers["Retry-After"]) <= 900


def test_an_empty_form_says_what_to_fill(visitor: Desk) -> None:
    page = visitor.open("/console/sign-in").submit("/sign-in")
    assert page.status == 422
    assert page.text.count("必须填写") >= 2


def test_a_visitor_is_sent_to_sign_in_and_back(world: World, visitor: Desk) -> None:
    with world.writing():
        person = service.create_staff("李梅", "limei", PASSWORD, world.clock.now())
    answer = visitor.client.get("/console/issues?family=open")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/console/sign-in?next=/console/issues?family%3Dopen"
    data = {"username": "limei", "password": PASSWORD, "next": "/console/issues?family=open"}
    assert visitor.client.post("/console/sign-in", data=data).headers["Location"] == "/console/issues?family=open"
    assert person


FOREIGN = (
    "https://evil.example/console",
    "//evil.example/console",
    "/\\evil.example",
    "/console\\@evil.example",
    "javascript:alert(1)",
    "/consoles",
    "/docs",
    "/console/\x00",
    "",
)


def test_next_never_leads_out_of_the_console(clerk: str, visitor: Desk) -> None:
    for wanted in FOREIGN:
        page = Page(visitor, visitor.client.get("/console/sign-in", query_string={"next": wanted}))
        assert page.value("/sign-in", "next") == "/console", wanted
    data = {"username": clerk, "password": PASSWORD, "next": FOREIGN[0]}
    assert visitor.client.post("/console/sign-in", data=data).headers["Location"] == "/console"


def test_a_sign_in_form_of_another_site_is_refused(clerk: str, visitor: Desk) -> None:
    data = {"username": clerk, "password": PASSWORD}
    answer = visitor.client.post("/console/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_who_is_signed_in_does_not_see_the_sign_in_page(world: World) -> None:
    desk = Desk(world.staff(Role.COMMUNITY, world.community()))
    answer = desk.client.get("/console/sign-in?next=/console/inbox")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/inbox")


def test_a_form_without_the_sessions_token_is_refused(world: World) -> None:
    desk = Desk(world.staff(Role.COMMUNITY, world.community()))
    for token in ("", "0" * 64):
        assert desk.client.post("/console/sign-out", data={"form_token": token}).status_code == 403
    assert desk.open("/console").status == 200


def test_a_token_of_another_session_is_refused(world: World) -> None:
    community = world.community()
    mine, yours = Desk(world.staff(Role.COMMUNITY, community)), Desk(world.staff(Role.COMMUNITY, community))
    stolen = yours.open("/console").value("/sign-out", "form_token")
    assert mine.client.post("/console/sign-out", data={"form_token": stolen}).status_code == 403


def test_a_form_sent_after_the_session_ended_leads_to_sign_in_and_back_to_its_page(world: World) -> None:
    desk = Desk(world.staff(Role.COMMUNITY, world.community()))
    page = desk.open("/console/issues/new")
    token = page.value("/issues/new", "form_token")
    with world.writing():
        auth.end_all_sessions(desk.caller.person_id, world.clock.now())
    answer = desk.client.post("/console/issues/0123456789abcdef/accept", data={"form_token": token})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("next=/console/issues/0123456789abcdef")


def test_a_session_ends_after_its_hours(world: World, clerk: str, visitor: Desk) -> None:
    sign_in(visitor, clerk, PASSWORD)
    world.clock.advance(auth.TOKEN_LIFE[SessionKind.CONSOLE])
    assert visitor.client.get("/console").status_code == 303


def test_pages_run_no_inline_script_and_ask_no_other_host(world: World) -> None:
    page = Desk(world.staff(Role.COMMUNITY, world.community())).open("/console")
    policy = page.response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http://" not in page.html
    assert "https://" not in page.html
    assert "style=" not in page.html
    assert "onclick" not in page.html


@pytest.mark.parametrize("token", ["", "x", "过期的令牌", "\udce9"])
def test_a_form_token_that_is_none_is_refused(world: World, token: str) -> None:
    desk = Desk(world.staff(Role.COMMUNITY, world.community()))
    answer = desk.client.post("/console/sign-out", data={"form_token": token.encode("utf-8", "surrogateescape")})
    assert answer.status_code == 403


def test_guesses_that_come_at_once_are_counted_too(clerk: str, app: Flask) -> None:
    answers: list[int] = []

    def guess() -> None:
        data = {"username": clerk, "password": "wrong password"}
        answers.append(app.test_client().post("/console/sign-in", data=data).status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [401] * auth.FAILURES_ALLOWED + [429] * (12 - auth.FAILURES_ALLOWED)


def test_nobody_waits_for_the_database_while_a_password_is_looked_at(
    clerk: str, visitor: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Spot] = []

    def slowly(_hash: str, _password: str) -> bool:
        other = threading.Thread(target=lambda: written.append(world.building()))
        other.start()
        other.join(3)
        return True

    monkeypatch.setattr(auth, "check_password_hash", slowly)
    assert sign_in(visitor, clerk, PASSWORD).status == 200
    assert len(written) == 1
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(SignInFailure)).scalar() == 0
