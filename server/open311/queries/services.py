"""GET Service List and GET Service Definition: the rule book's kinds and topics, and what is asked with a request.

A service is a category (`leak`) or one of its topics (`leak.leak_roof`). The list is the book's that holds at the
jurisdiction's place; a request is filed under its own building's book, which may know other topics.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from models.enums import IssueCategory
from server.core.errors import Problem
from server.open311.queries.keys import Jurisdiction
from server.rulebook import queries as rulebook
from server.rules import publicity
from server.rules.book import Ask, Question, RuleBook, Topic
from server.rules.open311 import CATEGORIES, group_of
from server.rules.publicity import Publicity

ABOUT_HEAD = "about_head"
BUILDING = "building"
EXTERNAL_ID = "external_id"
_HEARD = {
    Publicity.WHOLE: "审核通过后，公开类别和摘要。",
    Publicity.CATEGORY: "只公开类别，不公开内容。",
    Publicity.NOTHING: "不公开。",
}
_DATATYPES = {Ask.NUMBER: "number", Ask.TEXT: "string"}


class Service(NamedTuple):
    """What a request can be about."""

    code: str
    name: str
    category: IssueCategory
    topic: Topic | None


def services(jurisdiction: Jurisdiction) -> list[dict[str, Any]]:
    """Every service of a jurisdiction. All have a definition: each asks for the building."""
    book = _book(jurisdiction.area.place_id)
    found = []
    for kind in book.offered:
        found.append(_listed(Service(str(kind.category), kind.name, kind.category, None)))
        found += [_listed(_of_topic(topic)) for topic in book.topics_of(kind.category)]
    return found


def service(place_id: int, code: str) -> Service:
    """One service by its code, in the book that holds at a place (a jurisdiction's, a building). Raises 404."""
    name, dot, key = code.partition(".")
    category, book = CATEGORIES.get(name), _book(place_id)
    topic = book.topic(key) if dot else None
    if category is None or (dot and (topic is None or topic.category is not category or not topic.on)):
        raise Problem(404, "unknown_service", "没有这个 service_code，请看 services。")
    return _of_topic(topic) if topic else Service(code, book.kind(category).name, category, None)


def definition(jurisdiction: Jurisdiction, code: str) -> dict[str, Any]:
    """What is asked with a request of a service: the building, and the topic's questions. Raises 404."""
    found = service(jurisdiction.area.place_id, code)
    asked = [
        _attribute(BUILDING, "哪栋楼", "楼栋编号；和 address_id 一样，两者给出一个即可。", required=True),
        *(_asked(question) for question in (found.topic.questions if found.topic else ())),
        _attribute(EXTERNAL_ID, "对方系统的编号", "同一个编号只登记一次，重发时得到同一件。最多 60 个字。"),
        _attribute(
            ABOUT_HEAD, "是不是投诉楼栋长", "选“是”就不经过楼栋长。", values=[("false", "不是"), ("true", "是")]
        ),
    ]
    return {
        "service_code": found.code,
        "attributes": [{**one, "order": order} for order, one in enumerate(asked, 1)],
    }


def answers(found: Service, told: Mapping[str, str]) -> dict[str, str]:
    """`attribute[code]=value` of a form as answers to the topic's questions, by their text."""
    questions = found.topic.questions if found.topic else ()
    given = {question.text: told.get(f"attribute[{question_code(question)}]", "") for question in questions}
    return {text: said for text, said in given.items() if said}


def question_code(question: Question) -> str:
    """A code for a question that stays the same in every version of the book that asks it in these words."""
    return "q" + hashlib.blake2b(question.text.encode(), digest_size=4).hexdigest()


def _book(place_id: int) -> RuleBook:
    return rulebook.book_for_building(place_id).book


def _of_topic(topic: Topic) -> Service:
    return Service(f"{topic.category}.{topic.key}", topic.name, topic.category, topic)


def _listed(found: Service) -> dict[str, Any]:
    group, keywords = group_of(found.category)
    if found.topic:
        keywords = ",".join(word for word in found.topic.words if "+" not in word) or keywords
    return {
        "service_code": found.code,
        "service_name": found.name,
        "description": f"{found.name}。{_HEARD[publicity.publicity(found.category)]}",
        "metadata": True,
        "type": "realtime",
        "keywords": keywords,
        "group": group if found.topic is None else f"{group}/{found.category.zh}",
    }


def _asked(question: Question) -> dict[str, Any]:
    made = _attribute(
        question_code(question),
        question.text,
        "",
        required=question.required,
        values=[(choice, choice) for choice in question.choices],
    )
    return {**made, "datatype": _DATATYPES.get(question.ask, "singlevaluelist")}


def _attribute(
    code: str, description: str, hint: str, *, required: bool = False, values: list[tuple[str, str]] | None = None
) -> dict[str, Any]:
    return {
        "variable": True,
        "code": code,
        "datatype": "singlevaluelist" if values else "string",
        "required": required,
        "datatype_description": hint,
        "order": 0,
        "description": description,
        "values": [{"key": key, "name": name} for key, name in values or []],
    }
