"""Floods at the numbers people live with, as the program starts when nobody says anything: one phone, one code, one address.

The sixty-first request is refused before anything is asked of the database; everybody else still gets through.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from models import Issue
from server.config import Settings
from tests.queries import count_queries
from tests.server.open311.conftest import V2, opened
from tests.world import Spot, World

BODY = {"category": "leak", "text": "三楼水管漏水"}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Limits as they are when nothing is said, in one process."""
    return replace(
        settings, limits=Settings.from_env({"LOUZHANG_INSTANCE": str(tmp_path / "said")}).limits, web_workers=1
    )


class Street:
    """Requests from chosen addresses."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world, self.client = app, world, app.test_client()

    def report(self, building: Spot, address: str = "203.0.113.1", **headers: str) -> Any:
        url = f"/api/v1/codes/{building.stairwell_code}/issues"
        return self.client.post(url, json=BODY, headers=headers, environ_overrides={"REMOTE_ADDR": address})

    def refused(self, *args: Any, **kwargs: Any) -> None:
        """The next one is refused: with when to come again, and without a statement."""
        with count_queries(self.app) as sent:
            answer = self.report(*args, **kwargs)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 600
        assert sent == []

    def kept(self) -> int:
        with self.world.reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar_one())


@pytest.fixture
def street(app: Flask, world: World) -> Street:
    return Street(app, world)


def test_one_address_over_many_buildings(street: Street, world: World) -> None:
    buildings = [world.building() for _ in range(4)]
    assert {street.report(buildings[n % 4]).status_code for n in range(60)} == {201}
    street.refused(buildings[0])
    street.refused(buildings[3])
    assert street.report(buildings[0], "203.0.113.2").status_code == 201  # a neighbour
    assert street.kept() == 61


def test_one_code_from_many_addresses(street: Street, world: World) -> None:
    building, next_door = world.building(), world.building()
    assert {street.report(building, f"203.0.113.{n}").status_code for n in range(60)} == {201}
    street.refused(building, "198.51.100.7")
    assert street.report(next_door, "198.51.100.7").status_code == 201


def test_one_phone_over_many_buildings_and_addresses(street: Street, world: World) -> None:
    buildings, phone = [world.building() for _ in range(3)], world.resident()
    token = {"Authorization": f"Bearer {phone.token}"}
    sent = [street.report(buildings[n % 3], f"203.0.113.{n}", **token).status_code for n in range(30)]
    assert set(sent) == {201}
    street.refused(buildings[0], "198.51.100.1", **token)
    # Without its token the phone is still the address and the code; its neighbours are not slowed.
    assert street.report(buildings[0], "198.51.100.2").status_code == 201


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_made_up_forwarding_header_hides_nobody(
    app: Flask, street: Street, world: World, proxies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a proxy the header is nothing; behind ours only what ours wrote counts, which stands last."""
    buildings = [world.building() for _ in range(2)]
    if proxies:
        monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=1))
    told = "{0}, 203.0.113.9" if proxies else "{0}"
    sent = [
        street.report(buildings[n % 2], **{"X-Forwarded-For": told.format(f"192.0.2.{n}")}).status_code
        for n in range(60)
    ]
    assert set(sent) == {201}
    street.refused(buildings[0], **{"X-Forwarded-For": told.format("192.0.2.200")})
    if proxies:  # and two callers behind the proxy are two
        assert street.report(buildings[0], **{"X-Forwarded-For": "192.0.2.9, 203.0.113.10"}).status_code == 201


def test_one_api_key_from_many_addresses(app: Flask, street: Street, world: World) -> None:
    building = world.building()
    system, other = opened(world, world.district()), opened(world, world.district(), name="城市 App")
    form = {"service_code": "leak", "description": "漏水", "address_id": building.public_id}

    def send(key: str, number: int) -> Any:
        return street.client.post(
            f"{V2}/requests.xml",
            data={**form, "api_key": key},
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"},
        )

    assert {send(system.key, n).status_code for n in range(120)} == {201}
    with count_queries(app) as sent:
        answer = send(system.key, 200)
    assert (answer.status_code, sent) == (429, [])
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.content_type == "text/xml; charset=utf-8"
    assert send(other.key, 201).status_code == 201
