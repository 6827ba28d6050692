"""Publishing a new version of a place's rule book. Nothing is ever changed or taken back: the next version says so."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Place, RuleBook, new_public_id
from server.core import access, audit, database, etags
from server.core.access import Actor
from server.core.errors import FieldError, Problem, forbidden, invalid
from server.rulebook.queries import may_edit
from server.rules import book_json
from server.rules.book import RuleBook as Book
from server.rules.book_json import BookError
from server.rules.permissions import Permission

_books = RuleBook.__table__
NOTE_MOST = 200


def publish(actor: Actor, place: str, content: Any, note: str, base: int, now: datetime) -> int:
    """Make `content` the place's book. Returns its version.

    `base`: the version of the place's own book this was made from (0: it had none). Raises 404 and 403, 412 when somebody
    published in between (409 in the same moment), 422 with every fault.
    """
    row = access.fetch_place(actor, Permission.BOOK_WRITE, place, see=Permission.BOOK_READ)
    if not may_edit(actor, row):
        raise forbidden("每一级只改自己的办事规则。没有自己规则的地方，用上一级的。")
    latest = sa.select(sa.func.max(_books.c.version)).where(_books.c.place_id == row.id)
    database.connection().execute(sa.select(Place.id).where(Place.id == row.id).with_for_update())
    version = database.connection().execute(latest).scalar() or 0
    etags.require_version(version, base)
    book = _read(content)
    database.connection().execute(
        sa.insert(RuleBook).values(
            public_id=new_public_id(),
            place_id=row.id,
            version=version + 1,
            content=book_json.to_content(book),
            note=note,
            created_at=now,
            created_by_id=actor.person_id,
            created_role=actor.role_for(Permission.BOOK_WRITE),
        )
    )
    audit.record(
        audit.Action.BOOK_PUBLISH,
        now,
        actor=actor,
        role=actor.role_for(Permission.BOOK_WRITE),
        subject=place,
        place_id=row.id,
        detail={"version": version + 1},
    )
    return version + 1


def note_of(written: str) -> str:
    """What a page's form says was changed and why. Raises 422 for none."""
    note = " ".join(written.split())
    if not 2 <= len(note) <= NOTE_MOST or not note.isprintable():
        raise invalid("note", f"请写一句改了什么、为什么，2 到 {NOTE_MOST} 个字。")
    return note


def _read(content: Any) -> Book:
    try:
        return book_json.from_content(content)
    except BookError as error:
        faults = tuple(FieldError("content", fault) for fault in error.problems[:50])
        raise Problem(422, "invalid", "规则有几处不对，请看下面的提示。", errors=faults) from None
