"""The word list in use: the one shipped with the room, and the installation's own additions."""

from importlib import resources

from flask import current_app

from server.config import Settings, SettingsError
from server.rules import word_list
from server.rules.word_list import WordList, WordListError


def load(settings: Settings) -> WordList:
    """Read the lists when the application starts. Raises SettingsError for additions that cannot be read."""
    shipped = resources.files("server.moderation").joinpath("words.txt").read_text(encoding="utf-8")
    if settings.words_file is None:
        return word_list.read(shipped)
    try:
        own = settings.words_file.read_text(encoding="utf-8")
        word_list.read(own)  # by itself first: a refusal then names a line of that file
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"LOUZHANG_WORDS: cannot read the file as UTF-8 text ({type(error).__name__})") from None
    except WordListError as error:
        raise SettingsError(f"LOUZHANG_WORDS: {error}") from None
    return word_list.read(shipped, own)


def in_use() -> WordList:
    """The current app's list."""
    words: WordList = current_app.extensions["word_list"]
    return words
