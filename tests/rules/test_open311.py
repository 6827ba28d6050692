"""Open311 in our words: moments, windows, states and what an update means."""

from datetime import UTC, datetime, timedelta

import pytest

from models.enums import ENDED_STATES, OPEN_STATES, IssueCategory, IssueState, Move
from server.rules import open311
from server.rules.calendar import SHANGHAI
from server.rules.decision import Refusal
from server.rules.open311 import OWN_MOVES, PUBLIC_MOVES, Status

NOW = datetime(2026, 10, 12, 9, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-12T09:00:00+08:00", NOW),
        ("2026-10-12T01:00:00Z", NOW),
        ("2026-10-12T01:00Z", NOW),
        (" 2026-10-12T09:00:00 08:00 ", NOW),  # an address turned + into a blank
        ("2026-10-12T09:00:00.5+08:00", NOW + timedelta(milliseconds=500)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2100-12-31T23:59:59Z", datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_moments_that_are_read(text: str, moment: datetime) -> None:
    assert open311.read_moment(text) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "带上时区"),
        ("2026-10-12T09:00:00", "带上时区"),  # nine o'clock where?
        ("2026-10-12", "带上时区"),
        ("2026-10-12 09:00:00+08:00", "带上时区"),
        ("2026-10-12T09:00:00+0800", "带上时区"),
        ("２０２６-10-12T09:00:00Z", "带上时区"),
        ("2026-10-12T09:00:00Z\n2026", "带上时区"),
        ("99999-10-12T09:00:00Z", "带上时区"),
        ("0000-10-12T09:00:00Z", "2000 到 2100"),
        ("0001-01-01T00:00:00+08:00", "2000 到 2100"),  # before the first moment a computer can tell in UTC
        ("9999-12-31T23:59:59-08:00", "2000 到 2100"),
        ("1999-12-31T23:59:59Z", "2000 到 2100"),
        ("2101-01-01T00:00:00Z", "2000 到 2100"),
        ("2026-06-30T23:59:60Z", "闰秒"),
        ("2026-02-29T00:00:00Z", "没有这个日期"),
        ("2026-13-01T00:00:00Z", "没有这个日期"),
        ("2026-10-12T25:00:00Z", "没有这个日期"),
        ("2026-10-12T09:00:61Z", "没有这个日期"),
        ("2026-10-12T09:00:00+25:00", "没有这个日期"),
    ],
)
def test_moments_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        open311.read_moment(text)


def test_a_moment_is_said_in_beijings_time() -> None:
    assert open311.say_moment(NOW.astimezone(UTC)) == "2026-10-12T09:00:00+08:00"
    assert open311.say_moment(open311.day_of(datetime(2026, 10, 11, 16, 30, tzinfo=UTC))) == "2026-10-12T00:00:00+08:00"


DAY, SPAN = timedelta(days=1), timedelta(days=90)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (None, None, (NOW - SPAN, NOW)),
        (NOW - DAY, None, (NOW - DAY, NOW - DAY + SPAN)),
        (None, NOW - DAY, (NOW - DAY - SPAN, NOW - DAY)),
        (NOW - SPAN, NOW, (NOW - SPAN, NOW)),
        (NOW, NOW, (NOW, NOW)),
        (NOW - SPAN - timedelta(seconds=1), NOW, None),
        (NOW, NOW - timedelta(seconds=1), None),
    ],
)
def test_windows(start: datetime | None, end: datetime | None, found: object) -> None:
    if found is None:
        with pytest.raises(ValueError, match="date"):
            open311.window(start, end, NOW)
    else:
        assert open311.window(start, end, NOW) == found


def test_a_strangers_window_is_whole_days() -> None:
    first, last = open311.whole_days(NOW, NOW)
    assert (open311.say_moment(first), open311.say_moment(last)) == (
        "2026-10-12T00:00:00+08:00",
        "2026-10-12T23:59:59+08:00",
    )


@pytest.mark.parametrize("state", IssueState)
def test_every_state_is_open_or_closed_and_every_update_means_something(state: IssueState) -> None:
    assert (open311.status_of(state) is Status.OPEN) == (state in OPEN_STATES)
    assert state in open311.states_of(open311.status_of(state))
    meant = {said: open311.move_for(state, said) for said in Status}
    if state in OPEN_STATES:
        assert meant == {Status.OPEN: Move.NOTE, Status.CLOSED: Move.WITHDRAW}
    elif state is IssueState.RESOLVED:
        assert meant == {Status.OPEN: Move.REOPEN, Status.CLOSED: Move.CONFIRM}
    else:
        assert state in ENDED_STATES
        assert all(isinstance(answer, Refusal) for answer in meant.values())


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        (NOW, ""),
        (NOW + timedelta(minutes=5), ""),
        (NOW + timedelta(minutes=5, seconds=1), "将来"),
        (NOW - DAY, ""),
        (NOW - DAY - timedelta(minutes=6), "早于"),
    ],
)
def test_an_updates_moment(at: datetime, fault: str) -> None:
    found = open311.fault_of_update(at, NOW - DAY, NOW)
    assert bool(found) == bool(fault)
    assert fault in found


def test_strangers_learn_no_words_and_nothing_the_reporter_alone_did() -> None:
    assert not {Move.NOTE, Move.RATE, Move.WITHDRAW, Move.CONTACT, Move.URGE, Move.TRIAGE} & set(PUBLIC_MOVES)
    assert set(PUBLIC_MOVES) < set(OWN_MOVES)


@pytest.mark.parametrize("category", IssueCategory)
def test_every_category_is_in_a_group(category: IssueCategory) -> None:
    group, keywords = open311.group_of(category)
    assert group
    assert all(keywords.split(","))
