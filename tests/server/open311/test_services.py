"""Discovery, services and their definitions, in both languages, and for whom the door is open."""

from xml.etree import ElementTree as tree

import pytest

from models.enums import IssueCategory, Role
from server.rules.book_standard import STANDARD
from tests.server.open311.conftest import V2, System, listed, opened
from tests.world import Spot, World


def test_discovery_says_where_the_api_is(world: World) -> None:
    anyone = world.anyone()
    told = anyone.get("/open311/discovery.json").json
    assert told["endpoints"][0] == {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": "http://louzhang.test/open311/v2",
        "changeset": told["changeset"],
        "type": "test",
        "formats": ["application/json", "text/xml"],
    }
    document = anyone.get("/open311/discovery.xml")
    assert document.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    assert [kind.text for kind in tree.fromstring(document.data).iterfind("endpoints/endpoint/formats/format")] == [
        "application/json",
        "text/xml",
    ]


def test_the_door_is_shut_until_the_district_opens_it(world: World, building: Spot) -> None:
    anyone = world.anyone()
    for path in ("services", "requests", "servicerequestupdates"):
        answer = anyone.get(f"{V2}/{path}.json")
        assert (answer.status_code, answer.json[0]["code"]) == (404, 404)
        assert "jurisdiction_id" in answer.json[0]["description"]
    opened(world, world.district())
    assert anyone.get(f"{V2}/services.json").status_code == 200


def test_which_jurisdiction_is_asked_for_when_there_are_two(world: World, hotline: System) -> None:
    other = opened(world, world.community(), "xingfu.example")
    anyone = world.anyone()
    answer = anyone.get(f"{V2}/services.xml")
    assert answer.status_code == 400
    assert listed(answer)[0]["code"] == "400"
    assert anyone.get(f"{V2}/services.json?jurisdiction_id=xingfu.example").status_code == 200
    assert anyone.get(f"{V2}/services.json?jurisdiction_id=nobody").status_code == 404
    assert anyone.get(f"{V2}/services.json?jurisdiction_id=%00").status_code == 404
    assert other.get("services").status_code == 200  # its key says which
    assert other.get("services", jurisdiction_id="nanhu.gov.cn").status_code == 403


def test_services_are_the_categories_and_each_asks_for_the_building(hotline: System) -> None:
    services = hotline.get("services").json
    codes = [one["service_code"] for one in services]
    assert [code for code in codes if "." not in code] == [str(category) for category in IssueCategory]
    assert "leak.leak_roof" in codes
    assert services[0] == {
        "service_code": "leak",
        "service_name": "漏水渗水",
        "description": "漏水渗水。审核通过后，公开类别和摘要。",
        "metadata": True,
        "type": "realtime",
        "keywords": "漏水,渗水,水管,屋顶,外墙",
        "group": "房屋设施",
    }
    assert listed(hotline.get("services", "xml"))[0]["metadata"] == "true"
    told = hotline.get("services/leak").json
    assert told["service_code"] == "leak"
    assert [(one["code"], one["required"], one["order"]) for one in told["attributes"]] == [
        ("building", True, 1),
        ("external_id", False, 2),
        ("about_head", False, 3),
    ]
    document = tree.fromstring(hotline.get("services/leak", "xml").data)
    assert document.tag == "service_definition"
    assert [value.findtext("key") for value in document.iterfind("attributes/attribute/values/value")] == [
        "false",
        "true",
    ]


@pytest.mark.parametrize("code", ["nothing", "leak.nothing.at.all", "泄漏", "a" * 79])
def test_an_unknown_service_is_404(hotline: System, code: str) -> None:
    assert hotline.get(f"services/{code}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{V2}/nothing.json", 404),
        ("GET", f"{V2}/services.yaml", 404),
        ("PUT", f"{V2}/requests.xml", 405),
        ("POST", f"{V2}/services.json", 405),
    ],
)
def test_refusals_speak_the_standards_language(world: World, method: str, path: str, status: int) -> None:
    answer = world.anyone().open(method, path)
    assert answer.status_code == status
    if path.endswith(".json"):
        assert answer.content_type == "application/json; charset=utf-8"
        assert answer.json[0]["code"] == status
    else:
        assert listed(answer)[0]["code"] == str(status)


