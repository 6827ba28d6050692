"""Phone numbers by code: a kind of code of its own, five minutes, once, and only for who pressed the button.

WeChat's page names one error for every bad code (40029) and none for an openid that does not fit; ours then is 40003,
and the code is left whole.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from wechat.sandbox.answers import Refused, ok
from wechat.sandbox.desk import Call, call
from wechat.sandbox.world import CODE_SECONDS, LoginCode, Room, World, forget_old


@dataclass(slots=True)
class Number:
    """A person's phone number. The country code comes as text or as a number, as it does from WeChat."""

    number: str
    country: str | int = "86"


class Phones(Room):
    """Whose number is what, and the codes of the getPhoneNumber button."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._numbers: dict[str, Number] = {}
        self._codes: dict[str, LoginCode] = {}

    def set(self, user: str, number: str, country: str | int = "86") -> None:
        with self.world.lock:
            self._numbers[user] = Number(number, country)

    def of(self, user: str) -> Number:
        """The number somebody set, or one made of the name: always the same for the same person."""
        drawn = int.from_bytes(hashlib.sha256(user.encode()).digest()[:6]) % 1_000_000
        return self._numbers.get(user) or Number(f"19900{drawn:06}")

    def issue(self, user: str, appid: str, now: float) -> str:
        """What the button gives this person's phone."""
        code = LoginCode(secrets.token_hex(32), appid, user, now)
        with self.world.lock:
            forget_old(self._codes, now)
            self.world.meet(user)
            self._codes[code.value] = code
        return code.value

    def spend(self, value: str, appid: str, openid: str | None, now: float) -> str:
        """Whose code this is, used up now."""
        with self.world.lock:
            code = self._codes.get(value)
            if code is None or code.used or now - code.issued_at >= CODE_SECONDS:
                raise Refused(40029)
            if code.appid != appid:
                raise Refused(40013)
            if openid is not None and openid != self.world.openid(code.user, appid):
                raise Refused(40003)
            code.used = True
            return code.user

    def dump(self) -> dict[str, Any]:
        return {
            "numbers": {user: asdict(number) for user, number in self._numbers.items()},
            "codes": [asdict(code) for code in self._codes.values()],
        }

    def load(self, kept: dict[str, Any]) -> None:
        self._numbers = {user: Number(**number) for user, number in kept["numbers"].items()}
        self._codes = {code["value"]: LoginCode(**code) for code in kept["codes"]}


@call("/wxa/business/getuserphonenumber")
def phone_number(asked: Call) -> dict[str, Any]:
    """A code for the number of who pressed the button."""
    phones, openid = asked.world.room(Phones), asked.asked.get("openid")
    user = phones.spend(asked.text("code"), asked.app.appid, None if openid is None else str(openid), asked.now)
    pure, country = phones.of(user).number, phones.of(user).country
    full = pure if str(country) == "86" else f"+{country}{pure}"
    watermark = {"timestamp": int(asked.now), "appid": asked.app.appid}
    number = {"phoneNumber": full, "purePhoneNumber": pure, "countryCode": country, "watermark": watermark}
    return ok(phone_info=number)
