"""Reading issues: lists, one issue with its timeline, and the locked rows that moves start from."""

from server.issues.hidden import is_by
from server.issues.queries.department_figures import DepartmentFigures, FiguresView, department_figures
from server.issues.queries.filters import FAMILIES, Filters
from server.issues.queries.hands import HandsView, colleagues
from server.issues.queries.joiners import Joiner, joiners_of
from server.issues.queries.lists import IssueItem, page_for_staff, page_of_own
from server.issues.queries.locks import (
    FACTS,
    facts_of,
    is_worked_on_elsewhere,
    lock_claimed,
    lock_filed,
    lock_for_staff,
    lock_own,
    lock_target,
    said_not_yet,
)
from server.issues.queries.one import (
    EventView,
    IssueView,
    JoinedView,
    for_claim,
    for_reporter,
    for_staff,
    key_of_claimed,
    key_of_own,
)
from server.issues.queries.people import Colleague, beside, standing, with_people_at
from server.issues.queries.scope import narrow, not_about, own, own_values
from server.issues.queries.walk import walk
from server.issues.queries.whistles import (
    CalledView,
    WhistleFilters,
    WhistleItem,
    WhistleView,
    callable_departments,
    called_for,
    departments_of,
    facts_of_whistle,
    matter_of,
    whistles,
    whistles_for_staff,
    whistles_on,
)

__all__ = [
    "FACTS",
    "FAMILIES",
    "CalledView",
    "Colleague",
    "DepartmentFigures",
    "EventView",
    "FiguresView",
    "Filters",
    "HandsView",
    "IssueItem",
    "IssueView",
    "JoinedView",
    "Joiner",
    "WhistleFilters",
    "WhistleItem",
    "WhistleView",
    "beside",
    "callable_departments",
    "called_for",
    "colleagues",
    "department_figures",
    "departments_of",
    "facts_of",
    "facts_of_whistle",
    "for_claim",
    "for_reporter",
    "for_staff",
    "is_by",
    "is_worked_on_elsewhere",
    "joiners_of",
    "key_of_claimed",
    "key_of_own",
    "lock_claimed",
    "lock_filed",
    "lock_for_staff",
    "lock_own",
    "lock_target",
    "matter_of",
    "narrow",
    "not_about",
    "own",
    "own_values",
    "page_for_staff",
    "page_of_own",
    "said_not_yet",
    "standing",
    "walk",
    "whistles",
    "whistles_for_staff",
    "whistles_on",
    "with_people_at",
]
