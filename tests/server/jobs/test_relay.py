"""The relay: what is done, tried again, given up, and what a crash at any step leaves behind."""

import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import OutboxEntry, SignInFailure
from models.enums import OutboxKind
from server.core import database, outbox, outbox_ledger
from server.core.clock import SetClock
from server.core.outbox import Dead, Done, End, Entry, Later, end_of
from server.jobs import relay
from tests.world import World
from wechat.gateway import Gateway, TooManyCalls, WeChatBusy, WeChatError

KIND = OutboxKind.CODE_IMAGE
HOUR = timedelta(hours=1)


class PowerCut(BaseException):
    """Nothing catches it: as good as a kill."""


class Work:
    """A handler that leaves traces and can be told what to do at each step."""

    def __init__(self) -> None:
        self.seen: list[Entry] = []
        self.asked: list[int] = []
        self.loading: Callable[[Entry], Any] = lambda entry: entry.subject
        self.asking: Callable[[int], Any] = lambda subject: "fine"
        self.settling: Callable[[Any], None] = lambda answer: None

    def load(self, entry: Entry, now: Any) -> Any:
        self.seen.append(entry)
        return self.loading(entry)

    def ask(self, gateway: Gateway, loaded: Any) -> Any:
        self.asked.append(loaded)
        return self.asking(loaded)

    def settle(self, entry: Entry, loaded: Any, answer: Any | WeChatError, now: Any) -> End:
        database.connection().execute(sa.insert(SignInFailure).values(subject=b"s" * 16, at=now))
        self.settling(answer)
        return end_of(answer) if isinstance(answer, WeChatError) else Done("sent", answer)


@pytest.fixture
def work() -> Work:
    return Work()


def put(world: World, *subjects: int) -> None:
    with world.writing():
        outbox.put_many(KIND, list(subjects), world.clock.now())


def run(app: Flask, work: Work) -> list[str]:
    return relay.run(app, {KIND: work})


def rows(world: World) -> list[Any]:
    with world.reading() as connection:
        return list(connection.execute(sa.select(OutboxEntry.__table__).order_by(OutboxEntry.id)))


def traces(world: World) -> int:
    with world.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(SignInFailure)).scalar_one()


def test_each_entry_is_done_once_oldest_first(app: Flask, world: World, clock: SetClock, work: Work) -> None:
    put(world, 7)
    clock.advance(HOUR)
    put(world, 3, 7, 9)
    assert run(app, work) == ["code_image sent"] * 3
    assert work.asked == [7, 3, 9]
    assert run(app, work) == []
    assert [(r.outcome, r.receipt, r.attempts, r.unsure) for r in rows(world)] == [("sent", "fine", 1, 0)] * 3


def test_an_entry_that_ends_while_loading_is_not_asked_about(app: Flask, world: World, work: Work) -> None:
    put(world, 1)
    work.loading = lambda entry: Done("nobody")
    assert run(app, work) == ["code_image nobody"]
    assert (work.asked, traces(world)) == ([], 0)


def test_nothing_is_done_before_its_time_or_without_a_handler(
    app: Flask, world: World, clock: SetClock, work: Work
) -> None:
    with world.writing():
        outbox.put(KIND, 1, clock.now(), after=HOUR)
    assert run(app, work) == []
    clock.advance(HOUR)
    assert relay.run(app, {OutboxKind.CONTENT_CHECK: work}) == []
    assert run(app, work) == ["code_image sent"]


def test_no_transaction_is_open_while_wechat_is_asked(app: Flask, world: World, work: Work) -> None:
    put(world, 1)

    def asking(_: int) -> str:
        thread = threading.Thread(target=put, args=(world, 2))  # would wait for SQLite's one writer
        thread.start()
        thread.join()
        return ""

    work.asking = asking
    assert run(app, work) == ["code_image sent"] * 2


def fails(world: World, work: Work, error: Exception) -> Any:
    def asking(_: int) -> None:
        raise error

    work.asking = asking
    run(world.app, work)
    return rows(world)[0]


