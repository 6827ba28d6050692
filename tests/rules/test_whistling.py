"""The law of the whistle, as tables."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.enums import ENDED_STATES, OPEN_STATES, IssueState, Level, Move, Role, Satisfaction, WhistleEnd
from server.core.workdays import calendar
from server.rules import whistling
from server.rules.clocks import dues
from server.rules.decision import Refusal
from server.rules.department_figures import days_over
from server.rules.lifecycle import TABLE
from server.rules.moves import Step
from server.rules.whistling import Alarm, Answer, Answerer, Department, Look, Matter, Said, Whistle

S, L, R, M = IssueState, Level, Role, Move
NOW = datetime(2026, 10, 14, 2, tzinfo=UTC)  # Wednesday, 10:00 in Shanghai
HOUSING, WATER = Department(1, "住建局"), Department(2, "水务局")
MINE, OTHERS = Answerer(R.DEPARTMENT, frozenset({1})), Answerer(R.DEPARTMENT, frozenset({2}))


def whistle(**changes: Any) -> Whistle:
    facts: dict[str, Any] = {
        "id": 1, "department_id": 1, "department": "住建局", "sounded_role": R.COMMUNITY,
        "sign_in_due_at": NOW + timedelta(hours=1), "due_at": NOW + timedelta(days=5),
    }  # fmt: skip
    return Whistle(**{**facts, **changes})


def matter(*opened: Whistle, state: S = S.REPORTED, level: L = L.DEPARTMENT, **changes: Any) -> Matter:
    return Matter(state, level, opened, **changes)


def sounded(matter: Matter, role: R = R.COMMUNITY, *called: Department, reason: str = "主管漏水") -> str:
    """The refusal's code, or "" when departments may be called."""
    found = whistling.sound(matter, role, called or (HOUSING,), reason)
    return found.code if isinstance(found, Refusal) else ""


@pytest.mark.parametrize(
    ("role", "level", "code"),
    [
        (R.HEAD, L.HEAD, "no_right"),
        (R.GRID, L.GRID, "no_right"),
        (R.DEPARTMENT, L.DEPARTMENT, "no_right"),
        (R.OPERATOR, L.HEAD, "no_right"),
        (R.COMMUNITY, L.HEAD, ""),
        (R.COMMUNITY, L.GRID, ""),
        (R.COMMUNITY, L.COMMUNITY, ""),
        (R.COMMUNITY, L.STREET, "not_in_hand"),
        (R.COMMUNITY, L.DISTRICT, "not_in_hand"),
        (R.STREET, L.COMMUNITY, ""),
        (R.STREET, L.STREET, ""),
        (R.STREET, L.DISTRICT, "not_in_hand"),
        (R.DISTRICT, L.DISTRICT, ""),
        (R.DISTRICT, L.HEAD, ""),
    ],
)
def test_who_sounds_to_departments(role: R, level: L, code: str) -> None:
    assert sounded(matter(level=level), role) == code


@pytest.mark.parametrize("state", list(S))
def test_only_an_open_issue_is_whistled_for(state: S) -> None:
    assert sounded(matter(state=state, level=L.COMMUNITY)) == ("" if state in OPEN_STATES else "wrong_state")


@pytest.mark.parametrize(
    ("called_by", "role", "code"),
    [
        (R.COMMUNITY, R.COMMUNITY, ""),
        (R.COMMUNITY, R.STREET, ""),
        (R.STREET, R.COMMUNITY, "not_in_hand"),
        (R.DISTRICT, R.STREET, "not_in_hand"),
        (None, R.COMMUNITY, ""),  # the clock called
    ],
)
def test_another_department_may_be_called_while_one_is_at_it(called_by: R | None, role: R, code: str) -> None:
    assert sounded(matter(whistle(sounded_role=called_by)), role, WATER) == code


@pytest.mark.parametrize(
    ("departments", "reason", "changes", "code"),
    [
        ((HOUSING,), "", {}, "text_missing"),
        ((HOUSING,), "  \n", {}, "text_missing"),
        ((Department(3, "x", closed=True),), "有事", {}, "department_closed"),
        (tuple(Department(n, str(n)) for n in range(9)), "有事", {}, "too_many"),
        (tuple(Department(n, str(n)) for n in range(8)), "有事", {}, ""),
        ((HOUSING,), "有事", {"suspended": True}, "suspended"),
    ],
)
def test_what_a_whistle_needs(departments: Any, reason: str, changes: Any, code: str) -> None:
    assert sounded(matter(level=L.COMMUNITY, **changes), R.COMMUNITY, *departments, reason=reason) == code


