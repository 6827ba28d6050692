"""Where WeChat's access token and breaker are shared by all workers and hosts: Redis when configured, else the database.

Neither is ever part of a request's transaction: each read and each change is one statement on a connection of its own,
opened for it and closed after it. It happens every few seconds a worker, so that is cheap enough, and a worker that
waits for WeChat holds no connection. The token is sealed in both.
"""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from models import WeChatToken
from server.config import Settings
from server.core.crypto import CannotOpen, Keyring
from wechat.tokens import FirstThatWorks, Shared, StoreTrouble, TokenStore

FIELD = "wechat_tokens.token_sealed"
SHORT_SECONDS = 1  # how long a store may take before the next is asked: calls have five for everything
CONNECT_SECONDS = 2  # the least PostgreSQL's library knows

_MOMENTS = ("fetched_at", "expires_at", "leased_until", "broken_until")
_PLAIN = ("mark", "serial", "owner", "refusals", "refused_serial", "broken_why")
_TABLE = WeChatToken.__table__


class DatabaseTokenStore:
    """One row an app in `wechat_tokens`."""

    def __init__(self, database_url: str, keyring: Keyring) -> None:
        self._keyring = keyring
        # Nothing is connected here: gunicorn forks afterwards.
        self._engine = sa.create_engine(
            database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_hurry(database_url)
        )

    def read(self, appid: str) -> Shared:
        """The newest state, or an empty one. Raises StoreTrouble."""
        columns = [_TABLE.c[name] for name in ("token_sealed", *_PLAIN, *_MOMENTS)]
        found = self._run(sa.select(*columns).where(_TABLE.c.appid == appid))
        row = found[0] if found else None
        if row is None:
            return Shared()
        fields: dict[str, Any] = {name: row[name] for name in _PLAIN}
        fields |= {name: _seconds(row[name]) for name in _MOMENTS}
        return Shared(token=_opened(self._keyring, row["token_sealed"]), **fields)

    def swap(self, appid: str, seen: Shared, new: Shared) -> bool:
        """Keep `new` if the row is still as it was seen. Raises StoreTrouble."""
        values: dict[str, Any] = {name: getattr(new, name) for name in _PLAIN}
        values |= {name: _moment(getattr(new, name)) for name in _MOMENTS}
        values["broken_why"] = new.broken_why[:120]
        values["token_sealed"] = self._keyring.seal(new.token, FIELD) if new.token else None
        if seen.mark:
            same = (_TABLE.c.appid == appid) & (_TABLE.c.mark == seen.mark)
            changed = self._run(sa.update(WeChatToken).where(same).values(values).returning(_TABLE.c.mark))
        else:
            insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
            first = insert(WeChatToken).values(appid=appid, **values).on_conflict_do_nothing()
            changed = self._run(first.returning(_TABLE.c.mark))
        return bool(changed)

    def _run(self, statement: sa.Executable) -> list[Any]:
        trouble = ""
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(statement).mappings())
        except SQLAlchemyError as error:
            trouble = type(error).__name__
        raise StoreTrouble(trouble)  # outside the `except`: the driver's error quotes what was to be stored


class RedisTokenStore:
    """One key an app. The client is imported when it is first needed: without Redis nobody has to install it."""

    _SWAP = """
        local kept = redis.call('GET', KEYS[1])
        if (kept and cjson.decode(kept).mark or '') ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2])
        return 1
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        self._url, self._keyring = url, keyring
        self._client: Any = None

    def read(self, appid: str) -> Shared:
        """The newest state, or an empty one. Raises StoreTrouble."""
        kept = self._run("GET", _key(appid))
        if kept is None:
            return Shared()
        fields = json.loads(kept)
        token = _opened(self._keyring, bytes.fromhex(fields.pop("token_sealed")))
        return Shared(token=token, **fields)

    def swap(self, appid: str, seen: Shared, new: Shared) -> bool:
        """Keep `new` if the key is still as it was seen. Raises StoreTrouble."""
        fields = {name: getattr(new, name) for name in (*_PLAIN, *_MOMENTS)}
        fields["token_sealed"] = self._keyring.seal(new.token, FIELD).hex() if new.token else ""
        return bool(self._run("EVAL", self._SWAP, 1, _key(appid), seen.mark, json.dumps(fields)))

    def _run(self, *command: object) -> Any:
        import redis

        trouble = ""
        try:
            if self._client is None:
                self._client = redis.Redis.from_url(
                    self._url, socket_timeout=SHORT_SECONDS, socket_connect_timeout=SHORT_SECONDS
                )
            return self._client.execute_command(*command)
        except (redis.RedisError, OSError) as error:
            trouble = type(error).__name__
        raise StoreTrouble(trouble)  # outside the `except`: its address may hold a password


def build(settings: Settings, keyring: Keyring) -> TokenStore:
    """The store these settings ask for. Redis in trouble is stood in for by the database."""
    database = DatabaseTokenStore(settings.database_url, keyring)
    if not settings.redis_url:
        return database
    return FirstThatWorks(RedisTokenStore(settings.redis_url, keyring), database)


def state(appid: str) -> Shared:
    """What the current application's workers know together about an app. Raises StoreTrouble."""
    store: TokenStore = current_app.extensions["wechat_tokens"]
    return store.read(appid)


def _key(appid: str) -> str:
    return f"louzhang:wechat:{appid}"


def _hurry(database_url: str) -> dict[str, Any]:
    if database_url.startswith("sqlite"):
        return {"timeout": SHORT_SECONDS}
    told = f"-c lock_timeout={SHORT_SECONDS}000 -c statement_timeout={SHORT_SECONDS}000 -c timezone=UTC"
    return {"connect_timeout": CONNECT_SECONDS, "options": told}


def _opened(keyring: Keyring, sealed: bytes | None) -> str:
    try:
        return keyring.open(sealed, FIELD) if sealed else ""
    except CannotOpen:
        return ""  # the key was replaced since: another token is fetched


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
