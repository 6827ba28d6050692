"""The clauses of the life of an issue. Every state, move and mover as a row: test_life_table."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import ENDED_STATES, IssueState, Level, Move, Role, Triage
from server.rules.lifecycle import (
    CLOCK,
    RATING_WINDOW,
    RETURN_VISIT_WINDOW,
    Details,
    IssueFacts,
    JoinTarget,
    Mover,
    MoverKind,
    Refusal,
    Step,
    contradicts,
    counts_for_building,
    decide,
    first_level,
    imported,
    moves_open_to,
    own_word,
    reporter,
    staff,
)
from server.rules.moves import Assignee, Cause, OpenExtension
from tests.rules import life_samples as samples

S, L, M, R = IssueState, Level, Move, Role
NOON = samples.NOON
HANDLER, COLLEAGUE = samples.HANDLER, samples.COLLEAGUE
FULL = samples.FULL
facts = samples.issue


def step(issue: IssueFacts, move: Move, mover: Mover, details: Details = FULL, now: datetime = NOON) -> Step:
    decision = decide(issue, move, mover, details, now)
    assert isinstance(decision, Step), decision
    return decision


def refusal(issue: IssueFacts, move: Move, mover: Mover, details: Details = FULL, now: datetime = NOON) -> str:
    decision = decide(issue, move, mover, details, now)
    assert isinstance(decision, Refusal), decision
    assert decision.reason.endswith("。")
    return decision.code


# --- beginnings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about_head", "has_live_head", "has_grid", "level"),
    [
        (False, True, True, L.HEAD),
        (False, True, False, L.HEAD),
        (True, True, True, L.GRID),  # never to the head it is about
        (True, True, False, L.COMMUNITY),
        (False, False, True, L.GRID),
        (False, False, False, L.COMMUNITY),
        (True, False, True, L.GRID),
    ],
)
def test_where_a_new_issue_goes(about_head: bool, has_live_head: bool, has_grid: bool, level: Level) -> None:
    first = first_level(about_head=about_head, has_live_head=has_live_head, has_grid=has_grid)
    assert (first.to_state, first.to_level) == (S.REPORTED, level)
    assert level.zh in first.reason


@pytest.mark.parametrize("state", S)
def test_a_ledger_may_begin_anywhere(state: IssueState) -> None:
    assert (imported(state).to_state, imported(state).to_level) == (state, L.COMMUNITY)


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "level", "code"),
    [
        (R.HEAD, L.HEAD, None),
        (R.HEAD, L.GRID, "not_in_hand"),  # it was passed up: the head's work is done
        (R.GRID, L.HEAD, None),  # a superior may act
        (R.COMMUNITY, L.HEAD, None),
        (R.STREET, L.DEPARTMENT, "not_in_hand"),
        (R.DISTRICT, L.DEPARTMENT, None),
        (R.DEPARTMENT, L.DEPARTMENT, "no_right"),  # it reports back, and somebody else settles it
        (R.OPERATOR, L.HEAD, "no_right"),
    ],
)
def test_work_is_for_the_level_that_has_it_in_hand_or_above(role: Role, level: Level, code: str | None) -> None:
    decision = decide(facts(level=level), M.RESOLVE, staff(role, COLLEAGUE), FULL, NOON)
    assert getattr(decision, "code", None) == code


@pytest.mark.parametrize(
    ("role", "level", "code"),
    [(R.HEAD, L.COMMUNITY, None), (R.DEPARTMENT, L.DEPARTMENT, None), (R.DEPARTMENT, L.STREET, "not_in_hand")],
)
def test_those_below_may_still_say_what_they_know(role: Role, level: Level, code: str | None) -> None:
    decision = decide(facts(level=level), M.NOTE, staff(role, COLLEAGUE), FULL, NOON)
    assert getattr(decision, "code", None) == code


@pytest.mark.parametrize("move", [M.ACCEPT, M.START, M.NOTE, M.RESOLVE, M.JOIN, M.PASS_UP])
def test_a_head_never_handles_what_is_about_her(move: Move) -> None:
    about = facts(level=L.HEAD, about_head=True)
    assert refusal(about, move, staff(R.HEAD, HANDLER)) == "about_head"


@pytest.mark.parametrize(
    ("role", "code"),
    [(R.HEAD, "no_right"), (R.DEPARTMENT, "no_right"), (R.GRID, None), (R.STREET, None)],
)
def test_a_volunteer_does_not_decline_a_citizens_request(role: Role, code: str | None) -> None:
    level = MOVER_LEVEL[role]
    decision = decide(facts(level=level), M.DECLINE, staff(role, COLLEAGUE), FULL, NOON)
    assert getattr(decision, "code", None) == code


MOVER_LEVEL = {R.HEAD: L.HEAD, R.GRID: L.GRID, R.STREET: L.STREET, R.DEPARTMENT: L.DEPARTMENT}


def test_somebody_without_an_appointment_moves_nothing() -> None:
    assert refusal(facts(), M.ACCEPT, Mover(MoverKind.STAFF, None, 5)) == "no_right"
    assert refusal(facts(S.RESOLVED), M.CONFIRM, Mover(MoverKind.STAFF, R.COMMUNITY, None)) == "no_right"


# --- the one who fixes does not write off ---------------------------------------------------------------------------


@pytest.mark.parametrize("move", [M.CONFIRM, M.RATE, M.REOPEN])
def test_the_reporters_word_by_phone_is_noted_by_somebody_else(move: Move) -> None:
    resolved = facts(S.RESOLVED)
    assert refusal(resolved, move, staff(R.COMMUNITY, HANDLER)) == "own_work"
    assert step(resolved, move, staff(R.COMMUNITY, COLLEAGUE)).reason.startswith("社区电话回访")


@pytest.mark.parametrize(
    ("told", "noted", "taken"),
    [
        ({}, {"solved": True}, ""),
        ({"contacted": True}, {"solved": False, "satisfaction": "fairly"}, ""),
        ({"contacted": True}, {"contacted": True}, ""),
        ({"contacted": False, "satisfaction": "unsatisfied"}, {"contacted": True}, "“联系您了吗”"),
        (
            {"solved": True, "satisfaction": "fairly"},
            {"solved": False, "satisfaction": "satisfied"},
            "“解决了吗、满意吗”",
        ),
    ],
)
def test_a_phone_call_never_replaces_what_the_reporter_said(
    told: dict[str, object], noted: dict[str, object], taken: str
) -> None:
    refused = contradicts(told, noted)
    assert (refused is not None) is bool(taken)
    assert refused is None or refused.reason.startswith(taken)


@pytest.mark.parametrize("role", [R.HEAD, R.GRID, R.STREET, R.DISTRICT, R.DEPARTMENT])
@pytest.mark.parametrize("move", [M.CONFIRM, M.RATE, M.REOPEN])
def test_only_the_community_notes_a_phone_call(role: Role, move: Move) -> None:
    assert refusal(facts(S.RESOLVED, L.HEAD), move, staff(role, COLLEAGUE)) == "no_right"


@pytest.mark.parametrize("move", [M.CONFIRM, M.RATE])
def test_a_head_does_not_write_off_what_she_reported_and_fixed_herself(move: Move) -> None:
    assert refusal(facts(S.RESOLVED), move, reporter(HANDLER)) == "own_work"
    assert step(facts(S.RESOLVED), M.REOPEN, reporter(HANDLER)).to_state is S.REOPENED
    assert step(facts(S.RESOLVED), move, reporter()).to_state in (S.CONFIRMED, S.RESOLVED)  # unnamed reporters may


# --- what comes with a move -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n"])
def test_resolving_says_what_was_done(text: str) -> None:
    assert refusal(facts(), M.RESOLVE, staff(R.COMMUNITY, HANDLER), Details(text=text)) == "text_missing"
    assert refusal(facts(), M.NOTE, staff(R.COMMUNITY, HANDLER), Details(text=text)) == "text_missing"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({}, None),
        ({"done_by": " "}, "done_by_missing"),
        ({"done_at": NOON}, None),
        ({"done_at": NOON + timedelta(seconds=1)}, "done_at_wrong"),
        ({"done_at": NOON - timedelta(days=20)}, None),
        ({"done_at": NOON - timedelta(days=20, seconds=1)}, "done_at_wrong"),
        ({"photos": 0}, "photo_missing"),
    ],
)
def test_resolving_says_by_whom_and_when_and_shows_it_where_the_topic_asks(
    wish: dict[str, object], code: str | None
) -> None:
    issue = facts(reported_at=NOON - timedelta(days=20), photo_required=True)
    done = Details(**{"text": "换了灯", "done_by": "物业电工", "photos": 1, **wish})  # type: ignore[arg-type]
    decision = decide(issue, M.RESOLVE, staff(R.COMMUNITY, HANDLER), done, NOON)
    assert getattr(decision, "code", None) == code


def test_a_phone_call_names_the_caller() -> None:
    nameless = Details(solved=True)
    for move in (M.RATE, M.CONFIRM, M.REOPEN):
        assert refusal(facts(S.RESOLVED), move, staff(R.COMMUNITY, COLLEAGUE), nameless) == "caller_missing"
        step(facts(S.RESOLVED), move, reporter(3), nameless)


def test_declining_names_who_is_responsible() -> None:
    grid = staff(R.GRID, HANDLER)
    assert refusal(facts(level=L.GRID), M.DECLINE, grid, Details(text="不归我们管")) == "responsible_missing"
    assert "燃气公司" in step(facts(level=L.GRID), M.DECLINE, grid).reason


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (None, "target_missing"),
        (JoinTarget(1, S.ACCEPTED), "target_is_self"),
        (JoinTarget(2, S.DUPLICATE), "target_joined"),
        (JoinTarget(2, S.CONFIRMED), "target_ended"),
        (JoinTarget(2, S.WITHDRAWN), "target_ended"),
        (JoinTarget(2, S.REPORTED, about_head=True), "target_differs"),
        (JoinTarget(2, S.REPORTED), None),
        (JoinTarget(2, S.RESOLVED), None),
    ],
)
def test_joining_needs_a_living_target(target: JoinTarget | None, code: str | None) -> None:
    decision = decide(facts(), M.JOIN, staff(R.COMMUNITY, HANDLER), Details(target=target), NOON)
    assert getattr(decision, "code", None) == code


def test_an_issue_others_were_joined_to_lives_on() -> None:
    joined_to = facts(has_joiners=True)
    assert refusal(joined_to, M.JOIN, staff(R.COMMUNITY, HANDLER)) == "has_joiners"
    assert refusal(joined_to, M.WITHDRAW, reporter(3)) == "has_joiners"
    assert M.WITHDRAW not in moves_open_to(joined_to, reporter(3), NOON)


# --- passing up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "level", "asked", "has_grid", "result"),
    [
        (R.HEAD, L.HEAD, None, True, L.GRID),
        (R.HEAD, L.HEAD, None, False, L.COMMUNITY),
        (R.HEAD, L.HEAD, L.GRID, True, L.GRID),
        # Straight to the street an answer would never have counted in her score.
        (R.HEAD, L.HEAD, L.COMMUNITY, True, "level_not_next"),
        (R.HEAD, L.HEAD, L.STREET, True, "level_not_next"),
        (R.HEAD, L.HEAD, L.DEPARTMENT, True, "use_whistle"),
        (R.HEAD, L.HEAD, L.HEAD, True, "level_not_next"),
        (R.HEAD, L.HEAD, L.GRID, False, "level_not_next"),
        (R.HEAD, L.GRID, None, True, "not_in_hand"),
        (R.GRID, L.GRID, None, True, L.COMMUNITY),
        (R.GRID, L.GRID, L.HEAD, True, "level_not_next"),
        (R.COMMUNITY, L.HEAD, L.GRID, True, "level_not_next"),
        (R.COMMUNITY, L.HEAD, None, True, L.STREET),  # acting in the head's place, she passes it above herself
        (R.COMMUNITY, L.COMMUNITY, None, True, L.STREET),
        (R.STREET, L.STREET, None, True, L.DISTRICT),
        (R.STREET, L.STREET, L.DEPARTMENT, True, "use_whistle"),
        (R.DISTRICT, L.DISTRICT, None, True, "no_right"),
    ],
)
def test_passing_up(role: Role, level: Level, asked: Level | None, has_grid: bool, result: Level | str) -> None:
    issue = facts(level=level, has_grid=has_grid)
    decision = decide(issue, M.PASS_UP, staff(role, HANDLER), Details(to_level=asked), NOON)
    assert (decision.to_level if isinstance(decision, Step) else decision.code) == result


@pytest.mark.parametrize(
    ("level", "more", "result"),
    [
        (L.HEAD, {}, L.GRID),
        (L.HEAD, {"has_grid": False}, L.COMMUNITY),
        (L.GRID, {}, L.COMMUNITY),
        (L.COMMUNITY, {}, L.STREET),
        (L.STREET, {}, L.DISTRICT),
        (L.DISTRICT, {}, "level_top"),
        (L.DEPARTMENT, {}, "with_department"),
        (L.HEAD, {"suspended_until": NOON + timedelta(seconds=1)}, "clock_stands_still"),
        (L.HEAD, {"suspended_until": NOON}, L.GRID),
        (L.COMMUNITY, {"imported": True}, "clock_stands_still"),
    ],
)
def test_the_clock_passes_up_one_level_at_a_time(level: Level, more: dict[str, object], result: Level | str) -> None:
    decision = decide(facts(level=level, **more), M.PASS_UP, CLOCK, Details(cause=Cause.SIGN_IN), NOON)
    assert (decision.to_level if isinstance(decision, Step) else decision.code) == result
    if isinstance(decision, Step):
        assert decision.reason == f"{level.zh}没有按时签收，自动转到{decision.to_level.zh}办理。"


# --- handing down and sending back ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "level", "wish", "more", "result"),
    [
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.GRID), {}, L.GRID),
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.HEAD), {}, L.HEAD),
        (R.GRID, L.GRID, Details(to_level=L.HEAD), {}, L.HEAD),
        (R.STREET, L.STREET, Details(to_level=L.COMMUNITY), {}, L.COMMUNITY),
        (R.STREET, L.COMMUNITY, Details(to_level=L.GRID), {}, L.GRID),  # in the community's place
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.HEAD), {"about_head": True}, "about_head"),
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.GRID), {"has_grid": False}, "level_missing"),
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.GRID, staffed=False), {}, "not_staffed"),
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.COMMUNITY), {}, "level_not_lower"),
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.STREET), {}, "level_not_lower"),
        (R.DISTRICT, L.DISTRICT, Details(to_level=L.DEPARTMENT), {}, "level_not_lower"),
        (R.COMMUNITY, L.COMMUNITY, Details(assignee=Assignee(8, stands=True)), {}, L.COMMUNITY),
        (R.COMMUNITY, L.COMMUNITY, Details(assignee=Assignee(8, stands=False)), {}, "not_staffed"),
        (R.COMMUNITY, L.COMMUNITY, Details(), {}, "target_missing"),
        (R.COMMUNITY, L.COMMUNITY, Details(to_level=L.GRID, assignee=Assignee(8, stands=True)), {}, "target_missing"),
        (R.COMMUNITY, L.STREET, Details(to_level=L.GRID), {}, "not_in_hand"),
        (R.HEAD, L.HEAD, Details(assignee=Assignee(8, stands=True)), {}, "no_right"),
        (R.DISTRICT, L.DEPARTMENT, Details(to_level=L.GRID), {}, "with_department"),
    ],
)
def test_handing_down(role: Role, level: Level, wish: Details, more: dict[str, object], result: Level | str) -> None:
    decision = decide(facts(level=level, **more), M.ASSIGN, staff(role, HANDLER), wish, NOON)
    assert (decision.to_level if isinstance(decision, Step) else decision.code) == result


@pytest.mark.parametrize(
    ("role", "level", "came_from", "text", "result"),
    [
        (R.COMMUNITY, L.COMMUNITY, L.GRID, "请先联系物业", L.GRID),
        (R.COMMUNITY, L.COMMUNITY, L.HEAD, "请先联系物业", L.HEAD),
        (R.STREET, L.STREET, L.COMMUNITY, "请先联系物业", L.COMMUNITY),
        (R.DISTRICT, L.DISTRICT, L.STREET, "请先联系物业", L.STREET),
        (R.COMMUNITY, L.COMMUNITY, None, "请先联系物业", "nobody_passed_it_up"),  # reported there, or by the clock
        (R.COMMUNITY, L.COMMUNITY, L.GRID, " ", "text_missing"),
        (R.COMMUNITY, L.STREET, L.COMMUNITY, "请先联系物业", "not_in_hand"),
        (R.HEAD, L.HEAD, None, "请先联系物业", "no_right"),
    ],
)
def test_sending_back_to_who_passed_it_up(
    role: Role, level: Level, came_from: Level | None, text: str, result: Level | str
) -> None:
    issue = facts(level=level, passed_up_from=came_from)
    decision = decide(issue, M.PUSH_BACK, staff(role, HANDLER), Details(text=text), NOON)
    assert (decision.to_level if isinstance(decision, Step) else decision.code) == result


# --- signing in, contact, the three kinds of matter -----------------------------------------------------------------


def test_signing_in_and_contact_are_once_a_turn_and_signing_in_is_the_holders() -> None:
    clerk = staff(R.COMMUNITY, HANDLER)
    assert step(facts(), M.SIGN_IN, clerk).to_state is S.REPORTED
    assert refusal(facts(signed_in=True), M.SIGN_IN, clerk) == "already_signed_in"
    assert refusal(facts(level=L.HEAD), M.SIGN_IN, clerk) == "not_in_hand"
    assert step(facts(level=L.HEAD), M.CONTACT, clerk).to_level is L.HEAD
    assert refusal(facts(contacted=True), M.CONTACT, clerk) == "already_contacted"


@pytest.mark.parametrize(
    ("suggested", "before", "decided", "why", "code"),
    [
        (Triage.SMALL, None, Triage.SMALL, "", None),
        (Triage.SMALL, None, Triage.PRIVATE, "", "reason_missing"),
        (Triage.SMALL, None, Triage.PRIVATE, "  ", "reason_missing"),
        (Triage.SMALL, None, Triage.PRIVATE, "是户内管道", None),
        (None, None, Triage.BIG, "", None),
        (Triage.SMALL, Triage.SMALL, Triage.SMALL, "", "already_decided"),
        (Triage.SMALL, Triage.BIG, Triage.SMALL, "", None),  # back to what was suggested
        (Triage.SMALL, None, None, "", "triage_missing"),
    ],
)
def test_a_person_decides_what_kind_of_matter_it_is(
    suggested: Triage | None, before: Triage | None, decided: Triage | None, why: str, code: str | None
) -> None:
    issue = facts(suggested=suggested, triage=before)
    decision = decide(issue, M.TRIAGE, staff(R.COMMUNITY, HANDLER), Details(triage=decided, text=why), NOON)
    assert getattr(decision, "code", None) == code


@pytest.mark.parametrize("move", [M.RESOLVE, M.DECLINE])
def test_a_private_matter_is_asked_after_before_it_ends(move: Move) -> None:
    clerk = staff(R.COMMUNITY, HANDLER)
    assert refusal(facts(triage=Triage.PRIVATE), move, clerk) == "not_asked_after"
    assert move not in moves_open_to(facts(triage=Triage.PRIVATE), clerk, NOON)
    step(facts(triage=Triage.PRIVATE, asked_after=True), move, clerk)


@pytest.mark.parametrize(
    ("kind", "ahead", "code"),
    [
        (Triage.PRIVATE, None, None),
        (Triage.PRIVATE, timedelta(days=60), None),
        (Triage.PRIVATE, timedelta(days=60, seconds=1), "date_wrong"),
        (Triage.PRIVATE, timedelta(0), "date_wrong"),
        (Triage.SMALL, None, "not_private"),
        (None, None, "not_private"),
    ],
)
def test_following_up(kind: Triage | None, ahead: timedelta | None, code: str | None) -> None:
    wish = Details(text="邻居帮忙通了", follow_up_at=None if ahead is None else NOON + ahead)
    decision = decide(facts(triage=kind), M.FOLLOW_UP, staff(R.COMMUNITY, HANDLER), wish, NOON)
    assert getattr(decision, "code", None) == code


# --- standing still and more time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ahead", "until", "code"),
    [
        ("等厂家发货", timedelta(days=1), None, None),
        ("等厂家发货", timedelta(days=90), None, None),
        ("等厂家发货", timedelta(days=1) - timedelta(seconds=1), None, "date_wrong"),
        ("等厂家发货", timedelta(days=90, seconds=1), None, "date_wrong"),
        ("等厂家发货", None, None, "date_wrong"),
        ("", timedelta(days=5), None, "text_missing"),
        ("等厂家发货", timedelta(days=5), NOON + timedelta(seconds=1), "already_suspended"),
        ("等厂家发货", timedelta(days=5), NOON, None),  # the last one is over
    ],
)
def test_suspending(text: str, ahead: timedelta | None, until: datetime | None, code: str | None) -> None:
    wish = Details(text=text, until=None if ahead is None else NOON + ahead)
    clerk = staff(R.COMMUNITY, HANDLER)
    decision = decide(facts(suspended_until=until), M.SUSPEND, clerk, wish, NOON)
    assert getattr(decision, "code", None) == code
    resumed = decide(facts(suspended_until=until), M.RESUME, clerk, Details(), NOON)
    assert getattr(resumed, "code", None) == (None if code == "already_suspended" else "not_suspended")


LATER = NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("role", "due", "open_one", "workdays", "code"),
    [
        (R.COMMUNITY, LATER, None, 1, None),
        (R.COMMUNITY, LATER, None, 15, None),
        (R.COMMUNITY, LATER, None, 0, "workdays_wrong"),
        (R.COMMUNITY, LATER, None, 16, "workdays_wrong"),
        (R.COMMUNITY, LATER, None, None, "workdays_wrong"),
        (R.COMMUNITY, NOON, None, 3, "too_late"),
        (R.COMMUNITY, None, None, 3, "no_due"),
        (R.COMMUNITY, LATER, OpenExtension(8, L.COMMUNITY, 2), 3, "already_asked"),
        (R.HEAD, LATER, None, 3, "not_in_hand"),
        (R.DISTRICT, LATER, None, 3, "level_top"),
    ],
)
def test_asking_for_more_time(
    role: Role, due: datetime | None, open_one: OpenExtension | None, workdays: int | None, code: str | None
) -> None:
    wish = Details(text="要等备件", workdays=workdays)
    issue = facts(due_at=due, extension=open_one)
    decision = decide(issue, M.ASK_EXTENSION, staff(role, HANDLER), wish, NOON)
    assert getattr(decision, "code", None) == code


@pytest.mark.parametrize(
    ("role", "asked", "code"),
    [
        (R.STREET, OpenExtension(8, L.COMMUNITY, 3), None),
        (R.DISTRICT, OpenExtension(8, L.COMMUNITY, 3), None),
        (R.COMMUNITY, OpenExtension(8, L.COMMUNITY, 3), "not_above"),  # nor a colleague
        (R.GRID, OpenExtension(8, L.COMMUNITY, 3), "not_above"),
        (R.COMMUNITY, OpenExtension(8, L.HEAD, 3), None),
        (R.COMMUNITY, OpenExtension(HANDLER, L.HEAD, 3), "own_request"),  # whatever other post she has
        (R.STREET, None, "nothing_asked"),
        (R.HEAD, OpenExtension(8, L.HEAD, 3), "no_right"),
    ],
)
def test_more_time_is_given_from_above(role: Role, asked: OpenExtension | None, code: str | None) -> None:
    issue = facts(level=asked.level if asked else L.COMMUNITY, extension=asked)
    for move in (M.GRANT_EXTENSION, M.REFUSE_EXTENSION):
        decision = decide(issue, move, staff(role, HANDLER), Details(text="理由"), NOON)
        assert getattr(decision, "code", None) == code


def test_refusing_more_time_says_why() -> None:
    issue = facts(extension=OpenExtension(8, L.COMMUNITY, 3))
    assert refusal(issue, M.REFUSE_EXTENSION, staff(R.STREET, HANDLER), Details()) == "text_missing"


# --- urging ---------------------------------------------------------------------------------------------------------

DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("mover", "level", "more", "code"),
    [
        (reporter(3), L.HEAD, {}, None),
        (reporter(3), L.HEAD, {"urged_by_reporter_at": NOON - DAY}, None),
        (reporter(3), L.HEAD, {"urged_by_reporter_at": NOON - DAY + timedelta(seconds=1)}, "urged_already"),
        (reporter(3), L.HEAD, {"urged_by_office_at": NOON}, None),  # each side for itself
        (staff(R.COMMUNITY, 8), L.HEAD, {"urged_by_reporter_at": NOON}, None),
        (staff(R.COMMUNITY, 8), L.HEAD, {"urged_by_office_at": NOON}, "urged_already"),
        (staff(R.COMMUNITY, 8), L.COMMUNITY, {}, "not_above"),
        (staff(R.GRID, 8), L.COMMUNITY, {}, "not_above"),
        (staff(R.COMMUNITY, 8), L.DEPARTMENT, {}, None),
        (staff(R.GRID, 8), L.DEPARTMENT, {}, "not_above"),
        (staff(R.HEAD, 8), L.GRID, {}, "no_right"),
    ],
)
def test_urging(mover: Mover, level: Level, more: dict[str, object], code: str | None) -> None:
    issue = facts(level=level, **more)
    decision = decide(issue, M.URGE, mover, Details(), NOON)
    assert getattr(decision, "code", None) == code
    assert (M.URGE in moves_open_to(issue, mover, NOON)) is (code is None)
    if code == "urged_already":
        assert "月" in decision.reason
        assert "以后可以再催" in decision.reason


# --- still not fixed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolved_level", "has_grid", "to"),
    [
        (L.HEAD, True, L.GRID),
        (L.HEAD, False, L.COMMUNITY),
        (L.GRID, True, L.COMMUNITY),
        (L.COMMUNITY, True, L.STREET),
        (L.STREET, True, L.DISTRICT),
        (L.DEPARTMENT, True, L.DISTRICT),
        (L.DISTRICT, True, L.DISTRICT),
        (None, True, L.GRID),  # unknown: above the level that has it in hand
    ],
)
@pytest.mark.parametrize(("move", "details"), [(M.REOPEN, Details()), (M.RATE, Details(solved=False))])
def test_not_fixed_goes_to_the_handlers_superior_as_rework(
    move: Move, details: Details, resolved_level: Level | None, has_grid: bool, to: Level
) -> None:
    issue = facts(S.RESOLVED, L.HEAD, resolved_level=resolved_level, has_grid=has_grid)
    again = step(issue, move, reporter(3), details)
    assert (again.to_state, again.to_level, again.rework) == (S.REOPENED, to, True)


@pytest.mark.parametrize(
    ("state", "solved", "to"),
    [
        (S.RESOLVED, True, S.CONFIRMED),  # "solved" is the reporter's word
        (S.RESOLVED, None, S.RESOLVED),
        (S.CONFIRMED, False, S.CONFIRMED),  # an ended issue stays as it ended; the answers are kept
        (S.CLOSED_SILENT, True, S.CLOSED_SILENT),
        (S.CLOSED_SILENT, False, S.CLOSED_SILENT),
    ],
)
def test_rating(state: IssueState, solved: bool | None, to: IssueState) -> None:
    rated = step(facts(state), M.RATE, reporter(3), Details(solved=solved, contacted=True))
    assert (rated.to_state, rated.rework) == (to, False)


def test_a_rating_answers_something() -> None:
    assert refusal(facts(S.RESOLVED), M.RATE, reporter(3), Details()) == "answers_missing"


@pytest.mark.parametrize(("late", "code"), [(timedelta(0), None), (timedelta(seconds=1), "too_late")])
def test_an_ended_issue_is_not_rated_for_ever(late: timedelta, code: str | None) -> None:
    ended = facts(S.CONFIRMED, resolved_at=NOON - RATING_WINDOW - late)
    assert getattr(decide(ended, M.RATE, reporter(3), FULL, NOON), "code", None) == code


# --- silence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolved_at", "code"),
    [
        (NOON - RETURN_VISIT_WINDOW, None),
        (NOON - RETURN_VISIT_WINDOW + timedelta(seconds=1), "window_open"),
        (None, "window_open"),
    ],
)
def test_silence_ends_an_issue_only_after_the_window(resolved_at: datetime | None, code: str | None) -> None:
    decision = decide(facts(S.RESOLVED, resolved_at=resolved_at), M.CLOSE_SILENT, CLOCK, Details(), NOON)
    assert getattr(decision, "code", None) == code


# --- refusals help --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "move", "mover", "helps"),
    [
        (S.RESOLVED, M.RESOLVE, staff(R.HEAD, HANDLER), "您现在可以：进展说明。"),
        (S.CONFIRMED, M.RESOLVE, staff(R.HEAD, HANDLER), "请重新上报一件"),
        (S.REPORTED, M.CONFIRM, reporter(3), "您现在可以：进展说明、撤回、催办。"),
        (S.WITHDRAWN, M.WITHDRAW, reporter(3), "请重新上报一件"),
        (S.REPORTED, M.WITHDRAW, staff(R.HEAD, HANDLER), "请吹哨上报"),
        (S.RESOLVED, M.CLOSE_SILENT, staff(R.COMMUNITY, COLLEAGUE), "电话回访"),
        (S.RESOLVED, M.RESOLVE, staff(R.OPERATOR, 9), "电话回访"),
        (S.REPORTED, M.CONFIRM, staff(R.OPERATOR, 9), "请给社区打电话"),
    ],
)
def test_a_refusal_says_what_to_do_instead(state: IssueState, move: Move, mover: Mover, helps: str) -> None:
    decision = decide(facts(state, L.HEAD), move, mover, FULL, NOON)
    assert isinstance(decision, Refusal)
    assert helps in decision.reason


@pytest.mark.parametrize(
    ("level", "counts"),
    [(None, True), (L.HEAD, True), (L.COMMUNITY, True), (L.STREET, False), (L.DEPARTMENT, False)],
)
def test_what_is_settled_above_the_community_is_not_the_buildings(level: Level | None, counts: bool) -> None:
    assert counts_for_building(level) is counts


@pytest.mark.parametrize(
    ("taken_by", "resolved_by", "known", "by_office", "own"),
    [
        (7, 7, False, False, True),
        (7, 8, False, False, False),  # a colleague did the work
        (7, 7, True, False, False),  # the reporter is a person of her own
        (7, 7, False, True, False),  # the office asked the resident herself
        (None, 7, False, False, False),  # scanned, typed in by nobody
        (None, None, False, False, False),
    ],
)
def test_the_one_who_fixes_does_not_write_off(
    taken_by: int | None, resolved_by: int | None, known: bool, by_office: bool, own: bool
) -> None:
    told = own_word(taken_by=taken_by, resolved_by=resolved_by, known_reporter=known, noted_by_office=by_office)
    assert told is own
    assert counts_for_building(L.HEAD, own_word=told) is not own


# --- for everything else --------------------------------------------------------------------------------------------

people = st.none() | st.integers(1, 3)
any_facts = st.builds(
    IssueFacts,
    state=st.sampled_from(S),
    level=st.sampled_from(L),
    about_head=st.booleans(),
    issue_id=people,
    has_grid=st.booleans(),
    has_joiners=st.booleans(),
    resolved_by_person_id=people,
    resolved_level=st.none() | st.sampled_from(L),
    resolved_at=st.none() | st.just(NOON) | st.just(NOON - timedelta(days=8)),
)
any_mover = st.builds(Mover, st.sampled_from(MoverKind), st.none() | st.sampled_from(R), people)
any_details = st.builds(
    Details,
    text=st.sampled_from(["", " ", "好了"]),
    responsible=st.sampled_from(["", "物业"]),
    to_level=st.none() | st.sampled_from(L),
    target=st.none() | st.builds(JoinTarget, st.integers(1, 3), st.sampled_from(S), st.booleans()),
    solved=st.none() | st.booleans(),
)


@given(any_facts, st.sampled_from(M), any_mover, any_details)
def test_the_law_always_answers_and_keeps_its_promises(
    issue: IssueFacts, move: Move, mover: Mover, details: Details
) -> None:
    decision = decide(issue, move, mover, details, NOON)
    assert decision.reason.endswith("。")
    if isinstance(decision, Refusal):
        assert decision.code
        return
    assert decision.rework is (decision.to_state is S.REOPENED and issue.state is S.RESOLVED)
    if issue.state in ENDED_STATES:
        assert decision.to_state is issue.state  # the end is the end
    if decision.to_state is S.CONFIRMED and issue.state is not S.CONFIRMED:
        assert mover.person_id is None or mover.person_id != issue.resolved_by_person_id
        assert mover.kind is not MoverKind.CLOCK
    if issue.about_head:
        assert mover.role is not R.HEAD or mover.kind is not MoverKind.STAFF
        assert decision.to_level is not L.HEAD or issue.level is L.HEAD
    if move is M.PASS_UP:
        assert decision.to_level.height > issue.level.height
    assert issue.has_grid or decision.to_level is not L.GRID or issue.level is L.GRID
