"""接口密钥 on the console: made, shown once, renewed, revoked; the street looks on."""

import re

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
