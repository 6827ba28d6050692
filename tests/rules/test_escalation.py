"""What the clock does and when it looks again, at the boundaries."""

from datetime import UTC, datetime, timedelta

import pytest

from models.enums import IssueState, Level
from server.rules.escalation import Running, act, next_moment
from server.rules.moves import Cause

T = datetime(2026, 11, 20, 4, tzinfo=UTC)
H, SECOND = timedelta(hours=1), timedelta(seconds=1)


def running(level: Level = Level.COMMUNITY, state: IssueState = IssueState.REPORTED, **more: object) -> Running:
    """To be signed in for in 1 h, contacted in 24 h, reported back in 100 h."""
    given = {"sign_in_due_at": T + H, "contact_due_at": T + 24 * H, "due_at": T + 100 * H, **more}
    return Running(state, level, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "after", "hours"),
    [
        ({}, T, 1),
        ({}, T + H, 24),
        ({"signed_in_at": T}, T, 24),
        ({"signed_in_at": T, "contacted_at": T}, T, 76),  # a day before it is due
        ({"signed_in_at": T, "contacted_at": T, "urgent": True}, T, 98),  # urgent: two hours before
        ({"signed_in_at": T, "contacted_at": T}, T + 76 * H, 100),
        ({}, T + 100 * H, None),
        ({"follow_up_at": T + 2 * H, "signed_in_at": T}, T, 2),
        ({"suspended_until": T + 3 * H, "signed_in_at": T}, T, 3),
        ({"imported": True}, T, 76),  # no clocks of ours: only reminded
        ({"imported": True}, T + 76 * H, None),
        ({"state": IssueState.RESOLVED}, T, None),
        ({"state": IssueState.CONFIRMED}, T, None),
        ({"sign_in_due_at": None, "contact_due_at": None, "due_at": None}, T, None),
    ],
)
def test_when_the_clock_looks_again(more: dict[str, object], after: datetime, hours: int | None) -> None:
    assert next_moment(running(**more), after) == (None if hours is None else T + hours * H)


@pytest.mark.parametrize(
    ("level", "more", "since", "now", "escalate", "causes"),
    [
        # a missed sign-in goes up, at the very moment and not a second before
        (Level.COMMUNITY, {}, T, T + H - SECOND, None, []),
        (Level.COMMUNITY, {}, T + H, T + H, Cause.SIGN_IN, []),
        (Level.STREET, {}, T + H, T + H, Cause.SIGN_IN, []),
        (Level.DISTRICT, {}, T + H, T + H, None, [Cause.SIGN_IN]),
        (Level.DEPARTMENT, {}, T + H, T + H, None, []),  # each whistle has clocks of its own
        (Level.DISTRICT, {}, T + 24 * H, T + 24 * H, None, [Cause.CONTACT]),  # told of the sign-in before
        (Level.HEAD, {"suspended_until": T + 2 * H}, T + H, T + H, None, []),
        (Level.HEAD, {"imported": True}, T + H, T + 200 * H, None, [Cause.SOON]),
        # a missed contact is told, and no more
        (Level.HEAD, {"signed_in_at": T}, T + 24 * H, T + 24 * H, None, [Cause.CONTACT]),
        (Level.HEAD, {"signed_in_at": T, "contacted_at": T}, T + 24 * H, T + 24 * H, None, []),
        # due
        (Level.HEAD, {"signed_in_at": T, "contacted_at": T}, T + 76 * H, T + 76 * H, None, [Cause.SOON]),
        (Level.HEAD, {"signed_in_at": T, "contacted_at": T}, T + 100 * H, T + 100 * H, Cause.DUE, []),
        # a clock that was long away does the first thing that was missed, once
        (Level.HEAD, {}, T + H, T + 500 * H, Cause.SIGN_IN, []),
        (Level.DISTRICT, {}, T + H, T + 500 * H, None, [Cause.SIGN_IN, Cause.CONTACT, Cause.DUE]),
        (Level.HEAD, {"follow_up_at": T, "signed_in_at": T}, T, T, None, [Cause.FOLLOW_UP]),
        (Level.HEAD, {"suspended_until": T, "signed_in_at": T}, T, T, None, [Cause.RESUMED]),
    ],
)
def test_what_the_clock_does(
    level: Level, more: dict[str, object], since: datetime, now: datetime, escalate: Cause | None, causes: list[Cause]
) -> None:
    verdict = act(running(level, **more), since, now)
    assert verdict.escalate is escalate
    assert sorted(reminder.cause for reminder in verdict.reminders) == sorted(causes)
    assert verdict.next_at is None or verdict.next_at > now


def test_what_was_missed_is_told_to_the_superior_too() -> None:
    told = act(running(Level.DISTRICT), T + H, T + 500 * H).reminders
    assert all(reminder.superior_too for reminder in told)
    soon = act(running(signed_in_at=T, contacted_at=T), T + 76 * H, T + 76 * H).reminders
    assert [(reminder.superior_too, reminder.at) for reminder in soon] == [(False, T + 100 * H)]