def test_pauses_grow_and_are_spread(app: Flask, world: World, clock: SetClock, work: Work) -> None:
    put(world, 1)
    pauses = []
    for _ in range(14):
        row = fails(world, work, WeChatBusy("system busy"))
        pauses.append((row.not_before - clock.now()).total_seconds())
        clock.set(row.not_before)
    for nth, pause in enumerate(pauses):
        longest = min(1.0 * 2**nth, 3600)
        assert longest / 2 <= pause <= longest
    assert len({pause / 2**nth for nth, pause in enumerate(pauses[:8])}) > 1
    assert (row.attempts, row.unsure, row.error) == (14, 0, "wechat_busy: system busy")


def test_wechats_own_pause_is_honoured(app: Flask, world: World, clock: SetClock, work: Work) -> None:
    put(world, 1)
    row = fails(world, work, TooManyCalls("quota", retry_after=3600.0))
    assert row.not_before == clock.now() + HOUR


def test_what_failed_for_72_hours_is_dead_with_its_reason(
    app: Flask, world: World, clock: SetClock, work: Work
) -> None:
    put(world, 1)
    while (row := fails(world, work, WeChatBusy("system busy"))).dead_at is None:
        clock.set(row.not_before)
    age = row.dead_at - row.created_at
    assert timedelta(hours=71) - timedelta(hours=1) <= age < timedelta(hours=72)
    assert row.error == "gave up after 72 hours: wechat_busy: system busy"
    clock.advance(HOUR)
    assert run(app, work) == []
    with world.writing():
        assert outbox_ledger.retry(row.id, clock.now())
        assert not outbox_ledger.retry(row.id, clock.now())
    work.asking = lambda _: ""
    assert run(app, work) == ["code_image sent"]


def test_a_final_error_is_dead_at_once(app: Flask, world: World, work: Work) -> None:
    put(world, 1)
    assert fails(world, work, WeChatError("no")).dead_at is not None


def test_the_end_of_an_answered_attempt_is_known_and_of_an_unanswered_one_is_not(
    app: Flask, world: World, clock: SetClock, work: Work
) -> None:
    put(world, 1)
    assert fails(world, work, WeChatBusy("no answer", unsure=True)).unsure == 1
    clock.advance(HOUR)
    row = fails(world, work, WeChatBusy("system busy"))
    assert (row.unsure, work.seen[-1].unsure, work.seen[-1].attempts) == (1, 1, 2)


@pytest.mark.parametrize("step", ["loading", "asking", "settling"])
def test_a_crash_at_any_step_leaves_the_entry_to_its_lease(
    app: Flask, world: World, clock: SetClock, work: Work, step: str
) -> None:
    put(world, 1)

    def cut(_: Any) -> None:
        raise PowerCut

    fine = getattr(work, step)
    setattr(work, step, cut)
    with pytest.raises(PowerCut):
        run(app, work)
    setattr(work, step, fine)
    assert run(app, work) == []
    clock.advance(outbox_ledger.LEASE)
    assert run(app, work) == ["code_image sent"]
    assert (work.seen[-1].attempts, work.seen[-1].unsure) == (2, 0 if step == "loading" else 1)
    assert traces(world) == 1


@pytest.mark.parametrize("step", ["loading", "asking", "settling"])
def test_a_mistake_of_ours_is_told_by_its_kind_and_tried_again(
    app: Flask, world: World, clock: SetClock, work: Work, step: str
) -> None:
    put(world, 1)

    def fail(_: Any) -> None:
        raise ZeroDivisionError("something personal")

    fine = getattr(work, step)
    setattr(work, step, fail)
    assert run(app, work) == ["code_image failed"]
    row = rows(world)[0]
    assert (row.error, row.unsure, traces(world)) == ("ZeroDivisionError", 0 if step == "loading" else 1, 0)
    setattr(work, step, fine)
    clock.set(row.not_before)
    assert run(app, work) == ["code_image sent"]


def test_what_wechat_did_is_not_asked_again_because_the_database_was_away(app: Flask, world: World, work: Work) -> None:
    put(world, 1)

    def away(_: Any) -> None:
        work.settling = lambda answer: None
        raise sqlite3.OperationalError("database is locked")

    work.settling = away
    assert run(app, work) == ["code_image sent"]
    assert (work.asked, traces(world)) == ([1], 1)
    assert [(row.attempts, row.unsure, row.crashed) for row in rows(world)] == [(1, 0, 0)]


