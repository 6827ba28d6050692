"""What a delivery does here, through the rooms it concerns. Each effect may come twice and does the same as once."""

import logging
import re
from collections.abc import Callable
from datetime import datetime

from flask import current_app

from server.identity import queries as people
from server.identity import service as identity
from server.issues import service as issues
from server.moderation import service as moderation
from server.notices import service as notices
from server.photos import service as photos
from wechat.push import Push

log = logging.getLogger("louzhang.callbacks")

PHONE = "8"  # RevokeInfo: what we hold of all that can be revoked; nickname, place and album never reach us


def have(delivery: Push, now: datetime) -> None:
    """Do what a delivery asks for. What we do not know is counted in the log, without its content."""
    effect = EFFECTS.get(delivery.kind)
    known = re.fullmatch(r"[A-Za-z0-9_:]{1,60}", delivery.kind) is not None
    told = {"job": delivery.kind if known else "-", "status": "taken" if effect else "ignored"}
    log.info("delivery", extra=told)
    if effect is not None:
        effect(delivery, now)


def _app(delivery: Push) -> str:
    """Whose event it is. A plain one that does not say so is taken for the mini-program's: openids of two apps differ."""
    appid: str = delivery.appid or current_app.extensions["settings"].wechat.appid
    return appid


def _consent_revoked(delivery: Push, now: datetime) -> None:
    if PHONE not in re.findall(r"[0-9]+", delivery.fields.get("RevokeInfo", "")):
        return
    taken_back = identity.take_back_phone(_app(delivery), delivery.openid, now)
    if taken_back is not None:
        issues.forget_contact(*taken_back)


def _account_closed(delivery: Push, now: datetime) -> None:
    person_id = identity.close_account(_app(delivery), delivery.openid, now)
    if person_id is not None:
        issues.forget_reporter(person_id)
        photos.forget_uploader(person_id)
        notices.forget_person(person_id, now)


def _consent_answered(delivery: Push, now: datetime) -> None:
    """The dialog for messages. Accepts count; a refusal takes nothing back that was agreed before."""
    person_id = people.find(_app(delivery), delivery.openid)
    for answer in delivery.items:
        if person_id is not None and answer.get("SubscribeStatusString") == "accept":
            notices.grant(person_id, answer.get("TemplateId", ""), now, by_push=True)


def _consent_withdrawn(delivery: Push, now: datetime) -> None:
    """Messages switched off in WeChat's settings."""
    person_id = people.find(_app(delivery), delivery.openid)
    for answer in delivery.items:
        if person_id is not None and answer.get("SubscribeStatusString") == "reject" and answer.get("TemplateId"):
            notices.withdraw(person_id, answer["TemplateId"], now)


def _message_failed(delivery: Push, _now: datetime) -> None:
    """A message WeChat took and could not deliver after all. It is in the inbox; there is nobody to send it to again."""
    for answer in delivery.items:
        code = answer.get("ErrorCode", "0")
        if code != "0":
            told = code if re.fullmatch(r"-?[0-9]{1,9}", code) else "-"
            log.warning("WeChat could not deliver a message", extra={"error": f"errcode {told}"})


def _picture_checked(delivery: Push, now: datetime) -> None:
    trace, verdict = delivery.fields["trace_id"], delivery.verdict
    if verdict is None:
        moderation.take_verdict(trace, None, None, -1, now)
    else:
        moderation.take_verdict(trace, verdict.suggestion, verdict.label, 0, now)


def _punished(_delivery: Push, _now: datetime) -> None:
    log.error("WeChat punished the app: see its notices in the console of the mini-program")


def _nothing(_delivery: Push, _now: datetime) -> None:
    """We keep neither nickname nor avatar."""


EFFECTS: dict[str, Callable[[Push, datetime], None]] = {
    "subscribe_msg_change_event": _consent_withdrawn,
    "subscribe_msg_popup_event": _consent_answered,
    "subscribe_msg_sent_event": _message_failed,
    "user_authorization_revoke": _consent_revoked,
    "user_authorization_cancellation": _account_closed,
    "user_info_modified": _nothing,
    "wxa_media_check": _picture_checked,
    "wxa_punish_event": _punished,
}
