"""The reporter's three answers: when a phone call may add to them, and in whose score they count (design §5, §6)."""

from collections.abc import Mapping

from models.enums import Level
from server.rules.decision import Refusal

_QUESTIONS = {"contacted": "联系您了吗", "solved": "解决了吗", "satisfaction": "满意吗"}


def contradicts(told: Mapping[str, object], noted: Mapping[str, object]) -> Refusal | None:
    """Why a phone call cannot be noted down so: it may add to what the reporter said in person, never replace it.

    `told` and `noted`: answers by question, only those given.
    """
    taken = [words for name, words in _QUESTIONS.items() if name in told and noted.get(name, told[name]) != told[name]]
    if not taken:
        return None
    return Refusal("already_told", f"“{'、'.join(taken)}”上报人已经自己回答过，电话回访不能改写，只能补上没有回答的。")


def counts_for_building(resolved_level: Level | None, *, own_word: bool = False) -> bool:
    """Whether the reporter's answers count in the building's score.

    Design §4: "a department's delay never counts against her".
    What was settled above the community says nothing about the building: it belongs to the report on departments.
    Nor do answers that may be the `own_word` of the one who settled it: design §5, "the one who fixes does not write off".
    """
    return not own_word and (resolved_level is None or resolved_level.height <= Level.COMMUNITY.height)


def own_word(*, taken_by: int | None, resolved_by: int | None, known_reporter: bool, noted_by_office: bool) -> bool:
    """Whether answers may come from the very person who settled the issue.

    Whoever types in a report for a resident (代报) is shown its claim code. What is said under it counts once the office
    has asked the resident herself, unless somebody else did the work. `taken_by` and `resolved_by` are persons.
    """
    return taken_by is not None and taken_by == resolved_by and not known_reporter and not noted_by_office
