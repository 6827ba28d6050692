"""诉求: reporting, following one's own report, and working on issues."""

from typing import Any

from models.enums import Move
from server.core import clock
from server.core.access import current_actor, needs, open_to_all, require_actor
from server.core.api import Blueprint
from server.core.idempotency import idempotent
from server.core.limits import slowed
from server.core.paging import Page
from server.issues import queries, service
from server.issues.list_schemas import IssuePageSchema, IssueQuery, OwnIssueQuery
from server.issues.queries import Filters, IssueItem, IssueView, Joiner
from server.issues.schemas import (
    AnswersSchema,
    ContactSchema,
    DeclineSchema,
    IssueSchema,
    JoinersSchema,
    JoinSchema,
    MeTooSchema,
    NoteSchema,
    OptionalNoteSchema,
    PassUpSchema,
    ReplySchema,
    ReportByCodeSchema,
    ReportedSchema,
    ReportSchema,
    ResolveSchema,
    RevealSchema,
    VisitSchema,
)
from server.issues.service import MeToo, Report, Reported, Wish
from server.rules import allowances
from server.rules.lifecycle import Details
from server.rules.permissions import Permission

blueprint = Blueprint("issues", __name__, description="诉求")

CLAIM = "whoever holds the claim code is the reporter"


# --- reporting


@blueprint.post("/issues")
@needs(Permission.ISSUE_REPORT)
@slowed(allowances.REPORTS)
@idempotent
@blueprint.arguments(ReportSchema)
@blueprint.response(201, ReportedSchema, ready=True)
def report(body: dict[str, Any]) -> Reported:
    """Report a problem, for myself with the scanned code or on behalf of a resident (代报)"""
    code, building, channel = body.pop("code"), body.pop("building"), body.pop("channel")
    if code is not None:
        return service.report_by_code(code, Report(**body), clock.now(), reporter=require_actor())
    return service.report_as_person(require_actor(), building, channel, Report(**body), clock.now())


@blueprint.post("/codes/<string(maxlength=16):code>/issues")
@open_to_all("whoever stands in the stairwell may report; no account is needed")
@slowed(allowances.REPORTS)
@idempotent
@blueprint.arguments(ReportByCodeSchema)
@blueprint.response(201, ReportedSchema, ready=True)
def report_by_code(body: dict[str, Any], code: str) -> Reported:
    """Report a problem with a stairwell code and no account"""
    return service.report_by_code(code, Report(**body), clock.now(), reporter=current_actor())


@blueprint.post("/codes/<string(maxlength=16):code>/issues/<string(length=16):issue>/join")
@open_to_all("whoever stands in the stairwell may join a neighbour's report; no account is needed")
@slowed(allowances.REPORTS)
@idempotent
@blueprint.arguments(MeTooSchema)
@blueprint.response(201, ReportedSchema)
def join_by_code(body: dict[str, Any], code: str, issue: str) -> Reported:
    """我也遇到: join an open issue of GET /codes/{code}/issues; the report is my own and hears every outcome"""
    return service.join_by_code(code, issue, MeToo(**body), clock.now(), reporter=current_actor())


# --- following one's own report


@blueprint.get("/my/issues")
@needs(Permission.ISSUE_READ_OWN)
@blueprint.arguments(OwnIssueQuery, location="query")
@blueprint.response(200, IssuePageSchema, ready=True)
def my_issues(query: dict[str, Any]) -> Page[IssueItem]:
    """What I reported"""
    return queries.page_of_own(require_actor(), Filters(**query), clock.now())


@blueprint.get("/my/issues/<string(length=16):issue>")
@needs(Permission.ISSUE_READ_OWN)
@blueprint.response(200, IssueSchema)
def my_issue(issue: str) -> IssueView:
    """One report of mine with its timeline"""
    return queries.for_reporter(require_actor(), issue)


@blueprint.get("/claims/<string(maxlength=20):claim>")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES)
@blueprint.response(200, IssueSchema)
def claimed(claim: str) -> IssueView:
    """The report a claim code belongs to"""
    return queries.for_claim(claim)


def _own(issue: str, move: Move, details: Details) -> IssueView:
    actor = require_actor()
    service.move_as_reporter(queries.lock_own(actor, issue), move, details, clock.now())
    return queries.for_reporter(actor, issue)


def _claimed(claim: str, move: Move, details: Details) -> IssueView:
    service.move_as_reporter(queries.lock_claimed(claim), move, details, clock.now())
    return queries.for_claim(claim)


