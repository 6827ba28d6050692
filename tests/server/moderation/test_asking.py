"""What is checked, who is asked, and what comes of every answer."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import OutboxEntry
from models.enums import CheckedBy, CheckState, HeldFor
from tests.server.moderation.conftest import OPENID, Checking, ChosenWeChat
from tests.server.photos.album import kept
from wechat.gateway import (
    NotAllowed,
    RequestRefused,
    Suggestion,
    TooManyCalls,
    UnknownRecipient,
    UserAway,
    Verdict,
    WeChatBusy,
    WeChatMisconfigured,
)

S, H = CheckState, HeldFor


def test_a_text_goes_to_wechat_with_its_spot_and_the_openid(check: Checking, wechat: ChosenWeChat) -> None:
    check.report("三楼水管漏水", spot="2单元3楼")
    assert check.work() == ["passed"]
    assert wechat.texts == [("三楼水管漏水\n2单元3楼", OPENID)]
    (row,) = check.checks()
    assert (row.state, row.checked_by, row.label) == (S.PASSED, CheckedBy.WECHAT, None)


def test_asking_twice_makes_one(check: Checking, wechat: ChosenWeChat) -> None:
    check.report(photos=2)
    assert [check.ask(), check.ask()] == [3, 0]
    check.work()
    check.work()
    assert (len(check.checks()), len(wechat.texts), len(wechat.urls)) == (3, 1, 2)


@pytest.mark.parametrize(
    ("suggestion", "label", "state", "held"),
    [
        (Suggestion.PASS, 100, S.PASSED, None),
        (Suggestion.REVIEW, 20012, S.QUEUED, H.VULGAR),
        (Suggestion.RISKY, 20003, S.WITHHELD, H.ABUSE),
    ],
)
def test_the_verdict_is_written_down(
    check: Checking, wechat: ChosenWeChat, suggestion: Suggestion, label: int, state: CheckState, held: HeldFor | None
) -> None:
    wechat.verdict = Verdict(suggestion, label, "t")
    check.report()
    check.work()
    (row,) = check.checks()
    assert (row.state, row.label, row.checked_by) == (state, held, CheckedBy.WECHAT)


def test_without_the_mini_program_the_word_list_and_the_queue_decide(check: Checking, wechat: ChosenWeChat) -> None:
    check.report("三楼水管漏水", anonymous=True, photos=1)
    check.report("物业都是傻 逼", anonymous=True)
    check.report("楼上往下漏水，水管在滴水", anonymous=True)  # tapped, not written
    assert check.work() == []
    found = [(row.state, row.label, row.checked_by) for row in check.checks()]
    assert found == [
        (S.QUEUED, H.UNCHECKED, None),
        (S.QUEUED, H.UNCHECKED, None),
        (S.QUEUED, H.ABUSE, CheckedBy.WORDS),
        (S.PASSED, None, CheckedBy.WORDS),
    ]
    assert wechat.texts == wechat.urls == []


@pytest.mark.parametrize("away", ["two hours ago", "in another app", "never"])
def test_who_was_not_here_lately_is_not_asked_about(check: Checking, wechat: ChosenWeChat, away: str) -> None:
    if away == "two hours ago":
        check.forward(hours=2)
    elif away == "in another app":
        check.seen("wx-other")
    check.report(anonymous=away == "never")
    check.work()
    assert (check.states(), wechat.texts) == ([S.QUEUED], [])


def test_who_leaves_between_report_and_check_goes_to_the_queue(check: Checking, wechat: ChosenWeChat) -> None:
    check.forward(hours=1, minutes=59)
    check.report()
    check.ask()
    check.forward(minutes=1)
    check.work()
    (row,) = check.checks()
    assert (row.state, row.label, wechat.texts) == (S.QUEUED, H.AWAY, [])


def test_where_the_check_is_not_configured_everything_waits_for_a_person(
    app: Flask, check: Checking, wechat: ChosenWeChat
) -> None:
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, wechat=replace(settings.wechat, content_check=False))
    check.report(photos=1)
    check.work()
    assert (check.states(), wechat.texts, wechat.urls) == ([S.QUEUED, S.QUEUED], [], [])


def test_what_is_too_long_for_wechat_waits_for_a_person(check: Checking, wechat: ChosenWeChat) -> None:
    check.report("漏" * 2501)
    check.report("漏" * 2500)
    check.work()
    assert [(row.state, row.label) for row in check.checks()] == [(S.QUEUED, H.LONG), (S.PASSED, None)]


def test_a_word_of_the_list_holds_whatever_wechat_says(check: Checking) -> None:
    check.report("漏水，加微信 abc_12345 疏通")
    check.work()
    (row,) = check.checks()
    assert (row.state, row.label, row.checked_by) == (S.QUEUED, H.ADS, CheckedBy.WORDS)


def test_the_reporters_notes_are_checked_and_the_offices_are_not(check: Checking, wechat: ChosenWeChat) -> None:
    head = check.world.head(check.building)
    issue = check.report()
    check.work()
    done = kept(head, use="done")
    assert check.reporter.post(f"/api/v1/my/issues/{issue}/notes", json={"text": "还在漏"}).status_code == 200
    assert head.post(f"/api/v1/issues/{issue}/notes", json={"text": "马上来"}).status_code == 200
    assert head.post(f"/api/v1/issues/{issue}/accept", json={}).status_code == 200
    assert head.post(f"/api/v1/issues/{issue}/start", json={}).status_code == 200
    body = {"text": "换了管子", "done_by": "物业师傅", "photo_ids": [done]}
    assert head.post(f"/api/v1/issues/{issue}/resolve", json=body).status_code == 200
    assert check.reporter.post(f"/api/v1/my/issues/{issue}/reopen", json={"text": "又漏了"}).status_code == 200
    check.work()
    assert [text for text, _ in wechat.texts] == ["三楼水管漏水", "还在漏", "又漏了"]
    assert len(check.checks()) == 3


def test_a_residents_photo_is_checked_whatever_they_call_it(check: Checking) -> None:
    """An upload may name its own use: calling it a picture of finished work must not spare it the check."""
    photo = kept(check.reporter, use="done")
    body = {"category": "leak", "text": "漏水", "code": check.building.stairwell_code, "photo_ids": [photo]}
    assert check.reporter.post("/api/v1/issues", json=body).status_code == 201
    check.work()
    assert [bool(row.photo_id) for row in check.checks()] == [False, True]


def test_a_report_taken_by_the_office_waits_for_a_person(check: Checking, wechat: ChosenWeChat) -> None:
    body = {"category": "leak", "text": "王奶奶说漏水", "building": check.building.public_id, "channel": "phone"}
    assert check.clerk.post("/api/v1/issues", json=body).status_code == 201
    check.work()
    assert (check.states(), wechat.texts) == ([S.QUEUED], [])


@pytest.mark.parametrize(
    ("error", "label", "ends"),
    [
        (UserAway("away"), H.AWAY, "queued"),
        (UnknownRecipient("no such openid"), H.FAILED, "dead"),
        (NotAllowed("no right"), H.FAILED, "dead"),
        (RequestRefused("what?"), H.FAILED, "dead"),
    ],
)
def test_where_wechat_gives_no_verdict_a_person_does(
    check: Checking, wechat: ChosenWeChat, error: Any, label: HeldFor, ends: str
) -> None:
    wechat.verdict = wechat.order = error
    check.report(photos=1)
    assert check.work() == [ends, ends]
    assert [(row.state, row.label, row.checked_by) for row in check.checks()] == [(S.QUEUED, label, None)] * 2


@pytest.mark.parametrize(
    "error", [WeChatBusy("busy"), TooManyCalls("slow down", retry_after=60), WeChatMisconfigured("?")]
)
def test_while_wechat_is_busy_it_is_asked_again_and_after_two_hours_a_person(
    check: Checking, wechat: ChosenWeChat, error: Any
) -> None:
    wechat.verdict = error
    check.report()
    check.work()
    assert check.states() == [S.WAITING]
    for _ in range(13):
        check.forward(minutes=10)
        check.seen()
        check.work()
        check.overdue()
    (row,) = check.checks()
    assert (row.state, row.label) == (S.QUEUED, H.LATE)
    asked = len(wechat.texts)
    assert asked >= 3
    check.forward(hours=1)
    check.work()
    assert len(wechat.texts) == asked


def test_a_quota_that_ends_tomorrow_goes_to_a_person_at_once(check: Checking, wechat: ChosenWeChat) -> None:
    wechat.verdict = TooManyCalls("tomorrow", retry_after=12 * 3600)
    check.report()
    check.work()
    assert [(row.state, row.label) for row in check.checks()] == [(S.QUEUED, H.LATE)]


def test_busy_and_then_not(check: Checking, wechat: ChosenWeChat) -> None:
    wechat.verdict = WeChatBusy("busy")
    check.report()
    check.work()
    wechat.verdict = Verdict(Suggestion.PASS, 100, "t")
    check.forward(minutes=30)
    check.work()
    assert check.states() == [S.PASSED]


def test_wechat_thinks_outside_any_transaction(check: Checking, wechat: ChosenWeChat) -> None:
    """A citizen reports while WeChat thinks: with a transaction open SQLite's one writer would be taken."""
    wechat.during = lambda: check.report("另一件事", anonymous=True)
    check.report(photos=1)
    check.work()
    assert len(wechat.texts) == len(wechat.urls) == 1


