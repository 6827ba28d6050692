"""The one function that masks personal fields. WeChat's rule 5.12.6: phone first 3 + last 2, name with its surname hidden or kept."""

from enum import StrEnum


class Kind(StrEnum):
    """What is being masked."""

    NAME = "name"
    PHONE = "phone"


def mask(text: str | None, kind: Kind) -> str | None:
    """`13812345678` → `138******78`; `张小明` → `张**`; a single character → `*`. None stays None."""
    if text is None:
        return None
    if kind is Kind.PHONE:
        return text[:3] + "*" * (len(text) - 5) + text[-2:] if len(text) > 7 else "*" * len(text)
    return text[0] + "*" * (len(text) - 1) if len(text) > 1 else "*"
