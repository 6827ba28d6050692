"""Floods: who is counted together, for how long, in one process and in several."""

import logging
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from server.core.counters import Counts
from server.core.crypto import Keyring
from server.core.limits import Limits, plain_address, plain_code
from server.rules.allowances import Allowance
from tests.server.core.flooder import NOW, TEN, let_in, settings

HOUSE = Path(__file__).parents[3]
KEYRING = Keyring((b"k" * 32,))
ME = {"address": "203.0.113.9"}


def limits(redis_url: str = "", workers: int = 1, generosity: int = 1) -> Limits:
    return Limits(settings(redis_url, workers), KEYRING, generosity=generosity)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8:1:2::1", "2001:0DB8:1:2:ffff:ffff:ffff:ffff", True),  # one household's /64
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::1", "::2", False),
        ("not:an:address", "not:an:address", True),
        ("", "", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (plain_address(one) == plain_address(other)) is same


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("abcd-efgh-jkmn", "abcdefghjkmn"),
        ("AB CD·ef_gh.jk", "abcdefghjk"),
        ("\uff41\uff42\uff43\uff11", "abc1"),
        ("o0il", "0011"),
        ("", ""),
    ],
)
def test_a_code_however_it_is_typed_is_one_code(typed: str, kept: str) -> None:
    assert plain_code(typed) == kept


@pytest.mark.parametrize(
    ("workers", "generosity", "passes"), [(1, 1, 10), (2, 1, 5), (3, 1, 4), (4, 1, 3), (16, 1, 1), (2, 3, 15)]
)
def test_alone_a_process_lets_in_its_share_rounded_up(workers: int, generosity: int, passes: int) -> None:
    assert let_in(limits(workers=workers, generosity=generosity), 40) == passes


def test_a_window_ends_when_it_was_said_to_end() -> None:
    counted = limits()
    assert let_in(counted, 10) == 10
    refusal = counted.refuse((TEN,), ME, NOW)
    assert refusal
    assert 1 <= refusal.seconds <= 60
    assert counted.refuse((TEN,), ME, NOW + timedelta(seconds=refusal.seconds - 1))
    assert counted.refuse((TEN,), ME, NOW + timedelta(seconds=refusal.seconds)) is None


def test_windows_of_different_callers_end_at_different_moments() -> None:
    counted = limits()
    ends = set()
    for number in range(20):
        let_in(counted, 10, f"203.0.113.{number}")
        refusal = counted.refuse((TEN,), {"address": f"203.0.113.{number}"}, NOW)
        assert refusal
        ends.add(refusal.seconds)
    assert len(ends) > 8


def test_a_neighbour_s_flood_does_not_use_up_the_code() -> None:
    both = Allowance("both", per_address="10/minute", per_code="12/minute")
    counted = limits()
    flooder, neighbour = {**ME, "code": "abc"}, {"address": "203.0.113.10", "code": "abc"}
    assert sum(counted.refuse((both,), flooder, NOW) is None for _ in range(100)) == 10
    assert sum(counted.refuse((both,), neighbour, NOW) is None for _ in range(10)) == 2  # the code is a caller too
    assert counted.refuse((both,), {"address": "203.0.113.10", "code": "abd"}, NOW + timedelta(minutes=1)) is None


def test_a_repetition_with_its_key_is_counted_once_but_not_for_ever() -> None:
    counted = limits()
    assert [counted.refuse((TEN,), ME, NOW, key="k1") is None for _ in range(4)] == [True] * 4
    assert let_in(counted, 20) == 9
    # Of those that were let in, and only those: a key is no ticket.
    assert counted.refuse((TEN,), ME, NOW, key="k2")
    assert counted.refuse((TEN,), ME, NOW, key="k2")
    assert counted.refuse((TEN,), ME, NOW, key="k1")  # after three repetitions it counts like any other


def test_only_failures_count_where_only_they_do() -> None:
    guesses = Allowance("guesses", per_address="10/minute", failures_only=True)
    counted = limits()
    assert all(counted.refuse((guesses,), ME, NOW) is None for _ in range(50))
    for _ in range(10):
        assert counted.refuse((guesses,), ME, NOW) is None
        counted.note_failure((guesses, TEN), ME, NOW)
    refusal = counted.refuse((guesses,), ME, NOW)
    assert refusal
    assert not refusal.a_little  # the form would be looked up
    assert let_in(counted, 20) == 10  # a failure counts nowhere else


def test_memory_stays_bounded_in_a_flood_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counts, "MOST", 100)
    counts = Counts()
    for number in range(1000):
        assert counts.incr(f"k{number}", 60) == 1
        assert len(counts._kept) <= 100
    assert counts.incr("k999", 60) == 2
    assert counts.get("k0") == 0


# --- together, through Redis


def test_two_processes_count_together_in_redis_and_leave_nothing_personal(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    for key in client.keys("louzhang:limits:*"):
        client.delete(key)
    command = [sys.executable, "-m", "tests.server.core.flooder", redis_url, "9"]
    flood = [subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(process.communicate(timeout=30)[0]) for process in flood) == 10
    keys = client.keys("louzhang:limits:*")
    assert len(keys) == 1
    assert b"203.0.113" not in keys[0]
    assert 0 < client.ttl(keys[0]) <= 60
    client.close()


def test_without_redis_each_counts_for_itself_and_nobody_is_turned_away(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert let_in(limits("redis://:a-password@127.0.0.1:1/0", workers=2), 20) == 5
    assert [record.getMessage() for record in caplog.records] == ["Redis does not count, this process does"]
    assert "a-password" not in caplog.text
