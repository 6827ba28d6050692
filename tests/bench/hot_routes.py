"""Reporting an issue by its whole product path, and the list of 20, over their floors."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask

from tests.bench import floors, wsgi

TEXT = "二单元三楼水管漏水，从昨天晚上开始，楼梯上都是水，老人走路怕滑倒，请尽快来看一看。"


@dataclass(frozen=True)
class Figure:
    """One ratio: microseconds of CPU a call."""

    what: str
    floor: float
    ours: float
    good: float
    aim: float

    @property
    def ratio(self) -> float:
        return self.ours / self.floor


def expect(answer: wsgi.Answer, status: str) -> None:
    """A benchmark of error pages would be fast."""
    if not answer[0].startswith(status):
        raise RuntimeError(f"expected {status}, got {answer[0]}: {answer[1][:300]!r}")


def repeat(app: Flask, env: Callable[[], dict[str, Any]], status: str) -> Callable[[int], None]:
    """A function that sends the request n times."""

    def send(times: int) -> None:
        for _ in range(times):
            expect(wsgi.call(app, env()), status)

    return send


def report(app: Flask, url: str, token: str, code: str, *, sqlite: bool) -> Figure:
    """POST /api/v1/issues with token, code and Idempotency-Key, to 201 and a durable commit."""
    keys = itertools.count(10**15)
    body = {"category": "leak", "text": TEXT, "spot": "二单元三楼", "code": code}
    floor = repeat(floors.app(url), lambda: wsgi.environ("POST", "/report", token=token, body=body), "201")
    ours = repeat(
        app,
        lambda: wsgi.environ(
            "POST", "/api/v1/issues", token=token, body=body, idempotency_key=f"bench-{next(keys):016d}"
        ),
        "201",
    )
    low, high = wsgi.paired(floor, ours, rounds=30, calls=100)
    return Figure("report an issue, whole path", low * 1e6, high * 1e6, 3.5 if sqlite else 3.0, 2.0)


def latest(app: Flask, url: str, token: str, *, sqlite: bool) -> Figure:
    """GET /api/v1/issues as the community: 20 rows."""
    floor = repeat(floors.app(url), lambda: wsgi.environ("GET", "/list", token=token), "200")
    ours = repeat(app, lambda: wsgi.environ("GET", "/api/v1/issues", token=token), "200")
    low, high = wsgi.paired(floor, ours, rounds=30, calls=100)
    return Figure("list of the latest 20", low * 1e6, high * 1e6, 4.0 if sqlite else 3.0, 1.5)


def bare(app: Flask, url: str, token: str) -> Figure:
    """The ledger's own statement and what makes items of its rows, over the bare keyset SQL by plain DB-API."""
    from server.core import access, auth, clock, database
    from server.issues import queries

    floor = floors.Connections(url)
    community = floor.connection.execute("SELECT community_id FROM floor_tokens").fetchone()[0]
    latest_20 = floors.LIST.format(floor.mark)

    def below(times: int) -> None:
        for _ in range(times):
            if len(floor.connection.execute(latest_20, (community, 2**62)).fetchall()) != 20:
                raise RuntimeError("the floor found nothing")

    with app.app_context(), database.transaction(reads_only=True):
        rows = access._WHO.all({"token_hash": auth.hash_token(token), "now": clock.now()})
        actor, filters, now = access._actor(rows), queries.Filters(), clock.now()

        def ours(times: int) -> None:
            for _ in range(times):
                if len(queries.page_for_staff(actor, filters, now).items) != 20:
                    raise RuntimeError("the list is short")

        low, high = wsgi.paired(below, ours, rounds=30, calls=100)
    return Figure("the list's query over bare keyset SQL", low * 1e6, high * 1e6, 3.0, 2.0)


def wait(app: Flask, token: str, query: str) -> float:
    """Milliseconds by the clock on the wall for one such page, the least of five."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        expect(wsgi.call(app, wsgi.environ("GET", "/api/v1/issues", token=token, query=query)), "200")
        best = min(best, time.perf_counter() - began)
    return best * 1e3


def pages(app: Flask, token: str, deep: int) -> tuple[float, float]:
    """Microseconds of CPU for page 1 and for page number `deep` of the community's list, walked to by its cursors."""
    cursor = ""
    for _ in range(deep - 1):
        answer = wsgi.call(app, wsgi.environ("GET", "/api/v1/issues", token=token, query=f"cursor={cursor}"))
        expect(answer, "200")
        following = json.loads(_text(answer))["next_cursor"]
        if following is None:
            break
        cursor = following
    first = repeat(app, lambda: wsgi.environ("GET", "/api/v1/issues", token=token), "200")
    last = repeat(app, lambda: wsgi.environ("GET", "/api/v1/issues", token=token, query=f"cursor={cursor}"), "200")
    one, other = wsgi.paired(first, last, rounds=9, calls=100)
    return one * 1e6, other * 1e6


def _text(answer: wsgi.Answer) -> bytes:
    return answer[1]
