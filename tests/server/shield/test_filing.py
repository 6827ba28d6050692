"""What is kept of who reported, by the choice made at each door."""

from typing import Any

import pytest
import sqlalchemy as sa

from models import IdempotencyKey, Issue, IssueEvent, Photo
from models.enums import Anonymity, Channel
from server.issues import hidden
from tests.queries import count_queries
from tests.server.photos.album import kept, send
from tests.server.shield.reporter import TEXT, file, office, row
from tests.server.web.desk import Desk
from tests.server.web.stairwell import Stairwell, words
from tests.world import World

PHONE = "13912345678"


def test_by_itself_a_report_is_as_it_always_was(world: World) -> None:
    building, resident = world.building(), world.resident()
    body = {"category": "cleaning", "text": TEXT, "contact": PHONE}
    made = resident.post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body).json
    kept_row = row(world, made["id"])
    assert (kept_row.anonymity, kept_row.reporter_id) == (Anonymity.OPEN, resident.person_id)
    assert kept_row.contact_sealed is not None
    assert (kept_row.reporter_index, kept_row.reporter_sealed) == (None, None)


@pytest.mark.parametrize("contact", ["", PHONE])
def test_a_hidden_reporter_is_sealed(world: World, contact: str) -> None:
    building, resident = world.building(), world.resident()
    made = file(resident, building, contact=contact)
    assert made["message"].endswith("您选了保密：办理的人看不到您是谁。")
    kept_row = row(world, made["id"])
    assert (kept_row.reporter_id, kept_row.contact_sealed, kept_row.channel) == (None, None, Channel.SCAN)
    assert PHONE.encode() not in kept_row.reporter_sealed
    with world.reading():
        who = hidden.opened(kept_row.reporter_sealed)
    assert (who.person_id, who.phone) == (resident.person_id, contact)
    again = row(world, file(resident, building)["id"])
    assert (again.reporter_index, again.reporter_sealed) == (kept_row.reporter_index, again.reporter_sealed)
    assert row(world, file(world.resident(), building)["id"]).reporter_index != kept_row.reporter_index


def test_without_an_account_a_phone_is_needed_to_hide(world: World) -> None:
    building = world.building()
    path = f"/api/v1/codes/{building.stairwell_code}/issues"
    body = {"category": "cleaning", "text": TEXT, "anonymity": "hidden"}
    refused = world.anyone().post(path, json=body)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "anonymity")
    assert "请留一个电话" in refused.json["errors"][0]["message"]
    kept_row = row(world, file(world.anyone(), building, contact=PHONE)["id"])
    assert kept_row.reporter_index is None
    with world.reading():
        assert hidden.opened(kept_row.reporter_sealed).phone == PHONE


@pytest.mark.parametrize("signed_in", [True, False])
def test_of_none_nothing_is_kept(world: World, signed_in: bool) -> None:
    building = world.building()
    caller = world.resident() if signed_in else world.anyone()
    photo = kept(caller) if signed_in else kept(caller, url=f"/api/v1/codes/{building.stairwell_code}/photos")
    made = file(caller, building, "none", photo_ids=[photo])
    assert "丢了谁也帮不了您" in made["message"]
    kept_row = row(world, made["id"])
    sealed = (kept_row.reporter_id, kept_row.contact_sealed, kept_row.reporter_index, kept_row.reporter_sealed)
    assert (sealed, kept_row.channel) == ((None,) * 4, Channel.SCAN)
    with world.reading() as connection:
        assert connection.execute(sa.select(Photo.uploaded_by_id)).scalar_one() is None
    if signed_in:
        assert caller.get("/api/v1/my/issues").json["items"] == []
        assert caller.get(f"/api/v1/my/issues/{made['id']}").status_code == 404
    assert world.anyone().get(f"/api/v1/claims/{made['claim_code']}").status_code == 200
    body = {"category": "cleaning", "text": TEXT, "anonymity": "none", "contact": PHONE}
    refused = caller.post(f"/api/v1/codes/{building.stairwell_code}/issues", json=body)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "contact")


