"""Posters to print: read in one short transaction, ordered pictures in another, drawn in none."""

import logging
from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app

from server.core import database
from server.core.access import Actor
from server.core.errors import FieldError, Problem
from server.core.storage import photo_store
from server.places import posters
from server.places.posters import Door, Face, FontTrouble, Size
from server.places.queries.codes import code_url
from server.places.queries.posters import doors_below
from server.places.service.code_images import have_drawn, report_page

log = logging.getLogger("louzhang.posters")


def print_posters(actor: Actor, place: str, size: Size, now: datetime) -> tuple[str, bytes]:
    """The file's name and its PDF, for a building or for every open building below a place.

    Raises 404 outside the actor's places and where no code is in use, 422 for more than 500 and for a name with a letter
    that cannot be printed. To be called by a request that wrote nothing: its transaction is let go, for drawing 300
    posters takes seconds in which others want to write.
    """
    found, rows = doors_below(actor, place)
    database.rollback()
    missing = [row.id for row in rows if row.image is None]
    if missing and report_page():
        with database.transaction():
            have_drawn(missing, now)
    doors = [
        Door(
            where=" ".join(filter(None, (row.community, row.estate))),
            name=row.name,
            code=row.code,
            url=code_url(row.code),
            address=_address(code_url(row.code)),
            mini_code=_kept(row.image) if row.image and report_page() and size is not Size.LABEL else None,
        )
        for row in rows
    ]
    face = _face()
    _refuse_missing_letters(doors, face)
    title = f"{found.name} 楼道码 {size.zh}"
    return f"{found.name}-楼道码-{size.zh}.pdf".replace(" ", ""), posters.print_out(doors, size, face, title, now)


def _face() -> Face:
    try:
        return posters.face(current_app.extensions["settings"].font)
    except FontTrouble as trouble:
        log.error("no typeface for posters: %s", trouble)
        raise Problem(503, "no_typeface", "服务器上没有可用的中文字库，暂时印不了海报，请联系运维。") from None


def _refuse_missing_letters(doors: list[Door], face: Face) -> None:
    """An empty box on a poster is noticed when fifty hang; this is noticed before."""
    lacking = posters.missing_letters(doors, face)
    if lacking:
        told = [
            f"“{name}”里的 {'、'.join(f'{sign}（U+{ord(sign):04X}）' for sign in signs)}"
            for name, signs in lacking.items()
        ]
        detail = "有的字字库里没有，印出来会是空框：" + "；".join(told[:5]) + "。请核对名称，或请运维换一套字库。"
        raise Problem(422, "letters_missing", detail, errors=tuple(FieldError("name", one) for one in told[:20]))


def _address(url: str) -> str:
    """An address as people type it: browsers add https:// themselves."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}" if parts.scheme == "https" else url


def _kept(key: str) -> bytes | None:
    """A mini-program code from the store. Without it a poster has the ordinary code alone, which opens the same page."""
    try:
        with photo_store().open(key) as file:
            return file.read()
    except OSError as error:
        log.error("a mini-program code is not in the store", extra={"error": type(error).__name__})
        return None
