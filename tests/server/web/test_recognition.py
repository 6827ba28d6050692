"""Pages opened inside WeChat: recognised without a question, the same for everybody else, and nobody under another's name."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import Issue, Person, SignInSession, WeChatAccount
from models.enums import Channel, Role, SessionKind
from server.config import Settings
from server.core import access, auth
from tests.server.identity.wechat import at_home
from tests.server.web.stairwell import Stairwell, once_of, picture, words
from tests.world import Spot, World
from wechat.sandbox.server import RunningSandbox

SERVICE, SECRET = "wx-service-account", "service-secret-of-the-tests"
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50 NetType/4G Language/zh_CN"}


@pytest.fixture
def settings(settings: Settings, sandbox: RunningSandbox) -> Settings:
    sandbox.service(SERVICE, SECRET, open_platform="ours")
    return replace(settings, wechat=replace(settings.wechat, service_appid=SERVICE, service_secret=SECRET))


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


class Phone:
    """WeChat's browser in somebody's hand: keeps cookies, goes where it is sent."""

    def __init__(self, app: Flask, sandbox: RunningSandbox, user: str, **headers: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.sandbox, self.user = sandbox, user
        self.headers = {**PHONE, **headers}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def to_wechat(self, path: str) -> str:
        """Open a page; WeChat's address that the browser is sent to."""
        answer = self.get(path)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def past_wechat(self, address: str) -> str:
        """What WeChat does there: the path it sends the browser back to."""
        self.sandbox.hold_phone(self.user)
        back = requests.get(address, allow_redirects=False, timeout=5, headers=self.headers)
        assert back.is_redirect, back.text
        parts = urlsplit(back.headers["Location"])
        assert f"{parts.scheme}://{parts.netloc}" == "http://louzhang.test"
        return f"{parts.path}?{parts.query}"

    def open(self, path: str) -> TestResponse:
        """Open a page and go all the way round. Ends at what a person sees."""
        answer = self.get(path)
        for _ in range(5):
            if answer.status_code != 303:
                return answer
            target = answer.headers["Location"]
            answer = self.get(target if target.startswith("/") else self.past_wechat(target))
        raise AssertionError("in a circle")

    def send(self, path: str, page: TestResponse, **fields: str) -> TestResponse:
        """Send the page's form with its hidden fields."""
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', page.text))
        form = {"category": "lift", "text": "电梯不动", "spot": "", "contact": "", **hidden, **fields}
        return self.client.post(path, data=form, headers=self.headers)


def q(building: Spot) -> str:
    return f"/q/{building.stairwell_code}"


def count(world: World, model: Any, **where: Any) -> int:
    with world.reading() as connection:
        query = sa.select(sa.func.count()).select_from(model).filter_by(**where)
        return int(connection.execute(query).scalar_one())


# --- whose reports they are


def test_the_way_back_leads_to_a_stairwell_or_to_one_s_reports(app: Flask, sandbox: RunningSandbox) -> None:
    """The address may be anybody's making: it must not send a browser elsewhere on our site."""
    phone = Phone(app, sandbox, "page-astray")
    for page in ("../console/deliveries", "..%2Fr%2Fabc", "%2F%2Fevil.cn", "a%2F..%2F..%2Fconsole"):
        answer = phone.get(f"/wechat/recognised?page={page}&state=x&code=y")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/mine?seen=no"), page


def test_a_neighbour_s_report_is_not_found(app: Flask, world: World, sandbox: RunningSandbox, building: Spot) -> None:
    mine, neighbour = Phone(app, sandbox, "page-mine"), Phone(app, sandbox, "page-neighbour")
    mine.send(q(building), mine.open(q(building)))
    neighbour.open(q(building))
    with world.reading() as connection:
        issue = connection.execute(sa.select(Issue.public_id)).scalar_one()
    assert mine.get(f"/mine/{issue}").status_code == 200
    assert neighbour.get(f"/mine/{issue}").status_code == 404
    token = auth_form_token(app, neighbour)
    said = neighbour.client.post(f"/mine/{issue}/note", data={"text": "hello", "form_token": token}, headers=PHONE)
    assert said.status_code == 404
    assert neighbour.get(f"/mine/{issue}/photos/{'0' * 16}").status_code == 404
    assert issue not in neighbour.get("/mine").text


def auth_form_token(app: Flask, phone: Phone) -> str:
    cookie = phone.client.get_cookie(auth.PAGE_COOKIE)
    assert cookie is not None
    with app.app_context():
        return auth.form_token(cookie.value)


