"""POST Service Request: another system reports for somebody. It is filed like every report, marked with the key's name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from models import Issue
from models.enums import Anonymity
from models.issue import TEXT_LIMIT
from server.core import database
from server.core.errors import Problem, invalid
from server.issues import service as issues
from server.issues.service import Report
from server.open311 import queries
from server.open311.queries import Jurisdiction

SPOT_LIMIT = 60
_issues = Issue.__table__.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """What another system sends, checked. `external_id` is its own number for it, empty when it has none."""

    service_code: str
    address_id: str
    description: str = ""
    address: str = ""
    phone: str = ""
    external_id: str = ""
    about_head: bool = False
    has_media: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)  # the form's own names: "attribute[code]"


@dataclass(frozen=True, slots=True)
class Filed:
    """What it gets back. `fresh` is false when the same number was filed before."""

    id: str
    notice: str
    fresh: bool


def file_request(jurisdiction: Jurisdiction, wanted: Wanted, now: datetime) -> Filed:
    """File a request. The same external id of the same key in a community is filed once and gives the same answer.

    Raises 404 for a service or building that is not there, or lies outside the key's place; 422 for a closed building.
    """
    building = queries.building_of(jurisdiction, wanted.address_id)
    if building is None:
        raise Problem(404, "unknown_address", "没有这个 address_id，或者它不在这把密钥的范围里。楼栋编号见 addresses。")
    if building.closed:
        raise invalid("address_id", "这栋楼已经停用，不再接受上报，请联系社区。")
    if wanted.external_id:
        database.advisory_lock(f"{jurisdiction.source} {wanted.external_id}")
        if known := _known(jurisdiction, building.community_id, wanted.external_id):
            return Filed(known, "这个编号之前已经登记过，没有重复登记。", fresh=False)
    service = queries.service(building.id, wanted.service_code)
    report = Report(
        category=service.category,
        text=_text(service.name, wanted),
        spot=wanted.address if len(wanted.address) <= SPOT_LIMIT else "",
        about_head=wanted.about_head,
        contact=wanted.phone,
        topic=service.topic.key if service.topic else "",
        answers=queries.answers(service, wanted.attributes),
        # We know a phone or nobody: without one there is nothing to keep, and the timeline says so.
        anonymity=Anonymity.OPEN if wanted.phone else Anonymity.NONE,
    )
    reported = issues.report_from_system(
        building.id, report, now, source=jurisdiction.source, number=wanted.external_id or None
    )
    follow = f"查询码 {reported.claim_code}，请转告上报人：凭它可以看进展、确认解决或说还没好。{reported.status_url}"
    first = f"{reported.emergency.sentence}" if reported.emergency else ""
    media = "照片链接没有取用。" if wanted.has_media else ""
    return Filed(reported.id, f"{first}{reported.message}{media}{follow}", fresh=True)


def _known(jurisdiction: Jurisdiction, community_id: int, external_id: str) -> str | None:
    query = sa.select(_issues.public_id).where(
        _issues.community_id == community_id,
        _issues.source == jurisdiction.source,
        _issues.number == external_id,
    )
    return database.connection().execute(query).scalar_one_or_none()


def _text(service: str, wanted: Wanted) -> str:
    """The description, with the address when it is too long for a spot. Raises 422 when it all is too long."""
    text = wanted.description or f"{service}（对方系统没有写说明）"
    if len(wanted.address) > SPOT_LIMIT:
        text += f"\n位置：{wanted.address}"
    if len(text) > TEXT_LIMIT:
        raise invalid("description", f"和位置加起来最多 {TEXT_LIMIT} 个字，多了 {len(text) - TEXT_LIMIT} 个。")
    return text
