"""微信推送: the door WeChat itself knocks at. Outside the API: its form is WeChat's, and nobody else calls it."""

import logging
from collections.abc import Callable

from flask import Blueprint, Response, request
from marshmallow import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from server.callbacks import queries, service
from server.callbacks.schemas import DeliverySchema, VerificationSchema
from server.core import clock
from server.core.access import open_to_all
from server.core.limits import never_slowed
from wechat.push import BODY_MOST, Forged, Malformed, PushRefused

blueprint = Blueprint("callbacks", __name__)
log = logging.getLogger("louzhang.callbacks")

SIGNED = "WeChat proves itself by the signature of every delivery"


@blueprint.get("/wechat/callback")
@open_to_all(SIGNED)
def verify() -> Response:
    """Is this address yours?"""
    return _answered(lambda: service.verify(_args(VerificationSchema), clock.now()))


@blueprint.post("/wechat/callback")
@open_to_all(SIGNED)
@never_slowed("WeChat pushes in bursts from few addresses; what is not WeChat's is refused by its signature")
def receive() -> Response:
    """Take what WeChat delivers"""

    def take() -> str:
        body = _body()
        service.receive(_args(DeliverySchema), body, clock.now())
        return "success"

    return _answered(take)


def _answered(take: Callable[[], str]) -> Response:
    """The answer in plain text. A refusal tells its kind and no more: whoever forges learns nothing from it."""
    if not queries.is_configured():
        return _text("not configured", 404)
    try:
        return _text(take(), 200)
    except PushRefused as refused:
        log.warning("delivery refused", extra={"error": f"{type(refused).__name__}: {refused.reason}"})
        return _text(type(refused).__name__.lower(), refused.status)


def _text(text: str, status: int) -> Response:
    return Response(text, status=status, content_type="text/plain; charset=utf-8")


def _args(schema: type[DeliverySchema]) -> dict[str, str]:
    """The address's arguments. One given twice is the first; one too long to be WeChat's is nobody's."""
    try:
        return dict(schema().load(request.args.to_dict()))
    except ValidationError:
        raise Forged("arguments") from None


def _body() -> bytes:
    request.max_content_length = BODY_MOST
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise Malformed("too large") from None
