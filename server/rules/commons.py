"""Common problems (共性问题): when many similar issues are suggested as one, and how such a problem goes on."""

from datetime import timedelta

from models.enums import CommonState, IssueCategory, IssueState
from server.rules.decision import Decision, Refusal
from server.rules.publicity import LISTED

WINDOW = timedelta(days=90)
BUILDINGS = 3
ISSUES = 5

# What neighbours may not even know of is nobody's project: its members would be told that there are others.
CATEGORIES: tuple[IssueCategory, ...] = LISTED
# Duplicates are one fault reported twice; what was declined or taken back is none of ours.
NOT_COUNTED = (IssueState.DECLINED, IssueState.DUPLICATE, IssueState.WITHDRAWN)

_C = CommonState
NEXT: dict[CommonState, frozenset[CommonState]] = {
    _C.WATCHED: frozenset({_C.PROJECT, _C.DROPPED}),
    _C.PROJECT: frozenset({_C.DONE, _C.DROPPED, _C.WATCHED}),
    _C.DONE: frozenset({_C.WATCHED}),
    _C.DROPPED: frozenset({_C.WATCHED}),
}
ENDED = frozenset({_C.DONE, _C.DROPPED})


def suggests(buildings: int, issues: int) -> Decision:
    """Whether so many issues of one kind, in so many buildings of a community within 90 days, are worth a look together."""
    counted = f"{WINDOW.days}天内，{buildings}栋楼报了{issues}件同类问题"
    if buildings >= BUILDINGS and issues >= ISSUES:
        return Decision(True, f"{counted}，可能有共同的原因，一起解决更省事。")
    return Decision(False, f"{counted}；满{BUILDINGS}栋楼、{ISSUES}件才提示。")


def change(state: CommonState, to: CommonState) -> Refusal | None:
    """Why a problem cannot go from one state to the other; None when it can, or stays as it is."""
    if to is state or to in NEXT[state]:
        return None
    possible = "、".join(other.zh for other in CommonState if other in NEXT[state])
    return Refusal("wrong_state", f"现在是“{state.zh}”，不能改成“{to.zh}”，可以改成：{possible}。")


def may_take(
    state: CommonState, *, category: IssueCategory, about_head: bool, of_category: IssueCategory
) -> Refusal | None:
    """Why an issue cannot be put into a problem of `category`; None when it can."""
    if state in ENDED:
        return Refusal("ended", f"这个共性问题已经是“{state.zh}”，不再加入诉求；要接着办，请先改回“持续关注”。")
    if about_head or of_category not in CATEGORIES:
        return Refusal("not_common", "邻里纠纷、求助和与楼栋长有关的事，不能列入共性问题。")
    if category is not of_category:
        return Refusal("other_kind", f"这个共性问题是{category.zh}方面的，只能加入同一类的诉求。")
    return None


def told(title: str, other_buildings: int, state: CommonState, note: str) -> str:
    """What the reporter of one of its issues reads."""
    together = f"与其他{other_buildings}栋楼的同类问题一起，" if other_buildings > 0 else ""
    said = f"。{note}" if note else ""
    return f"这件事{together}作为共性问题推进：{title}（{state.zh}）{said}"
