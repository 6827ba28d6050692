"""`/`: one page for a developer. Press for a login code, see what the sandbox was asked, make it misbehave."""

from datetime import UTC, datetime, timedelta, timezone

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wechat.sandbox.api import world
from wechat.sandbox.faults import FaultKind

blueprint = Blueprint("page", __name__)
_BEIJING = timezone(timedelta(hours=8))
_SHOWN = 30


@blueprint.get("/")
def show(user: str = "", code: str = "") -> str:
    """The developer's page: users, codes, recent requests."""
    there = world()
    return render_template(
        "sandbox.html",
        user=user,
        code=code,
        appid=there.first_appid(),
        people=sorted(there.blocked),
        entries=list(reversed(there.ledger.entries()))[:_SHOWN],
        waiting=there.faults.waiting(),
        kinds=list(FaultKind),
        now=_clock_face(there.clock.now()),
        ahead=round(there.clock.ahead / 60),
        clock_face=_clock_face,
    )


@blueprint.post("/")
def give_code() -> str | Response:
    """Press "give me a login code"."""
    there, user = world(), request.form.get("user", "").strip()
    if not user or len(user) > 64 or not user.isprintable():
        return redirect(url_for("page.show"), 303)
    code = there.issue_code(user, there.first_appid(), there.clock.now())
    there.save_soon()
    return show(user, code.value)


@blueprint.post("/trouble")
def trouble() -> Response:
    """Say on the page what went wrong."""
    there, asked = world(), request.form
    match asked.get("do"):
        case "fault" if asked.get("kind") in set(FaultKind):
            there.faults.add(asked["kind"], seconds=3.0 if asked["kind"] == FaultKind.LATENCY else 60.0)
        case "later":
            there.clock.advance(360)
        case "calm":
            there.faults.clear()
            there.clock.reset()
    there.save_soon()
    return redirect(url_for("page.show"), 303)


def _clock_face(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(_BEIJING).strftime("%m-%d %H:%M:%S")
