"""One look at the clock: which slots are due and not done? Run them."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from flask import Flask, current_app

from server.core import database
from server.core.clock import Clock
from server.jobs import ledger
from server.jobs.timetable import TIMETABLE, Job

log = logging.getLogger("louzhang.jobs")

_ENDED = object()


def tick(app: Flask, jobs: Sequence[Job] = TIMETABLE, *, stop: Callable[[], bool] = lambda: False) -> list[str]:
    """Run every due slot that nobody did or is doing. Returns what was done, as `name slot`.

    Slots that became due while nothing ran are caught up with. A failing job does not hold up the others; trouble of
    the database is raised. `stop` is asked between slots.
    """
    with app.app_context():
        done: list[str] = []
        for job in jobs:
            now = _now()
            with database.transaction(reads_only=True):
                waiting = ledger.open_slots(job.name, job.slots(now), now)
            for slot in waiting:
                if stop():
                    return done
                if _run(job, slot):
                    done.append(f"{job.name} {slot}")
        return done


def _now() -> datetime:
    """The moment itself: a tick may take long, and leases are counted from now."""
    clock: Clock = current_app.extensions["clock"]
    return clock.now()


def _run(job: Job, slot: str) -> bool:
    began = time.perf_counter()
    now = _now()
    with database.transaction():
        held = ledger.claim(job.name, slot, now)
    if held is None:
        return False
    told = {"job": job.name, "slot": slot}
    try:
        _work(job, held, now)
    except ledger.Overtaken:
        log.warning("overtaken", extra=told)
        return False
    except Exception as error:
        log.exception("job failed", extra=told)
        with suppress(ledger.Overtaken), database.transaction():
            ledger.fail(held, error, _now())
        return False
    log.info("job done", extra={**told, "ms": round((time.perf_counter() - began) * 1000)})
    return True


def _work(job: Job, held: ledger.Claim, now: datetime) -> None:
    """Commit every step together with the proof that the slot is still ours.

    No transaction is begun for a step before its first statement: work that opens its own is free to read first.
    """
    steps = job.steps(held.slot, now)
    ended = False
    while not ended:
        try:
            ended = next(steps, _ENDED) is _ENDED
            if ended:
                ledger.finish(held, _now())
            else:
                ledger.renew(held, _now())
            database.commit()
        except BaseException:
            database.rollback()
            raise
