"""The ledger counts exactly what it no longer keeps, and faults strike as often as they were told to."""

import threading
from collections import Counter

import pytest
import requests

from tests.wechat.asking import Asker
from wechat.sandbox.faults import FaultKind, Faults
from wechat.sandbox.ledger import Ledger
from wechat.sandbox.server import RunningSandbox

IPS = "/cgi-bin/getcallbackip"


def test_counts_are_exact_beyond_what_is_kept() -> None:
    ledger = Ledger()

    def ask(path: str) -> None:
        for number in range(800):
            ledger.complete(ledger.arrive(0, "GET", path, {}), 200, 43101 if number % 2 else None)

    threads = [threading.Thread(target=ask, args=(path,)) for path in ("/a/b", "/a/b", "/a/c", "/d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (ledger.count("/a/b"), ledger.count("/a"), ledger.count(), ledger.count("/x")) == (1600, 2400, 3200, 0)
    assert ledger.count("/a", errcode=43101) == 1200
    assert len(ledger.entries()) == 1000
    ledger.clear()
    assert ledger.count() == 0


def test_eight_threads_are_all_answered_and_all_counted(sandbox: RunningSandbox) -> None:
    askers = [Asker(sandbox) for _ in range(8)]
    answers: Counter[bool] = Counter()

    def hammer(ask: Asker) -> None:
        for _ in range(40):
            answers["ip_list" in ask.get(IPS)] += 1

    threads = [threading.Thread(target=hammer, args=(ask,)) for ask in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {True: 320}
    assert sandbox.ledger.count(IPS) == 320
    assert sandbox.ledger.count("/cgi-bin/stable_token") == 8


def test_secrets_are_masked_wherever_they_stand() -> None:
    ledger = Ledger()
    secret = {"secret": "s1", "appsecret": "s2", "access_token": "s3", "session_key": "s4", "signature": "s5"}
    entry = ledger.arrive(0, "GET", "/", secret | {"mobile_no": "s6", "openid": "o"})
    assert set(entry.asked.values()) == {"***", "o"}


def struck(faults: Faults, path: str = "/a", times: int = 4000) -> Counter[str]:
    return Counter(fault.kind if (fault := faults.take(path)) else "" for _ in range(times))


def test_chances_add_up_and_the_same_seed_draws_the_same_lots() -> None:
    faults = Faults()
    faults.add("drop", chance=0.1, path="/a", seed=7)
    faults.add("hang", chance=0.05)
    counted = struck(faults)
    assert 320 < counted[FaultKind.DROP] < 480
    assert 140 < counted[FaultKind.HANG] < 260
    assert 140 < struck(faults, "/b")[FaultKind.HANG] < 260

    again = Faults()
    again.add("drop", chance=0.1, path="/a", seed=7)
    again.add("hang", chance=0.05)
    assert struck(again) == counted


def test_a_chance_of_nought_never_and_an_order_after_it_still_strikes() -> None:
    faults = Faults()
    faults.add("drop", chance=0.0)
    faults.add("html_502")
    assert struck(faults, times=10) == {FaultKind.HTML_502: 1, "": 9}


def test_a_limited_number_of_lots() -> None:
    faults = Faults()
    faults.add("drop", chance=0.5, times=3, seed=1)
    assert struck(faults)[FaultKind.DROP] == 3


def test_chances_are_ordered_over_http(ask: Asker, sandbox: RunningSandbox) -> None:
    ask.control("POST", "/faults", kind="drop", chance=0.5, seed=3, path=IPS)
    lost = 0
    for _ in range(40):
        try:
            ask.get(IPS)
        except requests.ConnectionError:
            lost += 1
    assert 8 < lost < 32
    assert sandbox.ledger.count(IPS) == 40
    ask.control("DELETE", "/faults")
    assert "ip_list" in ask.get(IPS)
    assert ask.control("POST", "/faults", kind="drop", chance=2).status_code == 400


@pytest.mark.parametrize("path", ["/_sandbox/reset", "/act", "/"])
def test_a_page_of_another_site_presses_no_button(sandbox: RunningSandbox, path: str) -> None:
    answer = requests.post(sandbox.base_url + path, headers={"Sec-Fetch-Site": "cross-site"}, timeout=5)
    assert answer.status_code == 403
