"""What this little WeChat knows: apps, people, login codes, session keys, access tokens; the rest is in its rooms.

Openids are computed, not drawn: the same person keeps hers through every restart, so a developer's database stays true.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import RLock, Timer
from typing import Any, TypeVar

from wechat.sandbox.clock import Clock
from wechat.sandbox.faults import Faults
from wechat.sandbox.ledger import Ledger

CODE_SECONDS = 300
SAVE_SECONDS = 0.3
_FORGET_CODES_AFTER = 3600


@dataclass(slots=True)
class App:
    """One mini-program the sandbox knows."""

    appid: str
    secret: str
    open_platform: str | None = None
    """Apps of one open-platform account see the same unionid of a person; an app bound to none sees no unionid."""
    frozen: bool = False
    ip_whitelist: list[str] = field(default_factory=list)
    """Empty: switched off."""


@dataclass(slots=True)
class LoginCode:
    """A code of wx.login: for whom, since when, used or not."""

    value: str
    appid: str
    user: str
    issued_at: float
    used: bool = False


@dataclass(slots=True)
class AccessToken:
    """A token and until when it is good."""

    value: str
    appid: str
    kind: str
    expires_at: float
    replaced_at: float | None = None
    """From here on a newer token has taken its place, and it answers 40001 rather than 42001."""


class Room:
    """What one room remembers. It takes the world's lock, and says what of it outlives a restart."""

    def __init__(self, world: "World") -> None:
        self.world = world

    def dump(self) -> dict[str, Any]:
        """What to write down, as JSON knows it."""
        return {}

    def load(self, kept: dict[str, Any]) -> None:
        """Take up what `dump` gave. May raise KeyError, TypeError or ValueError: then the room starts afresh."""


R = TypeVar("R", bound=Room)