@blueprint.post("/my/issues/<string(length=16):issue>/confirm")
@needs(Permission.ISSUE_CONFIRM)
@slowed(allowances.WORDS)
@idempotent
@blueprint.arguments(AnswersSchema)
@blueprint.response(200, IssueSchema)
def confirm_own(body: dict[str, Any], issue: str) -> IssueView:
    """It is solved (销号)"""
    return _own(issue, Move.CONFIRM, Details(**body))


@blueprint.post("/my/issues/<string(length=16):issue>/reopen")
@needs(Permission.ISSUE_REOPEN)
@slowed(allowances.WORDS)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def reopen_own(body: dict[str, Any], issue: str) -> IssueView:
    """It is not solved (还没好)"""
    return _own(issue, Move.REOPEN, Details(**body))


@blueprint.post("/my/issues/<string(length=16):issue>/answers")
@needs(Permission.ISSUE_RATE)
@slowed(allowances.WORDS)
@idempotent
@blueprint.arguments(AnswersSchema)
@blueprint.response(200, IssueSchema)
def rate_own(body: dict[str, Any], issue: str) -> IssueView:
    """Contacted? Solved? Satisfied?"""
    return _own(issue, Move.RATE, Details(**body))


@blueprint.post("/my/issues/<string(length=16):issue>/notes")
@needs(Permission.ISSUE_READ_OWN)
@slowed(allowances.WORDS)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def note_own(body: dict[str, Any], issue: str) -> IssueView:
    """Add a word to my report"""
    return _own(issue, Move.NOTE, Details(**body))


@blueprint.post("/my/issues/<string(length=16):issue>/withdraw")
@needs(Permission.ISSUE_WITHDRAW)
@slowed(allowances.WORDS)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def withdraw_own(body: dict[str, Any], issue: str) -> IssueView:
    """Take my report back"""
    return _own(issue, Move.WITHDRAW, Details(**body))


@blueprint.post("/claims/<string(maxlength=20):claim>/confirm")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS)
@idempotent
@blueprint.arguments(AnswersSchema)
@blueprint.response(200, IssueSchema)
def confirm_claimed(body: dict[str, Any], claim: str) -> IssueView:
    """It is solved (销号)"""
    return _claimed(claim, Move.CONFIRM, Details(**body))


@blueprint.post("/claims/<string(maxlength=20):claim>/reopen")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def reopen_claimed(body: dict[str, Any], claim: str) -> IssueView:
    """It is not solved (还没好)"""
    return _claimed(claim, Move.REOPEN, Details(**body))


@blueprint.post("/claims/<string(maxlength=20):claim>/answers")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS)
@idempotent
@blueprint.arguments(AnswersSchema)
@blueprint.response(200, IssueSchema)
def rate_claimed(body: dict[str, Any], claim: str) -> IssueView:
    """Contacted? Solved? Satisfied?"""
    return _claimed(claim, Move.RATE, Details(**body))


@blueprint.post("/claims/<string(maxlength=20):claim>/notes")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def note_claimed(body: dict[str, Any], claim: str) -> IssueView:
    """Add a word to the report"""
    return _claimed(claim, Move.NOTE, Details(**body))


@blueprint.post("/claims/<string(maxlength=20):claim>/withdraw")
@open_to_all(CLAIM)
@slowed(allowances.CLAIM_GUESSES, allowances.WORDS)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def withdraw_claimed(body: dict[str, Any], claim: str) -> IssueView:
    """Take the report back"""
    return _claimed(claim, Move.WITHDRAW, Details(**body))


# --- working on issues


@blueprint.get("/issues")
@needs(Permission.ISSUE_LIST)
@blueprint.arguments(IssueQuery, location="query")
@blueprint.response(200, IssuePageSchema, ready=True)
def issues(query: dict[str, Any]) -> Page[IssueItem]:
    """The newest issues in my places"""
    return queries.page_for_staff(require_actor(), Filters(**query), clock.now())


@blueprint.get("/issues/<string(length=16):issue>")
@needs(Permission.ISSUE_READ)
@blueprint.response(200, IssueSchema)
def issue(issue: str) -> IssueView:
    """One issue with its timeline and what I could do with it now"""
    return queries.for_staff(require_actor(), issue)


def _staff(issue: str, permission: Permission, move: Move, wish: Wish) -> IssueView:
    actor = require_actor()
    service.move_as_staff(actor, permission, issue, move, wish, clock.now())
    return queries.for_staff(actor, issue)


