"""POST Service Request: filed like every report, once, and with as little about people as can be."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue
from models.enums import Channel, Level, PlaceKind, Role
from server.core import crypto
from tests.queries import count_queries
from tests.server.open311.conftest import V2, System, listed, opened
from tests.world import Spot, World


def row_of(world: World, public_id: str) -> Any:
    with world.reading() as c:
        return c.execute(sa.select(Issue.__table__).where(Issue.public_id == public_id)).one()


def count(world: World) -> int:
    with world.reading() as c:
        return int(c.execute(sa.select(sa.func.count()).select_from(Issue)).scalar_one())


def test_a_request_becomes_a_report(world: World, hotline: System, building: Spot) -> None:
    head = world.head(building)
    answer = hotline.post(
        "requests",
        jurisdiction_id="nanhu.gov.cn",
        service_code="leak",
        address_id=building.public_id,
        address_string="二单元三楼",
        description="水管漏水\r\n楼梯上都是水",
        phone="138 0000 0001",
        first_name="秀英",
        last_name="王",
        email="wang@example.org",
        device_id="d-1",
        account_id="77",
        media_url="http://169.254.169.254/latest/meta-data",
        attribute__easting="1",
    )
    assert answer.status_code == 201
    told = answer.json[0]
    assert told["service_notice"].startswith("已转给本楼的楼栋长。照片链接没有取用。查询码 ")
    row = row_of(world, told["service_request_id"])
    assert (row.channel, row.level, row.spot, row.text) == (
        Channel.OPEN311,
        Level.HEAD,
        "二单元三楼",
        "水管漏水\n楼梯上都是水",
    )
    assert (row.reporter_id, row.source, row.number) == (None, f"open311:{hotline.id}", None)
    with world.app.app_context():
        assert crypto.open_sealed(row.contact_sealed, "issues.contact_sealed") == "138 0000 0001"
    whole = str(row)
    for kept_out in ("秀英", "wang@", "d-1", "169.254", "1380000"):
        assert kept_out not in whole
    assert head.get(f"/api/v1/issues/{row.public_id}").json["channel"] == "open311"
    # The claim code in the notice is the reporter's.
    claim = told["service_notice"].split("查询码 ")[1].split("，")[0]
    assert world.anyone().get(f"/api/v1/claims/{claim}").json["id"] == row.public_id


def test_in_xml_with_the_offices_own_code_and_the_key_in_the_header(
    world: World, hotline: System, building: Spot
) -> None:
    answer = world.anyone().post(
        f"{V2}/requests.xml",
        data={"service_code": "lift", "attribute[building]": building.code, "attribute[about_head]": "true"},
        headers={"X-Api-Key": hotline.key},
    )
    assert answer.status_code == 201
    row = row_of(world, str(listed(answer)[0]["service_request_id"]))
    assert (row.about_head, row.level, row.text) == (True, Level.GRID, "电梯（对方系统没有写说明）")


def test_the_same_number_is_filed_once(world: World, hotline: System, building: Spot) -> None:
    told = {"address_id": building.public_id, "service_code": "leak", "description": "漏水"}
    first = hotline.post("requests", attribute__external_id="A-1", **told)
    again = hotline.post("requests", "xml", attribute__external_id="A-1", **told)
    assert (first.status_code, again.status_code) == (201, 200)
    assert listed(again)[0]["service_request_id"] == first.json[0]["service_request_id"]
    assert "查询码" not in again.text
    other = opened(world, world.district(), name="城市 App")  # another system counts from 1 too
    assert other.post("requests", attribute__external_id="A-1", **told).status_code == 201
    assert count(world) == 2


def test_an_idempotency_key_belongs_to_the_system_that_sent_it(world: World, hotline: System, building: Spot) -> None:
    other = opened(world, world.district(), name="城市 App")
    form = {"address_id": building.public_id, "service_code": "leak", "description": "漏水"}

    def send(key: str, **more: str) -> Any:
        headers = {"X-Api-Key": key, "Idempotency-Key": "0123456789abcdef"}
        return world.anyone().post(f"{V2}/requests.json", data={**form, **more}, headers=headers)

    first, again = send(hotline.key), send(hotline.key)
    assert again.json == first.json
    assert again.headers["Idempotent-Replay"] == "true"
    assert send(hotline.key, description="别的").status_code == 400
    assert send("lz311_nobody").status_code == 403
    assert send(other.key).json != first.json
    assert count(world) == 2


@pytest.mark.parametrize(
    ("told", "status", "word"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "lz311_wrong"}, 403, "api_key"),
        ({"api_key": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")}, 403, "api_key"),
        ({"jurisdiction_id": "nobody"}, 403, "jurisdiction_id"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "roof"}, 404, "service_code"),
        ({"address_id": ""}, 400, "address_id"),
        ({"address_id": "", "lat": "30.6", "long": "104.1"}, 400, "经纬度"),
        ({"address_id": "", "address_string": "南湖路 3 栋"}, 400, "address_id"),
        ({"address_id": "0000000000000000"}, 404, "address_id"),
        ({"address_id": "a\0b"}, 400, "address_id"),
        ({"phone": "call me"}, 400, "phone"),
        ({"description": "好" * 4001}, 400, "description"),
        ({"description": "好" * 3990, "address_string": "长" * 100}, 400, "多了"),
        ({"description": "a\0b"}, 400, "description"),
        ({"attribute[external_id]": "x" * 61}, 400, "external_id"),
        ({"attribute[about_head]": "maybe"}, 400, "about_head"),
    ],
)
def test_what_is_refused_says_why(
    hotline: System, building: Spot, told: dict[str, str], status: int, word: str
) -> None:
    good = {"api_key": hotline.key, "service_code": "leak", "address_id": building.public_id, "description": "漏水"}
    answer = hotline.anyone.post(f"{V2}/requests.json", data={**good, **told})
    assert answer.status_code == status, answer.text
    assert answer.json[0]["code"] == status
    assert word in answer.json[0]["description"]


def test_buildings_outside_the_keys_place_and_closed_ones(world: World, building: Spot) -> None:
    system = opened(world, world.place_of(building, "community_id"))
    elsewhere = world.building()
    assert system.post("requests", service_code="leak", address_id=elsewhere.public_id).status_code == 404
    grid = world.place_of(building, "grid_id")
    assert grid.kind is PlaceKind.GRID
    assert system.post("requests", service_code="leak", address_id=grid.public_id).status_code == 404
    with world.writing() as c:
        c.exec_driver_sql("UPDATE places SET closed_at = created_at WHERE id = " + str(building.id))
    answer = system.post("requests", service_code="leak", address_id=building.public_id)
    assert answer.status_code == 400
    assert answer.json[0]["description"].startswith("address_id：这栋楼已经停用")


def test_filing_costs_four_questions_and_one_writing(app: Flask, world: World, hotline: System, building: Spot) -> None:
    hotline.file(building)
    with count_queries(app) as sent:
        hotline.file(building)
    writes = 1 if "WITH" in sent[-1] else 3  # one statement on PostgreSQL
    assert len(sent) == 4 + writes, sent  # the key, the building, its rule book, the building again with its head


def test_a_head_about_whom_it_is_sees_nothing(world: World, hotline: System, building: Spot) -> None:
    head = world.head(building)
    issue = hotline.file(building, **{"attribute[about_head]": "true"})
    assert head.get(f"/api/v1/issues/{issue}").status_code == 404
    assert (
        world.staff(Role.COMMUNITY, world.place_of(building, "community_id")).get(f"/api/v1/issues/{issue}").status_code
        == 200
    )
