"""Whatever is typed is stored and shown alike at every door and on both databases, or refused clearly with nothing lost.

The doors: the API with a code, the page of the code, the console for others (代报), a ledger's import, Open311.
"""

import html
import json
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree as tree

import pytest
import sqlalchemy as sa

from models import Issue
from models.enums import Role
from tests.server.open311.conftest import System, opened
from tests.server.web.desk import Desk
from tests.server.web.stairwell import Stairwell
from tests.server.web.test_console_places import upload
from tests.world import Spot, World

LIMIT = 4000
CONTROL, HALF, LONG = "控制字符", "文字编码", "多了"

# what is typed → what is kept
KEPT = [
    ("👨‍👩‍👧‍👦 一家四口 👍🏽 🇨🇳 1️⃣ 楼漏水",) * 2,  # joiners, skin tones, flags, keycaps
    ("😀" * LIMIT,) * 2,  # four bytes each, and still 4,000 characters
    ("a" * LIMIT,) * 2,  # one word without a blank
    ("قانداق ئىش؟ 3 楼漏水",) * 2,  # right to left by itself
    ("A\u200fB\u200e楼漏水",) * 2,  # marks of direction
    ("\u202d13800000001\u202c", "13800000001"),  # as a phone copies a number
    ("楼道\u200b漏水\u2060了",) * 2,
    ("cafe\u0301 漏水", "café 漏水"),
    ("ＡＢＣ１２３ 漏水",) * 2,
    ("e" + "\u0301" * 3 + " 漏水", "é" + "\u0301" * 2 + " 漏水"),
    ("<script>alert(1)</script><b>漏</b>&amp;",) * 2,
    ("{{ 7*7 }} {% raw %} ${x}",) * 2,
    ('=HYPERLINK("http://x","漏水")',) * 2,
    ("+86 漏水",) * 2,
    ("@SUM(1) 漏水",) * 2,
    ("100%_漏水\\'; DROP TABLE issues; --",) * 2,
    ("一\r\n二\r三\u2028四", "一\n二\n三\n四"),
    ("  \n 漏水 \t\n", "漏水"),
    ("\ufeff漏\ufeff水", "漏水"),
    ("漏水\ufffd\uffff",) * 2,
]
REFUSED = [
    ("有\x00空", CONTROL),
    ("响\x07铃", CONTROL),
    ("\x1b[31m红", CONTROL),
    ("删\x7f了", CONTROL),
    ("下\x85行", CONTROL),
    ("倒\u202e着", CONTROL),
    ("围\u2066着\u2069写", CONTROL),
    ("好" * 9000, f"{LONG} 5000 个"),
    ("😀" * (LIMIT + 1), f"{LONG} 1 个"),
    ("\u200b\u200d\u2060", ""),  # nothing to see: it must be filled in
    ("\u3000", ""),
]


@pytest.fixture
def building(world: World) -> Spot:
    return world.building(world.community(), name="3栋")


@pytest.fixture
def clerk(world: World, building: Spot) -> Desk:
    return Desk(world.staff(Role.COMMUNITY, world.place_of(building, "community_id")))


@pytest.fixture
def newest(world: World) -> Callable[[], tuple[str, str]]:
    """The public id and text of the newest report as the database has it; ("", "") before the first."""

    def look() -> tuple[str, str]:
        with world.reading() as c:
            row = c.execute(sa.select(Issue.public_id, Issue.text).order_by(Issue.id.desc()).limit(1)).one_or_none()
        return (row.public_id, row.text) if row else ("", "")

    return look


def on_a_page(page: str) -> str:
    """What a browser reads: entities resolved, and line breaks as the parser makes them."""
    return html.unescape(page).replace("\r\n", "\n")


def test_the_api(world: World, building: Spot, clerk: Desk, newest: Any) -> None:
    anyone, url = world.anyone(), f"/api/v1/codes/{building.stairwell_code}/issues"
    for typed, kept in KEPT:
        answer = anyone.post(url, json={"category": "leak", "text": typed, "contact": "\u202d138 0000 0001\u202c"})
        assert answer.status_code == 201, (typed[:20], answer.text)
        assert newest() == (answer.json["id"], kept)
        claim = answer.json["claim_code"]
        assert anyone.get(f"/api/v1/claims/{claim}").json["text"] == kept
        for page in (clerk.open(f"/console/issues/{newest()[0]}").html, anyone.get(f"/r/{claim}").text):
            assert kept in on_a_page(page), typed[:20]
            assert "<script>alert" not in page
            assert "49" not in page or "7*7" not in kept or "{{ 7*7 }}" in on_a_page(page)
    before = newest()
    for typed, word in [*REFUSED, ("半\ud800个", HALF), ("\udc00", HALF)]:
        body = json.dumps({"category": "leak", "text": typed})
        answer = anyone.post(url, data=body, content_type="application/json")
        assert answer.status_code == 422, typed[:20]
        assert [error["field"] for error in answer.json["errors"]] == ["text"]
        assert word in answer.json["errors"][0]["message"]
    assert newest() == before


