"""Signing in and out with name and password."""

from flask import Response, current_app, redirect, request, url_for
from marshmallow import fields
from werkzeug.wrappers import Response as AnyResponse

from models.enums import SessionKind
from server.core import auth, clock, limits
from server.core.access import current_actor, needs, open_to_all, require_actor
from server.core.errors import Problem
from server.core.limits import slowed
from server.core.schemas import Schema, Text, length
from server.identity import service
from server.rules import allowances
from server.rules.permissions import Permission
from server.web.console import blueprint, safe_next
from server.web.console.forms import Form, show, wrong


class PasswordSchema(Schema):
    """What the sign-in form takes."""

    username = Text(1, 40, required=True)
    password = fields.String(required=True, validate=length(1, 200))
    next = fields.String(load_default="")


@blueprint.get("/sign-in")
@open_to_all("signing in comes before anything else")
def sign_in_page() -> Response | AnyResponse:
    """The sign-in form; whoever is signed in already goes on."""
    wanted = safe_next(request.args.get("next", ""))
    if current_actor() is not None:
        return redirect(wanted, 303)
    ended = "已退出。" if "ended" in request.args else "密码已改，请用新密码登录。" if "changed" in request.args else ""
    return show("sign_in.html", Form.filled({"next": wanted}), ended=ended)


@blueprint.post("/sign-in")
@open_to_all("signing in comes before anything else")
@slowed(allowances.PASSWORDS, kindly=True)
def sign_in() -> Response | AnyResponse:
    """Check the password and open a session."""
    # There is no session yet to bind a form token to; browsers tell where a form comes from.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "form_expired", "请从本系统的登录页登录。")
    form, now = Form.sent(), clock.now()
    try:
        if too_fast := limits.refusal():
            raise too_fast
        body = form.load(PasswordSchema)
        token, _ = service.sign_in_with_password(body["username"], body["password"], now)
    except Problem as problem:
        form.status, form.problem = problem.code or 422, problem.detail or ""
        form.errors = {error.field: error.message for error in problem.errors}
        page = show("sign_in.html", form, ended="")
        page.headers.update(problem.extra_headers)
        return page
    answer = redirect(safe_next(body["next"]), 303)
    _set_cookie(answer, token, int(auth.TOKEN_LIFE[SessionKind.CONSOLE].total_seconds()))
    return answer


@blueprint.post("/sign-out")
@needs(Permission.SESSION_END)
def sign_out() -> AnyResponse:
    """End this session: its token is dark at once."""
    service.sign_out(require_actor(), clock.now())
    answer = redirect(url_for("console.sign_in_page", ended=1), 303)
    _set_cookie(answer, "", 0)
    return answer


def _set_cookie(answer: AnyResponse, token: str, seconds: int) -> None:
    # Behind a proxy the request itself may not know that people come by https.
    public = current_app.extensions["settings"].public_url
    answer.set_cookie(
        auth.COOKIE,
        token,
        max_age=seconds,
        path="/console",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure or public.startswith("https:"),
    )


class NewPasswordSchema(Schema):
    """What the form for a new password takes."""

    old = fields.String(required=True, validate=length(1, 200))
    new = fields.String(required=True, validate=length(auth.PASSWORD_MIN, 200))
    again = fields.String(required=True)


@blueprint.get("/password")
@needs(Permission.SESSION_END)
def password_form() -> Response:
    """The form for a new password."""
    return show("password.html")


@blueprint.post("/password")
@needs(Permission.SESSION_END)
def change_password() -> Response | AnyResponse:
    """Set a new password; every session ends, this one too."""
    form = Form.sent()
    try:
        body = form.load(NewPasswordSchema)
        if body["new"] != body["again"]:
            raise wrong("again", "两次输入的新密码不一样。")
        service.change_password(require_actor(), body["old"], body["new"], clock.now())
    except Problem as problem:
        return show("password.html", form.refused(problem))
    answer = redirect(url_for("console.sign_in_page", changed=1), 303)
    _set_cookie(answer, "", 0)
    return answer
