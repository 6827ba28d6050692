"""身份: signing in, signing out, who am I."""

from datetime import datetime

from flask import Response

from server.core import clock
from server.core.access import needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.identity import queries, service
from server.identity.queries import Me
from server.identity.schemas import MeSchema, PhoneCodeSchema, PhoneSchema, SessionSchema, SignInSchema
from server.rules import allowances
from server.rules.permissions import Permission

blueprint = Blueprint("identity", __name__, description="登录与身份")


@blueprint.post("/sessions")
@open_to_all("signing in comes before anything else")
@slowed(allowances.SIGN_INS)
@blueprint.arguments(SignInSchema)
@blueprint.response(201, SessionSchema)
def sign_in(body: dict[str, str]) -> dict[str, str | datetime]:
    """Sign in from the mini-program with the code of wx.login"""
    token, expires_at = service.sign_in_with_wechat(body["code"], clock.now())
    return {"token": token, "expires_at": expires_at}


@blueprint.delete("/sessions/current")
@needs(Permission.SESSION_END)
@blueprint.response(204)
def sign_out() -> Response | None:
    """Sign out: this token is dark at once"""
    service.sign_out(require_actor(), clock.now())
    return None


@blueprint.get("/me")
@needs(Permission.ME_READ)
@blueprint.response(200, MeSchema)
def me() -> Me:
    """Who I am and what I may do where"""
    return queries.me(require_actor())


@blueprint.post("/me/phone")
@needs(Permission.ME_PHONE)
@slowed(allowances.PHONES)
@idempotent
@blueprint.arguments(PhoneCodeSchema)
@blueprint.response(200, PhoneSchema)
def keep_phone(body: dict[str, str]) -> dict[str, str]:
    """Leave my WeChat phone number, to be called back. Never needed for reporting"""
    return {"phone": service.keep_phone(require_actor(), body["code"])}


@blueprint.delete("/me/phone")
@needs(Permission.ME_PHONE)
@blueprint.response(204)
def forget_phone() -> None:
    """Take my phone number back"""
    service.forget_phone(require_actor().person_id)
