"""Residents' pages opened inside WeChat: whom the service account recognises follows her reports without a claim code.

Nobody is asked and nobody has to: a page opens the same for everybody else, and when anything on the way fails. Every
address the way ends at says so (`seen=`), so that a browser is sent round once and never in a circle.
"""

import logging

from flask import Request, current_app, redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from models.enums import SessionKind
from server.core import auth, clock, database, limits
from server.core.access import Actor, current_actor
from server.core.auth import PAGE_COOKIE
from server.identity import queries as identity
from server.identity import service

WAY_COOKIE = "louzhang_way"
WAY_PATH = "/wechat/recognised"
SEEN = "seen"

log = logging.getLogger("louzhang.resident")


def way_to_wechat(page: str) -> Response | None:
    """Where to send this browser first to be recognised; None when the page is to be shown.

    `page` is a stairwell code, or empty for the list of one's own reports.
    """
    if request.method != "GET" or SEEN in request.args or not _in_wechat(request) or not identity.is_offered():
        return None
    if current_actor() is not None:
        return None
    back = current_app.extensions["settings"].public_url + url_for("mine.recognised", page=page)
    address, way = service.set_out(page, back, clock.now())
    answer = redirect(address, 303)
    _set_cookie(answer, WAY_COOKIE, way, 600, path=WAY_PATH)
    return answer


def way_back() -> Response:
    """Where to go on to, recognised or not."""
    page = request.args.get("page", "")
    page = "" if "/" in page else page  # no stairwell's: it would lead elsewhere on our site
    # In a flood nobody is recognised and WeChat is not asked; the page opens all the same.
    token = None if limits.refusal() else _arrive(page)
    seen = "no" if token is None else "yes"
    target = url_for("resident.report", code=page, seen=seen) if page else url_for("mine.reports", seen=seen)
    answer = redirect(target, 303)
    _set_cookie(answer, WAY_COOKIE, "", 0, path=WAY_PATH)
    if token is not None:
        _set_cookie(answer, PAGE_COOKIE, token, int(auth.TOKEN_LIFE[SessionKind.PAGE].total_seconds()), path="/")
    return answer


def reporter_of_form() -> Actor | None:
    """Who sends this form, if she is recognised and the page was made for her.

    A form from elsewhere is taken as anybody's: no report is lost, and none is put in another's name.
    """
    actor = current_actor()
    if actor is None or not form_is_hers():
        return None
    return actor


def form_is_hers() -> bool:
    """Whether this form was made for the page session it comes with."""
    return auth.form_is_ours(request.cookies.get(PAGE_COOKIE, ""))


def form_token() -> str:
    """What the forms of a recognised person carry; empty for anybody else."""
    return auth.form_token(request.cookies[PAGE_COOKIE]) if current_actor() and PAGE_COOKIE in request.cookies else ""


def _arrive(page: str) -> str | None:
    way = request.cookies.get(WAY_COOKIE, "")
    state, code = request.args.get("state", ""), request.args.get("code", "")
    try:
        return service.arrive(way, page, state, code, clock.now())
    except IntegrityError:  # she came twice at once, and the other one made her row
        database.rollback()
        log.info("recognised twice at once")
        return None


def _in_wechat(asked: Request) -> bool:
    """WeChat's own browser; not a page inside a mini-program, nor the browser of WeCom, where nobody is recognised."""
    agent = asked.headers.get("User-Agent", "").lower()
    return "micromessenger" in agent and "miniprogram" not in agent and "wxwork" not in agent


def _set_cookie(answer: Response, name: str, value: str, seconds: int, *, path: str) -> None:
    # Behind a proxy the request itself may not know that people come by https. Lax: back from WeChat it must be there.
    public = current_app.extensions["settings"].public_url
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure or public.startswith("https:"),
    )
