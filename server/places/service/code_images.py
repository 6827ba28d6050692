"""Mini-program codes: ordered with the stairwell code, drawn by WeChat after the commit, kept in the photo store.

Only where the mini-program has a page for them (WECHAT_REPORT_PAGE). A poster never waits for one: without it the ordinary
code stands alone, and that opens the mini-program too.
"""

import io
import logging
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from models import StairwellCode
from models.enums import OutboxKind
from server.core import database, images, outbox
from server.core.errors import Problem
from server.core.outbox import Dead, Done, End, Entry, Later, end_of
from server.core.storage import photo_store
from server.places.posters import for_paper
from wechat.gateway import Gateway, WeChatError

log = logging.getLogger("louzhang.codes")

FOLDER = "minicodes"  # of the photo store; the sweeping of photos looks through folders of days only
WIDTH = 860  # dots; on a poster it is 84 mm wide
BYTES_MOST = 2 * 1024 * 1024
SIDE_LEAST = 280  # WeChat's own least

_table = StairwellCode.__table__


def have_drawn(code_ids: list[int], now: datetime) -> None:
    """Have the mini-program codes of these stairwell codes drawn after the commit, where that is configured.

    Ordered again is tried again: what WeChat refused, or nobody had configured, may be all right by now.
    """
    if report_page():
        outbox.put_again(OutboxKind.CODE_IMAGE, code_ids, now)


def report_page() -> str:
    """The mini-program's page for stairwell codes, or ""."""
    return str(current_app.extensions["settings"].wechat.report_page)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask WeChat for."""

    scene: str
    page: str
    key: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """What came, or the store, was not good enough. `again`: it may be another time."""

    why: str
    again: bool


class CodeImages:
    """How the outbox's CODE_IMAGE entries are done (`server.core.outbox.Handler`)."""

    def load(self, entry: Entry, now: datetime) -> Wanted | End:  # noqa: ARG002 -- the handlers' common shape
        """What to ask for; nothing for a code that went dark or has its picture."""
        row = (
            database.connection()
            .execute(
                sa.select(_table.c.public_id, _table.c.code, _table.c.image, _table.c.revoked_at).where(
                    _table.c.id == entry.subject
                )
            )
            .one_or_none()
        )
        if row is None:
            return Dead("there is no such stairwell code")
        if row.revoked_at is not None:
            return Done("revoked")
        if row.image is not None:
            return Done("kept")
        page = report_page()
        return Wanted(row.code, page, f"{FOLDER}/{row.public_id}") if page else Done("not_configured")

    def ask(self, gateway: Gateway, loaded: Wanted) -> str | Unusable:
        """Have it drawn, look at it, and keep it: the key names the code, so a second time overwrites the first."""
        drawn = gateway.mini_code(loaded.scene, loaded.page, width=WIDTH)
        if len(drawn) > BYTES_MOST:
            return Unusable("the picture is too large", again=False)
        try:
            picture = images.check_and_reencode(io.BytesIO(drawn))
        except Problem as problem:
            return Unusable(f"not a picture: {problem.slug}", again=False)
        if picture.width != picture.height or picture.width < SIDE_LEAST:
            return Unusable(f"not a code: {picture.width} × {picture.height}", again=False)
        try:
            photo_store().put(loaded.key, for_paper(picture.data))
        except OSError as error:
            log.error("the photo store refused a mini-program code", extra={"error": type(error).__name__})
            return Unusable("the photo store refused it", again=True)
        return loaded.key

    def settle(self, entry: Entry, loaded: Wanted, answer: str | Unusable | WeChatError, now: datetime) -> End:  # noqa: ARG002
        """Note where it is kept, unless the code went dark meanwhile."""
        match answer:
            case str():
                kept = database.connection().execute(
                    sa.update(StairwellCode)
                    .where(_table.c.id == entry.subject, _table.c.revoked_at.is_(None))
                    .values(image=answer)
                )
                return Done("kept" if kept.rowcount else "revoked")
            case Unusable(why, again):
                return Later(why) if again else Dead(why)
            case _:
                return end_of(answer)
