"""Each question of the gateway against the sandbox: what is sent, what comes back, what each refusal means."""

import json

import pytest

from wechat.gateway import (
    CodeUsedOrExpired,
    ContentRefused,
    Edition,
    Gateway,
    NotAllowed,
    NotSubscribed,
    PageIdentity,
    PhoneNumber,
    RequestRefused,
    Suggestion,
    TemplateRefused,
    TooManyCalls,
    UnknownRecipient,
    UserAway,
    WeChatBusy,
    WeChatError,
    WeChatMisconfigured,
)
from wechat.live import LiveWeChat
from wechat.sandbox.server import RunningSandbox

SEND, CODE, TEXT = "/cgi-bin/message/subscribe/send", "/wxa/getwxacodeunlimit", "/wxa/msg_sec_check"
PHOTO, PHONE, RISK = "/wxa/media_check_async", "/wxa/business/getuserphonenumber", "/wxa/getuserriskrank"
LETTER = {"thing1": "三楼水管漏水", "time2": "2026-10-12 09:00"}


def in_edition(sandbox: RunningSandbox, edition: Edition) -> LiveWeChat:
    return LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, edition=edition)


def test_the_live_gateway_is_a_gateway(gateway: LiveWeChat) -> None:
    promised: Gateway = gateway
    assert all(callable(getattr(promised, name)) for name in vars(Gateway) if not name.startswith("_"))


# Phone numbers


