"""Filing a report. This is the hottest write of the product: one look at the building, three inserts, no ORM.

Whoever hears of it hears after the commit: the third insert is the outbox's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app

from models import Appointment, Issue, IssueEvent, Person, Place, StairwellCode, new_public_id
from models.enums import (
    Anonymity,
    Channel,
    IssueCategory,
    IssueState,
    Level,
    Move,
    OutboxKind,
    PhotoUse,
    PlaceKind,
    Role,
    SessionKind,
)
from models.types import UTCDateTime
from server.core import access, crypto, database, idempotency, outbox, workdays
from server.core.access import Actor
from server.core.errors import Problem, invalid, not_found
from server.core.hot import Chain, Hot, Link
from server.issues import claims, hidden
from server.issues.hidden import Hidden
from server.photos import service as photos
from server.rulebook import queries as rulebook
from server.rules import joining, routing, shield
from server.rules.book import Emergency
from server.rules.clocks import Dues
from server.rules.lifecycle import Step, first_level
from server.rules.permissions import Permission
from server.rules.routing import PlaceFacts, Suggestion


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody says. `contact` is a phone, empty when they left none; `use_my_phone` takes the reporter's own."""

    category: IssueCategory
    text: str
    spot: str = ""
    about_head: bool = False
    contact: str = ""
    use_my_phone: bool = False
    photo_ids: list[str] = field(default_factory=list)
    topic: str = ""  # key of the rule book; "": not chosen
    answers: Mapping[str, str] = field(default_factory=dict)  # to the topic's questions, by their text
    anonymity: Anonymity = Anonymity.OPEN


@dataclass(frozen=True, slots=True)
class Reported:
    """What the reporter gets back."""

    id: str
    claim_code: str
    status_url: str
    state: IssueState
    level: Level
    message: str
    urgent: bool
    emergency: Emergency | None  # call this number first


class Building(NamedTuple):
    """What filing a report needs to know of its building."""

    id: int
    grid_id: int | None
    community_id: int
    closed_at: datetime | None
    has_head: bool
    rule_book_id: int | None
    revoked_at: datetime | None


_place = Place.__table__.c
_NEW_ISSUE = (
    *("public_id", "building_id", "grid_id", "community_id", "category", "text", "spot", "channel", "state", "level"),
    *("about_head", "reporter_id", "claim_index", "contact_sealed", "reported_at", "outcome", "responsible", "rework"),
    *(
        "source",
        "number",
        "version",
        "topic",
        "topic_name",
        "answers",
        "urgent",
        "rule_book_id",
        "suggested",
        "suggested_why",
    ),
    *("sign_in_due_at", "contact_due_at", "due_at", "clock_at"),
    *("anonymity", "reporter_index", "reporter_sealed"),
)
_NEW_EVENT = ("at", "move", "from_state", "to_state", "level", "actor_id", "actor_role", "text")
_HAS_HEAD = sa.exists(
    sa.select(1)
    .join_from(Appointment, Person, sa.and_(Person.id == Appointment.person_id, Person.disabled_at.is_(None)))
    .where(
        Appointment.place_id == _place.id,
        Appointment.role == Role.HEAD,
        Appointment.starts_at <= sa.bindparam("now", type_=UTCDateTime),
        sa.or_(Appointment.ends_at.is_(None), Appointment.ends_at > sa.bindparam("now", type_=UTCDateTime)),
    )
    .correlate(Place.__table__)
).label("has_head")
_BUILDING = (_place.id, _place.grid_id, _place.community_id, _place.closed_at, _HAS_HEAD, rulebook.latest_id(_place))
_BY_CODE = Hot(
    sa.select(*_BUILDING, StairwellCode.revoked_at)
    .join_from(StairwellCode, Place, _place.id == StairwellCode.building_id)
    .where(StairwellCode.code == sa.bindparam("code"))
)
_BY_ID = Hot(sa.select(*_BUILDING, sa.null()).where(_place.id == sa.bindparam("id")))
_EVENT_AND_OUTBOX = (Link(IssueEvent, _NEW_EVENT, "issue_id"), outbox.LINK)
_INSERT = Chain(Link(Issue, _NEW_ISSUE), *_EVENT_AND_OUTBOX)
_INSERT_JOINED = Chain(Link(Issue, (*_NEW_ISSUE, "duplicate_of_id", "ended_at")), *_EVENT_AND_OUTBOX)


def report_by_code(code: str, report: Report, now: datetime, *, reporter: Actor | None = None) -> Reported:
    """File what somebody who scanned a stairwell code says. Raises 404 for an unknown and 410 for a revoked code."""
    return file_by_code(building_of_code(code, now), report, now, reporter=reporter)