def test_a_recognised_reporter_follows_and_confirms_without_a_claim_code(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    phone = Phone(app, sandbox, "page-reporter")
    page = phone.open(q(building))
    assert "微信认出了您，不用查询码也能看进展" in words(page)
    assert phone.send(q(building), page).status_code == 303
    with world.reading() as connection:
        row = connection.execute(sa.select(Issue.public_id, Issue.reporter_id, Issue.channel)).one()
    assert row.reporter_id is not None
    assert row.channel is Channel.SCAN

    grid = world.staff(Role.GRID, world.place_of(building, "grid_id"))
    assert grid.post(f"/api/v1/issues/{row.public_id}/accept", json={}).status_code == 200
    assert (
        grid.post(
            f"/api/v1/issues/{row.public_id}/resolve", json={"text": "换了电机", "done_by": "物业师傅"}
        ).status_code
        == 200
    )
    mine = phone.get("/mine")
    assert "请您说一声" in words(mine)
    detail = phone.get(f"/mine/{row.public_id}")
    assert "换了电机" in words(detail)
    assert "查询码" not in words(detail)
    said = phone.send(f"/mine/{row.public_id}/confirm", detail, satisfaction="satisfied", text="")
    assert (said.status_code, said.headers["Location"]) == (303, f"/mine/{row.public_id}?done=confirm")
    assert "已经销号" in words(phone.get(said.headers["Location"]))


def test_a_report_not_to_be_named_is_nobody_s(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    phone = Phone(app, sandbox, "page-unnamed")
    page = phone.open(q(building))
    assert "不留身份" in words(page)
    assert phone.send(q(building), page, anonymity="none").status_code == 303
    assert count(world, Issue) == 1
    assert count(world, Issue, reporter_id=None) == 1
    assert "还没有" in words(phone.get("/mine"))


def test_photos_come_with_a_recognised_report(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    phone = Phone(app, sandbox, "page-photos")
    page = phone.open(q(building))
    form = {
        "category": "lift",
        "text": "看图",
        "once": once_of(page),
        "form_token": auth_form_token(app, phone),
        "photos": (picture(), "a.jpg"),
    }
    assert phone.client.post(q(building), data=form, headers=PHONE).status_code == 303
    with world.reading() as connection:
        issue = connection.execute(sa.select(Issue.public_id)).scalar_one()
    (shown,) = set(re.findall(rf'src="(/mine/{issue}/photos/[^"]+)"', phone.get(f"/mine/{issue}").text))
    assert phone.get(shown).mimetype == "image/jpeg"
    assert world.anyone().get(shown).status_code == 404


# --- the way there and back


def test_only_wechat_s_own_browser_is_sent_round(
    app: Flask, sandbox: RunningSandbox, world: World, building: Spot
) -> None:
    for agent in ("Mozilla/5.0 Safari", "", "MicroMessenger/8 miniProgram/wx1", "MicroMessenger/7 wxwork/4.1"):
        phone = Phone(app, sandbox, "page-elsewhere", **{"User-Agent": agent})
        page = phone.get(q(building))
        assert page.status_code == 200
        assert "微信认出了您" not in page.text
    assert Phone(app, sandbox, "x").get("/q/c00000000").status_code == 404
    assert Phone(app, sandbox, "x").client.post(q(building), data={}, headers=PHONE).status_code == 422
    assert count(world, Person) == 0


def test_without_a_service_account_nobody_is_sent(
    app: Flask, settings: Settings, sandbox: RunningSandbox, building: Spot
) -> None:
    app.extensions["settings"] = replace(settings, wechat=replace(settings.wechat, service_appid=""))
    assert Phone(app, sandbox, "page-none").get(q(building)).status_code == 200


def test_the_address_asks_wechat_for_no_more_than_an_openid(
    app: Flask, sandbox: RunningSandbox, building: Spot
) -> None:
    address = Phone(app, sandbox, "page-address").to_wechat(q(building))
    assert address.startswith(f"{sandbox.base_url}/connect/oauth2/authorize?")
    assert address.endswith("#wechat_redirect")
    asked = parse_qs(urlsplit(address).query)
    assert asked["appid"] == [SERVICE]
    assert asked["scope"] == ["snsapi_base"]
    assert asked["redirect_uri"] == [f"http://louzhang.test/wechat/recognised?page={building.stairwell_code}"]
    assert re.fullmatch(r"[0-9a-zA-Z]{1,128}", asked["state"][0])


def test_cookies_are_closed_to_scripts_and_other_sites(
    app: Flask, settings: Settings, sandbox: RunningSandbox, building: Spot
) -> None:
    phone = Phone(app, sandbox, "page-cookies")
    answer = phone.get(q(building))
    back = phone.get(phone.past_wechat(answer.headers["Location"]))
    for cookie in answer.headers.getlist("Set-Cookie") + back.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
    app.extensions["settings"] = replace(settings, public_url="https://louzhang.test")
    assert "Secure" in Phone(app, sandbox, "y").get(q(building)).headers["Set-Cookie"]


def test_a_way_is_good_for_its_own_browser_page_and_once(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    attacker, victim = Phone(app, sandbox, "page-attacker"), Phone(app, sandbox, "page-victim")
    link = attacker.past_wechat(attacker.to_wechat(q(building)))
    victim.to_wechat(q(building))  # has set out herself, so she has a cookie of her own
    answer = victim.get(link)
    assert answer.headers["Location"] == f"{q(building)}?seen=no"
    assert victim.client.get_cookie(auth.PAGE_COOKIE) is None

    # Nor for another page, nor twice: not even in the browser it belongs to.
    link = attacker.past_wechat(attacker.to_wechat(q(building)))
    way = attacker.client.get_cookie("louzhang_way", path="/wechat/recognised")
    assert way is not None
    assert (
        attacker.get(link.replace(f"page={building.stairwell_code}", "page=")).headers["Location"].endswith("seen=no")
    )
    for ending in ("seen=yes", "seen=no"):
        attacker.client.set_cookie("louzhang_way", way.value, path="/wechat/recognised")
        fresh = re.sub(r"code=\w+", f"code={sandbox.page_code('page-attacker', SERVICE)}", link)
        assert attacker.get(fresh).headers["Location"].endswith(ending)
    assert count(world, SignInSession) == 1


def test_a_way_ends_after_ten_minutes(app: Flask, world: World, sandbox: RunningSandbox, building: Spot) -> None:
    phone = Phone(app, sandbox, "page-late")
    link = phone.past_wechat(phone.to_wechat(q(building)))
    world.clock.advance(timedelta(minutes=10, seconds=1))
    assert phone.get(link).headers["Location"].endswith("seen=no")


@pytest.mark.parametrize(
    "query", ["", "code=x", "state=y&code=x", "page=%00", "page=../../evil.example", "code=&state="]
)
def test_nonsense_ends_at_a_page_of_ours(app: Flask, sandbox: RunningSandbox, query: str) -> None:
    target = Phone(app, sandbox, "z").get(f"/wechat/recognised?{query}").headers["Location"]
    assert target.startswith(("/mine?", "/q/"))
    assert "//" not in target


def test_when_wechat_fails_the_page_opens_all_the_same(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    phone = Phone(app, sandbox, "page-trouble")
    link = phone.past_wechat(phone.to_wechat(q(building)))
    answer = phone.get(re.sub(r"code=\w+", "code=neverwas", link))
    page = phone.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "微信认出了您" not in page.text
    assert phone.send(answer.headers["Location"], page).status_code == 303
    assert count(world, Issue, reporter_id=None) == 1

    refused = phone.to_wechat(q(building))  # whoever says no comes back without a code
    state = parse_qs(urlsplit(refused).query)["state"][0]
    assert phone.get(f"/wechat/recognised?page={building.stairwell_code}&state={state}").status_code == 303


def test_a_browser_without_cookies_goes_round_once(app: Flask, sandbox: RunningSandbox, building: Spot) -> None:
    phone = Phone(app, sandbox, "page-crumbless")
    phone.client = app.test_client(use_cookies=False)
    assert phone.open(q(building)).status_code == 200


def test_after_a_week_it_is_done_again_unseen(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    phone = Phone(app, sandbox, "page-week")
    phone.open(q(building))
    assert phone.get(q(building)).status_code == 200
    world.clock.advance(timedelta(days=7))
    assert "微信认出了您" in phone.open(q(building)).text
    assert count(world, Person) == 1


# --- who it is


def test_the_mini_program_and_the_pages_know_one_person(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    sandbox.world.apps[sandbox.appid].open_platform = "ours"
    try:
        at_home(world, sandbox, "page-joined-1")
        Phone(app, sandbox, "page-joined-1").open(q(building))
        phone = Phone(app, sandbox, "page-joined-2")
        phone.send(q(building), phone.open(q(building)))
        caller, _ = at_home(world, sandbox, "page-joined-2")
    finally:
        sandbox.world.apps[sandbox.appid].open_platform = None
    assert count(world, Person) == 2
    assert count(world, WeChatAccount) == 4
    assert len(caller.get("/api/v1/my/issues").json["items"]) == 1


def test_without_an_open_platform_they_are_two(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    at_home(world, sandbox, "page-apart")
    Phone(app, sandbox, "page-apart").open(q(building))
    assert count(world, Person) == 2


def test_a_closed_account_is_not_recognised(app: Flask, world: World, sandbox: RunningSandbox, building: Spot) -> None:
    Phone(app, sandbox, "page-closed").open(q(building))
    with world.writing() as connection:
        connection.execute(sa.update(Person).values(disabled_at=world.clock.now()))
    phone = Phone(app, sandbox, "page-closed")
    page = phone.open(q(building))
    assert page.status_code == 200
    assert "微信认出了您" not in page.text


# --- what a page session is worth


def test_a_page_session_opens_residents_pages_only(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    """Even of somebody with a post: WeChat's silent word is no sign-in."""
    phone = Phone(app, sandbox, "page-head")
    phone.open(q(building))
    cookie = phone.client.get_cookie(auth.PAGE_COOKIE)
    assert cookie is not None
    token = cookie.value
    with world.writing() as connection:
        person_id = connection.execute(sa.select(SignInSession.person_id)).scalar_one()
        appoint(connection, world, person_id, building)
    with app.test_request_context(q(building), headers={"Cookie": f"{auth.PAGE_COOKIE}={token}"}):
        actor = access.current_actor()
        assert actor is not None
        assert (actor.person_id, actor.posts, actor.name, actor.phone_sealed) == (person_id, (), "", None)
    assert phone.get("/console").status_code == 303
    assert phone.get("/api/v1/me").status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    for path in ("/api/v1/me", "/api/v1/issues", "/console", "/mine", q(building)):
        answer = app.test_client().get(path, headers=bearer)
        assert answer.status_code in (401, 303) or "微信认出了您" not in answer.text, path
    stolen = app.test_client()
    stolen.set_cookie(auth.COOKIE, token, path="/console")
    assert stolen.get("/console").status_code == 303
    # On its own pages it is a resident's: what lies in her building, but is not hers, is not there.
    Stairwell(world, building).send(category="lift", text="别人的事")
    with world.reading() as connection:
        issue = connection.execute(sa.select(Issue.public_id)).scalar_one()
    assert phone.get(f"/mine/{issue}").status_code == 404


def appoint(connection: Any, world: World, person_id: int, building: Spot) -> None:
    from models import Appointment, new_public_id

    connection.execute(
        sa.insert(Appointment).values(
            public_id=new_public_id(),
            person_id=person_id,
            role=Role.HEAD,
            place_id=building.id,
            starts_at=world.clock.now() - timedelta(days=1),
            created_at=world.clock.now() - timedelta(days=1),
        )
    )


def test_another_kind_of_session_is_none_in_the_page_s_cookie(app: Flask, world: World, building: Spot) -> None:
    resident = world.resident()
    assert resident.token
    client = app.test_client()
    client.set_cookie(auth.PAGE_COOKIE, resident.token)
    assert "微信认出了您" not in client.get(q(building)).text
    with world.writing():
        token, _ = auth.open_session(resident.person_id, SessionKind.CONSOLE, world.clock.now())
    client.set_cookie(auth.PAGE_COOKIE, token)
    assert "微信认出了您" not in client.get(q(building)).text


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_from_elsewhere_reports_as_nobody_and_says_nothing_in_her_name(
    app: Flask, world: World, sandbox: RunningSandbox, building: Spot, token: str
) -> None:
    phone = Phone(app, sandbox, "page-forged-form")
    page = phone.open(q(building))
    phone.send(q(building), page)
    with world.reading() as connection:
        issue = connection.execute(sa.select(Issue.public_id)).scalar_one()
    assert phone.send(f"/mine/{issue}/withdraw", page, form_token=token).status_code == 403
    fresh = phone.get(q(building))
    assert phone.send(q(building), fresh, form_token=token).status_code == 303
    assert count(world, Issue, reporter_id=None) == 1
    assert count(world, Issue) == 2


def test_whoever_is_not_recognised_is_told_of_the_claim_code(app: Flask, sandbox: RunningSandbox, world: World) -> None:
    answer = world.anyone().get("/mine")
    assert answer.status_code == 200
    assert "查询码" in answer.text
    assert world.anyone().get(f"/mine/{'0' * 16}").headers["Location"] == "/mine"
    assert world.anyone().post(f"/mine/{'0' * 16}/confirm", data={}).headers["Location"] == "/mine"
    assert "微信认出了您" in Phone(app, sandbox, "page-straight").open("/mine").text
