"""What all imported tables say of a row that cannot be taken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one cell: its line and column in the file, and a Chinese sentence."""

    line: int
    column: str
    reason: str