def building_of_code(code: str, now: datetime) -> Building:
    """The building of a code in use. Raises 404 for an unknown and 410 for a revoked code."""
    row = _BY_CODE.one({"code": code, "now": now})
    if row is None:
        raise not_found()
    building = Building(*row)
    if building.revoked_at is not None:
        raise Problem(410, "code_revoked", "这张楼道码已经停用，请扫楼道里新贴的码，或者联系社区。")
    return building


def file_by_code(
    building: Building, report: Report, now: datetime, *, reporter: Actor | None, joins: int | None = None
) -> Reported:
    """File for whoever stands in that stairwell. `joins`: the issue the report is part of from the beginning."""
    # Few in a building have the mini-program: of a shielded report nobody is told that either.
    shielded = report.anonymity is not Anonymity.OPEN
    by_page = shielded or reporter is None or reporter.session_kind is SessionKind.PAGE
    channel = Channel.SCAN if by_page else Channel.MINIPROGRAM
    if report.use_my_phone:
        report = replace(report, contact=_own_phone(reporter))
    if report.anonymity is Anonymity.NONE:
        _keep_nothing_of_the_request(report, reporter)
    return _file(building, report, channel, now, reporter_id=reporter.person_id if reporter else None, joins=joins)


def _keep_nothing_of_the_request(report: Report, reporter: Actor | None) -> None:
    """An answer remembered under somebody's key would say for a week whose report it was, to whoever has our key."""
    idempotency.keep_as_anybodys()
    if reporter is not None and report.photo_ids:
        idempotency.forget_answers(reporter.person_id, "/api/v1/photos")


def _own_phone(reporter: Actor | None) -> str:
    """The number a reporter left with us, read with the request. Raises 422 for somebody who left none."""
    if reporter is None or reporter.phone_sealed is None:
        raise invalid("use_my_phone", "您还没有留手机号。可以在“联系电话”里自己填一个，也可以不留。")
    return crypto.open_sealed(reporter.phone_sealed, "persons.phone_sealed")


def report_as_person(actor: Actor, building: str, channel: Channel | None, report: Report, now: datetime) -> Reported:
    """File on behalf of a resident of a building in the actor's care (代报). Raises 404 for a building outside it."""
    place = access.fetch_place(actor, Permission.PLACE_READ, building, kinds=(PlaceKind.BUILDING,))
    row = _BY_ID.one({"id": place.id, "now": now})
    assert row is not None
    head_speaks = Role.HEAD in actor.roles
    # Taken on behalf: the claim code goes to the resident; the one who typed it is not its reporter.
    return _file(
        Building(*row),
        report,
        channel or (Channel.HEAD if head_speaks else Channel.PHONE),
        now,
        reporter_id=None,
        taken_by=actor,
    )


def report_from_system(building_id: int, report: Report, now: datetime, *, source: str, number: str | None) -> Reported:
    """File what another system reports of a building whose jurisdiction the caller has looked at (Open311).

    `source` names the system's key and `number` is the system's own, once a community.
    """
    row = _BY_ID.one({"id": building_id, "now": now})
    assert row is not None
    return _file(Building(*row), report, Channel.OPEN311, now, reporter_id=None, source=source, number=number)


