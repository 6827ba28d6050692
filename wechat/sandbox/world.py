"""What this little WeChat knows: apps, people, login codes, session keys, access tokens.

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
from threading import RLock
from typing import Any

from wechat.sandbox.clock import Clock
from wechat.sandbox.faults import Faults
from wechat.sandbox.ledger import Ledger

CODE_SECONDS = 300
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


class World:
    """Everything the sandbox remembers, behind one lock."""

    def __init__(self, apps: Mapping[str, str], *, clock: Clock | None = None, state_file: Path | None = None) -> None:
        self.apps = {appid: App(appid, secret) for appid, secret in apps.items()}
        self.blocked: dict[str, bool] = {}
        """Everybody who ever asked for a code, and whether WeChat holds them for risky."""
        self.codes: dict[str, LoginCode] = {}
        self.session_keys: dict[str, str] = {}
        self.tokens: list[AccessToken] = []
        self.forced: dict[str, list[float]] = {}
        """When each app forced its stable token to change."""
        self.clock = clock or Clock()
        self.ledger = Ledger()
        self.faults = Faults()
        self.lock = RLock()
        self._state_file = state_file
        self._load()

    def first_appid(self) -> str:
        return next(iter(self.apps))

    def issue_code(self, user: str, appid: str, now: float) -> LoginCode:
        """What `wx.login` gives the phone of this person."""
        code = LoginCode("0" + secrets.token_hex(15) + "w", appid, user, now)
        with self.lock:
            old = [value for value, other in self.codes.items() if now - other.issued_at > _FORGET_CODES_AFTER]
            for value in old:
                del self.codes[value]
            self.blocked.setdefault(user, False)
            self.codes[code.value] = code
        return code

    def block(self, user: str, blocked: bool = True) -> None:
        with self.lock:
            self.blocked[user] = blocked

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

    def save(self) -> None:
        """Everything but the ledger and the faults, written whole or not at all."""
        if self._state_file is None:
            return
        with self.lock:
            state = {
                "apps": [asdict(app) for app in self.apps.values()],
                "blocked": self.blocked,
                "codes": [asdict(code) for code in self.codes.values()],
                "session_keys": self.session_keys,
                "tokens": [asdict(token) for token in self.tokens],
                "forced": self.forced,
                "ahead": self.clock.ahead,
            }
            draft = self._state_file.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(state, ensure_ascii=False, indent=1), encoding="utf-8")
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
        self.clock.ahead = float(state["ahead"])
        for app in apps:
            known = self.apps.get(app.appid)
            self.apps[app.appid] = app if known is None else replace(app, secret=known.secret)  # the caller's wins
        self.codes = {code.value: code for code in codes}
        self.tokens = [token for token in tokens if token.appid in self.apps]
        self.blocked, self.session_keys, self.forced = blocked, session_keys, forced


def _opaque(*parts: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256("\0".join(parts).encode()).digest()).decode()
