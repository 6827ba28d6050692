"""The list in use: shipped words, the installation's own, and a plain word at start when the file is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.enums import HeldFor
from server.config import Settings, SettingsError
from server.moderation import words


def test_the_installation_adds_its_own(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "words.txt"
    own.write_text("某某人\n[harmless]\n某某人民医院\n", encoding="utf-8")
    found = words.load(replace(settings, words_file=own))
    assert found.hits("某 某 人来过，傻逼") == (HeldFor.ABUSE, HeldFor.LOCAL)
    assert found.hits("在某某人民医院门口") == ()
    assert words.load(settings).hits("某某人") == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot read the file"), (b"\xff\xfe\x00", "cannot read the file"), ("好好\n操".encode(), "line 2")],
)
def test_a_list_that_cannot_be_read_stops_the_start(
    settings: Settings, tmp_path: Path, content: bytes | None, said: str
) -> None:
    own = tmp_path / "words.txt"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(SettingsError, match=f"^LOUZHANG_WORDS: .*{said}"):
        words.load(replace(settings, words_file=own))


def test_the_setting_names_the_file(tmp_path: Path) -> None:
    env = {"LOUZHANG_INSTANCE": str(tmp_path), "LOUZHANG_WORDS": str(tmp_path / "own.txt")}
    assert Settings.from_env(env).words_file == tmp_path / "own.txt"
    assert Settings.from_env({"LOUZHANG_INSTANCE": str(tmp_path)}).words_file is None
