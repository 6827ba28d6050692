"""GET Service List and GET Service Definition: the categories, and what is asked with a request."""

from typing import Any, NamedTuple

from models.enums import IssueCategory
from server.core.errors import Problem
from server.open311.queries.keys import Jurisdiction
from server.rules import publicity
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


class Service(NamedTuple):
    """What a request can be about."""

    code: str
    name: str
    category: IssueCategory


def services(_jurisdiction: Jurisdiction) -> list[dict[str, Any]]:
    """Every service of a jurisdiction. All have a definition: each asks for the building."""
    return [_listed(_of_category(category)) for category in IssueCategory]


def service(_jurisdiction: Jurisdiction, code: str) -> Service:
    """One service by its code. Raises 404."""
    category = CATEGORIES.get(code)
    if category is None:
        raise Problem(404, "unknown_service", "没有这个 service_code，请看 services。")
    return _of_category(category)


def definition(jurisdiction: Jurisdiction, code: str) -> dict[str, Any]:
    """What is asked with a request of a service. Raises 404."""
    found = service(jurisdiction, code)
    asked = [
        _attribute(BUILDING, "哪栋楼", "楼栋编号；和 address_id 一样，两者给出一个即可。", required=True),
        _attribute(EXTERNAL_ID, "对方系统的编号", "同一个编号只登记一次，重发时得到同一件。最多 60 个字。"),
        _attribute(
            ABOUT_HEAD, "是不是投诉楼栋长", "选“是”就不经过楼栋长。", values=[("false", "不是"), ("true", "是")]
        ),
    ]
    return {
        "service_code": found.code,
        "attributes": [{**one, "order": order} for order, one in enumerate(asked, 1)],
    }


def _of_category(category: IssueCategory) -> Service:
    return Service(str(category), category.zh, category)


def _listed(found: Service) -> dict[str, Any]:
    group, keywords = group_of(found.category)
    return {
        "service_code": found.code,
        "service_name": found.name,
        "description": f"{found.name}。{_HEARD[publicity.publicity(found.category)]}",
        "metadata": True,
        "type": "realtime",
        "keywords": keywords,
        "group": group,
    }


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
