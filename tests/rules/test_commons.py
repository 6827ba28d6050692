"""Common problems: when they are suggested, and how they go on."""

import pytest

from models.enums import CommonState, IssueCategory
from server.rules.commons import CATEGORIES, NEXT, change, may_take, suggests, told

C = CommonState


@pytest.mark.parametrize(
    ("buildings", "issues", "worth"), [(3, 5, True), (2, 50, False), (3, 4, False), (30, 30, True), (0, 0, False)]
)
def test_when_a_cluster_is_suggested(buildings: int, issues: int, worth: bool) -> None:
    found = suggests(buildings, issues)
    assert bool(found) is worth
    assert f"{buildings}栋楼报了{issues}件" in found.reason


def test_the_states_follow_each_other_so() -> None:
    table = {
        C.WATCHED: {C.PROJECT, C.DROPPED},
        C.PROJECT: {C.WATCHED, C.DONE, C.DROPPED},
        C.DONE: {C.WATCHED},
        C.DROPPED: {C.WATCHED},
    }
    assert set(NEXT) == set(CommonState)
    for state in CommonState:
        for to in CommonState:
            refusal = change(state, to)
            assert (refusal is None) == (to in table[state] or to is state), (state, to)
            assert refusal is None or "可以改成" in refusal.reason


@pytest.mark.parametrize(
    ("state", "of_category", "about_head", "code"),
    [
        (C.WATCHED, IssueCategory.LEAK, False, None),
        (C.PROJECT, IssueCategory.LEAK, False, None),
        (C.DONE, IssueCategory.LEAK, False, "ended"),
        (C.DROPPED, IssueCategory.LEAK, False, "ended"),
        (C.WATCHED, IssueCategory.LEAK, True, "not_common"),
        (C.WATCHED, IssueCategory.CARE, False, "not_common"),
        (C.WATCHED, IssueCategory.LIFT, False, "other_kind"),
    ],
)
def test_what_a_problem_takes(
    state: CommonState, of_category: IssueCategory, about_head: bool, code: str | None
) -> None:
    found = may_take(state, category=IssueCategory.LEAK, about_head=about_head, of_category=of_category)
    assert (found.code if found else None) == code


def test_private_matters_are_nobodys_project() -> None:
    assert not {IssueCategory.NEIGHBOUR, IssueCategory.CARE, IssueCategory.ERRAND} & set(CATEGORIES)


def test_what_a_reporter_reads() -> None:
    assert told("屋顶防水", 3, C.PROJECT, "明年春天开工") == (
        "这件事与其他3栋楼的同类问题一起，作为共性问题推进：屋顶防水（已立项）。明年春天开工"
    )
    assert told("屋顶防水", 0, C.WATCHED, "") == "这件事作为共性问题推进：屋顶防水（持续关注）"