def test_the_page_of_the_code(world: World, building: Spot, newest: Any) -> None:
    stairs = Stairwell(world, building)
    for typed, kept in KEPT:
        assert stairs.post(category="leak", text=typed).status_code == 303, typed[:20]
        assert newest()[1] == kept
    before = newest()
    for typed, word in REFUSED:
        page = stairs.post(category="leak", text=typed, spot="二单元", contact="13800000001")
        assert page.status_code == 422, typed[:20]
        assert word in page.text
        if "\x00" not in typed:
            assert typed in on_a_page(page.text), "what was typed is lost"
        for kept in ("二单元", "13800000001"):
            assert kept in page.text
    assert newest() == before


def test_the_console_for_others(clerk: Desk, building: Spot, newest: Any) -> None:
    told = {"building": building.public_id, "category": "leak", "channel": "phone"}
    for typed, kept in KEPT:
        clerk.open("/console/issues/new").submit("/new", **told, text=typed)
        assert newest()[1] == kept, typed[:20]
    before = newest()
    for typed, word in REFUSED:
        refused = clerk.open("/console/issues/new").submit("/new", **told, text=typed)
        assert word in refused.text
    assert newest() == before


def rows(texts: list[str]) -> Iterator[str]:
    yield "编号,受理时间,楼栋,类别,内容,办结时间,结果"
    for number, text in enumerate(texts):
        quoted = text.replace('"', '""')
        yield f'{number},2026-09-01 08:00,3栋,漏水,"{quoted}",2026-09-02,满意'


def test_a_ledgers_import(clerk: Desk, world: World, newest: Any) -> None:
    page = clerk.open("/console/issues/import")  # a form is sent once
    for number, (typed, word) in enumerate(REFUSED[:-2]):  # an empty cell is a ledger's own business
        if "\x00" in typed:
            continue  # no table at all: refused before it is read
        refused = upload(
            clerk.open("/console/issues/import"), "/import", "\n".join(rows([typed])), "check", source=f"坏{number}"
        )
        assert "要改" in refused.text, typed[:20]
        assert (word if word != CONTROL else "看不见的字符") in refused.text.replace("多了", "多了 ").replace(
            "  ", " "
        ).replace("个。", " 个")
    assert newest() == ("", "")
    looked = upload(page, "/import", "\n".join(rows([typed for typed, _ in KEPT])), "check", source="旧")
    assert f"可导入 {len(KEPT)} 件" in looked.text
    upload(looked, "/import", "\n".join(rows([typed for typed, _ in KEPT])), "load")
    with world.reading() as c:
        assert list(c.execute(sa.select(Issue.text).order_by(Issue.id)).scalars()) == [kept for _, kept in KEPT]


def test_open311(world: World, building: Spot, newest: Any) -> None:
    system: System = opened(world, world.place_of(building, "community_id"))
    for typed, kept in KEPT:
        answer = system.post("requests", service_code="leak", address_id=building.public_id, description=typed)
        assert answer.status_code == 201, typed[:20]
        issue = newest()[0]
        assert newest()[1] == kept
        assert system.get(f"requests/{issue}").json[0]["description"] == kept
        document = tree.fromstring(system.get(f"requests/{issue}", "xml").data)  # every answer is a document
        assert document.findtext("request/description") == kept.replace("\uffff", "\ufffd")
    before = newest()
    for typed, word in REFUSED[:-2]:  # a description is optional
        for form in ("json", "xml"):
            answer = system.post(
                "requests", form, service_code="leak", address_id=building.public_id, description=typed
            )
            assert answer.status_code == 400, typed[:20]
        assert word in tree.fromstring(answer.data).findtext("error/description", "")
    assert newest() == before


def test_a_search_takes_wildcards_as_they_are(clerk: Desk) -> None:
    for wild in ("%", "_", "\\"):
        assert "没有找到" in clerk.open(f"/console/places?q={wild.replace('%', '%25')}").text


def test_buildings_and_codes_that_cannot_be_reported_for(world: World, building: Spot) -> None:
    head, other = world.head(building), world.building()
    told: dict[str, Any] = {"category": "leak", "text": "漏水"}

    def refused(status: int, word: str, caller: Any = head, url: str = "/api/v1/issues", **body: Any) -> None:
        answer = caller.post(url, data=json.dumps({**told, **body}), content_type="application/json")
        assert answer.status_code == status, answer.text
        assert word in answer.text

    refused(404, "没有找到", building=other.public_id)
    refused(422, "二者选一", building=building.public_id, code=building.stairwell_code)
    refused(422, "二者选一")
    refused(404, "没有找到", code="nosuchcode")
    refused(422, "格式不对", building="a\0b")
    refused(422, "格式不对", building="\ud800" * 16)
    with world.writing() as c:
        c.exec_driver_sql(f"UPDATE stairwell_codes SET revoked_at = created_at WHERE building_id = {other.id}")
        c.exec_driver_sql(f"UPDATE places SET closed_at = created_at WHERE id = {building.id}")
    revoked = f"/api/v1/codes/{other.stairwell_code}/issues"
    refused(410, "已经停用", caller=world.anyone(), url=revoked)
    refused(422, "已经停用", building=building.public_id)
    refused(422, "已经停用", caller=world.anyone(), url=f"/api/v1/codes/{building.stairwell_code}/issues")