def test_not_even_the_remembered_answers_say_whose_it_was(world: World) -> None:
    """For a week answers are remembered under who asked; with the server's key that would tell."""
    building, resident = world.building(), world.resident()
    upload = {"Idempotency-Key": "upload-0123456789"}
    photo = send(resident, headers=upload).json["id"]
    body = {
        "category": "cleaning",
        "text": TEXT,
        "anonymity": "none",
        "photo_ids": [photo],
        "code": building.stairwell_code,
    }
    key = {"Idempotency-Key": "report-0123456789"}
    first = resident.post("/api/v1/issues", json=body, headers=key)
    again = resident.post("/api/v1/issues", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    with world.reading() as connection:
        (owner,) = connection.execute(sa.select(IdempotencyKey.owner)).scalars()
        assert connection.execute(sa.select(sa.func.count()).select_from(Issue)).scalar_one() == 1
    # The row is the one anybody without an account would have left: they find it too, who guess the key and every word.
    assert world.anyone().post("/api/v1/issues", json=body, headers=key).status_code == 401
    key = {"Idempotency-Key": "named-00123456789"}
    named = resident.post("/api/v1/issues", json={**body, "anonymity": "open", "photo_ids": []}, headers=key)
    assert named.status_code == 201
    with world.reading() as connection:
        owners = set(connection.execute(sa.select(IdempotencyKey.owner)).scalars())
    assert len(owners) == 2
    assert owner in owners


def test_a_shielded_report_costs_no_statement_more(world: World) -> None:
    building, resident = world.building(), world.resident()
    sent = {}
    for kind in ("open", "hidden", "none"):
        with count_queries(world.app) as found:
            file(resident, building, kind)
        sent[kind] = len(found)
    assert len(set(sent.values())) == 1, sent


def test_the_office_takes_down_a_report_that_hides(world: World) -> None:
    building = world.building()
    clerk = Desk(office(world, building))
    page = clerk.open(f"/console/issues/new?building={building.public_id}")
    fields = {"category": "cleaning", "text": TEXT, "anonymity": "hidden"}
    assert "请留一个电话" in page.submit("/issues/new", **fields).text
    assert "请清空电话" in page.submit("/issues/new", **{**fields, "anonymity": "none", "contact": PHONE}).text
    done = page.submit("/issues/new", **fields, contact=PHONE)
    assert "您选了保密" in done.text
    with world.reading() as connection:
        made = connection.execute(sa.select(Issue.__table__)).one()
        who = hidden.opened(made.reporter_sealed)
        assert (who.person_id, who.phone, made.contact_sealed) == (None, PHONE, None)
        assert connection.execute(sa.select(IssueEvent.actor_id)).scalar_one() == clerk.caller.person_id


def test_the_page_asks_only_whoever_wants_to_choose(world: World) -> None:
    building = world.building()
    stairs = Stairwell(world, building)
    page = stairs.scan()
    assert '<details class="more" id="anonymity">' in page.text  # shut
    assert "要看须两个人同意" in words(page)
    refused = stairs.post(category="lift", text="电梯停了", anonymity="hidden")
    assert refused.status_code == 422
    assert '<details class="more" id="anonymity" open>' in refused.text
    assert "请留一个电话" in words(refused)
    receipt = stairs.send(anonymity="none")
    assert "您没有留身份：请保管好查询码，丢了谁也帮不了您。" in words(receipt)
    assert "您选的是“不留身份”" in words(stairs.follow())
    assert "您选了保密" in words(stairs.send(anonymity="hidden", contact=PHONE))
    plain: Any = stairs.send()
    assert "您选" not in words(plain)
    head = world.head(building)
    for item in head.get("/api/v1/issues").json["items"]:
        assert head.get(f"/api/v1/issues/{item['id']}").json["has_contact"] is False
    assert head.get("/api/v1/openings").status_code == 403
