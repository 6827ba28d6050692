"""The office console: plain pages for people with a post and a password. Works without JavaScript.

Every page asks the rooms' `queries` and tells their `service`; a form is checked by the room's own schema, so that the
law of a page and of the API is one. Whoever is not signed in is sent to the sign-in page and back.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from server.core import auth, database
from server.core.errors import from_http
from server.web.console import words

blueprint = Blueprint("console", __name__, url_prefix="/console")


@blueprint.before_request
def _guard_forms() -> None:
    """Refuse a form that was not made for this session. Asks no database: rights are asked by the view."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    if hasattr(view, "__takes_up_to__"):  # the token is a field of the form: reading it reads the body
        request.max_content_length = view.__takes_up_to__
    if request.method == "POST" and request.endpoint != "console.sign_in" and request.cookies.get(auth.COOKIE):
        auth.check_form_token()


@blueprint.errorhandler(HTTPException)
def _refused(error: HTTPException) -> AnyResponse:
    """Who is not signed in signs in first; anything else is told on a page of the console."""
    database.rollback()
    problem = from_http(error)
    if problem.code == 401:
        back = request.full_path.rstrip("?") if request.method == "GET" else page_behind(request.path)
        return redirect(url_for("console.sign_in", next=back), 303)
    if problem.slug == "key_reused":  # a page gone back to, changed and sent again
        problem.detail = "这一页已经提交过一次了。请返回刷新，再改再提交。"
    page = render_template("console/problem.html", problem=problem, back=page_behind(request.path))
    response = Response(page, status=problem.code, content_type="text/html; charset=utf-8")
    response.headers.update(problem.extra_headers)
    return response


def page_behind(path: str) -> str:
    """The nearest page above an address that only takes forms: where to go back to."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    while path.startswith("/console/"):
        path = path.rpartition("/")[0]
        try:
            if "GET" in adapter.allowed_methods(path):
                return path
        except HTTPException:
            continue
    return "/console"


def safe_next(wanted: str) -> str:
    """Where to go after signing in: a page of the console, never another site."""
    parts = urlsplit(wanted)
    inside = parts.path == "/console" or parts.path.startswith("/console/")
    foreign = parts.scheme or parts.netloc or "\\" in wanted or not wanted.isprintable()
    return wanted if inside and not foreign else "/console"


@blueprint.context_processor
def _surroundings() -> dict[str, Any]:
    """What the base page and every form need."""
    token = request.cookies.get(auth.COOKIE, "")
    actor = g.get("actor")  # as the view's guard read it; asking the database here would hide that it is gone
    return {
        "actor": actor,
        "nav": words.nav(actor) if actor else (),
        "form_token": auth.form_token(token) if token else "",
        "done": words.DONE.get(request.args.get("done", "")),
        **words.HELPERS,
    }


# Registers each family of pages with the blueprint above.
from server.web.console import (  # noqa: E402, F401
    api_keys,
    codes,
    commons,
    deductions,
    deliveries,
    departments,
    duties,
    figures,
    home,
    household_files,
    households,
    inbox,
    inspections,
    inviting,
    issue_assigning,
    issue_exports,
    issue_life,
    issue_moves,
    issue_reporting,
    issues,
    ledger,
    moderation,
    months,
    notifying,
    openings,
    pictures,
    place_import,
    places,
    posts,
    residents,
    rulebook,
    scores,
    sign_in,
    templates,
    whistles,
)