def test_a_person_who_decides_while_wechat_thinks_is_not_overturned(check: Checking, wechat: ChosenWeChat) -> None:
    def decide() -> None:
        assert check.decide(False, "写了名字").status_code == 200

    wechat.during = decide
    check.report()
    check.work()
    (row,) = check.checks()
    assert (row.state, row.checked_by, row.reason) == (S.WITHHELD, CheckedBy.PERSON, "写了名字")


def test_a_handler_that_crashed_asks_again_and_settles_once(check: Checking, wechat: ChosenWeChat) -> None:
    def crash() -> None:
        wechat.during = None
        raise RuntimeError

    wechat.during = crash
    check.report(photos=1)
    check.work()
    check.forward(minutes=10)
    check.work()
    assert check.states() == [S.PASSED, S.WAITING]


def test_nothing_personal_is_logged_or_kept_in_the_outbox(
    check: Checking, wechat: ChosenWeChat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = "老王家漏水"
    for answer in (Verdict(Suggestion.RISKY, 20003, "t"), UserAway("away"), NotAllowed("no right"), WeChatBusy("busy")):
        wechat.verdict = answer
        check.report(text)
        check.work()
    told = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    with check.world.reading() as connection:
        told += str(connection.execute(sa.select(OutboxEntry.__table__)).all())
    assert OPENID not in told
    assert text not in told


def test_an_event_nobody_knows_makes_nothing(check: Checking) -> None:
    from server.moderation import service

    with check.world.writing():
        assert service.ask_for_event(999, check.world.clock.now() + timedelta(0)) == 0
