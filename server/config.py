"""Every setting, typed, from the environment. Nothing else in the project reads `os.environ`.

Zero configuration means development: SQLite and generated secrets under `instance/`. Production refuses to start without
its own secret and database.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PRODUCTION = "production"
DEVELOPMENT = "development"


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one line for the person who starts the program."""


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """Which WeChat app we are. Without `base_url` the real platform is asked."""

    appid: str
    secret: str = field(repr=False)
    base_url: str = ""
    callback_token: str = field(default="", repr=False)
    callback_key: str = field(default="", repr=False)
    """EncodingAESKey of 43 characters: pushes come sealed. Empty: they come plain."""
    edition: str = "release"  # which mini-program messages and codes open: release, trial or develop
    report_page: str = ""  # the mini-program page that stairwell codes open; empty: no mini-program codes are drawn
    templates_file: Path | None = None
    """Which subscribe-message templates we have (docs/messages.md). None: messages stay in the app's own inbox."""
    content_check: bool = False  # ask WeChat's content check before the public sees a text or photo
    service_appid: str = ""
    service_secret: str = field(default="", repr=False)
    """A service account that recognises who opened one of our pages inside WeChat. Empty: nobody is recognised."""
    verify_files: Mapping[str, str] = field(default_factory=dict)
    """Files by which WeChat sees that our domain is ours: name → content (docs/codes.md)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configurable.

    `keys` are 32-byte master keys: the first seals new data, the others still open old data.
    """

    environment: str
    instance: Path
    database_url: str = field(repr=False)  # may hold a password
    keys: tuple[bytes, ...] = field(repr=False)
    public_url: str
    photo_dir: Path
    wechat: WeChatSettings
    log_level: str
    trusted_proxies: int
    database_pool: int
    redis_url: str = field(default="", repr=False)  # optional: shares WeChat's access token and the counters of floods
    words_file: Path | None = None  # the installation's own additions to the word list (docs/moderation.md)
    port: int = 8000
    font: Path | None = None  # the typeface of posters; None: Debian's Noto Sans CJK, else the one of requirements.txt
    web_workers: int = 2
    web_threads: int = 4
    limits: bool = True  # slow floods (docs/limits.md)

    @property
    def is_production(self) -> bool:
        return self.environment == PRODUCTION

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment. Raises SettingsError naming the variable that is missing or wrong."""
        env = os.environ if env is None else env
        environment = env.get("LOUZHANG_ENV", DEVELOPMENT)
        if environment not in (DEVELOPMENT, PRODUCTION):
            raise SettingsError(f"LOUZHANG_ENV must be {DEVELOPMENT} or {PRODUCTION}, not {environment!r}")
        production = environment == PRODUCTION
        instance = Path(env.get("LOUZHANG_INSTANCE", "instance")).absolute()
        if production:
            for name in ("LOUZHANG_KEYS", "DATABASE_URL", "PUBLIC_URL", "WECHAT_APPID", "WECHAT_SECRET"):
                if not env.get(name):
                    raise SettingsError(f"{name} must be set in production")
        database_url = env.get("DATABASE_URL") or f"sqlite:///{instance / 'louzhang.db'}"
        port = _whole_number(env, "PORT", 8000)
        return cls(
            environment=environment,
            instance=instance,
            database_url=_with_driver(database_url),
            keys=_keys(env.get("LOUZHANG_KEYS", ""), instance),
            public_url=env.get("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
            photo_dir=Path(env.get("LOUZHANG_PHOTOS") or instance / "photos"),
            wechat=_wechat(env, production),
            redis_url=env.get("REDIS_URL", ""),
            words_file=Path(env["LOUZHANG_WORDS"]).absolute() if env.get("LOUZHANG_WORDS") else None,
            log_level=_one_of(env, "LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")),
            trusted_proxies=_whole_number(env, "TRUSTED_PROXIES", 0),
            database_pool=_whole_number(env, "DATABASE_POOL", 8),
            port=port,
            font=_font(env),
            web_workers=max(1, _whole_number(env, "WEB_WORKERS", 2)),
            web_threads=max(1, _whole_number(env, "WEB_THREADS", 4)),
            limits=_one_of(env, "LOUZHANG_LIMITS", ("ON", "OFF")) == "ON",
        )


def _wechat(env: Mapping[str, str], production: bool) -> WeChatSettings:
    """Our WeChat apps. Raises SettingsError for a half-configured callback or service account."""
    key = env.get("WECHAT_CALLBACK_KEY", "")
    if key and not _is_encoding_key(key):
        raise SettingsError("WECHAT_CALLBACK_KEY must be the EncodingAESKey of 43 characters")
    token = env.get("WECHAT_CALLBACK_TOKEN", "")
    if key and not token:
        raise SettingsError("WECHAT_CALLBACK_TOKEN must be set together with WECHAT_CALLBACK_KEY")
    if token and not re.fullmatch(r"[A-Za-z0-9]{3,32}", token):
        raise SettingsError("WECHAT_CALLBACK_TOKEN must be 3 to 32 letters and digits")
    if bool(env.get("WECHAT_SERVICE_APPID")) != bool(env.get("WECHAT_SERVICE_SECRET")):
        raise SettingsError("WECHAT_SERVICE_APPID and WECHAT_SERVICE_SECRET must be set together")
    templates = env.get("WECHAT_TEMPLATES")
    return WeChatSettings(
        appid=env.get("WECHAT_APPID", "wx-sandbox"),
        secret=env.get("WECHAT_SECRET", "sandbox-secret"),
        base_url=_wechat_address(env, production),
        callback_token=token,
        callback_key=key,
        edition=_one_of(env, "WECHAT_EDITION", ("RELEASE", "TRIAL", "DEVELOP")).lower(),
        report_page=env.get("WECHAT_REPORT_PAGE", "").lstrip("/"),
        templates_file=Path(templates).absolute() if templates else None,
        content_check=_one_of(env, "WECHAT_CONTENT_CHECK", ("OFF", "ON")) == "ON",
        service_appid=env.get("WECHAT_SERVICE_APPID", ""),
        service_secret=env.get("WECHAT_SERVICE_SECRET", ""),
        verify_files=_verify_files(env.get("WECHAT_VERIFY_FILE", "")),
    )


def _is_encoding_key(key: str) -> bool:
    try:
        return len(key) == 43 and len(base64.b64decode(key + "=", validate=True)) == 32
    except (ValueError, binascii.Error):
        return False


_VERIFY_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\.txt")
_VERIFY_MOST = 1024


def _verify_files(told: str) -> dict[str, str]:
    """WeChat's verification files: `NAME.txt=CONTENT`, or the path of the file or of a folder with such files."""
    if not told:
        return {}
    name, given, content = told.partition("=")
    if given:
        files = {name.strip(): content.strip()}
    else:
        path = Path(told)
        try:
            found = sorted(path.glob("*.txt")) if path.is_dir() else [path]
            files = {file.name: file.read_text("ascii").strip() for file in found}
        except (OSError, UnicodeDecodeError):
            raise SettingsError("WECHAT_VERIFY_FILE must be a file or folder that can be read") from None
    for name, content in files.items():
        if not _VERIFY_NAME.fullmatch(name) or not content.isascii() or not 0 < len(content) <= _VERIFY_MOST:
            raise SettingsError("WECHAT_VERIFY_FILE must be NAME.txt=CONTENT, the downloaded .txt file, or its folder")
    if not files:
        raise SettingsError("WECHAT_VERIFY_FILE must be a folder with .txt files in it")
    return files


