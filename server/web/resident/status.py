"""The status page: what the holder of a claim code sees, and the words they can say."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import marshmallow as ma
from flask import url_for

from models.enums import IssueState, Move, PhotoUse
from server.core.access import Actor
from server.core.errors import FieldError, Problem
from server.issues import queries as issues
from server.issues import service
from server.issues.claims import show
from server.issues.life_schemas import OptionalReasonSchema
from server.issues.queries import EventView, IssueView, JoinedView
from server.issues.schemas import AnswersSchema, NoteSchema, OptionalNoteSchema
from server.photos.queries import PhotoView
from server.rules.lifecycle import RATING_WINDOW, RETURN_VISIT_WINDOW, Details
from server.rules.shield import KEPT
from server.shield import queries as shield
from server.shield.queries import ShieldView
from server.web.resident import words
from server.web.resident.forms import Form, wrong
from server.web.resident.phrases import NOT_SOLVED, compose

# A word in the address → the move, how its form is read, and what is said when it was done.
ACTIONS: dict[str, tuple[Move, type[ma.Schema]]] = {
    "confirm": (Move.CONFIRM, AnswersSchema),
    "reopen": (Move.REOPEN, NoteSchema),
    "rate": (Move.RATE, AnswersSchema),
    "note": (Move.NOTE, NoteSchema),
    "urge": (Move.URGE, OptionalReasonSchema),
    "withdraw": (Move.WITHDRAW, OptionalNoteSchema),
}
# What is said instead to whoever's report was joined to another one.
DONE_JOINED = {
    "confirm": "收到了。谢谢您的回音。",
    "reopen": "收到了，您说的“还没好”已经记下，会重新办理。",
    "note": "收到了，办理的人能看到您的补充。",
}
DONE = {
    "confirm": "收到了，已经销号。谢谢您的回音。",
    "reopen": "收到了，已经交上一级重新办理。",
    "rate": "收到了，您的评价已经记下。",
    "note": "收到了，办理的人能看到您的补充。",
    "urge": "收到了，已经替您催办，办理的人会收到消息。",
    "withdraw": "已经撤回。",
}
EMPTY = {
    "reopen": "请点一句，或者写一句哪里还没好。",
    "note": "请写上要补充的话。",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: when, the law's sentence, and what a person wrote with it."""

    at: str
    said: str
    written: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the status page. Without a claim it is the page of somebody WeChat recognised."""

    now: datetime
    claim: str
    shown_claim: str
    view: IssueView
    headline: words.Headline
    lines: list[Line]
    done_photos: list[PhotoView]
    report_photos: list[PhotoView]
    moves: frozenset[Move]
    called: list[tuple[str, str, str]]  # a department, how it stands, what it reported
    shield: ShieldView
    told: bool  # the reporter has answered before: further answers replace those

    def done(self, action: str) -> str | None:
        """What is said once a word was taken."""
        return (DONE_JOINED.get(action) if self.view.joined else None) or DONE.get(action)

    @property
    def message(self) -> str:
        """Where the report went, in the law's words."""
        return self.lines[-1].said

    @property
    def kept(self) -> str:
        """What the reporter's choice means now, for the receipt; nothing where they chose nothing."""
        return KEPT[self.view.anonymity]

    def moment(self, at: datetime) -> str:
        """A moment as this page says it."""
        return words.moment(at, self.now)

    def form_url(self, action: str) -> str:
        """Where one of the reporter's words is sent."""
        if self.claim:
            return url_for("resident.act", claim=self.claim, action=action)
        return url_for("mine.act", issue=self.view.id, action=action)

    def photo_url(self, photo: str) -> str:
        """Where a photo is shown."""
        if self.claim:
            return url_for("resident.photo", claim=self.claim, photo=photo)
        return url_for("mine.photo", issue=self.view.id, photo=photo)

    @property
    def asks_solved(self) -> bool:
        """Whether the rating still has to ask if it was solved: a confirmed issue has said so."""
        return self.view.state is not IssueState.CONFIRMED


