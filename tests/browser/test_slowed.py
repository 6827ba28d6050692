"""Whoever sends too fast is told so, waits as long as was asked, and loses nothing: with script and without."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from server.config import Settings
from server.rules.allowances import REPORTS
from tests.browser.conftest import Browse
from tests.browser.test_resident import reports, tap_report
from tests.world import World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=True, web_workers=1)


@pytest.fixture
def used_up(app: Flask, world: World) -> str:
    """A stairwell code whose building has just said all it may this minute."""
    app.extensions["limits"].read(replace(REPORTS, per_address="1/minute", per_code="", per_session=""))
    code = world.building().stairwell_code
    body = {"category": "leak", "text": "三楼水管漏水"}
    assert world.anyone().post(f"/api/v1/codes/{code}/issues", json=body).status_code == 201
    return str(code)


def posts(page: Page) -> list[Any]:
    sent: list[Any] = []
    page.on("request", lambda r: sent.append(r) if r.method == "POST" else None)
    return sent


def test_the_page_waits_as_long_as_it_was_asked_and_sends_by_itself(world: World, browse: Browse, used_up: str) -> None:
    page = browse()
    page.clock.install()
    sent = posts(page)
    page.goto(f"/q/{used_up}")
    page.fill("#spot", "2单元3楼")
    tap_report(page)
    expect(page.locator("#sending")).to_contain_text("发得太快了")
    expect(page.locator("#sending")).to_contain_text("写的都在")
    page.evaluate("dispatchEvent(new Event('online'))")  # the signal is not what it waits for
    page.reload()
    expect(page.locator("#sending")).to_contain_text("发得太快了")
    assert page.input_value("#spot") == "2单元3楼"
    assert (len(sent), reports(world)) == (1, 1)
    world.clock.advance(timedelta(seconds=60))
    page.clock.fast_forward(66_000)
    expect(page.locator("h1")).to_have_text("收到了")
    assert (len(sent), reports(world)) == (2, 2)


def test_a_page_opened_again_can_be_stopped_while_it_waits(world: World, browse: Browse, used_up: str) -> None:
    page = browse()
    page.clock.install()
    page.goto(f"/q/{used_up}")
    tap_report(page)
    expect(page.locator("#sending")).to_contain_text("发得太快了")
    page.reload()
    page.locator("button", has_text="停下来改一改").tap()
    expect(page.locator("#send")).to_be_enabled()
    page.clock.fast_forward(200_000)
    assert reports(world) == 1


def test_without_script_the_form_is_shown_again(world: World, browse: Browse, used_up: str) -> None:
    page = browse(script=False)
    page.goto(f"/q/{used_up}")
    page.fill("#spot", "2单元3楼")
    tap_report(page)
    expect(page.locator("main")).to_contain_text("您发得太快了，请过一分钟再发。刚才写的都还在。")
    assert page.input_value("#spot") == "2单元3楼"
    assert page.is_checked("#c-lift")
    world.clock.advance(timedelta(seconds=60))
    page.locator("#send").tap()
    expect(page.locator("h1")).to_have_text("收到了")
    assert reports(world) == 2
