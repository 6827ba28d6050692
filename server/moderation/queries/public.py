"""What anybody in the stairwell may see of what is open in the building: two queries, nothing of anybody.

No id (but a handle to join it by), no claim, no contact, no name, no minute of the day, and nothing that is about the head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import ContentCheck, Issue, IssueEvent, Photo
from models.enums import OPEN_STATES, CheckState, IssueCategory, IssueState, Move
from server.core import database
from server.core.errors import not_found
from server.moderation.queries.handles import handle
from server.photos import queries as photos
from server.photos.queries import PhotoFile
from server.rules import publicity
from server.rules.calendar import SHANGHAI
from server.rules.publicity import Publicity

MOST = 10
MOST_OF_A_KIND = 3
LOOKED_THROUGH = 60  # the latest open issues: of these the ten latest, and the latest of each kind
PHOTOS_MOST = 3

_checks, _issues = ContentCheck.__table__, Issue.__table__
_events, _photos = IssueEvent.__table__, Photo.__table__

_WHOLE = tuple(category for category in IssueCategory if publicity.publicity(category) is Publicity.WHOLE)
# That a report's words passed the content check; for a statement over `issues`.
TEXT_PASSED = (
    sa.exists()
    .select_from(_checks.join(_events, _events.c.id == _checks.c.event_id))
    .where(
        _checks.c.issue_id == _issues.c.id,
        _checks.c.state == CheckState.PASSED,
        _events.c.move == Move.REPORT,
    )
    .correlate(_issues)
)
_SHOWN = (
    _issues.c.building_id == sa.bindparam("building"),
    sa.not_(_issues.c.about_head),
    _issues.c.state.in_(sorted(OPEN_STATES)),
)
_joiner = _issues.alias("joiner")
_JOINED = sa.select(sa.func.count()).where(_joiner.c.duplicate_of_id == _issues.c.id).scalar_subquery()
_LIST: sa.Select[Any] = (
    sa.select(
        _issues.c.id,
        _issues.c.public_id,
        _JOINED.label("joined"),
        _issues.c.category,
        _issues.c.state,
        _issues.c.reported_at,
        # Read only where it may be shown: what did not pass never leaves the database.
        sa.case((TEXT_PASSED, sa.func.substr(_issues.c.text, 1, publicity.READ_AHEAD)), else_="").label("text"),
        sa.case((TEXT_PASSED, _issues.c.spot), else_="").label("spot"),
    )
    .where(*_SHOWN, _issues.c.category.in_(publicity.LISTED))
    .order_by(_issues.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_PASSED_PHOTOS: sa.Select[Any] = (
    sa.select(_photos.c.issue_id, _photos.c.public_id, _photos.c.width, _photos.c.height)
    .join_from(_photos, _checks, _checks.c.photo_id == _photos.c.id)
    .join(_issues, _issues.c.id == _photos.c.issue_id)
    .where(*_SHOWN, _issues.c.category.in_(_WHOLE), _checks.c.state == CheckState.PASSED)
)


@dataclass(frozen=True, slots=True)
class PublicPhoto:
    """A photo that passed."""

    id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PublicIssue:
    """An open issue as its neighbours may see it. `excerpt` and `spot` are empty unless they passed.

    `id` names it to whoever wants to join it and is nobody's id; `joined`: how many neighbours did.
    """

    id: str
    category: IssueCategory
    category_name: str
    state: IssueState
    state_name: str
    since: date
    excerpt: str
    spot: str
    photos: Sequence[PublicPhoto]
    joined: int


def issues_of_building(building_id: int, category: IssueCategory | None = None) -> list[PublicIssue]:
    """The latest open issues of a building, newest first, at most ten; of one category only when it is given."""
    query = _LIST if category is None else _LIST.where(_issues.c.category == category)
    return _with_photos(
        building_id, database.connection().execute(query, {"building": building_id, "most": MOST}).all()
    )


def issues_by_kind(building_id: int) -> tuple[list[PublicIssue], dict[IssueCategory, list[PublicIssue]]]:
    """The latest open issues of a building, at most ten, and beside them those of each category, at most three."""
    found = database.connection().execute(_LIST, {"building": building_id, "most": LOOKED_THROUGH}).all()
    of_kind: dict[IssueCategory, list[int]] = {}
    for row in found:
        if len(ids := of_kind.setdefault(row.category, [])) < MOST_OF_A_KIND:
            ids.append(row.id)
    latest = {row.id for row in found[:MOST]}
    shown = latest.union(*of_kind.values())
    rows = [row for row in found if row.id in shown]
    views = dict(zip((row.id for row in rows), _with_photos(building_id, rows), strict=True))
    kinds = {category: [views[id_] for id_ in ids] for category, ids in of_kind.items()}
    return [view for id_, view in views.items() if id_ in latest], kinds


def _with_photos(building_id: int, rows: Sequence[Row[Any]]) -> list[PublicIssue]:
    connection = database.connection()
    whole = [row.id for row in rows if row.category in _WHOLE]
    pictures: dict[int, list[PublicPhoto]] = {}
    if whole:
        found = _PASSED_PHOTOS.where(_photos.c.issue_id.in_(whole)).order_by(_photos.c.id)
        for issue_id, *photo in connection.execute(found, {"building": building_id}):
            pictures.setdefault(issue_id, []).append(PublicPhoto(*photo))
    return [_public(row, pictures.get(row.id, [])) for row in rows]


def photo_of_building(building_id: int, photo: str) -> PhotoFile:
    """A photo that stands in the list of this building now. Raises 404 for every other."""
    passed = _PASSED_PHOTOS.where(_photos.c.public_id == photo).with_only_columns(_photos.c.issue_id)
    row = database.connection().execute(passed, {"building": building_id}).one_or_none()
    if row is None:
        raise not_found()
    return photos.of_issue(photo, row.issue_id)


def _public(row: Row[Any], pictures: list[PublicPhoto]) -> PublicIssue:
    whole = publicity.publicity(row.category) is Publicity.WHOLE
    return PublicIssue(
        id=handle(row.public_id),
        category=row.category,
        category_name=row.category.zh,
        state=row.state,
        state_name=row.state.zh,
        since=row.reported_at.astimezone(SHANGHAI).date(),
        excerpt=publicity.excerpt(row.text) if whole else "",
        spot=publicity.public_spot(row.spot) if whole else "",
        photos=pictures[:PHOTOS_MOST] if whole else [],
        joined=row.joined,
    )
