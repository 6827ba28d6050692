"""What WeChat's numbers mean to us. One table, taken from the platform's own lists."""

import random
import re
import time
from collections.abc import Callable, Mapping

from wechat.gateway import (
    CodeUsedOrExpired,
    ContentRefused,
    NotAllowed,
    NotSubscribed,
    RequestRefused,
    TemplateRefused,
    TooManyCalls,
    UnknownRecipient,
    UserAway,
    UserBlocked,
    WeChatBusy,
    WeChatError,
    WeChatMisconfigured,
)

BUSY = -1
TOKEN_REFUSED = frozenset({40001, 40014, 41001, 42001})
"""The access token is wrong, old or missing. From the token endpoint itself 40001 means a wrong secret."""

BREAKING = frozenset(
    {40013, 40125, 40164, 40243, 41002, 41004, 50004, 50007, 61024, 89503, 89506, 89507}
)  # fmt: skip
"""Nobody but the operator can mend these, and asking again only makes WeChat wary of us."""

NO_RISK_RANK = frozenset({48001, 61010, *range(61080, 61090), 9410009})

_DAILY = frozenset({44993, 45009})
_SOON = frozenset({44990, 44991, 45011})
_ONE_AT_A_TIME = 43108

Meaning = tuple[type[WeChatError], str]

MEANINGS: Mapping[int, Meaning] = {
    BUSY: (WeChatBusy, "system busy"),
    # codes of a login, a phone button or a page
    40029: (CodeUsedOrExpired, "code invalid or expired"),
    40163: (CodeUsedOrExpired, "code used before"),
    41008: (CodeUsedOrExpired, "code missing"),
    40226: (UserBlocked, "user blocked as risky"),
    # our access token
    40001: (WeChatMisconfigured, "credential refused"),
    40014: (WeChatMisconfigured, "access token refused"),
    41001: (WeChatMisconfigured, "access token missing"),
    42001: (WeChatMisconfigured, "access token expired"),
    # our account
    40002: (WeChatMisconfigured, "grant type refused"),
    40013: (WeChatMisconfigured, "appid refused"),
    40066: (WeChatMisconfigured, "no such address"),
    40125: (WeChatMisconfigured, "secret refused"),
    40164: (WeChatMisconfigured, "our IP is not on the whitelist"),
    40243: (WeChatMisconfigured, "secret is frozen"),
    41002: (WeChatMisconfigured, "appid missing"),
    41004: (WeChatMisconfigured, "secret missing"),
    50004: (WeChatMisconfigured, "account may not ask this"),
    50007: (WeChatMisconfigured, "account is frozen"),
    61024: (WeChatMisconfigured, "token of another kind of account"),
    89503: (WeChatMisconfigured, "our IP awaits the administrator"),
    89506: (WeChatMisconfigured, "our IP was refused by the administrator"),
    89507: (WeChatMisconfigured, "our IP was refused by the administrator"),
    # quotas
    44990: (TooManyCalls, "called too often this second"),
    44991: (TooManyCalls, "called too often this minute"),
    44993: (TooManyCalls, "daily quota reached"),
    45009: (TooManyCalls, "daily quota reached"),
    45011: (TooManyCalls, "called too often"),
    # messages and content
    40003: (UnknownRecipient, "openid unknown"),
    43104: (UnknownRecipient, "openid of another app"),
    40037: (TemplateRefused, "template unknown"),
    47003: (TemplateRefused, "template field refused"),
    43101: (NotSubscribed, "not subscribed, or used up"),
    43107: (NotAllowed, "subscribe messages are banned"),
    43108: (WeChatBusy, "another message to this person is under way"),
    45168: (ContentRefused, "sensitive words"),
    61010: (UserAway, "not here within two hours"),
    87014: (ContentRefused, "risky content"),
    # rights
    48001: (NotAllowed, "no right to this interface"),
    48004: (NotAllowed, "interface is banned"),
    50002: (NotAllowed, "account is restricted"),
    61007: (NotAllowed, "no right to this interface"),
    # a mistake of ours
    40004: (RequestRefused, "media type refused"),
    40097: (RequestRefused, "argument refused"),
    40129: (RequestRefused, "scene refused"),
    40159: (RequestRefused, "path too long, or no JSON"),
    40169: (RequestRefused, "scene too long, or no JSON"),
    41030: (RequestRefused, "page not in the published version"),
    43001: (RequestRefused, "wants GET"),
    43002: (RequestRefused, "wants POST"),
    44002: (RequestRefused, "empty body"),
    45029: (RequestRefused, "limited codes are used up"),
    47001: (RequestRefused, "body is not as WeChat wants it"),
    85096: (RequestRefused, "reserved parameter"),
    87020: (RequestRefused, "asked for before"),
}
"""Of a number that is missing here we say only that we were refused."""

OF_A_MESSAGE: Mapping[int, Meaning] = {41030: (TemplateRefused, "page not in the published version")}

_RID = re.compile(r"\brid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})\b")
_FIELD = re.compile(r"\bdata\.([a-z_]{1,32}[0-9]{1,4})\b")
_SHANGHAI = 8 * 3600
_DAY = 24 * 3600


def error_for(
    errcode: int, errmsg: object, *, special: Mapping[int, Meaning] | None = None, now: Callable[[], float] = time.time
) -> WeChatError:
    """Our error for a refusal by number. `special` says what some numbers mean at one endpoint only.

    Of `errmsg` only what has a shape of its own is kept, the rid and a template's key: the rest may quote us.
    """
    kind, cause = (special or {}).get(errcode) or MEANINGS.get(errcode) or (WeChatError, "refused")
    rid, field = _RID.search(str(errmsg)), _FIELD.search(str(errmsg)) if kind is TemplateRefused else None
    return kind(
        cause,
        errcode=errcode,
        rid=rid and rid[1],
        retry_after=_retry_after(errcode, now),
        field=field[1] if field else "",
    )


def until_tomorrow(now: float) -> float:
    """Seconds to the next midnight in Shanghai, when daily quotas begin anew (there is no summer time there)."""
    return _DAY - (now + _SHANGHAI) % _DAY


def _retry_after(errcode: int, now: Callable[[], float]) -> float | None:
    if errcode in _DAILY:
        return until_tomorrow(now()) + random.uniform(0, 300)  # noqa: S311 -- so that not all wake at once
    if errcode in _SOON:
        return random.uniform(60, 90)  # noqa: S311
    if errcode == _ONE_AT_A_TIME:
        return random.uniform(1, 5)  # noqa: S311
    return None
