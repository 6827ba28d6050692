"""发通知: what the office tells the heads of its places."""

from flask import Response

from models.enums import PlaceKind
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.notices import service
from server.notices.schemas import NoticeSchema
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.buildings import options
from server.web.console.forms import Form, done, show

ONE_BY_ONE = 200  # buildings that can still be picked from a list


@blueprint.get("/inbox/notify")
@needs(Permission.NOTICE_WRITE)
def notify_form() -> Response:
    """The form for a notice."""
    return _page(Form())


@blueprint.post("/inbox/notify")
@needs(Permission.NOTICE_WRITE)
@idempotent
def notify() -> Response:
    """Tell every head of a place."""
    form = Form.sent()
    try:
        body = form.load(NoticeSchema)
        service.send_notice(require_actor(), body["place"], body["title"], body["text"], clock.now())
    except Problem as problem:
        return _page(form.refused(problem))
    return done("notified", "inbox")


def _page(form: Form) -> Response:
    actor = require_actor()
    return show("notify.html", form, places=_places(actor))


def _places(actor: Actor) -> list[tuple[str, str]]:
    """Where a notice can go: my own places as a whole, then single buildings where they are few."""
    posts = [post for post in actor.posts_granting(Permission.NOTICE_WRITE) if post.kind is not PlaceKind.BUILDING]
    whole = [(post.place, f"{post.place_name}的全部楼栋长") for post in posts]
    buildings = options(actor, Permission.NOTICE_WRITE)
    if len(buildings) > ONE_BY_ONE:
        return whole
    return whole + [(building, f"{label}的楼栋长") for building, label in buildings]
