"""Reading checks: the office's queue, and what the public may see."""

from server.moderation.queries.handles import issue_behind
from server.moderation.queries.public import (
    TEXT_PASSED,
    PublicIssue,
    PublicPhoto,
    issues_by_kind,
    issues_of_building,
    photo_of_building,
)
from server.moderation.queries.queue import CheckView, check, checks, not_about, waiting_for_us

__all__ = [
    "TEXT_PASSED",
    "CheckView",
    "PublicIssue",
    "PublicPhoto",
    "check",
    "checks",
    "issue_behind",
    "issues_by_kind",
    "issues_of_building",
    "not_about",
    "photo_of_building",
    "waiting_for_us",
]
