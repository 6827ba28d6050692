"""Why we do not take what was sent."""

from typing import ClassVar


class PushRefused(Exception):
    """We do not take this. `reason` is a phrase of ours, never a part of what was sent."""

    status: ClassVar[int] = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(PushRefused):
    """It cannot be read."""


class Forged(PushRefused):
    """It does not come from WeChat, or is not meant for us, or was used before."""

    status = 403


class Stale(PushRefused):
    """It was signed too long ago, or by a clock far ahead of ours."""

    status = 403


class BadKey(PushRefused):
    """Our own EncodingAESKey is none: 43 letters and digits are."""

    status = 500
