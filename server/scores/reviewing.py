"""Telling the community's and street's staff, when a month is published, which appointment reviews its rule asks for."""

from datetime import datetime

import sqlalchemy as sa

from models import Appointment, Person, Place
from models.enums import MessageKind, Role
from server.core import database
from server.notices import service as notices
from server.notices.service import Telling
from server.rules.calendar import show_month
from server.rules.notices import review_message
from server.scores.queries.reviews import due, latest_month

_posts, _persons, _places = Appointment.__table__.c, Person.__table__.c, Place.__table__.c
_now = sa.bindparam("now", type_=_posts.starts_at.type)
_live = sa.and_(_posts.starts_at <= _now, sa.or_(_posts.ends_at.is_(None), _posts.ends_at > _now))
_STAFF = (
    sa.select(_posts.person_id)
    .join_from(Appointment, Person, _persons.id == _posts.person_id)
    .join(
        Place,
        sa.or_(
            sa.and_(_posts.role == Role.COMMUNITY, _posts.place_id == _places.id),
            sa.and_(_posts.role == Role.STREET, _posts.place_id == _places.street_id),
        ),
    )
    .where(_places.id == sa.bindparam("community_id"), _live, _persons.disabled_at.is_(None))
    .distinct()
    .order_by(_posts.person_id)
)
_HEADS = sa.select(_posts.place_id, _posts.person_id).where(_posts.role == Role.HEAD, _live)


def tell(community_id: int, community: str, community_name: str, now: datetime) -> int:
    """Tell staff of every review the latest months ask for, once each; never whom it is about. Returns how many are due.

    The latest: a correction of an old month may be the one that completes or breaks the row.
    """
    month = latest_month(community_id)
    found = due(community_id, month, now) if month else []
    if month is None or not found:
        return 0
    conn = database.connection()
    staff = conn.execute(_STAFF, {"community_id": community_id, "now": now}).scalars().all()
    about = {
        tuple(row)
        for row in conn.execute(_HEADS.where(_posts.place_id.in_([each.building_id for each in found])), {"now": now})
    }
    link = f"/api/v1/months/{show_month(month)}/communities/{community}/reviews"
    tellings = []
    for review in found:
        said = review_message(review.building_name, review.reason, review.first_step)
        key = f"review:{review.building}:{month}"
        tellings += [
            Telling(person, MessageKind.NOTICE, said.title, said.body, link, key, {"sender": community_name})
            for person in staff
            if (review.building_id, person) not in about
        ]
    notices.tell_many(tellings, now)
    return len(found)
