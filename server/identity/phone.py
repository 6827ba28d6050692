"""The phone number somebody hands over in WeChat, of their own accord: to be called back, and for nothing else."""

import logging

import sqlalchemy as sa
from flask import current_app

from models import Person
from server.core import crypto, database
from server.core.access import Actor
from server.core.errors import Problem, conflict
from server.core.masking import Kind, mask
from server.identity import accounts
from wechat.gateway import (
    CodeUsedOrExpired,
    Gateway,
    NotAllowed,
    PhoneNumber,
    RequestRefused,
    TooManyCalls,
    UnknownRecipient,
    WeChatError,
    WeChatMisconfigured,
)

log = logging.getLogger("louzhang.identity")

SEALED = "persons.phone_sealed"
_WITHOUT = "不留手机号也可以上报，凭查询码就能看进展；想让人回电话，上报时自己填一个号码也行。"


def keep_phone(actor: Actor, code: str) -> str:
    """Trade the code of WeChat's phone button for the number and keep it. Returns it masked.

    Raises Problem 409 for somebody who did not come from the mini-program, 422 for a spent code, 503 otherwise. To be
    called before the request's first write: its transaction is let go while WeChat thinks.
    """
    openid = _openid(actor)
    database.rollback()
    gateway: Gateway = current_app.extensions["wechat"]
    try:
        phone = gateway.phone_number(code, openid)
    except WeChatError as error:
        log.warning("wechat gave no phone number", extra={"error": str(error)})
        raise _in_words(error) from None
    number = _written(phone)
    # Whoever left while WeChat thought leaves no number behind: leaving holds the person's row as well.
    database.connection().execute(sa.select(Person.id).where(Person.id == actor.person_id).with_for_update())
    _openid(actor)
    _store(actor.person_id, crypto.seal(number, SEALED), crypto.blind_index(number, "persons.phone"))
    return mask(number, Kind.PHONE) or ""


def _openid(actor: Actor) -> str:
    openid = accounts.openid_of(actor.person_id, current_app.extensions["settings"].wechat.appid)
    if openid is None:
        raise conflict("no_wechat", "请在小程序里登录以后再留手机号。")
    return openid


def forget_phone(person_id: int) -> None:
    """Delete the number. Nothing happens when there is none."""
    _store(person_id, None, None)


def shown(actor: Actor) -> str | None:
    """The actor's own number, masked; None when there is none."""
    if actor.phone_sealed is None:
        return None
    return mask(crypto.open_sealed(actor.phone_sealed, SEALED), Kind.PHONE)


def of(person_id: int) -> str | None:
    """A person's number, in the clear."""
    sealed = database.connection().execute(sa.select(Person.phone_sealed).where(Person.id == person_id)).scalar()
    return None if sealed is None else crypto.open_sealed(sealed, SEALED)


def _store(person_id: int, sealed: bytes | None, index: bytes | None) -> None:
    change = sa.update(Person).where(Person.id == person_id).values(phone_sealed=sealed, phone_index=index)
    database.connection().execute(change)


def _written(phone: PhoneNumber) -> str:
    """As a report's contact writes it: digits, with the country in front where it is not ours."""
    return phone.number if phone.country in ("", "86") else f"+{phone.country} {phone.number}"


def _in_words(error: WeChatError) -> Problem:
    match error:
        case CodeUsedOrExpired() | UnknownRecipient() | RequestRefused():
            return Problem(422, "phone_code_expired", "这次没有取到手机号，请再点一次按钮试试。" + _WITHOUT)
        case TooManyCalls() | NotAllowed() | WeChatMisconfigured():
            return Problem(503, "phone_unavailable", "微信现在不能提供手机号。" + _WITHOUT)
        case _:
            return Problem(503, error.code, "微信正忙，没有取到手机号，请稍等再点一次。" + _WITHOUT)
