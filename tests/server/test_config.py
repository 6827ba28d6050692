"""Settings: nothing is needed to try it, everything is needed in production, and what is wrong is named in one line."""

import base64
import stat
from pathlib import Path

import pytest

from server.config import Settings, SettingsError
from wechat.sandbox import DEFAULT_APPID, DEFAULT_SECRET

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER = base64.urlsafe_b64encode(b"o" * 32).decode()
PRODUCTION = {
    "LOUZHANG_ENV": "production",
    "LOUZHANG_KEYS": KEY,
    "DATABASE_URL": "postgresql://db.test/louzhang",
    "PUBLIC_URL": "https://louzhang.test/",
    "WECHAT_APPID": "wx1",
    "WECHAT_SECRET": "secret",
}


def test_without_settings_there_is_sqlite_a_key_of_ones_own_and_the_sandbox(tmp_path: Path) -> None:
    env = {"LOUZHANG_INSTANCE": str(tmp_path / "new"), "PORT": "8200"}
    settings = Settings.from_env(env)
    assert settings.database_url == f"sqlite:///{tmp_path}/new/louzhang.db"
    assert (settings.public_url, settings.port) == ("http://127.0.0.1:8200", 8200)
    wechat = settings.wechat
    assert (wechat.appid, wechat.secret) == (DEFAULT_APPID, DEFAULT_SECRET)
    assert wechat.base_url == "http://127.0.0.1:8201"  # the platform itself never sees the sandbox's secret
    assert stat.S_IMODE((tmp_path / "new" / "keys").stat().st_mode) == 0o600
    assert Settings.from_env(env).keys == settings.keys


def test_floods_are_slowed_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    assert Settings.from_env(PRODUCTION).limits
    assert not Settings.from_env({**PRODUCTION, "LOUZHANG_LIMITS": "off"}).limits
    at_home = {"LOUZHANG_INSTANCE": str(tmp_path)}  # what is tried at home is what the street gets
    assert Settings.from_env(at_home).limits
    assert not Settings.from_env({**at_home, "LOUZHANG_LIMITS": "off"}).limits


def test_with_a_secret_the_platform_itself_is_asked() -> None:
    settings = Settings.from_env(PRODUCTION)
    assert settings.wechat.base_url == ""
    assert settings.public_url == "https://louzhang.test"
    assert settings.database_url == "postgresql+psycopg://db.test/louzhang"


@pytest.mark.parametrize("name", ["LOUZHANG_KEYS", "DATABASE_URL", "PUBLIC_URL", "WECHAT_APPID", "WECHAT_SECRET"])
def test_production_refuses_to_start_without_its_own(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be set in production$"):
        Settings.from_env({**PRODUCTION, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOUZHANG_ENV", "prod"),
        ("LOUZHANG_KEYS", "short"),
        ("LOUZHANG_KEYS", "不是键"),
        ("DATABASE_URL", "mysql://x"),
        ("WECHAT_BASE_URL", "http://127.0.0.1:8001"),
        ("WECHAT_BASE_URL", "HTTP://127.0.0.1:8001"),
        ("WECHAT_CALLBACK_TOKEN", "t!"),
        ("WECHAT_CALLBACK_TOKEN", "t" * 33),
        ("WECHAT_CALLBACK_KEY", "A" * 42),
        ("WECHAT_CALLBACK_KEY", "!" * 43),
        ("WECHAT_CALLBACK_KEY", "钥" * 43),
        ("LOG_LEVEL", "loud"),
        ("TRUSTED_PROXIES", "one"),
        ("DATABASE_POOL", "-1"),
        ("PORT", "http"),
        ("WEB_WORKERS", "2.5"),
        ("LOUZHANG_LIMITS", "maybe"),
        ("LOUZHANG_FONT", "/nowhere/font.ttc"),
        ("WECHAT_VERIFY_FILE", "/nowhere/x.txt"),
        ("WECHAT_VERIFY_FILE", "x.html=1"),
        ("WECHAT_VERIFY_FILE", "../x.txt=1"),
        ("WECHAT_VERIFY_FILE", "x.txt="),
        ("WECHAT_VERIFY_FILE", "x.txt=页"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must [^\n]*$"):
        Settings.from_env({**PRODUCTION, name: value})


def test_a_key_as_the_console_draws_it_is_taken_with_its_token() -> None:
    half = {**PRODUCTION, "WECHAT_CALLBACK_KEY": "A" * 43}
    with pytest.raises(SettingsError, match="WECHAT_CALLBACK_TOKEN"):
        Settings.from_env(half)  # the door would be shut, and nobody would know
    assert Settings.from_env({**half, "WECHAT_CALLBACK_TOKEN": "token"}).wechat.callback_key == "A" * 43


def test_several_keys_are_read_newest_first_and_never_shown() -> None:
    settings = Settings.from_env({**PRODUCTION, "LOUZHANG_KEYS": f"{OTHER} {KEY}"})
    assert settings.keys == (b"o" * 32, b"k" * 32)
    assert "kkkk" not in repr(settings)
    assert "secret" not in repr(settings)
    assert "db.test" not in repr(settings)


def test_a_folder_that_cannot_hold_a_key_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"^cannot keep a key in .*: Not a directory$"):
        Settings.from_env({"LOUZHANG_INSTANCE": str(tmp_path / "file" / "below")})


def test_wechats_verification_file_is_told_or_read(tmp_path: Path) -> None:
    (tmp_path / "Ab3.txt").write_text("1f0c\n")
    (tmp_path / "MP_verify_x.txt").write_text("x")
    (tmp_path / "notes.md").write_text("not for WeChat")
    for told, files in (
        ("", {}),
        ("Ab3.txt=1f0c", {"Ab3.txt": "1f0c"}),
        (str(tmp_path / "Ab3.txt"), {"Ab3.txt": "1f0c"}),
        (str(tmp_path), {"Ab3.txt": "1f0c", "MP_verify_x.txt": "x"}),
    ):
        assert Settings.from_env({**PRODUCTION, "WECHAT_VERIFY_FILE": told}).wechat.verify_files == files
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="WECHAT_VERIFY_FILE must"):
        Settings.from_env({**PRODUCTION, "WECHAT_VERIFY_FILE": str(tmp_path / "empty")})
