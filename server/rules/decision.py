"""What a rule answers: always the decision together with its reason, in words for citizens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why. True in a condition when allowed."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Refusal:
    """A move that cannot be made: a stable `code` for programs, a Chinese `reason` that says what to do instead."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score line told to the person who is scored: why, what would raise it, and the sum step by step."""

    reason: str
    would_raise: str
    steps: list[str]
