"""Messages on their way to WeChat: one accept is one message, refusals are final, nobody is told twice."""

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Appointment, OutboxEntry, Person, SubscriptionGrant, WeChatAccount, new_public_id
from models.enums import GrantEnd, MessageKind, OutboxKind, Role
from server.core import outbox_ledger
from server.jobs import relay
from server.notices import service
from server.notices.service import SendMessage, Telling
from server.notices.service.sending import MOST_UNSURE, Letter
from tests.queries import count_queries
from tests.server.notices.wechat import Phone, Phones
from tests.world import World
from wechat.gateway import Gateway
from wechat.sandbox.messages import SEND, Messages

FACTS = {"building": "阳光小区3栋", "category": "漏水渗水"}


def tell(world: World, to: Phone, key: str = "a", kind: MessageKind = MessageKind.NEW_ISSUE) -> int:
    telling = Telling(to.caller.person_id, kind, "有新诉求", "点开查看。", "/api/v1/issues/x1", key, FACTS)
    with world.writing():
        return service.tell_many([telling], world.clock.now())


def entries(world: World) -> list[Any]:
    table = OutboxEntry.__table__
    with world.reading() as connection:
        return list(connection.execute(sa.select(table).where(table.c.kind == OutboxKind.MESSAGE).order_by(table.c.id)))


def ends(world: World) -> list[GrantEnd | None]:
    with world.reading() as connection:
        return list(connection.execute(sa.select(SubscriptionGrant.ended_why).order_by(SubscriptionGrant.id)).scalars())


def test_an_accept_is_good_for_one_message_and_the_inbox_never_depends_on_it(world: World, phones: Phones) -> None:
    head = phones.person()
    assert head.good_for(MessageKind.NEW_ISSUE) == 0
    head.accept(phones.new_issue)
    assert head.good_for(MessageKind.NEW_ISSUE) == 1
    tell(world, head, "a")
    tell(world, head, "b")
    assert phones.relay() == ["sent", "no_consent"]
    (message,) = head.messages
    assert message.data == {
        "thing1": "阳光小区3栋",
        "phrase2": "待受理",
        "time3": "2026年10月12日 09:00",
        "thing4": "漏水渗水",
    }
    assert entries(world)[0].receipt == message.msgid
    assert head.good_for(MessageKind.NEW_ISSUE) == 0
    assert ends(world) == [GrantEnd.SPENT]
    assert len(head.inbox) == 2
    tell(world, head, "c")
    assert len(entries(world)) == 2  # without consent nothing is even tried


def test_who_never_agreed_or_has_no_phone_is_told_in_the_app_only(world: World, phones: Phones) -> None:
    silent, clerk = phones.person(), world.resident()
    tell(world, silent)
    with world.writing():
        service.tell(clerk.person_id, MessageKind.NEW_ISSUE, "题", "文", "", "k", world.clock.now())
    assert (entries(world), silent.inbox) == ([], ["有新诉求"])


def test_whose_post_ended_meanwhile_is_told_nothing_more_through_wechat(world: World, phones: Phones) -> None:
    """The relay stood still over her last day: what the building reports is her successor's business."""
    building = world.building()
    gone, moved = phones.person((Role.HEAD, building)), phones.person((Role.HEAD, building))
    for head in (gone, moved):
        head.accept(phones.new_issue)
        tell(world, head)
    world.clock.advance(timedelta(hours=1))
    with world.writing() as connection:
        connection.execute(sa.update(Appointment).values(ends_at=world.clock.now()))
        again = {"public_id": new_public_id(), "person_id": moved.caller.person_id, "role": Role.HEAD}
        now = world.clock.now()
        connection.execute(sa.insert(Appointment).values(**again, place_id=building.id, starts_at=now, created_at=now))
    assert phones.relay() == ["post_ended", "sent"]
    assert (gone.messages, gone.good_for(MessageKind.NEW_ISSUE)) == ([], 1)


def test_a_long_term_accept_is_good_for_many_and_counts_once(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.notice)
    head.accept(phones.notice)
    assert head.good_for(MessageKind.NOTICE) is None
    for key in "abc":
        tell(world, head, key, MessageKind.NOTICE)
    assert phones.relay() == ["sent"] * 3
    assert ends(world) == [None]


