"""A stairwell's page opened inside WeChat, with a service account: there and back, and the tick that says no."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from models import Issue
from server.config import Settings
from tests.world import World
from wechat.sandbox.server import RunningSandbox

SERVICE, SECRET = "wx-service-account", "service-secret-of-the-tests"
AGENT = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.50"


@pytest.fixture
def settings(settings: Settings, sandbox: RunningSandbox) -> Settings:
    sandbox.service(SERVICE, SECRET)
    return replace(settings, wechat=replace(settings.wechat, service_appid=SERVICE, service_secret=SECRET))


@pytest.fixture
def in_wechat(app: Flask, live: str, chromium: Browser, sandbox: RunningSandbox) -> Iterator[Page]:
    app.extensions["settings"] = replace(app.extensions["settings"], public_url=live)
    sandbox.hold_phone("browser-holder")
    context = chromium.new_context(
        viewport={"width": 375, "height": 667},
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        base_url=live,
        user_agent=AGENT,
    )
    context.set_default_timeout(15_000)
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert complaints == []


def reporters(world: World) -> list[int | None]:
    with world.reading() as connection:
        return list(connection.execute(sa.select(Issue.reporter_id).order_by(Issue.id)).scalars())


def look(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if folder := os.environ.get("LOUZHANG_LOOK"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def tap_report(page: Page) -> None:
    page.locator("label[for=c-lift]").tap()
    page.locator("label[for=p-lift-1]").tap()
    page.locator("#send").tap()
    expect(page.locator("h1")).to_have_text("收到了")


def test_recognised_reported_followed(world: World, in_wechat: Page) -> None:
    page, building = in_wechat, world.building(name="3号楼")
    head = world.head(building)
    page.goto(f"/q/{building.stairwell_code}")
    expect(page.locator(".known")).to_contain_text("微信认出了您，不用查询码也能看进展")
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    look(page, "report")
    tap_report(page)
    issue = head.get("/api/v1/issues").json["items"][0]["id"]
    head.post(f"/api/v1/issues/{issue}/resolve", json={"text": "换了灯泡", "done_by": "物业师傅"})
    page.goto("/mine")
    look(page, "mine")
    page.locator(".mine a").tap()
    expect(page.locator("h1")).to_contain_text("说办好了")
    look(page, "detail")
    page.locator("summary", has_text="已解决").tap()
    page.locator("label[for=confirm-yes]").tap()
    page.locator("button", has_text="基本满意").tap()
    expect(page.locator("h1")).to_have_text("已经解决，销号了")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert None not in reporters(world)


def test_the_choice_survives_a_reload_and_is_kept_to(world: World, in_wechat: Page) -> None:
    """What was typed is kept on the phone until it has arrived: the wish not to be named too."""
    page, building = in_wechat, world.building()
    page.goto(f"/q/{building.stairwell_code}")
    page.locator("#anonymity summary").tap()
    page.locator("label[for=a-none]").tap()
    page.locator("#text").fill("楼道灯不亮")
    page.wait_for_timeout(600)  # the draft is kept a moment later
    page.reload()
    expect(page.locator("#a-none")).to_be_checked()
    expect(page.locator("#a-none")).to_be_visible()
    tap_report(page)
    assert reporters(world) == [None]
