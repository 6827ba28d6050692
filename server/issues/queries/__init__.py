"""Reading issues: lists, one issue with its timeline, and the locked rows that moves start from."""

from server.issues.hidden import is_by
from server.issues.queries.lists import FAMILIES, Filters, IssueItem, page_for_staff, page_of_own
from server.issues.queries.locks import FACTS, facts_of, lock_claimed, lock_for_staff, lock_own
from server.issues.queries.one import (
    EventView,
    IssueView,
    JoinedView,
    for_claim,
    for_reporter,
    for_staff,
    joined_to,
    key_of_claimed,
    key_of_own,
    own_joined_to,
)
from server.issues.queries.scope import narrow, not_about, own, own_values

__all__ = [
    "FACTS",
    "FAMILIES",
    "EventView",
    "Filters",
    "IssueItem",
    "IssueView",
    "JoinedView",
    "facts_of",
    "for_claim",
    "for_reporter",
    "for_staff",
    "is_by",
    "joined_to",
    "key_of_claimed",
    "key_of_own",
    "lock_claimed",
    "lock_for_staff",
    "lock_own",
    "narrow",
    "not_about",
    "own",
    "own_joined_to",
    "own_values",
    "page_for_staff",
    "page_of_own",
]