class World:
    """Everything the sandbox remembers, behind one lock."""

    def __init__(self, apps: Mapping[str, str], *, clock: Clock | None = None, state_file: Path | None = None) -> None:
        self.apps = {appid: App(appid, secret) for appid, secret in apps.items()}
        self.blocked: dict[str, bool] = {}
        """Everybody who ever asked for a code, and whether WeChat holds them for risky."""
        self.codes: dict[str, LoginCode] = {}
        self.session_keys: dict[str, str] = {}
        self.seen: dict[str, float] = {}
        """When each openid last came in with a login code: content is checked only for two hours after."""
        self.tokens: list[AccessToken] = []
        self.forced: dict[str, list[float]] = {}
        """When each app forced its stable token to change."""
        self.clock = clock or Clock()
        self.ledger = Ledger()
        self.faults = Faults()
        self.lock = RLock()
        self._state_file = state_file
        self._saving: Timer | None = None
        self._faces: dict[str, tuple[str, str]] = {}
        self._rooms: dict[str, Room] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._load()

    def first_appid(self) -> str:
        return next(iter(self.apps))

    def issue_code(self, user: str, appid: str, now: float) -> LoginCode:
        """What `wx.login` gives the phone of this person."""
        code = LoginCode("0" + secrets.token_hex(15) + "w", appid, user, now)
        with self.lock:
            forget_old(self.codes, now)
            self.meet(user)
            self.codes[code.value] = code
        return code

    def room(self, kind: type[R]) -> R:
        """The one room of this kind, furnished when somebody first enters it."""
        with self.lock:
            room = self._rooms.get(kind.__name__)
            if room is None:
                room = self._rooms[kind.__name__] = _furnished(kind, self, self._kept.pop(kind.__name__, None))
        assert isinstance(room, kind)
        return room

    def empty(self) -> None:
        """As on the first day, but for apps, people and tokens: rooms, faults, requests and the clock."""
        with self.lock:
            self._rooms.clear()
            self._kept.clear()
        self.faults.clear()
        self.ledger.clear()
        self.clock.reset()

    def block(self, user: str, blocked: bool = True) -> None:
        with self.lock:
            self.meet(user)
            self.blocked[user] = blocked

    def meet(self, user: str) -> None:
        """From now on this person has a phone, and an openid in every app."""
        with self.lock:
            self.blocked.setdefault(user, False)
            for appid in self.apps:
                self._faces[self.openid(user, appid)] = (user, appid)

    def whose(self, openid: str) -> tuple[str, str] | None:
        """The person and the app an openid belongs to."""
        with self.lock:
            if openid not in self._faces:
                for user in self.blocked if len(self._faces) < len(self.blocked) * len(self.apps) else ():
                    self.meet(user)
            return self._faces.get(openid)

    def appid_of(self, token: str | None) -> str | None:
        """Whose access token this is or was."""
        return next((known.appid for known in self.tokens if known.value == token), None)

    def come_in(self, user: str, appid: str, now: float) -> None:
        """This person opens the mini-program."""
        with self.lock:
            self.meet(user)
            self.seen[self.openid(user, appid)] = now

    def openid(self, user: str, appid: str) -> str:
        return "o" + _opaque("openid", appid, user)[:27]

    def unionid(self, user: str, appid: str) -> str | None:
        account = self.apps[appid].open_platform
        return None if account is None else "o6_bm" + _opaque("unionid", account, user)[:23]

    def new_session_key(self, user: str, appid: str) -> str:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        with self.lock:
            self.session_keys[self.openid(user, appid)] = key
        return key

    def save_soon(self) -> None:
        """Save in a moment, once for all the requests until then: writing a file at each would be slower than they are."""
        if self._state_file is None or self._saving is not None:
            return
        with self.lock:
            if self._saving is None:
                self._saving = Timer(SAVE_SECONDS, self.save)
                self._saving.daemon = True
                self._saving.start()

    def save(self) -> None:
        """Everything but the ledger and the faults, written whole or not at all."""
        if self._state_file is None:
            return
        with self.lock:
            if self._saving is not None:
                self._saving.cancel()
                self._saving = None
            state = {
                "apps": [asdict(app) for app in self.apps.values()],
                "blocked": self.blocked,
                "codes": [asdict(code) for code in self.codes.values()],
                "session_keys": self.session_keys,
                "tokens": [asdict(token) for token in self.tokens],
                "forced": self.forced,
                "ahead": self.clock.ahead,
                "seen": self.seen,
                "rooms": self._kept | {name: room.dump() for name, room in self._rooms.items()},
            }
            draft = self._state_file.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
            os.replace(draft, self._state_file)

    def _load(self) -> None:
        if self._state_file is None or not self._state_file.exists():
            return
        try:
            self._restore(json.loads(self._state_file.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError):
            return  # written by another version: starting afresh loses little, openids are computed

    def _restore(self, state: dict[str, Any]) -> None:
        apps = [App(**app) for app in state["apps"]]
        codes = [LoginCode(**code) for code in state["codes"]]
        tokens = [AccessToken(**token) for token in state["tokens"]]
        blocked, session_keys, forced = state["blocked"], state["session_keys"], state["forced"]
        seen, rooms = dict(state["seen"]), dict(state["rooms"])
        self.clock.ahead = float(state["ahead"])
        for app in apps:
            known = self.apps.get(app.appid)
            self.apps[app.appid] = app if known is None else replace(app, secret=known.secret)  # the caller's wins
        self.codes = {code.value: code for code in codes}
        self.tokens = [token for token in tokens if token.appid in self.apps]
        self.blocked, self.session_keys, self.forced = blocked, session_keys, forced
        self.seen, self._kept = seen, rooms


def forget_old(codes: dict[str, Any], now: float) -> None:
    """Drop the codes nobody can use any more; the oldest stand first."""
    for value in list(codes)[:2]:  # two go for each that comes
        if now - codes[value].issued_at > _FORGET_CODES_AFTER:
            del codes[value]


def _furnished(kind: type[R], world: World, kept: dict[str, Any] | None) -> R:
    room = kind(world)
    if kept is not None:
        try:
            room.load(kept)
        except (ValueError, KeyError, TypeError):
            return kind(world)  # written by another version
    return room


def _opaque(*parts: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256("\0".join(parts).encode()).digest()).decode()
