"""What every part of the launcher shares: where the project lies, and how it refuses."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Refusal(Exception):
    """The launcher cannot go on. The message is one line that says what to do."""


def why(error: OSError) -> str:
    """The system's own words for what went wrong."""
    return error.strerror or type(error).__name__