def test_a_silence_is_noted_while_it_lasts_and_forgotten_with_the_answer(app: Flask, world: World, work: Work) -> None:
    put(world, 1)
    noted: list[tuple[int, int]] = []

    def asking(_: int) -> str:
        until = time.monotonic() + 30
        while not noted or (noted[-1] != (1, 0) and time.monotonic() < until):
            noted.append((rows(world)[0].unsure, rows(world)[0].crashed))
        return "fine"

    work.asking = asking
    assert relay.run(app, {KIND: work}, moment=0.2) == ["code_image sent"]
    assert noted[-1] == (1, 0)
    assert [(row.attempts, row.unsure, row.crashed) for row in rows(world)] == [(1, 0, 0)]


@pytest.mark.parametrize("step", ["asking", "settling"])
def test_whoever_was_overtaken_leaves_nothing_behind(
    app: Flask, world: World, clock: SetClock, work: Work, step: str
) -> None:
    put(world, 1)
    other = Work()

    def overtake(_: Any) -> str:
        database.rollback()  # let the other one in, on SQLite too
        clock.advance(outbox_ledger.LEASE)
        assert run(app, other) == ["code_image sent"]
        return "late"

    setattr(work, step, overtake)
    assert run(app, work) == ["code_image overtaken"]
    assert rows(world)[0].receipt == "fine"
    assert traces(world) == 1


def test_an_entry_that_another_works_on_cannot_be_ended_by_whom_it_was_taken_from(
    app: Flask, world: World, clock: SetClock, work: Work
) -> None:
    put(world, 1)

    def overtake(_: Any) -> str:
        clock.advance(outbox_ledger.LEASE)
        with world.writing():
            assert outbox_ledger.claim(clock.now(), [KIND]) is not None
        return "late"

    work.asking = overtake
    assert run(app, work) == ["code_image overtaken"]
    (row,) = rows(world)
    assert (row.done_at, row.attempts, traces(world)) == (None, 2, 0)


def test_whoever_slept_through_the_lease_does_not_ask(app: Flask, world: World, clock: SetClock, work: Work) -> None:
    put(world, 1)

    class Sleepy(Work):
        def load(self, entry: Entry, now: Any) -> Any:
            clock.advance(outbox_ledger.LEASE)
            return super().load(entry, now)

    sleepy = Sleepy()
    with world.writing():
        held = outbox_ledger.claim(clock.now(), [KIND])
    assert held is not None
    assert (relay._work(app, held, {KIND: sleepy}, outbox_ledger.LEASE), sleepy.asked) == ("overtaken", [])


def test_four_relays_at_once_do_each_entry_once(app: Flask, world: World, work: Work) -> None:
    put(world, *range(1, 61))
    relays = [relay.Relay(app, {KIND: work}, threads=2) for _ in range(2)]
    for each in relays:
        each.start()
    pause = threading.Event()
    for _ in range(600):
        if all(row.done_at for row in rows(world)):
            break
        pause.wait(0.05)
    assert [each.stop() for each in relays] == [True, True]
    assert sorted(work.asked) == list(range(1, 61))
    assert {row.attempts for row in rows(world)} == {1}


def test_old_ends_are_forgotten_but_not_the_dead(app: Flask, world: World, clock: SetClock, work: Work) -> None:
    put(world, 1, 2)
    work.loading = lambda entry: Done("fine") if entry.subject == 1 else Dead("cannot be")
    run(app, work)
    clock.advance(outbox_ledger.KEPT + HOUR)
    with world.writing():
        assert outbox_ledger.forget_old(clock.now()) == 1
        assert [letter.error for letter in outbox_ledger.dead_letters()] == ["cannot be"]
        assert [(s.kind, s.waiting, s.done, s.dead) for s in outbox_ledger.standings()] == [(KIND, 0, 0, 1)]


def test_later_without_a_pause_uses_the_growing_ones(app: Flask, world: World, clock: SetClock, work: Work) -> None:
    put(world, 1)
    work.loading = lambda entry: Later("not yet")
    assert run(app, work) == ["code_image later"]
    assert clock.now() < rows(world)[0].not_before <= clock.now() + timedelta(seconds=1)