def test_no_department_is_refused_and_so_is_one_that_still_owes_an_answer() -> None:
    none = whistling.sound(matter(level=L.COMMUNITY), R.COMMUNITY, (), "有事")
    assert isinstance(none, Refusal)
    assert none.code == "department_missing"
    assert sounded(matter(whistle()), R.COMMUNITY, HOUSING) == "already_called"
    assert sounded(matter(whistle()), R.COMMUNITY, WATER) == ""


def test_a_whistle_moves_the_issue_to_the_departments_and_names_them() -> None:
    step = whistling.sound(
        matter(level=L.COMMUNITY, state=S.IN_PROGRESS), R.COMMUNITY, (HOUSING, WATER), "漏水", whistling.ORDINARY.report
    )
    assert step == Step(
        S.REPORTED,
        L.DEPARTMENT,
        "社区居委会吹哨，请住建局、水务局办理，2个部门一起办理，5个工作日内反馈，结果由社区居委会答复您。",
    )
    reopened = whistling.sound(matter(level=L.DISTRICT, state=S.REOPENED), R.DISTRICT, (HOUSING,), "漏水")
    assert isinstance(reopened, Step)
    assert (reopened.to_state, reopened.to_level) == (S.REOPENED, L.DEPARTMENT)


# --- answers

DONE = Said("换了水管", date(2026, 10, 14))
GOOD = Said("", rating=Satisfaction.SATISFIED)
WHY = Said("不归我们")
CLERK, STREET, DISTRICT = Answerer(R.COMMUNITY), Answerer(R.STREET), Answerer(R.DISTRICT)
SAID = {M.REPORT_BACK: DONE, M.PUSH_BACK: WHY, M.CALL_OFF: WHY, M.RATE_DEPARTMENT: GOOD}


def answered(one: Whistle, move: M, who: Answerer, said: Said | None = None, **changes: Any) -> str:
    """The refusal's code, or ""."""
    opened = () if one.end else (one,)
    found = whistling.answer(matter(*opened, **changes), one, move, who, said or SAID.get(move, Said()), NOW)
    return found.code if isinstance(found, Refusal) else ""


@pytest.mark.parametrize("move", whistling.OF_DEPARTMENT)
@pytest.mark.parametrize(
    ("who", "ok"), [(MINE, True), (OTHERS, False), (CLERK, False), (DISTRICT, False), (Answerer(R.HEAD), False)]
)
def test_only_the_called_department_answers(move: M, who: Answerer, ok: bool) -> None:
    assert (answered(whistle(), move, who) == "") is ok


@pytest.mark.parametrize("move", whistling.OF_CALLER)
@pytest.mark.parametrize(
    ("called_by", "who", "code"),
    [
        (R.COMMUNITY, CLERK, ""),
        (R.COMMUNITY, STREET, ""),
        (R.COMMUNITY, DISTRICT, ""),
        (R.STREET, CLERK, "not_caller"),
        (R.STREET, STREET, ""),
        (R.COMMUNITY, MINE, "no_right"),
        (R.COMMUNITY, Answerer(R.HEAD), "no_right"),
    ],
)
def test_who_called_urges_and_calls_off(move: M, called_by: R, who: Answerer, code: str) -> None:
    assert answered(whistle(sounded_role=called_by), move, who) == code


@pytest.mark.parametrize("move", [*whistling.OF_DEPARTMENT, *whistling.OF_CALLER])
@pytest.mark.parametrize("end", list(WhistleEnd))
def test_nothing_more_is_said_to_a_whistle_that_ended(move: M, end: WhistleEnd) -> None:
    who = MINE if move in whistling.OF_DEPARTMENT else CLERK
    assert answered(whistle(end=end), move, who, level=L.COMMUNITY) == "whistle_ended"


@pytest.mark.parametrize("move", [*whistling.OF_DEPARTMENT, *whistling.OF_CALLER])
@pytest.mark.parametrize("state", sorted(ENDED_STATES | {S.RESOLVED}))
def test_nor_of_an_issue_that_is_not_open(move: M, state: S) -> None:
    who = MINE if move in whistling.OF_DEPARTMENT else CLERK
    assert answered(whistle(), move, who, state=state) == "wrong_state"


