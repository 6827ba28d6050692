"""The life of an issue as three grids, one for each kind of mover, and the clauses around them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import ENDED_STATES, IssueState, Level, Move, Role, Satisfaction
from server.rules.lifecycle import (
    CLOCK,
    RATING_WINDOW,
    RETURN_VISIT_WINDOW,
    TABLE,
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

S, L, M, R = IssueState, Level, Move, Role
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
HANDLER, COLLEAGUE = 7, 8
FULL = Details(
    text="已更换三楼声控灯",
    responsible="燃气公司 电话96777",
    target=JoinTarget(2, S.ACCEPTED),
    contacted=True,
    satisfaction=Satisfaction.SATISFIED,
)


def facts(state: IssueState = S.REPORTED, level: Level = L.COMMUNITY, **more: object) -> IssueFacts:
    """An issue in the community's hands; once resolved, by HANDLER a week ago."""
    done = {"resolved_by_person_id": HANDLER, "resolved_level": level, "resolved_at": NOON - RETURN_VISIT_WINDOW}
    return IssueFacts(state, level, issue_id=1, **{**(done if state in _AFTER else {}), **more})  # type: ignore[arg-type]


_AFTER = {S.RESOLVED, S.CONFIRMED, S.CLOSED_SILENT}


def step(issue: IssueFacts, move: Move, mover: Mover, details: Details = FULL, now: datetime = NOON) -> Step:
    decision = decide(issue, move, mover, details, now)
    assert isinstance(decision, Step), decision
    return decision


def refusal(issue: IssueFacts, move: Move, mover: Mover, details: Details = FULL, now: datetime = NOON) -> str:
    decision = decide(issue, move, mover, details, now)
    assert isinstance(decision, Refusal), decision
    assert decision.reason.endswith("。")
    return decision.code


# Rows: the state before. Columns: the move. Cells: the state after, "." when the move is refused.
GRIDS = {
    MoverKind.STAFF: """
              accept   start       note        resolve  confirm   rate          reopen   decline  join      pass_up
reported      accepted in_progress reported    resolved .         .             .        declined duplicate reported
accepted      .        in_progress accepted    resolved .         .             .        declined duplicate reported
in_progress   .        .           in_progress resolved .         .             .        declined duplicate reported
reopened      accepted in_progress reopened    resolved .         .             .        declined duplicate reopened
resolved      .        .           resolved    .        confirmed resolved      reopened .        .         .
confirmed     .        .           .           .        .         confirmed     .        .        .         .
closed_silent .        .           .           .        .         closed_silent .        .        .         .
""",
    MoverKind.REPORTER: """
               note         confirm    rate           reopen    withdraw
reported       reported     .          .              .         withdrawn
accepted       accepted     .          .              .         withdrawn
in_progress    in_progress  .          .              .         withdrawn
reopened       reopened     .          .              .         withdrawn
resolved       resolved     confirmed  resolved       reopened  withdrawn
confirmed      .            .          confirmed      .         .
closed_silent  .            .          closed_silent  .         .
""",
    MoverKind.CLOCK: """
               pass_up   close_silent
reported       reported  .
accepted       reported  .
in_progress    reported  .
reopened       reopened  .
resolved       .         closed_silent
""",
}
MOVERS = {MoverKind.STAFF: staff(R.COMMUNITY, COLLEAGUE), MoverKind.REPORTER: reporter(3), MoverKind.CLOCK: CLOCK}


def cells() -> list[tuple[MoverKind, IssueState, Move, IssueState | None]]:
    """Every mover kind × state × move; what no grid mentions is refused."""
    written = {}
    for kind, grid in GRIDS.items():
        head, *rows = [line.split() for line in grid.strip().splitlines()]
        for state, *after in rows:
            for move, to in zip(head, after, strict=True):
                written[kind, state, move] = to
    found = {str(state): state for state in S}
    return [
        (kind, state, move, found.get(written.get((kind, state.value, move.value), ".")))
        for kind in MoverKind
        for state in S
        for move in M
    ]


@pytest.mark.parametrize(("kind", "before", "move", "after"), cells())
def test_every_state_move_and_mover(kind: MoverKind, before: IssueState, move: Move, after: IssueState | None) -> None:
    decision = decide(facts(before), move, MOVERS[kind], FULL, NOON)
    assert decision.reason
    if after is None:
        assert isinstance(decision, Refusal)
        assert decision.code in {"wrong_state", "wrong_mover", "already_exists"}
    else:
        assert isinstance(decision, Step)
        assert decision.to_state is after
    assert (move in moves_open_to(facts(before), MOVERS[kind])) is (after is not None)


def test_the_table_knows_every_move() -> None:
    assert set(TABLE) == set(Move)


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
        (R.DEPARTMENT, L.DEPARTMENT, None),
        (R.DEPARTMENT, L.HEAD, "not_in_hand"),  # only what was passed to it
        (R.DEPARTMENT, L.STREET, "not_in_hand"),
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
    assert M.WITHDRAW not in moves_open_to(joined_to, reporter(3))


# --- passing up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "level", "asked", "has_grid", "result"),
    [
        (R.HEAD, L.HEAD, None, True, L.GRID),
        (R.HEAD, L.HEAD, None, False, L.COMMUNITY),
        (R.HEAD, L.HEAD, L.STREET, True, L.STREET),  # any higher level
        (R.HEAD, L.HEAD, L.DEPARTMENT, True, L.DEPARTMENT),
        (R.HEAD, L.HEAD, L.HEAD, True, "level_not_higher"),
        (R.HEAD, L.HEAD, L.GRID, False, "level_missing"),
        (R.HEAD, L.GRID, None, True, "not_in_hand"),
        (R.GRID, L.GRID, None, True, L.COMMUNITY),
        (R.GRID, L.GRID, L.HEAD, True, "level_not_higher"),
        (R.COMMUNITY, L.HEAD, None, True, L.STREET),  # acting in the head's place, she passes it above herself
        (R.COMMUNITY, L.COMMUNITY, None, True, L.STREET),
        (R.STREET, L.STREET, None, True, L.DISTRICT),
        (R.STREET, L.STREET, L.DEPARTMENT, True, L.DEPARTMENT),
        (R.DISTRICT, L.DISTRICT, None, True, "no_right"),
    ],
)
def test_passing_up(role: Role, level: Level, asked: Level | None, has_grid: bool, result: Level | str) -> None:
    issue = facts(level=level, has_grid=has_grid)
    decision = decide(issue, M.PASS_UP, staff(role, HANDLER), Details(to_level=asked), NOON)
    assert (decision.to_level if isinstance(decision, Step) else decision.code) == result


def test_the_clock_passes_up_too_but_not_beyond_the_district() -> None:
    assert step(facts(level=L.HEAD), M.PASS_UP, CLOCK).to_level is L.GRID
    assert step(facts(level=L.DEPARTMENT), M.PASS_UP, CLOCK).to_level is L.DISTRICT
    assert refusal(facts(level=L.DISTRICT), M.PASS_UP, CLOCK) == "level_top"


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
        (S.REPORTED, M.CONFIRM, reporter(3), "您现在可以：进展说明、撤回。"),
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