def tidy(claim: str) -> str:
    """A claim code as it stands in addresses, from what was typed off a screenshot: full width, dashes, spaces."""
    return "".join(c for c in unicodedata.normalize("NFKC", claim).lower() if c.isascii() and c.isalnum())


def read(claim: str, now: datetime) -> Page:
    """The page of a claim code. Raises 404 for a code that belongs to nothing."""
    try:
        view = issues.for_claim(claim)
    except Problem:
        raise Problem(404, "unknown_claim", "没有找到这个查询码。请对照截屏或纸条再输一遍。") from None
    return _page(view, shield.for_claim(claim), now, tidy(claim))


def read_own(actor: Actor, issue: str, now: datetime) -> Page:
    """The page of a report of the actor's own. Raises 404 for anybody else's."""
    return _page(issues.for_reporter(actor, issue), shield.for_reporter(actor, issue), now, "")


def _page(view: IssueView, shown: ShieldView, now: datetime, claim: str) -> Page:
    moves = set(view.moves)
    told = any(event.move in (Move.CONFIRM, Move.RATE) and event.role is None for event in view.timeline)
    resolved_at = view.joined.resolved_at if view.joined else view.resolved_at
    if resolved_at and now - resolved_at > RATING_WINDOW:
        moves.discard(Move.RATE)
    if view.joined:
        told = told and _answered_since(view, resolved_at)
        moves -= _no_longer(view.joined, now, told=told)
    return Page(
        now=now,
        claim=claim,
        shown_claim=show(claim),
        view=view,
        headline=words.headline(view, now, view.joined),
        lines=[_line(event, now) for event in reversed(view.timeline)],
        done_photos=[photo for photo in view.photos if photo.use is not PhotoUse.REPORT],
        report_photos=[photo for photo in view.photos if photo.use is PhotoUse.REPORT],
        moves=frozenset(moves),
        called=[(each.department_name, words.called(each, now), each.report) for each in view.whistles],
        shield=shown,
        told=told,
    )


def _answered_since(view: IssueView, resolved_at: datetime | None) -> bool:
    """Whether the joined reporter has answered for what was settled last."""
    said = (event for event in view.timeline if event.move in (Move.CONFIRM, Move.RATE) and event.role is None)
    return resolved_at is not None and any(event.at >= resolved_at for event in said)


def _no_longer(joined: JoinedView, now: datetime, *, told: bool) -> set[Move]:
    """What the joined reporter's page does not offer: what came too late, and asking again what she has answered."""
    since = now - joined.resolved_at if joined.resolved_at else timedelta()
    gone: set[Move] = set()
    if told:
        gone |= {Move.CONFIRM, Move.REOPEN}  # 修改评价 asks the same
    if joined.ended_at and since > RETURN_VISIT_WINDOW:
        gone.add(Move.REOPEN)
    if joined.ended_at and since > RATING_WINDOW:
        gone |= {Move.CONFIRM, Move.RATE}
    return gone


def act(claim: str, action: str, form: Form, now: datetime) -> None:
    """Say one of the reporter's words. Raises Problem: 422 with the fields, 409 with the law's reason, 404."""
    move, details = _said(action, form)
    service.move_as_reporter(issues.lock_claimed(claim), move, details, now)


def act_as(actor: Actor, issue: str, action: str, form: Form, now: datetime) -> None:
    """The same about a report of the actor's own."""
    move, details = _said(action, form)
    service.move_as_reporter(issues.lock_own(actor, issue), move, details, now)


def _said(action: str, form: Form) -> tuple[Move, Details]:
    move, schema = ACTIONS[action]
    if action == "reopen":
        form.typed["text"] = compose(form.ticked, form.typed.get("text", ""), NOT_SOLVED)
    try:
        content = form.load(schema)
    except Problem as problem:
        blank = not form.typed.get("text", "").strip()
        raise wrong(
            *(FieldError(e.field, EMPTY.get(action, e.message)) if blank else e for e in problem.errors)
        ) from None
    return move, Details(**content)


def _line(event: EventView, now: datetime) -> Line:
    said, _, written = event.text.partition("\n")
    return Line(words.moment(event.at, now), said or event.move_name, written)