def test_buildings_are_told_to_a_key_and_to_nobody_else(world: World, building: Spot) -> None:
    system = opened(world, world.place_of(building, "community_id"))
    world.building()  # of another community
    told = system.get("addresses").json
    community = world.place_of(building, "community_id").name
    assert [(one["address_id"], one["code"]) for one in told] == [(building.public_id, building.code)]
    assert told[0]["address"].startswith(f"3栋，{community}")
    assert world.anyone().get(f"{V2}/addresses.json").status_code == 403


def test_only_the_district_makes_keys_and_the_street_sees_its_own(world: World, building: Spot) -> None:
    street, district = world.staff(Role.STREET, world.street()), world.staff(Role.DISTRICT, world.district())
    body = {"place": world.street().public_id, "jurisdiction": "linjiang", "name": "城市 App"}
    assert street.post("/api/v1/api-keys", json=body).status_code == 403
    made = district.post("/api/v1/api-keys", json=body).json
    assert made["key"].startswith("lz311_")
    assert [one["id"] for one in street.get("/api/v1/api-keys").json["items"]] == [made["about"]["id"]]
    assert made["key"] not in street.get("/api/v1/api-keys").text
    assert street.delete(f"/api/v1/api-keys/{made['about']['id']}").status_code == 403
    head = world.head(building)
    assert head.get("/api/v1/api-keys").status_code == 403
    # The same name for another place would let one jurisdiction speak for the other.
    taken = district.post("/api/v1/api-keys", json={**body, "place": world.district().public_id})
    assert (taken.status_code, taken.json["code"]) == (409, "jurisdiction_taken")
    for wrong in ({"jurisdiction": "Nan Hu"}, {"jurisdiction": "南湖"}, {"name": ""}, {"place": building.public_id}):
        assert district.post("/api/v1/api-keys", json={**body, **wrong}).status_code == 422


def test_a_key_is_renewed_and_revoked_at_once(world: World, hotline: System, building: Spot) -> None:
    issue = hotline.file(building)
    district = world.staff(Role.DISTRICT, world.district())
    new = district.post(f"/api/v1/api-keys/{hotline.id}/renewal").json["key"]
    assert hotline.post("requests").status_code == 403
    renewed = System(world.anyone(), new, hotline.id, hotline.jurisdiction)
    assert renewed.get(f"requests/{issue}").json[0]["description"] == "三楼水管漏水"  # still its own
    assert [district.delete(f"/api/v1/api-keys/{hotline.id}").status_code for _ in range(2)] == [204, 204]
    assert renewed.get("addresses").status_code == 403
    assert district.post(f"/api/v1/api-keys/{hotline.id}/renewal").status_code == 409
    assert world.anyone().get(f"{V2}/requests.json").status_code == 404  # the last key is gone: the door is shut
    with world.reading() as c:
        trail = [row[0] for row in c.exec_driver_sql("SELECT action FROM audit_events ORDER BY id")]
        kept = c.exec_driver_sql("SELECT key_hash FROM api_keys").scalar_one()
    assert [word for word in trail if word.startswith("api_key")] == ["api_key:make", "api_key:renew", "api_key:revoke"]
    assert new.encode() not in bytes(kept)


def test_a_topic_of_the_rule_book_is_a_service_with_its_questions(
    world: World, hotline: System, building: Spot
) -> None:
    found = next(topic for topic in STANDARD.topics if any(question.choices for question in topic.questions))
    code = f"{found.category}.{found.key}"
    listed_one = next(one for one in hotline.get("services").json if one["service_code"] == code)
    assert listed_one["service_name"] == found.name
    asked = hotline.get(f"services/{code}").json["attributes"][1:-2]
    assert [one["description"] for one in asked] == [question.text for question in found.questions]
    chosen = next(one for one in asked if one["values"])
    answers = {f"attribute[{one['code']}]": one["values"][0]["key"] if one["values"] else "1" for one in asked}
    issue = hotline.file(building, service_code=code, **answers)
    head = world.head(building)
    told = head.get(f"/api/v1/issues/{issue}").json
    assert told["topic"] == found.key
    assert [chosen["description"], chosen["values"][0]["key"]] in [
        [one["question"], one["answer"]] if isinstance(one, dict) else list(one) for one in told["answers"]
    ]
    assert hotline.get("requests", service_code=code).json[0]["service_name"] == found.name
    wrong = {**answers, f"attribute[{chosen['code']}]": "都不是"}
    answer = hotline.post("requests", service_code=code, address_id=building.public_id, description="漏水", **wrong)
    assert answer.status_code == 400
    assert "请从" in answer.json[0]["description"]
    assert hotline.get("services/power.leak_roof").status_code == 404  # a topic under another category