def _font(env: Mapping[str, str]) -> Path | None:
    """The typeface of posters. Raises SettingsError when it is not there: a poster would be noticed much later."""
    told = env.get("LOUZHANG_FONT", "")
    if told and not Path(told).is_file():
        raise SettingsError("LOUZHANG_FONT must be the file of a typeface")
    return Path(told).absolute() if told else None


def _wechat_address(env: Mapping[str, str], production: bool) -> str:
    """Where WeChat is asked: the platform itself once there is a secret of ours, otherwise the sandbox beside us."""
    given = env.get("WECHAT_BASE_URL", "").rstrip("/")
    if production and given.lower().startswith("http:"):
        raise SettingsError("WECHAT_BASE_URL must not be a sandbox in production")
    if given or production or env.get("WECHAT_SECRET"):
        return given
    return f"http://127.0.0.1:{_whole_number(env, 'PORT', 8000) + 1}"


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal():
        raise SettingsError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _one_of(env: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    """A word of a list, in any case; the first when nothing is said."""
    word = env.get(name, "").upper() or words[0]
    if word not in words:
        raise SettingsError(f"{name} must be one of {', '.join(words)}, not {word!r}")
    return word


def _with_driver(url: str) -> str:
    """Name psycopg 3 explicitly: bare `postgresql://` meant psycopg 2 until SQLAlchemy 2.1."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:", "postgresql+psycopg:")):
        raise SettingsError("DATABASE_URL must be a sqlite or postgresql address")
    return url


def _keys(text: str, instance: Path) -> tuple[bytes, ...]:
    if not text:
        text = _generated_key(instance / "keys")
    keys = []
    for part in text.replace(",", " ").split():
        try:
            key = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        except (ValueError, binascii.Error):
            key = b""
        if len(key) != 32:
            raise SettingsError("LOUZHANG_KEYS must be 32 random bytes in base64 (newest first, separated by spaces)")
        keys.append(key)
    return tuple(keys)


def _generated_key(path: Path) -> str:
    """The development key, made once and kept readable by its owner only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = path.with_name(f"keys.{os.getpid()}")
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
            try:
                os.link(made, path)  # the first of several starting processes wins
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return path.read_text()
    except OSError as error:
        raise SettingsError(f"cannot keep a key in {path.parent}: {error.strerror}") from None