@pytest.mark.parametrize(
    ("end", "others", "move", "who", "state", "level"),
    [
        # the last one to answer: back to who called
        (WhistleEnd.REPORTED, (), M.REPORT_BACK, MINE, S.IN_PROGRESS, L.COMMUNITY),
        (WhistleEnd.PUSHED_BACK, (), M.PUSH_BACK, MINE, S.REPORTED, L.COMMUNITY),
        (WhistleEnd.CALLED_OFF, (), M.CALL_OFF, CLERK, S.IN_PROGRESS, L.COMMUNITY),
        # others are still at it
        (WhistleEnd.REPORTED, (2,), M.REPORT_BACK, MINE, S.REPORTED, L.DEPARTMENT),
        (WhistleEnd.PUSHED_BACK, (2,), M.PUSH_BACK, MINE, S.REPORTED, L.DEPARTMENT),
        (WhistleEnd.CALLED_OFF, (2,), M.CALL_OFF, CLERK, S.REPORTED, L.DEPARTMENT),
        (None, (), M.SIGN_IN, MINE, S.REPORTED, L.DEPARTMENT),
        (None, (), M.CONTACT, MINE, S.REPORTED, L.DEPARTMENT),
        (None, (), M.URGE, CLERK, S.REPORTED, L.DEPARTMENT),
    ],
)
def test_what_becomes_of_the_issue(end: Any, others: Any, move: M, who: Answerer, state: S, level: L) -> None:
    mine = whistle()
    waiting = [whistle(id=n, department_id=n, department="水务局") for n in others]
    found = whistling.answer(matter(mine, *waiting), mine, move, who, SAID.get(move, Said()), NOW)
    assert isinstance(found, Answer)
    assert (found.end, found.step.to_state, found.step.to_level) == (end, state, level)


@pytest.mark.parametrize("move", [M.REPORT_BACK, M.PUSH_BACK, M.CALL_OFF])
def test_a_reopened_issue_stays_visible_as_one_and_goes_back_to_whoever_called(move: M) -> None:
    one = whistle(sounded_role=R.DISTRICT)
    who = DISTRICT if move is M.CALL_OFF else MINE
    found = whistling.answer(matter(one, state=S.REOPENED), one, move, who, SAID[move], NOW)
    assert isinstance(found, Answer)
    assert (found.step.to_state, found.step.to_level) == (S.REOPENED, L.DISTRICT)


@pytest.mark.parametrize(
    ("move", "said", "words"),
    [
        (M.SIGN_IN, Said(), "住建局已签收。"),
        (M.CONTACT, Said(), "住建局已联系上报人。"),
        (M.REPORT_BACK, DONE, "住建局反馈：10月14日已办理。现在由社区办理。"),
        (M.PUSH_BACK, WHY, "住建局退回，记一次退回。现在由社区办理。"),
        (M.URGE, Said(), "社区居委会催办住建局。"),
        (M.CALL_OFF, WHY, "社区居委会撤销了对住建局的吹哨。现在由社区办理。"),
    ],
)
def test_the_timeline_names_the_department(move: M, said: Said, words: str) -> None:
    one = whistle()
    who = MINE if move in whistling.OF_DEPARTMENT else CLERK
    found = whistling.answer(matter(one), one, move, who, said, NOW)
    assert isinstance(found, Answer)
    assert found.step.reason == words


@pytest.mark.parametrize(
    ("move", "said", "code"),
    [
        (M.REPORT_BACK, Said("", date(2026, 10, 14)), "text_missing"),
        (M.REPORT_BACK, Said("换了"), "done_on_missing"),
        (M.REPORT_BACK, Said("换了", date(2026, 10, 15)), "done_on_future"),
        (M.REPORT_BACK, Said("换了", date(2026, 10, 14)), ""),
        (M.PUSH_BACK, Said(" "), "text_missing"),
        (M.CALL_OFF, Said(""), "text_missing"),
        (M.SIGN_IN, Said(), ""),
    ],
)
def test_what_an_answer_needs(move: M, said: Said, code: str) -> None:
    assert answered(whistle(), move, MINE if move in whistling.OF_DEPARTMENT else CLERK, said) == code


