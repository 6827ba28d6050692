"""Everything that time itself does. To add a job: write the work in its room, then a row here.

Work is called with the slot and the moment; what it wrote is committed when it ends, together with the mark "done".
Long work yields where it may be committed, or opens transactions of its own. It may be called again for the same slot
after a crash, so it must be safe to run twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from server.core import auth, idempotency, outbox_ledger, retention
from server.jobs import ledger
from server.jobs.slots import Slots, after_each_month, every_ten_minutes, hourly, nightly
from server.rules import calendar

Steps = Iterator[None]


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the timetable. `slots` tells which slots are due at a moment, oldest first."""

    name: str
    slots: Slots
    steps: Callable[[str, datetime], Steps]


def at_once(work: Callable[[datetime], object]) -> Callable[[str, datetime], Steps]:
    """Work of a single step that only needs the moment."""

    def steps(_slot: str, now: datetime) -> Steps:
        work(now)
        yield from ()

    return steps


def _close_month(slot: str, now: datetime) -> Steps:
    from server.scores import service

    service.close_month_everywhere(calendar.parse_month(slot), now)
    yield from ()


def _close_silent_issues(now: datetime) -> None:
    from server.issues import service

    service.close_silent(now)


def _queue_overdue_checks(now: datetime) -> None:
    from server.moderation import service

    service.queue_overdue(now)


def _run_clocks(now: datetime) -> None:
    from server.issues import service

    service.run_clocks(now)


def _run_whistle_clocks(now: datetime) -> None:
    from server.issues import service

    service.run_whistle_clocks(now)


def _sweep_photos(now: datetime) -> None:
    from server.photos import service

    service.sweep(now)


def _forget_callbacks(now: datetime) -> None:
    from server.callbacks import service

    service.forget_old(now)


def _erase_retained(_slot: str, now: datetime) -> Steps:
    while retention.erase_some(now):
        yield


TIMETABLE = (
    Job("close_month", after_each_month(8), _close_month),
    Job("close_silent_issues", hourly, at_once(_close_silent_issues)),
    Job("queue_overdue_checks", every_ten_minutes, at_once(_queue_overdue_checks)),
    Job("run_clocks", every_ten_minutes, at_once(_run_clocks)),
    Job("run_whistle_clocks", every_ten_minutes, at_once(_run_whistle_clocks)),
    Job("erase_retained", nightly(3), _erase_retained),
    Job("sweep_photos", nightly(3), at_once(_sweep_photos)),
    Job("forget_idempotency_keys", nightly(4), at_once(idempotency.forget_old)),
    Job("forget_sign_in_failures", nightly(4), at_once(auth.forget_failures)),
    Job("forget_callbacks", nightly(4), at_once(_forget_callbacks)),
    Job("forget_sessions", nightly(4), at_once(auth.forget_sessions)),
    Job("forget_job_runs", nightly(4), at_once(ledger.forget_old)),
    Job("forget_outbox", nightly(4), at_once(outbox_ledger.forget_old)),
)
