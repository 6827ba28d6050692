"""接口密钥 on the console: made, shown once, renewed, revoked; the street looks on."""

import re
from typing import Any

from flask import Flask

from models.enums import Role
from tests.server.open311.conftest import System
from tests.server.web.desk import Desk
from tests.server.web.stairwell import words
from tests.world import Spot, World


def test_a_key_is_made_shown_once_renewed_and_revoked(world: World, building: Spot) -> None:
    district = Desk(world.staff(Role.DISTRICT, world.district()))
    page = district.open("/console/api-keys")
    wrong = page.submit("/api-keys", name="12345 热线", place=world.street().public_id, jurisdiction="南湖")
    assert "小写字母" in wrong.text
    made = page.submit("/api-keys", name="12345 热线", place=world.street().public_id, jurisdiction="nanhu.gov.cn")
    key = re.search(r"lz311_[\w-]{43}", made.text)
    assert key
    assert "只显示这一次" in made.text
    page = district.open("/console/api-keys")
    assert key[0] not in page.text
    assert "12345 热线" in page.text
    system = System(world.anyone(), key[0], "", "nanhu.gov.cn")
    assert system.get("addresses").json[0]["address_id"] == building.public_id
    renewed = re.search(r"lz311_[\w-]{43}", page.submit("/renew").text)
    assert renewed
    assert renewed[0] != key[0]
    assert system.get("addresses").status_code == 403
    assert "密钥已停用" in district.open("/console/api-keys").submit("/revoke").text
    assert "停用" in words(district.open("/console/api-keys").text)

    street = Desk(world.staff(Role.STREET, world.street()))
    seen = street.open("/console/places").text + street.open("/console/api-keys").text
    assert "12345 热线" in seen
    assert "发一把密钥" not in seen


def test_the_first_key_is_made_at_the_terminal(app: Flask, world: World, building: Spot) -> None:
    def make(*args: str) -> Any:
        return app.test_cli_runner().invoke(args=["keys", "make", *args])

    told = ("--jurisdiction", "nanhu.gov.cn", "--name", "12345 热线")
    made = make("--place", world.district().code, *told)
    assert made.exit_code == 0, made.output
    system = System(world.anyone(), made.output.strip(), "", "nanhu.gov.cn")
    assert system.get("addresses").json[0]["code"] == building.code
    for wrong in (
        make("--place", "nowhere", *told),
        make("--place", building.code, *told),
        make("--place", world.street().code, *told),  # the name means the district by now
        make("--place", world.district().code, "--jurisdiction", "南湖", "--name", "x"),
    ):
        assert wrong.exit_code == 1
        assert len(wrong.output.strip().splitlines()) == 1
