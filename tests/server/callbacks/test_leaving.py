"""What somebody takes back in WeChat is gone here, for her and for nobody else."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, Issue, Person, Photo, SignInSession, WeChatAccount
from server.core import audit, crypto
from tests.server.callbacks.post import Postman
from tests.server.identity.wechat import at_home
from tests.server.photos import album
from tests.world import Caller, Spot, World
from wechat.sandbox.server import RunningSandbox

PHONE = "13912345678"


@pytest.fixture
def building(world: World) -> Spot:
    return world.building()


def report(caller: Caller, building: Spot, **more: Any) -> dict[str, Any]:
    body = {"code": building.stairwell_code, "category": "lift", "text": "电梯不动", **more}
    made = caller.post("/api/v1/issues", json=body)
    assert made.status_code == 201, made.json
    told: dict[str, Any] = made.json
    return told


def leave_phone(world: World, caller: Caller) -> int:
    """Give a person a phone number, as if WeChat had told it."""
    public_id = caller.get("/api/v1/me").json["id"]
    with world.writing() as connection:
        return int(
            connection.execute(
                sa.update(Person)
                .where(Person.public_id == public_id)
                .values(
                    phone_sealed=crypto.seal(PHONE, "persons.phone_sealed"),
                    phone_index=crypto.blind_index(PHONE, "persons.phone"),
                )
                .returning(Person.id)
            ).scalar_one()
        )


def test_a_neighbour_loses_nothing(postman: Postman, world: World, sandbox: RunningSandbox, building: Spot) -> None:
    _, openid = at_home(world, sandbox, "leaving-goes")
    neighbour, _ = at_home(world, sandbox, "leaving-stays")
    leave_phone(world, neighbour)
    issue = report(neighbour, building, contact=PHONE)
    for event in (
        postman.event("user_authorization_revoke", openid, RevokeInfo="8"),
        postman.event("user_authorization_cancellation", openid),
        postman.event("user_authorization_cancellation", "oNobodyOfOurs"),
        postman.event("user_authorization_cancellation", ""),
        # Her openid, but of another app.
        postman.event("user_authorization_cancellation", sandbox.openid("leaving-stays", "wx-service")),
    ):
        assert postman.push(event).status_code == 200
    service_app = postman.event("user_authorization_cancellation", sandbox.openid("leaving-stays"))
    assert postman.push(service_app, appid="wx-service").status_code == 200
    assert neighbour.get("/api/v1/me").json["phone"] == "139******78"
    assert neighbour.get(f"/api/v1/my/issues/{issue['id']}").json["has_contact"] is True


def test_closing_the_account_leaves_the_reports_and_nobody_behind_them(
    postman: Postman, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    caller, openid = at_home(world, sandbox, "leaving-all")
    person_id = leave_phone(world, caller)
    photo = album.kept(caller)
    issue = report(caller, building, contact="13800000000", photo_ids=[photo])
    closing = postman.event("user_authorization_cancellation", "oPlatform", OpenID=openid, AppID=postman.appid)
    for _ in range(2):  # the second time signed afresh, and a second later
        assert postman.push(closing, xml=True).text == "success"
        closing["CreateTime"] += 1

    assert caller.get("/api/v1/me").status_code == 401
    with world.reading() as connection:
        for table in (SignInSession, WeChatAccount):
            left = connection.execute(sa.select(sa.func.count()).where(table.person_id == person_id)).scalar_one()
            assert left == 0, table
        phone = connection.execute(
            sa.select(Person.phone_sealed, Person.phone_index, Person.name).where(Person.id == person_id)
        ).one()
        assert tuple(phone) == (None, None, "")
        kept = connection.execute(
            sa.select(Issue.reporter_id, Issue.contact_sealed).where(Issue.public_id == issue["id"])
        ).one()
        assert tuple(kept) == (None, None)
        assert connection.execute(sa.select(Photo.uploaded_by_id).where(Photo.public_id == photo)).scalar() is None
    # Whoever kept the claim code follows the report all the same.
    assert world.anyone().get(f"/api/v1/claims/{issue['claim_code']}").status_code == 200
    again, _ = at_home(world, sandbox, "leaving-all")
    assert again.get("/api/v1/my/issues").json["items"] == []


def test_no_photo_joins_the_reports_of_who_left_whatever_it_was_called(
    postman: Postman, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    """An upload may name its own use: what came with a report is the report's."""
    caller, openid = at_home(world, sandbox, "leaving-photo")
    issue = report(caller, building, photo_ids=[album.kept(caller, use="done")])
    assert [photo["use"] for photo in caller.get(f"/api/v1/my/issues/{issue['id']}").json["photos"]] == ["report"]
    postman.push(postman.event("user_authorization_cancellation", openid))
    with world.reading() as connection:
        assert connection.execute(sa.select(Photo.uploaded_by_id)).scalar() is None


def test_the_trail_does_not_say_who(postman: Postman, world: World, sandbox: RunningSandbox, building: Spot) -> None:
    caller, openid = at_home(world, sandbox, "leaving-unnamed")
    public_id = caller.get("/api/v1/me").json["id"]
    leave_phone(world, caller)
    postman.push(postman.event("user_authorization_revoke", openid, RevokeInfo="8"))
    postman.push(postman.event("user_authorization_cancellation", openid))
    with world.reading() as connection:
        events = connection.execute(
            sa.select(AuditEvent.__table__).where(AuditEvent.action == "person:forget").order_by(AuditEvent.id)
        ).all()
        assert [(e.actor_id, e.subject, e.detail) for e in events] == [
            (None, "", {"what": "phone"}),
            (None, "", {"what": "account"}),
        ]
        assert public_id not in json.dumps([str(e) for e in events])
        assert audit.verify()[1] is None


@pytest.mark.parametrize(
    ("revoked", "gone"),
    [("8", True), (8, True), ("6,8", True), ("6", False), ("18", False), ("", False), ("80", False)],
)
def test_revoking_the_phone_deletes_it_and_its_copies(
    postman: Postman, world: World, sandbox: RunningSandbox, building: Spot, revoked: str | int, gone: bool
) -> None:
    caller, openid = at_home(world, sandbox, "leaving-phone")
    leave_phone(world, caller)
    same, other = report(caller, building, contact=PHONE), report(caller, building, contact="13700000000")
    assert postman.push(postman.event("user_authorization_revoke", openid, RevokeInfo=revoked)).text == "success"
    assert (caller.get("/api/v1/me").json["phone"] is None) is gone
    assert caller.get(f"/api/v1/my/issues/{same['id']}").json["has_contact"] is not gone
    assert caller.get(f"/api/v1/my/issues/{other['id']}").json["has_contact"] is True


def test_a_head_who_leaves_wechat_keeps_her_post_in_the_office_s_books(
    postman: Postman, world: World, sandbox: RunningSandbox, building: Spot
) -> None:
    """The office ends appointments, not WeChat; but nobody can act in her name any more."""
    head = world.head(building)
    openid = "oOfAHead"
    with world.writing() as connection:
        connection.execute(
            sa.insert(WeChatAccount).values(
                person_id=head.person_id,
                appid=postman.appid,
                openid_index=crypto.blind_index(openid, "wechat_accounts.openid"),
                openid_sealed=crypto.seal(openid, "wechat_accounts.openid_sealed"),
                created_at=world.clock.now() - timedelta(days=1),
            )
        )
    assert postman.push(postman.event("user_authorization_cancellation", openid)).text == "success"
    assert head.get("/api/v1/me").status_code == 401
    with world.reading() as connection:
        assert connection.execute(sa.select(Person.name).where(Person.id == head.person_id)).scalar() == "王秀英"