@blueprint.post("/issues/<string(length=16):issue>/accept")
@needs(Permission.ISSUE_ACCEPT)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def accept(body: dict[str, Any], issue: str) -> IssueView:
    """Accept it (受理)"""
    return _staff(issue, Permission.ISSUE_ACCEPT, Move.ACCEPT, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/start")
@needs(Permission.ISSUE_START)
@idempotent
@blueprint.arguments(OptionalNoteSchema)
@blueprint.response(200, IssueSchema)
def start(body: dict[str, Any], issue: str) -> IssueView:
    """Start working on it (办理)"""
    return _staff(issue, Permission.ISSUE_START, Move.START, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/notes")
@needs(Permission.ISSUE_NOTE)
@idempotent
@blueprint.arguments(ReplySchema)
@blueprint.response(200, IssueSchema)
def note(body: dict[str, Any], issue: str) -> IssueView:
    """Tell how it is going; the reporter sees it"""
    return _staff(issue, Permission.ISSUE_NOTE, Move.NOTE, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/resolve")
@needs(Permission.ISSUE_RESOLVE)
@idempotent
@blueprint.arguments(ResolveSchema)
@blueprint.response(200, IssueSchema)
def resolve(body: dict[str, Any], issue: str) -> IssueView:
    """Say it is done, and what was done (办结)"""
    photo_ids = body.pop("photo_ids")
    wish = Wish(Details(**body), photo_ids=photo_ids)
    return _staff(issue, Permission.ISSUE_RESOLVE, Move.RESOLVE, wish)


@blueprint.post("/issues/<string(length=16):issue>/decline")
@needs(Permission.ISSUE_DECLINE)
@idempotent
@blueprint.arguments(DeclineSchema)
@blueprint.response(200, IssueSchema)
def decline(body: dict[str, Any], issue: str) -> IssueView:
    """Not ours: say why and who is responsible (不予受理)"""
    return _staff(issue, Permission.ISSUE_DECLINE, Move.DECLINE, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/join")
@needs(Permission.ISSUE_JOIN)
@idempotent
@blueprint.arguments(JoinSchema)
@blueprint.response(200, IssueSchema)
def join(body: dict[str, Any], issue: str) -> IssueView:
    """It is the same as another issue (并案)"""
    return _staff(issue, Permission.ISSUE_JOIN, Move.JOIN, Wish(Details(text=body["text"]), target=body["target"]))


@blueprint.get("/issues/<string(length=16):issue>/joiners")
@needs(Permission.ISSUE_READ)
@blueprint.response(200, JoinersSchema)
def joiners(issue: str) -> dict[str, list[Joiner]]:
    """What was joined to it, in each neighbour's own words"""
    return {"items": queries.joiners_of(require_actor(), issue)}


@blueprint.post("/issues/<string(length=16):issue>/split")
@needs(Permission.ISSUE_SPLIT)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def split(body: dict[str, Any], issue: str) -> IssueView:
    """It was joined wrongly: take it out again, with why (拆分)"""
    return _staff(issue, Permission.ISSUE_SPLIT, Move.SPLIT, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/recurrence/remove")
@needs(Permission.ISSUE_SPLIT)
@idempotent
@blueprint.arguments(NoteSchema)
@blueprint.response(200, IssueSchema)
def not_again(body: dict[str, Any], issue: str) -> IssueView:
    """It is not the earlier fault come back: remove the link, with why"""
    actor = require_actor()
    service.forget_recurrence(actor, Permission.ISSUE_SPLIT, issue, body["text"], clock.now())
    return queries.for_staff(actor, issue)


@blueprint.post("/issues/<string(length=16):issue>/pass-up")
@needs(Permission.ISSUE_PASS_UP)
@idempotent
@blueprint.arguments(PassUpSchema)
@blueprint.response(200, IssueSchema)
def pass_up(body: dict[str, Any], issue: str) -> IssueView:
    """Pass it up a level (吹哨)"""
    return _staff(issue, Permission.ISSUE_PASS_UP, Move.PASS_UP, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/visit")
@needs(Permission.ISSUE_VISIT)
@idempotent
@blueprint.arguments(VisitSchema)
@blueprint.response(200, IssueSchema)
def visit(body: dict[str, Any], issue: str) -> IssueView:
    """Note the reporter's answers from a phone call (电话回访)"""
    return _staff(issue, Permission.ISSUE_VISIT, Move.RATE, Wish(Details(**body)))


@blueprint.post("/issues/<string(length=16):issue>/contact")
@needs(Permission.ISSUE_CONTACT)
@blueprint.arguments(RevealSchema)
@blueprint.response(200, ContactSchema)
def contact(body: dict[str, str], issue: str) -> dict[str, str]:
    """Open the phone the reporter left, with a reason; audited"""
    return {"contact": service.reveal_contact(require_actor(), issue, body["reason"], clock.now())}
