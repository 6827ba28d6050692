"""我也遇到: filing a report that is part of a neighbour's open issue from the beginning."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Issue
from models.enums import Anonymity, IssueState
from server.core import database
from server.core.access import Actor
from server.core.errors import conflict, invalid, not_found
from server.issues import queries
from server.issues.service.reporting import Report, Reported, building_of_code, file_by_code
from server.moderation import queries as moderation
from server.rules import joining
from server.rules.joining import Offer
from server.rules.phrases import ME_TOO

_issues = Issue.__table__
_COLUMNS = (
    _issues.c.id,
    _issues.c.state,
    _issues.c.category,
    _issues.c.about_head,
    _issues.c.community_id,
    _issues.c.duplicate_of_id,
    _issues.c.reporter_id,
    _issues.c.reporter_index,
    _issues.c.topic,
)


@dataclass(frozen=True, slots=True)
class MeToo:
    """What somebody says who only joins; all of it may be left out. As in a `Report`."""

    text: str = ""
    spot: str = ""
    contact: str = ""
    use_my_phone: bool = False
    photo_ids: list[str] = field(default_factory=list)
    anonymity: Anonymity = Anonymity.OPEN


def join_by_code(code: str, handle: str, said: MeToo, now: datetime, *, reporter: Actor | None) -> Reported:
    """File a report that joins the open issue neighbours know by `handle` (`moderation.queries`).

    Raises 404 for an unknown code and for whatever the people of this building are not shown, 410 for a revoked code, 422
    for a closed building, 409 with the law's reason when the issue can no longer be joined or she joined it before.
    """
    building = building_of_code(code, now)
    if building.closed_at is not None:
        raise invalid("code", "这栋楼已经停用，不再接受上报，请联系社区。")
    issue_id = moderation.issue_behind(building.id, handle)
    target = _hold(issue_id)
    if target.state is IssueState.DUPLICATE and target.duplicate_of_id is not None:
        target = _hold(target.duplicate_of_id)  # joined to another one while she was reading
    if not joining.offered(target.category, about_head=target.about_head):
        raise not_found()
    mine, joined = _hers(target, reporter)
    refusal = joining.may_join(Offer(target.state, target.category, target.about_head, mine=mine, joined=joined))
    if refusal:
        raise conflict(refusal.code, refusal.reason)
    report = Report(
        category=target.category,
        topic=target.topic,
        text=said.text or f"{ME_TOO}。",
        spot=said.spot,
        contact=said.contact,
        use_my_phone=said.use_my_phone,
        photo_ids=said.photo_ids,
        anonymity=said.anonymity,
    )
    return file_by_code(building, report, now, reporter=reporter, joins=target.id)


def _hold(issue_id: int | None) -> Any:
    """The issue as it is until this transaction ends: nobody ends it, and nobody joins it twice, in between."""
    query = sa.select(*_COLUMNS).where(_issues.c.id == issue_id).with_for_update(of=_issues)
    row: Any = database.connection().execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def _hers(target: Any, reporter: Actor | None) -> tuple[bool, bool]:
    """Whether she reported the issue, and whether a report of hers was joined to it."""
    if reporter is None:
        return False, False
    before = sa.exists().where(_issues.c.duplicate_of_id == target.id, queries.own())
    joined = database.connection().execute(sa.select(before), queries.own_values(reporter.person_id)).scalar()
    return queries.is_by(target, reporter.person_id), bool(joined)