def _file(
    building: Building,
    report: Report,
    channel: Channel,
    now: datetime,
    *,
    reporter_id: int | None,
    taken_by: Actor | None = None,
    joins: int | None = None,
    source: str = "",
    number: str | None = None,
) -> Reported:
    if building.closed_at is not None:
        raise invalid("code", "这栋楼已经停用，不再接受上报，请联系社区。")
    kept = _kept(report, reporter_id)
    has_grid = _has_grid(building, report.about_head, now)
    book, facts = rulebook.book_of(building.rule_book_id), PlaceFacts(building.has_head, has_grid, report.about_head)
    said = routing.suggest(book, report.text, report.category, report.topic, facts, now, workdays.calendar())
    step = said.step
    answers = sa.null() if joins else _answers(said, report)  # who only joins is asked nothing
    insert, due, clock_at = _INSERT, said.dues, said.clock_at
    joined: dict[str, Any] = {}
    if joins is not None:  # no clock of its own: the other one is worked on
        step = replace(step, to_state=IssueState.DUPLICATE, reason=joining.FILED)
        insert, due, clock_at = _INSERT_JOINED, Dues(), None
        joined = {"duplicate_of_id": joins, "ended_at": now}
    claim, public_id = claims.new_claim(), new_public_id()
    issue_id = insert.run(
        {
            **joined,
            "public_id": public_id,
            "building_id": building.id,
            "grid_id": building.grid_id,
            "community_id": building.community_id,
            "category": report.category,
            "text": report.text,
            "spot": report.spot,
            "channel": channel,
            "state": step.to_state,
            "level": step.to_level,
            "about_head": report.about_head,
            "claim_index": crypto.blind_index(claim, "issues.claim"),
            "reported_at": now,
            "outcome": "",
            "responsible": "",
            "rework": 0,
            "source": source,
            "number": number,
            "version": 1,
            "topic": said.topic.key if said.topic else "",
            "topic_name": said.topic.name if said.topic else "",
            "answers": answers,
            "urgent": said.urgent,
            "rule_book_id": building.rule_book_id,
            "suggested": said.triage,
            "suggested_why": said.triage_why,
            "sign_in_due_at": due.sign_in,
            "contact_due_at": due.contact,
            "due_at": due.report,
            "clock_at": clock_at,
            **kept,
        },
        {
            "at": now,
            "move": Move.REPORT,
            "from_state": None,
            "to_state": step.to_state,
            "level": step.to_level,
            "actor_id": taken_by.person_id if taken_by else None,
            "actor_role": taken_by.role_for(Permission.ISSUE_NOTE) if taken_by else None,
            "text": step.reason,
        },
        outbox.due(OutboxKind.ISSUE_EVENT, now),
    )
    if report.photo_ids:
        uploader = taken_by.person_id if taken_by else reporter_id
        nameless = report.anonymity is not Anonymity.OPEN
        photos.attach(
            report.photo_ids,
            issue_id=issue_id,
            uploaded_by_id=uploader,
            now=now,
            use=PhotoUse.REPORT,
            nameless=nameless,
        )
    url = f"{current_app.extensions['settings'].public_url}/r/{claim}"
    told = step.reason + shield.KEPT[report.anonymity]
    return Reported(public_id, claims.show(claim), url, step.to_state, step.to_level, told, said.urgent, said.emergency)


def _answers(said: Suggestion, report: Report) -> Any:
    """What was answered to the chosen topic's questions; a guessed topic asked nothing. Raises 422 for what does not fit."""
    kept, faults = routing.answers(None if said.guessed else said.topic, report.answers)
    if faults:
        raise invalid("answers", "".join(faults))
    return kept or sa.null()


def first_step(building_id: int, *, about_head: bool, now: datetime) -> Step:
    """Where a new report of this building goes, for what is to be worked on as if it were new."""
    row = _BY_ID.one({"id": building_id, "now": now})
    assert row is not None
    building = Building(*row)
    has_grid = _has_grid(building, about_head, now)
    return first_level(about_head=about_head, has_live_head=building.has_head, has_grid=has_grid)


def _has_grid(building: Building, about_head: bool, now: datetime) -> bool:
    """Whether a grid worker can take it: not what is about her, where the head works the grid too."""
    return building.grid_id is not None and not (about_head and _head_works_the_grid(building, now))


def _kept(report: Report, reporter_id: int | None) -> dict[str, Any]:
    """What stays of who reported it. Raises 422 where that is not what the reporter chose."""
    kind, phone = report.anonymity, report.contact
    if refusal := shield.filing(kind, known=reporter_id is not None, phone=bool(phone)):
        raise invalid("contact" if phone else "anonymity", refusal.reason)
    kept: dict[str, Any] = dict.fromkeys(("reporter_id", "contact_sealed", "reporter_index", "reporter_sealed"))
    kept["anonymity"] = kind
    if kind is Anonymity.HIDDEN:
        return kept | hidden.columns(Hidden(reporter_id, phone))
    if kind is Anonymity.OPEN:
        kept["reporter_id"] = reporter_id
        kept["contact_sealed"] = crypto.seal(phone, "issues.contact_sealed") if phone else None
    return kept


def _head_works_the_grid(building: Building, now: datetime) -> bool:
    """Whether a head of the building is its grid worker too: what is about her then goes on to the community."""
    heads, workers = _live(Role.HEAD, building.id, now), _live(Role.GRID, building.grid_id, now)
    query = sa.select(sa.exists().where(Appointment.person_id.in_(heads), Appointment.person_id.in_(workers)))
    return bool(database.connection().execute(query).scalar())


def _live(role: Role, place_id: int | None, now: datetime) -> sa.Select[Any]:
    return sa.select(Appointment.person_id).where(
        Appointment.place_id == place_id,
        Appointment.role == role,
        Appointment.starts_at <= now,
        sa.or_(Appointment.ends_at.is_(None), Appointment.ends_at > now),
    )