def test_a_phone_number_for_who_pressed_the_button(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.phone("王大姐", "13800000001", country=86)
    code = sandbox.phone_code("王大姐")

    assert gateway.phone_number(code, sandbox.openid("王大姐")) == PhoneNumber("13800000001", "86")
    with pytest.raises(CodeUsedOrExpired):
        gateway.phone_number(code, sandbox.openid("王大姐"))


def test_a_phone_code_of_somebody_else_gives_nothing(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    with pytest.raises(UnknownRecipient):
        gateway.phone_number(sandbox.phone_code("王大姐"), sandbox.openid("李大爷"))


def test_what_cannot_be_a_phone_code_is_not_asked(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    with pytest.raises(CodeUsedOrExpired):
        gateway.phone_number("", sandbox.openid("王大姐"))
    assert sandbox.ledger.count() == 0


# Codes


@pytest.mark.parametrize("edition", Edition)
def test_a_code_opens_the_configured_edition(sandbox: RunningSandbox, edition: Edition) -> None:
    sandbox.pages("pages/report/index")
    picture = in_edition(sandbox, edition).mini_code("k7Qd2p", "pages/report/index", width=280)

    assert picture.startswith((b"\xff\xd8", b"\x89PNG"))
    asked = sandbox.ledger.entries(CODE)[0].asked
    told = (asked["scene"], asked["page"], asked["env_version"], asked["width"], asked["check_path"])
    assert told == ("k7Qd2p", "pages/report/index", edition.value, 280, edition is Edition.RELEASE)


def test_a_page_that_is_not_published_is_our_mistake(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.pages("pages/index/index")
    with pytest.raises(RequestRefused) as caught:
        gateway.mini_code("k", "pages/report/index")
    assert caught.value.errcode == 41030


@pytest.mark.parametrize(
    ("scene", "page", "width"),
    [
        ("", "p", 430), ("x" * 33, "p", 430), ("楼", "p", 430), ("a%20b", "p", 430), ("a b", "p", 430), ("a\n", "p", 430),
        ("k", "/pages/x", 430), ("k", "pages/x?a=1", 430), ("k", "p", 279), ("k", "p", 1281),
    ],
)  # fmt: skip
def test_what_can_be_no_code_is_not_asked(
    gateway: LiveWeChat, sandbox: RunningSandbox, scene: str, page: str, width: int
) -> None:
    with pytest.raises(RequestRefused):
        gateway.mini_code(scene, page, width=width)
    assert sandbox.ledger.count() == 0


def test_every_allowed_character_may_be_in_a_scene(gateway: LiveWeChat) -> None:
    assert gateway.mini_code("!#$&'()*+,/:;=?@-._~09azAZ", "")
    assert gateway.mini_code("x" * 32, "pages/report/index", width=1280)


@pytest.mark.parametrize("fault", ["truncated", "cut_off", "html_502"])
def test_half_a_picture_is_no_picture(gateway: LiveWeChat, sandbox: RunningSandbox, fault: str) -> None:
    sandbox.faults.add(fault, path=CODE)
    assert gateway.mini_code("k", "").endswith((b"\xff\xd9", b"IEND\xaeB`\x82"))
    assert sandbox.ledger.count(CODE) == 2


# Messages


@pytest.mark.parametrize(
    ("edition", "state"), [(Edition.RELEASE, "formal"), (Edition.TRIAL, "trial"), (Edition.DEVELOP, "developer")]
)
def test_a_message_goes_out_once_with_all_it_needs(sandbox: RunningSandbox, edition: Edition, state: str) -> None:
    sandbox.template("T-1", LETTER)
    sandbox.grant("王大姐", "T-1")
    gateway = in_edition(sandbox, edition)

    assert gateway.send_message(sandbox.openid("王大姐"), "T-1", LETTER, page="pages/issue/index?id=1")
    asked = sandbox.ledger.entries(SEND)[0].asked
    assert (asked["miniprogram_state"], asked["lang"], asked["page"]) == (state, "zh_CN", "pages/issue/index?id=1")
    assert asked["data"] == {key: {"value": value} for key, value in LETTER.items()}
    with pytest.raises(NotSubscribed):
        gateway.send_message(sandbox.openid("王大姐"), "T-1", LETTER)


def test_a_field_that_does_not_fit_is_named(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.template("T-1", LETTER)
    sandbox.grant("王大姐", "T-1")
    with pytest.raises(TemplateRefused) as caught:
        gateway.send_message(sandbox.openid("王大姐"), "T-1", {**LETTER, "thing1": "长" * 21})
    assert (caught.value.errcode, caught.value.field) == (47003, "thing1")


def test_a_message_wechat_refuses_has_a_reason(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.template("T-1", LETTER)
    sandbox.grant("王大姐", "T-1", times=5)
    sandbox.risky_words("违禁词")
    openid = sandbox.openid("王大姐")
    with pytest.raises(TemplateRefused):
        gateway.send_message(openid, "T-404", LETTER)
    with pytest.raises(UnknownRecipient):
        gateway.send_message("o-nobody", "T-1", LETTER)
    with pytest.raises(ContentRefused):
        gateway.send_message(openid, "T-1", {**LETTER, "thing1": "违禁词"})
    sandbox.pages("pages/index/index")
    with pytest.raises(TemplateRefused) as caught:
        gateway.send_message(openid, "T-1", LETTER, page="pages/gone")
    assert caught.value.errcode == 41030


# Content


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("三楼水管漏水", (Suggestion.PASS, 100)),
        ("违禁测试词", (Suggestion.RISKY, 20006)),
        ("待审测试词", (Suggestion.REVIEW, 21000)),
        ("水" * 2500, (Suggestion.PASS, 100)),
    ],
)
def test_a_text_has_a_verdict(
    gateway: LiveWeChat, sandbox: RunningSandbox, text: str, verdict: tuple[Suggestion, int]
) -> None:
    sandbox.visit("王大姐")
    given = gateway.check_text(text, sandbox.openid("王大姐"))

    assert (given.suggestion, given.label) == verdict
    assert given.trace
    asked = sandbox.ledger.entries(TEXT)[0].asked
    assert (asked["version"], asked["scene"]) == (2, 3)


@pytest.mark.parametrize("text", ["", "水" * 2501, "half a letter \ud83d"])
def test_a_text_that_cannot_be_checked_is_not_asked(gateway: LiveWeChat, sandbox: RunningSandbox, text: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        gateway.check_text(text, sandbox.openid("王大姐"))
    assert caught.value.__context__ is None
    assert sandbox.ledger.count() == 0


def test_somebody_who_was_not_here_lately_is_not_checked(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.visit("王大姐")
    sandbox.clock.advance(2 * 3600 + 1)
    with pytest.raises(UserAway):
        gateway.check_text("你好", sandbox.openid("王大姐"))


def test_a_picture_is_ordered_to_be_checked(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.visit("王大姐")
    trace = gateway.check_photo("https://louzhang.test/p/1.jpg", sandbox.openid("王大姐"))

    assert trace
    asked = sandbox.ledger.entries(PHOTO)[0].asked
    assert (asked["media_type"], asked["version"], asked["scene"]) == (2, 2, 3)
    assert asked["media_url"] == "https://louzhang.test/p/1.jpg"


# Risk


def test_a_risk_rank_where_we_may_ask(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    sandbox.visit("黄牛")
    sandbox.risk("黄牛", 4)
    assert gateway.user_risk(sandbox.openid("黄牛"), "203.0.113.7") == 4


@pytest.mark.parametrize("errcode", [48001, 61010, 61080, 61081, 9410009])
def test_no_risk_rank_is_no_trouble(
    gateway: LiveWeChat, sandbox: RunningSandbox, errcode: int, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add("errcode", path=RISK, errcode=errcode)
    assert gateway.user_risk(sandbox.openid("王大姐"), "203.0.113.7") is None
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


# The service account


def test_the_service_account_recognises_who_opened_a_page(sandbox: RunningSandbox) -> None:
    sandbox.service("wx0000000000005e41", "5" * 32)
    gateway = LiveWeChat(
        sandbox.appid, sandbox.secret, base_url=sandbox.base_url, service=("wx0000000000005e41", "5" * 32)
    )
    code = sandbox.page_code("王大姐", "wx0000000000005e41")

    assert gateway.recognise(code) == PageIdentity(sandbox.openid("王大姐", "wx0000000000005e41"), None)
    with pytest.raises(CodeUsedOrExpired):
        gateway.recognise(code)
    assert sandbox.ledger.count("/cgi-bin/stable_token") == 0


def test_the_service_accounts_trouble_is_its_own(sandbox: RunningSandbox) -> None:
    sandbox.service("wx0000000000005e41", "5" * 32)
    gateway = LiveWeChat(
        sandbox.appid, sandbox.secret, base_url=sandbox.base_url, service=("wx0000000000005e41", "bad")
    )
    with pytest.raises(WeChatMisconfigured):
        gateway.recognise(sandbox.page_code("王大姐", "wx0000000000005e41"))
    assert gateway.login(sandbox.login_code("王大姐")).openid


def test_without_a_service_account_nobody_is_recognised(gateway: LiveWeChat, sandbox: RunningSandbox) -> None:
    with pytest.raises(NotAllowed):
        gateway.recognise("code")
    assert sandbox.ledger.count() == 0


# Numbers


RID = "6502ab31-4c77aa01-1f2e3d4c"


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, WeChatBusy), (40003, UnknownRecipient), (43104, UnknownRecipient), (40037, TemplateRefused),
        (41030, TemplateRefused), (47003, TemplateRefused), (43101, NotSubscribed), (43107, NotAllowed),
        (43108, WeChatBusy), (45168, ContentRefused), (48001, NotAllowed), (48004, NotAllowed), (50002, NotAllowed),
        (61007, NotAllowed), (45009, TooManyCalls), (44993, TooManyCalls), (45011, TooManyCalls), (44991, TooManyCalls),
        (44990, TooManyCalls), (61010, UserAway), (87014, ContentRefused), (40097, RequestRefused),
        (40129, RequestRefused), (40159, RequestRefused), (40169, RequestRefused), (47001, RequestRefused),
        (44002, RequestRefused), (43002, RequestRefused), (85096, RequestRefused), (45029, RequestRefused),
        (40013, WeChatMisconfigured), (50007, WeChatMisconfigured), (61024, WeChatMisconfigured),
        (40066, WeChatMisconfigured), (40029, CodeUsedOrExpired), (777777, WeChatError),
    ],
)  # fmt: skip
def test_each_number_has_one_meaning(
    gateway: LiveWeChat, sandbox: RunningSandbox, errcode: int, kind: type[WeChatError]
) -> None:
    message = f"argument invalid! data.thing3.value is 138 0000 0000 rid: {RID}"
    sandbox.faults.add("reply", path=SEND, body=json.dumps({"errcode": errcode, "errmsg": message}))

    with pytest.raises(WeChatError) as caught:
        gateway.send_message(sandbox.openid("王大姐"), "T-1", LETTER)

    error = caught.value
    assert type(error) is kind
    assert (error.errcode, error.rid, error.unsure) == (errcode, RID, False)
    assert error.field == ("thing3" if kind is TemplateRefused else "")
    assert "138" not in str(error)
    assert sandbox.ledger.count(SEND) == 1, "a message is never sent twice"


def test_pauses_are_told(sandbox: RunningSandbox) -> None:
    evening = 1_793_890_800.0  # Thursday 5 November 2026, 23:00 in Shanghai
    gateway = LiveWeChat(sandbox.appid, sandbox.secret, base_url=sandbox.base_url, clock=lambda: evening)
    pauses: dict[int, float] = {}
    for errcode in (43108, 44990, 44991, 45011, 44993):
        sandbox.faults.add("errcode", path=SEND, errcode=errcode)
        with pytest.raises(WeChatBusy) as caught:
            gateway.send_message(sandbox.openid("王大姐"), "T-1", LETTER)
        pauses[errcode] = caught.value.retry_after or 0
    assert 1 <= pauses.pop(43108) <= 5
    assert 3600 <= pauses.pop(44993) <= 3600 + 300, "until the next day in Shanghai"
    assert all(60 <= pause <= 90 for pause in pauses.values())
