"""Reading issues: lists, one issue with its timeline, and the locked rows that moves start from."""

from server.issues.queries.filters import FAMILIES, Filters
from server.issues.queries.hands import HandsView, colleagues
from server.issues.queries.lists import IssueItem, page_for_staff, page_of_own
from server.issues.queries.locks import FACTS, facts_of, lock_claimed, lock_for_staff, lock_own
from server.issues.queries.one import (
    EventView,
    IssueView,
    JoinedView,
    for_claim,
    for_reporter,
    for_staff,
    joined_to,
    own_joined_to,
)
from server.issues.queries.people import Colleague, beside, standing, with_people_at
from server.issues.queries.scope import narrow, not_about
from server.issues.queries.walk import walk

__all__ = [
    "FACTS",
    "FAMILIES",
    "Colleague",
    "EventView",
    "Filters",
    "HandsView",
    "IssueItem",
    "IssueView",
    "JoinedView",
    "beside",
    "colleagues",
    "facts_of",
    "for_claim",
    "for_reporter",
    "for_staff",
    "joined_to",
    "lock_claimed",
    "lock_for_staff",
    "lock_own",
    "narrow",
    "not_about",
    "own_joined_to",
    "page_for_staff",
    "page_of_own",
    "standing",
    "walk",
    "with_people_at",
]
