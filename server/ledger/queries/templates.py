"""Reply templates: those that are shipped, and those an office wrote for itself and whoever lies below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models import Place, ReplyTemplate
from server.core import access, database
from server.core.access import Actor
from server.core.errors import not_found
from server.rules.permissions import Permission
from server.rules.templates import SHIPPED, ReplyKind, gaps

_templates, _places = ReplyTemplate.__table__, Place.__table__
MOST = 200  # of a place; more nobody looks through


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template. `own`: the actor may change it; `kind` only of a shipped one; `version` is its ETag (0: shipped)."""

    id: str
    title: str
    text: str
    gaps: Sequence[str]
    kind: ReplyKind | None
    place_name: str
    own: bool
    version: int


def templates(actor: Actor) -> list[TemplateView]:
    """Every template the actor is offered: of the offices above and at her posts, then the shipped ones."""
    return [*_written(actor), *_SHIPPED]


def offered(actor: Actor, kind: ReplyKind) -> list[TemplateView]:
    """Those that fit a kind of reply."""
    return [each for each in templates(actor) if each.kind in (None, kind)]


def template(actor: Actor, key: str) -> TemplateView:
    """One template the actor is offered, by its id or shipped key. Raises 404."""
    for each in templates(actor):
        if each.id == key:
            return each
    raise not_found()


_SHIPPED = [TemplateView(s.key, s.title, s.text, gaps(s.text), s.kind, "", False, 0) for s in SHIPPED]


def above(actor: Actor) -> set[int]:
    """The places whose templates reach the actor: her posts' places and all that lies above them."""
    found: set[int] = set()
    for post in actor.posts_granting(Permission.TEMPLATE_READ):
        found |= {
            place for place in (post.place_id, post.community_id, post.street_id, post.district_id) if place is not None
        }
    return found


def _written(actor: Actor) -> list[TemplateView]:
    within = access.within(actor, Permission.TEMPLATE_WRITE, _places)
    rows: Sequence[Any] = (
        database.connection()
        .execute(
            sa.select(
                _templates.c.public_id,
                _templates.c.title,
                _templates.c.text,
                _templates.c.version,
                _places.c.name,
                within.label("own"),
            )
            .join_from(_templates, _places, _places.c.id == _templates.c.place_id)
            .where(_templates.c.place_id.in_(above(actor)), _templates.c.closed_at.is_(None))
            .order_by(_templates.c.title, _templates.c.id)
            .limit(MOST)
        )
        .all()
    )
    return [
        TemplateView(r.public_id, r.title, r.text, gaps(r.text), None, r.name, bool(r.own), r.version) for r in rows
    ]
