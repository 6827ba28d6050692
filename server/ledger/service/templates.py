"""Reply templates of an office: written, changed and closed by the office itself."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import ReplyTemplate, new_public_id
from server.core import access, audit, database
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden, invalid, not_found
from server.core.etags import require_version
from server.ledger import queries
from server.ledger.queries import TemplateView
from server.ledger.queries.templates import MOST
from server.rules import templates as rule
from server.rules.permissions import Permission

_templates = ReplyTemplate.__table__


def write_template(actor: Actor, title: str, text: str, now: datetime, place: str | None = None) -> TemplateView:
    """A new template for the office at `place` (None: the actor's own) and everybody below it. Raises 422 without a gap."""
    posts = actor.posts_granting(Permission.TEMPLATE_WRITE)
    if not posts:
        raise forbidden()
    row = access.fetch_place(actor, Permission.TEMPLATE_WRITE, place or posts[0].place)
    _check(text)
    connection = database.connection()
    kept = sa.select(sa.func.count()).where(_templates.c.place_id == row.id, _templates.c.closed_at.is_(None))
    if connection.execute(kept).scalar_one() >= MOST:
        raise conflict("too_many", f"已经有 {MOST} 个模板了，请先停用不用的。")
    public_id = new_public_id()
    connection.execute(
        sa.insert(ReplyTemplate).values(
            public_id=public_id,
            place_id=row.id,
            title=title,
            text=text,
            created_at=now,
            created_by_id=actor.person_id,
        )
    )
    _record(actor, public_id, row.id, "write", now)
    return queries.template(actor, public_id)


def change_template(actor: Actor, template: str, expected: int, title: str, text: str, now: datetime) -> TemplateView:
    """Another title and text. Raises 404 out of reach, 403 for another office's, 412 when it changed meanwhile."""
    row = _lock(actor, template)
    require_version(row.version, expected)
    _check(text)
    _update(row, title=title, text=text)
    _record(actor, template, row.place_id, "change", now)
    return queries.template(actor, template)


def close_template(actor: Actor, template: str, expected: int, now: datetime) -> None:
    """Offer it to nobody any more. Raises as `change_template`."""
    row = _lock(actor, template)
    require_version(row.version, expected)
    _update(row, closed_at=now)
    _record(actor, template, row.place_id, "close", now)


def _check(text: str) -> None:
    if refusal := rule.may_keep(text):
        raise invalid("text", refusal.reason)


def _lock(actor: Actor, template: str) -> Any:
    """A template that is in use, held until the transaction ends."""
    view = queries.template(actor, template)
    if view.kind is not None:
        raise forbidden("自带的模板不能改，可以照着另写一个。")
    if not view.own:
        raise forbidden("这是上级的模板，您可以用，不能改。")
    query = sa.select(_templates.c.id, _templates.c.place_id, _templates.c.version).where(
        _templates.c.public_id == template, _templates.c.closed_at.is_(None)
    )
    row = database.connection().execute(query.with_for_update()).one_or_none()
    if row is None:
        raise not_found()
    return row


def _update(row: Any, **values: Any) -> None:
    database.connection().execute(
        sa.update(ReplyTemplate).where(_templates.c.id == row.id).values(version=row.version + 1, **values)
    )


def _record(actor: Actor, template: str, place_id: int, what: str, now: datetime) -> None:
    audit.record(
        Action.TEMPLATE_CHANGE,
        now,
        actor=actor,
        role=actor.role_for(Permission.TEMPLATE_WRITE),
        subject=f"template:{template}",
        place_id=place_id,
        detail={"what": what},
    )
