"""Which person a WeChat user is: found by the app's openid, or by the unionid that our other app knows."""

from datetime import datetime

import sqlalchemy as sa

from models import Person, WeChatAccount, new_public_id
from server.core import crypto, database
from server.core.errors import Problem

_OPENID = "wechat_accounts.openid"
_accounts = WeChatAccount.__table__.c


def person_of(appid: str, openid: str, unionid: str | None, now: datetime) -> int:
    """The person behind a WeChat user of one of our apps, made when there is none. Returns the internal id.

    A unionid joins the openids of our two apps to one person; it is noted whenever WeChat tells it, since it tells it
    only from the day both apps belong to one Open Platform account. Raises Problem 403 for a closed account.
    """
    conn = database.connection()
    index = crypto.blind_index(openid, _OPENID)
    union = None if unionid is None else crypto.blind_index(unionid, "wechat_accounts.unionid")
    mine = sa.and_(_accounts.appid == appid, _accounts.openid_index == index)
    known = sa.select(_accounts.person_id, Person.disabled_at).join(Person, Person.id == _accounts.person_id)
    found = conn.execute(known.where(mine)).one_or_none()
    if found is not None:
        _refuse_closed(found.disabled_at)
        seen = {"seen_at": now} if union is None else {"seen_at": now, "unionid_index": union}
        conn.execute(sa.update(WeChatAccount).where(mine).values(seen))
        return int(found.person_id)
    if union is not None:
        found = conn.execute(
            known.where(_accounts.unionid_index == union).order_by(_accounts.id).limit(1)
        ).one_or_none()
    if found is not None:
        _refuse_closed(found.disabled_at)
        person_id = int(found.person_id)
    else:
        person_id = conn.execute(
            sa.insert(Person).values(public_id=new_public_id(), name="", created_at=now).returning(Person.id)
        ).scalar_one()
    conn.execute(
        sa.insert(WeChatAccount).values(
            person_id=person_id,
            appid=appid,
            openid_index=index,
            openid_sealed=crypto.seal(openid, "wechat_accounts.openid_sealed"),
            unionid_index=union,
            seen_at=now,
            created_at=now,
        )
    )
    return person_id


def _refuse_closed(disabled_at: datetime | None) -> None:
    if disabled_at is not None:
        raise Problem(403, "disabled", "这个账号已停用，请联系社区。")


def find(appid: str, openid: str) -> int | None:
    """The internal id of the person behind a WeChat user, or None."""
    index = crypto.blind_index(openid, _OPENID)
    query = sa.select(_accounts.person_id).where(_accounts.appid == appid, _accounts.openid_index == index)
    found: int | None = database.connection().execute(query).scalar()
    return found


def openid_of(person_id: int, appid: str) -> str | None:
    """A person's openid in one of our apps, or None for somebody who never came from there."""
    query = sa.select(_accounts.openid_sealed).where(_accounts.person_id == person_id, _accounts.appid == appid)
    sealed = database.connection().execute(query.order_by(_accounts.id.desc()).limit(1)).scalar()
    return None if sealed is None else crypto.open_sealed(sealed, "wechat_accounts.openid_sealed")
