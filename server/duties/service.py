"""Writing down duties done, and the community's word on whether they count."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import DutyItem, DutyRecord, Place, new_public_id
from models.enums import DutyState, MessageKind, PhotoUse, PlaceKind
from server.core import access, audit, database, months
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import conflict, forbidden, invalid
from server.duties import queries
from server.duties.queries import RecordView
from server.notices import service as notices
from server.photos import service as photos
from server.rules.calendar import SHANGHAI, month_of, previous
from server.rules.permissions import Permission

_records, _places = DutyRecord.__table__, Place.__table__


def submit(
    actor: Actor, item: str, done_on: date, text: str, building: str | None, photo_ids: list[str], now: datetime
) -> RecordView:
    """Write down a duty done in the actor's own building; `building` may be left out by who heads only one.

    Raises 422 for a day that has not come or is longer ago than last month, 409 when its month takes no more records or
    the very same is written down already.
    """
    place = _own_building(actor, building)
    today = now.astimezone(SHANGHAI).date()
    month = done_on.year * 100 + done_on.month
    if done_on > today:
        raise invalid("done_on", "日期不能晚于今天。")
    if month not in (month_of(now), previous(month_of(now))):
        raise invalid("done_on", "只能登记本月和上个月的履职。")
    connection = database.connection()
    item_id = connection.execute(
        sa.select(DutyItem.id).where(DutyItem.public_id == item, DutyItem.retired_at.is_(None))
    ).scalar()
    if item_id is None:
        raise invalid("item", "没有这一项职责，或者已经停用。")
    months.require_changeable(place.community_id, month, now)
    database.advisory_lock(f"duties of building {place.id}")  # a double tap arrives as two requests at once
    same = (
        _records.c.building_id == place.id,
        _records.c.month == month,
        _records.c.item_id == item_id,
        _records.c.done_on == done_on,
        _records.c.text == text,
        _records.c.state != DutyState.REJECTED,
    )
    if connection.execute(sa.select(sa.exists().where(*same))).scalar():
        raise conflict("already_recorded", "同一天的同一项已经登记过，内容也一样。又做了一次的，请写明这一次做了什么。")
    public_id = new_public_id()
    record_id = connection.execute(
        sa.insert(DutyRecord)
        .values(
            public_id=public_id,
            item_id=item_id,
            person_id=actor.person_id,
            building_id=place.id,
            grid_id=place.grid_id,
            community_id=place.community_id,
            month=month,
            done_on=done_on,
            text=text,
            state=DutyState.SUBMITTED,
            decision="",
            created_at=now,
            version=1,
        )
        .returning(DutyRecord.id)
    ).scalar_one()
    if photo_ids:
        photos.attach(
            photo_ids, uploaded_by_id=actor.person_id, now=now, duty_record_id=record_id, use=PhotoUse.EVIDENCE
        )
    return queries.record(actor, public_id)


def decide(actor: Actor, public_id: str, state: DutyState, reason: str, now: datetime) -> RecordView:
    """The community accepts or rejects a record; it may change its mind, with a reason, while the month is open.

    Raises 403 for a record of one's own or of a building one heads, 409 when its month takes no more changes or nothing would change.
    """
    row = access.fetch(
        actor,
        Permission.DUTY_VERIFY,
        public_id,
        (_records.c.id, _records.c.person_id, _records.c.state, _records.c.version, _records.c.month,
         _records.c.community_id, _records.c.building_id, _records.c.done_on),
        table=_records,
        see=Permission.DUTY_READ,
        lock=True,
    )  # fmt: skip
    if row.person_id == actor.person_id:
        raise forbidden("不能核实自己的履职记录，请同事来核实。")
    if actor.heads(row.building_id):
        raise forbidden("您是这栋楼的楼栋长，履职记录要由同事来核实。")
    if row.state is state:
        raise conflict("already_decided", f"这条记录已经是“{state.zh}”。")
    if not reason and (state is DutyState.REJECTED or row.state is not DutyState.SUBMITTED):
        raise invalid("reason", "请写明理由，让楼栋长看得明白。")
    months.require_changeable(row.community_id, row.month, now)
    database.connection().execute(
        sa.update(DutyRecord)
        .where(DutyRecord.id == row.id)
        .values(state=state, decision=reason, decided_by_id=actor.person_id, decided_at=now, version=row.version + 1)
    )
    view = queries.record(actor, public_id)
    _tell(row, view, now)
    audit.record(
        Action.DUTY_DECIDE,
        now,
        actor=actor,
        role=actor.role_for(Permission.DUTY_VERIFY),
        subject=f"duty:{public_id}",
        place_id=row.building_id,
        detail={"from": row.state, "to": state, "month": row.month},
    )
    return view


def _own_building(actor: Actor, building: str | None) -> Row[Any]:
    """The building a head writes for. 404/403 as for any place; 422 when it is not clear which."""
    if building is not None:
        return access.fetch_place(actor, Permission.DUTY_RECORD, building, kinds=(PlaceKind.BUILDING,))
    own = {post.place_id for post in actor.posts_granting(Permission.DUTY_RECORD)}
    if len(own) != 1:
        raise invalid("building", "您负责几栋楼，请写明是哪一栋。")
    return database.connection().execute(sa.select(_places).where(_places.c.id == own.pop())).one()


def _tell(row: Row[Any], view: RecordView, now: datetime) -> None:
    why = f"理由：{view.decision}" if view.decision else ""
    notices.tell(
        row.person_id,
        MessageKind.NOTICE,
        f"履职记录{view.state_name}：{view.title}",
        f"您登记的{row.done_on.month}月{row.done_on.day}日“{view.title}”，社区{view.state_name}。{why}",
        f"/api/v1/duties/records/{view.id}",
        f"duty:{view.id}:{view.version}",
        now,
    )