def test_signing_in_and_contact_are_said_once() -> None:
    assert answered(whistle(signed_in_at=NOW), M.SIGN_IN, MINE) == "already_done"
    assert answered(whistle(contacted_at=NOW), M.CONTACT, MINE) == "already_done"


@pytest.mark.parametrize(
    ("ago", "urgent", "code"),
    [
        (timedelta(hours=24), False, ""),
        (timedelta(hours=24) - timedelta(seconds=1), False, "urged_lately"),
        (timedelta(hours=2), True, ""),
        (timedelta(hours=2) - timedelta(seconds=1), True, "urged_lately"),
    ],
)
def test_urging_is_not_repeated_at_once(ago: timedelta, urgent: bool, code: str) -> None:
    assert answered(whistle(urged_at=NOW - ago), M.URGE, CLERK, urgent=urgent) == code


@pytest.mark.parametrize(
    ("end", "who", "said", "rated_ago", "code"),
    [
        (None, CLERK, GOOD, None, "whistle_open"),
        (WhistleEnd.CALLED_OFF, CLERK, GOOD, None, "called_off"),
        (WhistleEnd.REPORTED, CLERK, GOOD, None, ""),
        (WhistleEnd.PUSHED_BACK, STREET, GOOD, None, ""),
        (WhistleEnd.REPORTED, DISTRICT, GOOD, None, "no_right"),
        (WhistleEnd.REPORTED, MINE, GOOD, None, "no_right"),
        # a clerk who is of the department too: whatever other post she has, not herself
        (WhistleEnd.REPORTED, Answerer(R.COMMUNITY, frozenset({1})), GOOD, None, "own_work"),
        (WhistleEnd.REPORTED, Answerer(R.COMMUNITY, frozenset({2})), GOOD, None, ""),
        (WhistleEnd.REPORTED, CLERK, Said(), None, "rating_missing"),
        (WhistleEnd.REPORTED, CLERK, Said("", rating=Satisfaction.UNSATISFIED), None, "text_missing"),
        (WhistleEnd.REPORTED, CLERK, Said("没人来", rating=Satisfaction.UNSATISFIED), None, ""),
        (WhistleEnd.REPORTED, CLERK, GOOD, timedelta(days=7), ""),
        (WhistleEnd.REPORTED, CLERK, GOOD, timedelta(days=7, seconds=1), "rated"),
    ],
)
def test_rating_a_department(
    end: WhistleEnd | None, who: Answerer, said: Said, rated_ago: timedelta | None, code: str
) -> None:
    one = whistle(end=end, rated_at=NOW - rated_ago if rated_ago else None)
    assert answered(one, M.RATE_DEPARTMENT, who, said, state=S.RESOLVED, level=L.COMMUNITY) == code


# move → from > to of the last open whistle | the roles that may. As in `test_life_table.py`: what is not named is refused.
ROWS = """
sign_in         | raio>=      | P
contact         | raio>=      | P
report_back     | rai>i o>o   | P
push_back       | rai>r o>o   | P
urge            | raio>=      | CSD
call_off        | rai>i o>o   | CSD
rate_department | raioscqdjw>= | CS
"""
LETTERS = dict(zip("raioscqdjw", (
    S.REPORTED, S.ACCEPTED, S.IN_PROGRESS, S.REOPENED, S.RESOLVED, S.CONFIRMED, S.CLOSED_SILENT, S.DECLINED, S.DUPLICATE,
    S.WITHDRAWN,
), strict=True))  # fmt: skip
ROLES = dict(zip("HGCSDPO", R, strict=True))


@pytest.mark.parametrize("line", ROWS.strip().splitlines())
def test_every_answer_state_and_role(line: str) -> None:
    name, states, who = (cell.strip() for cell in line.split("|"))
    move = M(name)
    expected = {
        (LETTERS[before], ROLES[role]): LETTERS[before if after == "=" else after]
        for befores, after in (part.split(">") for part in states.split())
        for before in befores
        for role in who
    }
    one = whistle(end=WhistleEnd.REPORTED if move is M.RATE_DEPARTMENT else None)
    found = {}
    for state in S:
        for role in R:
            answerer = MINE if role is R.DEPARTMENT else Answerer(role)
            opened = () if one.end else (one,)
            said = SAID.get(move, Said())
            decision = whistling.answer(matter(*opened, state=state), one, move, answerer, said, NOW)
            if isinstance(decision, Answer):
                found[state, role] = decision.step.to_state
    assert found == expected


