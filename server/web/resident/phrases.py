"""The sentences residents tap; see `server.rules.phrases`."""

from server.rules.phrases import NOT_SOLVED, PHRASES, compose

__all__ = ["NOT_SOLVED", "PHRASES", "compose"]