def test_a_refusal_is_final_for_everything_agreed_before(world: World, phones: Phones) -> None:
    head = phones.person()
    for _ in range(3):
        head.accept(phones.new_issue)
    phones.sandbox.world.room(Messages).withdraw(phones.sandbox.openid(head.user), phones.new_issue)
    before = phones.sandbox.sends_after_43101
    for key in "abc":
        tell(world, head, key)
    assert phones.relay() == ["refused", "no_consent", "no_consent"]
    assert ends(world) == [GrantEnd.REFUSED] * 3
    assert (head.messages, phones.sandbox.sends_after_43101) == ([], before)
    world.clock.advance(timedelta(seconds=1))
    head.accept(phones.new_issue)
    tell(world, head, "d")
    assert phones.relay() == ["sent"]


def test_a_refusal_after_a_lost_answer_means_it_had_arrived(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    phones.sandbox.faults.add("lost_reply", path=SEND)
    assert phones.relay() == ["later"]
    assert (len(head.messages), entries(world)[0].unsure) == (1, 1)
    world.clock.advance(timedelta(minutes=1))
    assert phones.relay() == ["sent"]
    assert (len(head.messages), ends(world)) == (1, [GrantEnd.SPENT])


def test_a_long_term_message_is_not_repeated_for_ever(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.notice)
    tell(world, head, kind=MessageKind.NOTICE)
    phones.sandbox.faults.add("lost_reply", path=SEND, times=0)
    words = []
    for _ in range(10):
        words += phones.relay()
        world.clock.advance(timedelta(hours=1))
    assert words == ["later"] * MOST_UNSURE + ["unsure"]
    assert len(head.messages) == MOST_UNSURE
    phones.sandbox.faults.clear()
    tell(world, head, "b", kind=MessageKind.NOTICE)
    assert phones.relay() == ["sent"]


def test_what_was_read_in_the_app_is_not_sent(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    (item,) = head.caller.get("/api/v1/messages").json["items"]
    head.caller.post(f"/api/v1/messages/{item['id']}/read")
    assert phones.relay() == ["already_read"]
    assert (head.messages, head.good_for(MessageKind.NEW_ISSUE)) == ([], 1)


def test_a_template_that_no_longer_fits_is_a_dead_letter_that_names_the_field(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    phones.sandbox.template(phones.new_issue, {"thing1": "楼栋", "amount2": "金额", "time3": "时间", "thing4": "内容"})
    assert phones.relay() == ["dead"]
    assert entries(world)[0].error.startswith("new_issue: field amount2 does not fit the template")
    assert head.good_for(MessageKind.NEW_ISSUE) == 1


def test_an_unknown_openid_ends_what_was_agreed(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    phones.sandbox.faults.add("errcode", path=SEND, errcode=40003)
    assert phones.relay() == ["unknown_recipient"]
    assert ends(world) == [GrantEnd.REFUSED]


def test_busy_keeps_the_grant_for_this_message(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head, "a")
    tell(world, head, "b")
    phones.sandbox.faults.add("errcode", path=SEND, errcode=-1, times=0)
    assert phones.relay() == ["later", "no_consent"]
    phones.sandbox.faults.clear()
    assert entries(world)[0].not_before >= world.clock.now() + timedelta(seconds=0.5)
    world.clock.set(entries(world)[0].not_before)
    assert phones.relay() == ["sent"]


def test_messages_older_than_three_days_are_not_sent(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    world.clock.advance(timedelta(hours=72))
    assert phones.relay() == ["dead"]
    assert (head.messages, head.good_for(MessageKind.NEW_ISSUE)) == ([], 1)


def test_what_happened_three_days_ago_goes_to_the_inbox_only(world: World, phones: Phones) -> None:
    head, now = phones.person(), world.clock.now()
    head.accept(phones.new_issue)
    for key, age in (("a", timedelta(hours=71)), ("b", timedelta(hours=72))):
        telling = Telling(head.caller.person_id, MessageKind.NEW_ISSUE, "有新诉求", "点开查看。", "", key, FACTS)
        with world.writing():
            assert service.tell_many([telling], now, happened_at=now - age) == 1
    assert len(head.inbox) == 2
    assert phones.relay() == ["sent"]


def test_one_person_gets_one_at_a_time(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    head.accept(phones.new_issue)
    tell(world, head, "a")
    tell(world, head, "b")
    handler = SendMessage()
    with world.writing():
        first = outbox_ledger.claim(world.clock.now(), [OutboxKind.MESSAGE])
    with world.writing():
        second = outbox_ledger.claim(world.clock.now(), [OutboxKind.MESSAGE])
    assert first is not None
    assert second is not None
    with world.writing():
        handler.load(first.entry, world.clock.now())
    assert relay._work(world.app, second, {OutboxKind.MESSAGE: handler}, outbox_ledger.LEASE) == "later"
    assert head.messages == []
    world.clock.advance(outbox_ledger.LEASE)  # the first one's worker died: both go, one after the other
    assert phones.relay() == ["sent", "sent"]
    assert ends(world) == [GrantEnd.SPENT] * 2


@pytest.mark.parametrize("order", [("phone", "push"), ("push", "phone")])
def test_the_same_accept_reported_twice_counts_once(world: World, phones: Phones, order: tuple[str, str]) -> None:
    head = phones.person()

    def report(way: str) -> None:
        if way == "phone":
            head.caller.post("/api/v1/me/subscriptions", json={"results": {phones.new_issue: "accept"}})
        else:
            with world.writing():
                service.grant(head.caller.person_id, phones.new_issue, world.clock.now(), by_push=True)

    for way in order:
        report(way)
        world.clock.advance(timedelta(seconds=3))
    assert head.good_for(MessageKind.NEW_ISSUE) == 1
    for way in order:
        report(way)
    assert head.good_for(MessageKind.NEW_ISSUE) == 2
    report("push")
    world.clock.advance(timedelta(minutes=11))
    report("phone")  # too late to be the same
    assert head.good_for(MessageKind.NEW_ISSUE) == 4


def test_an_accept_that_was_spent_at_once_still_pairs(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    phones.relay()
    with world.writing():
        assert not service.grant(head.caller.person_id, phones.new_issue, world.clock.now(), by_push=True)
    assert head.good_for(MessageKind.NEW_ISSUE) == 0


def test_only_accepts_of_our_own_templates_count(world: World, phones: Phones) -> None:
    head = phones.person()
    results = {phones.new_issue: "reject", phones.notice: "filter", "somebody-elses": "accept"}
    answer = head.caller.post("/api/v1/me/subscriptions", json={"results": results})
    assert [(item["kind"], item["good_for"]) for item in answer.json["items"]] == [
        ("new_issue", 0),
        ("notice", 0),
        ("overdue_soon", 0),
    ]
    bad = head.caller.post("/api/v1/me/subscriptions", json={"results": {phones.notice: "maybe"}})
    assert bad.status_code == 422
    assert world.anyone().get("/api/v1/me/subscriptions").status_code == 401


def test_a_repeated_report_of_the_phone_counts_once(world: World, phones: Phones) -> None:
    head = phones.person()
    for _ in range(2):
        head.caller.post(
            "/api/v1/me/subscriptions",
            json={"results": {phones.new_issue: "accept"}},
            headers={"Idempotency-Key": "0123456789abcdef"},
        )
    assert head.good_for(MessageKind.NEW_ISSUE) == 1


def test_whoever_takes_consent_back_hears_nothing_more(world: World, phones: Phones) -> None:
    head, other = phones.person(), phones.person()
    for phone in (head, other):
        phone.accept(phones.new_issue)
        phone.accept(phones.notice)
        tell(world, phone)
    with world.writing():
        assert service.withdraw(head.caller.person_id, phones.new_issue, world.clock.now()) == 1
        assert service.withdraw(head.caller.person_id, None, world.clock.now()) == 1
    assert phones.relay() == ["no_consent", "sent"]
    assert head.messages == []


def crash(world: World, phones: Phones, *, silent: bool = False) -> None:
    """Send, and die before anything is written down: in the first moment, or when WeChat has been silent for longer."""

    class Dies(SendMessage):
        def ask(self, gateway: Gateway, loaded: Letter) -> str:
            if not silent:
                super().ask(gateway, loaded)
            until = time.monotonic() + 30
            while silent and entries(world)[0].crashed and time.monotonic() < until:
                pass
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay.run(world.app, {OutboxKind.MESSAGE: Dies()}, moment=0.01 if silent else 60.0)
    world.clock.advance(outbox_ledger.LEASE)


def test_a_crash_while_asking_costs_at_most_one_repetition(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.notice)
    tell(world, head, kind=MessageKind.NOTICE)
    crash(world, phones)
    assert phones.relay() == ["sent"]
    assert len(head.messages) == 2
    assert phones.relay() == []


def test_after_two_crashes_in_the_first_moment_there_is_no_third_copy(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.notice)
    tell(world, head, kind=MessageKind.NOTICE)
    crash(world, phones)
    crash(world, phones)
    assert phones.relay() == ["unsure"]
    assert len(head.messages) == 2
    assert head.inbox == ["有新诉求"]


def test_crashes_while_wechat_was_silent_do_not_leave_anybody_without(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.notice)
    tell(world, head, kind=MessageKind.NOTICE)
    for _ in range(3):
        crash(world, phones, silent=True)
    (entry,) = entries(world)
    assert (entry.unsure, entry.crashed) == (3, 0)
    assert phones.relay() == ["sent"]
    assert len(head.messages) == 1


def test_drops_are_borne_until_the_answer_is_certain(world: World, phones: Phones) -> None:
    once, always = phones.person(), phones.person()
    once.accept(phones.new_issue)
    always.accept(phones.notice)
    tell(world, once)
    tell(world, always, kind=MessageKind.NOTICE)
    phones.sandbox.faults.add("drop", path=SEND, times=2 * 7)
    while phones.sandbox.faults.waiting():
        phones.relay()
        world.clock.advance(timedelta(hours=1))
    assert phones.relay() == ["sent", "sent"]
    assert (len(once.messages), len(always.messages)) == (1, 1)


def test_a_one_time_message_is_tried_as_often_as_it_takes(world: World, phones: Phones) -> None:
    head = phones.person()
    head.accept(phones.new_issue)
    tell(world, head)
    phones.sandbox.faults.add("drop", path=SEND, times=3 * MOST_UNSURE)
    for _ in range(3 * MOST_UNSURE):
        assert phones.relay() == ["later"]
        world.clock.advance(timedelta(hours=1))
    assert phones.relay() == ["sent"]
    assert len(head.messages) == 1


def test_a_notice_to_many_costs_few_statements_and_holds_up_nobody(world: World, phones: Phones) -> None:
    def many(number: int, key: str) -> int:
        now = world.clock.now()
        with world.writing() as connection:
            people = [{"public_id": new_public_id(), "name": "", "created_at": now} for _ in range(number)]
            ids = list(connection.execute(sa.insert(Person).returning(Person.id), people).scalars())
            account = {"appid": phones.sandbox.appid, "openid_sealed": b"x", "created_at": now}
            accounts = [{**account, "person_id": i, "openid_index": i.to_bytes(16, "big")} for i in ids]
            connection.execute(sa.insert(WeChatAccount), accounts)
            said = {"long_term": True, "said_by_client": True, "said_by_push": False, "granted_at": now}
            grants = [{**said, "person_id": i, "template": phones.notice} for i in ids]
            connection.execute(sa.insert(SubscriptionGrant), grants)
        with count_queries(world.app) as sent, world.writing():
            tellings = [Telling(i, MessageKind.NOTICE, "题", "文", "", key) for i in ids]
            assert service.tell_many(tellings, now) == number
        return len(sent)

    assert many(10, "few") == many(1000, "many") <= 3
    waiting = entries(world)
    assert len(waiting) == 1010
    assert waiting[-1].not_before > world.clock.now() + timedelta(seconds=40)