def test_the_table_of_answers_is_whole() -> None:
    assert {M(line.split("|")[0].strip()) for line in ROWS.strip().splitlines()} == set(whistling.ANSWERS)


def test_the_buttons_are_what_would_be_taken() -> None:
    one = whistle()
    assert whistling.answers_open_to(matter(one), one, MINE, NOW) == list(whistling.OF_DEPARTMENT)
    assert whistling.answers_open_to(matter(one), one, CLERK, NOW) == [M.URGE, M.CALL_OFF]
    assert whistling.answers_open_to(matter(one), one, OTHERS, NOW) == []
    assert all(move in TABLE for move in whistling.ANSWERS)


# --- the clock

SIGN_IN, DUE = NOW + timedelta(hours=1), NOW + timedelta(days=5)
SOON = DUE - timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("signed", "since", "now", "rings", "next_at"),
    [
        (False, SIGN_IN, SIGN_IN - SECOND, (), SIGN_IN),
        (False, SIGN_IN, SIGN_IN, (Alarm.SIGN_IN,), SOON),
        (True, SIGN_IN, SIGN_IN, (), SOON),
        (True, SOON, SOON, (Alarm.SOON,), DUE),
        (True, DUE, DUE, (Alarm.REPORT,), None),
        (False, SIGN_IN, DUE + SECOND, (Alarm.SIGN_IN, Alarm.REPORT), None),  # the machines stood still
        (True, DUE + SECOND, DUE + SECOND, (), None),  # it rang already
    ],
)
def test_the_clock_rings_once_for_each(
    signed: bool, since: datetime, now: datetime, rings: tuple[Alarm, ...], next_at: datetime | None
) -> None:
    one = whistle(sign_in_due_at=SIGN_IN, due_at=DUE, signed_in_at=NOW if signed else None)
    assert whistling.look(one, since, now, urgent=False) == Look(rings, next_at)


def test_the_clock_lets_what_ended_or_is_suspended_be() -> None:
    late = DUE + SECOND
    assert whistling.look(whistle(end=WhistleEnd.REPORTED), SIGN_IN, late, urgent=False) == Look((), None)
    until = late + timedelta(days=3)
    assert whistling.look(whistle(), SIGN_IN, late, urgent=False, suspended_until=until) == Look((), until)


@pytest.mark.parametrize(
    ("urgent", "short", "report"),
    [
        (False, False, datetime(2026, 10, 21, 9, tzinfo=UTC)),  # five working days, at closing time
        (False, True, datetime(2026, 10, 19, 9, tzinfo=UTC)),  # three
        (True, False, NOW + timedelta(hours=24)),
        (True, True, NOW + timedelta(hours=24)),
    ],
)
def test_how_long_a_department_has(urgent: bool, short: bool, report: datetime) -> None:
    found = dues(whistling.clocks_for(urgent=urgent, short=short), NOW, calendar())
    assert found.sign_in == NOW + timedelta(hours=1)
    assert found.contact == NOW + timedelta(hours=2 if urgent else 24)
    assert found.report == report


def test_over_national_day_a_whistle_waits_for_the_office_to_open() -> None:
    evening = datetime(2026, 9, 30, 8, 30, tzinfo=UTC)  # 16:30 before the holiday of 1 to 7 October
    found = dues(whistling.clocks_for(urgent=False), evening, calendar())
    assert found.sign_in == datetime(2026, 10, 8, 1, 30, tzinfo=UTC)
    assert found.contact is not None
    assert found.contact.date() == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("ended_at", "late"), [(None, True), (DUE, False), (DUE + SECOND, True), (DUE - SECOND, False)]
)
def test_an_answer_at_the_very_moment_is_in_time(ended_at: datetime | None, late: bool) -> None:
    assert whistling.is_overdue(whistle(due_at=DUE), DUE + timedelta(days=1), ended_at=ended_at) is late


def test_days_over_count_from_the_first_second() -> None:
    days = [
        days_over(span) for span in (timedelta(0), -SECOND, SECOND, timedelta(days=1), timedelta(days=1, seconds=1))
    ]
    assert days == [0, 0, 1, 1, 2]
