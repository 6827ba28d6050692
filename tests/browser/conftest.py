"""A real browser in front of a real server.

    live      the application under test on a free port: its address
    browse    opens a page: browse() a phone of 375 px with touch, browse(script=False) without JavaScript,
              browse(1280) a desk; the same `context` shares what the browser keeps

A test fails when a page raises an error, breaks the content security policy or asks another host.
"""

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = 375

Browse = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the process; each page gets a context of its own."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The application on a free loopback port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browse(chromium: Browser, live: str) -> Iterator[Browse]:
    """Opens pages whose addresses start at the live server."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(width: int = PHONE, *, script: bool = True, context: BrowserContext | None = None) -> Page:
        if context is None:
            small = width < 600
            context = chromium.new_context(
                viewport={"width": width, "height": 667 if small else 800},
                has_touch=small,
                is_mobile=small,
                java_script_enabled=script,
                locale="zh-CN",
                base_url=live,
            )
            context.set_default_timeout(15_000)
            contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda r: None if r.url.startswith((live, "data:", "blob:")) else complaints.append(r.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
