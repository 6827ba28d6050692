"""The ledger as an Excel file, noted in the audit trail with what was asked for and how many rows there were.

A file holds nothing a resident wrote and nothing personal. With words (what was reported, where, what was done) it takes a
right of its own and a reason. The reporter's phone is in neither. Texts that look like formulas stay texts (`core.xlsx`).
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Issue, Place, ReturnVisit
from models.enums import OPEN_STATES, Word
from server.core import audit, database, sheets
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem
from server.core.sheets import Sheet, Value
from server.issues import queries
from server.issues.queries import Filters
from server.rules.permissions import Permission

MOST = 100_000
CHUNK = 2_000

_issues, _visits = Issue.__table__.c, ReturnVisit.__table__.c
_building, _grid, _estate, _community = (Place.__table__.alias(n) for n in ("building", "grid", "estate", "community"))
_other = Issue.__table__.alias("other")


def _answer(column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """The latest answer to a question of the return visit."""
    return (
        sa.select(column)
        .where(_visits.issue_id == _issues.id, column.is_not(None))
        .order_by(_visits.month.desc())
        .limit(1)
        .scalar_subquery()
    )


# heading → column. What nobody but us wrote, and nothing that says who anybody is.
PLAIN: dict[str, Any] = {
    "编号": _issues.public_id,
    "原台账": _issues.source,
    "原台账编号": _issues.number,
    "上报时间": _issues.reported_at,
    "来源": _issues.channel,
    "社区": _community.c.name.label("community_name"),
    "网格": _grid.c.name.label("grid_name"),
    "小区": _estate.c.name.label("estate_name"),
    "楼栋": _building.c.name.label("building_name"),
    "类别": _issues.category,
    "细类": _issues.topic_name,
    "紧急": _issues.urgent,
    "三事分流": _issues.triage,
    "进度": _issues.state,
    "由谁办": _issues.level,
    "已交办到人": _issues.assignee_id.is_not(None).label("assigned"),
    "受理时间": _issues.accepted_at,
    "签收期限": _issues.sign_in_due_at,
    "签收时间": _issues.signed_in_at,
    "联系期限": _issues.contact_due_at,
    "联系时间": _issues.contacted_at,
    "办理期限": _issues.due_at,
    "暂缓到": _issues.suspended_until,
    "办结时间": _issues.resolved_at,
    "由谁办结": _issues.resolved_level,
    "结束时间": _issues.ended_at,
    "返工次数": _issues.rework,
    "延期次数": _issues.extensions,
    "暂缓次数": _issues.suspensions,
    "退回次数": _issues.pushed_back,
    "催办次数": _issues.urged,
    "并入": _other.c.public_id.label("joined_to"),
    "联系过": _answer(_visits.contacted).label("contacted"),
    "解决了": _answer(_visits.solved).label("solved"),
    "满意度": _answer(_visits.satisfaction).label("satisfaction"),
}
WORDS: dict[str, Any] = {
    "位置": _issues.spot,
    "问题": _issues.text,
    "办理结果": _issues.outcome,
    "谁做的": _issues.done_by,
    "由谁负责": _issues.responsible,
}
OVERDUE = "已过期"
NOTES = (
    ("内容", "按筛选条件导出的诉求，最新的在前。时间都是北京时间。"),
    ("个人信息", "不含上报人的任何信息。带原文的台账里可能有居民自己写下的个人情况，请妥善保管，用完删除。"),
    ("已过期", "导出时还在办、过了办理期限、又没有暂缓的，写“是”。"),
    ("联系过、解决了、满意度", "上报人最近一次回答。空格：没有回答，不等于满意。"),
)


def export_issues(
    actor: Actor, filters: Filters, now: datetime, *, with_words: bool = False, reason: str = ""
) -> bytes:
    """The issues that fit the filters. Raises 422 when they are more than `MOST`.

    To be called before the request's first write: the transaction is let go while the file is made (seconds for a large
    one), and each chunk of rows is read in one of its own.
    """
    permission = Permission.ISSUE_EXPORT_TEXT if with_words else Permission.ISSUE_EXPORT
    columns = PLAIN | WORDS if with_words else PLAIN
    query = (
        sa.select(_issues.id, *columns.values())
        .join_from(Issue, _building, _building.c.id == _issues.building_id)
        .join(_community, _community.c.id == _issues.community_id)
        .outerjoin(_grid, _grid.c.id == _issues.grid_id)
        .outerjoin(_estate, _estate.c.id == _building.c.estate_id)
        .outerjoin(_other, _other.c.id == _issues.duplicate_of_id)
    )
    rows = _Counted(queries.walk(actor, permission, filters, now, query, CHUNK), now, list(columns))
    database.rollback()
    data = sheets.write_xlsx([Sheet("诉求台账", (*columns, OVERDUE), rows), Sheet("说明", ("项目", "内容"), NOTES)])
    audit.record(
        Action.ISSUE_EXPORT,
        now,
        actor=actor,
        role=actor.role_for(permission),
        subject="issues:ledger",
        detail={"rows": rows.count, "with_words": with_words, "reason": reason, "filters": _told(filters)},
    )
    return data


class _Counted:
    """Rows as cells, counted as they pass."""

    def __init__(self, rows: Iterator[Any], now: datetime, names: list[str]) -> None:
        self._rows, self._now, self.count = rows, now, 0
        self._state, self._due, self._until = (names.index(n) for n in ("进度", "办理期限", "暂缓到"))

    def __iter__(self) -> Iterator[list[Value | None]]:
        for row in self._rows:
            self.count += 1
            if self.count > MOST:
                raise Problem(
                    422, "too_many_rows", f"超过 {MOST:,} 件，一个文件装不下。请按时间或地点缩小范围，分几次导出。"
                )
            values = row[1:]
            yield [*map(_cell, values), "是" if self._overdue(values) else None]

    def _overdue(self, values: Any) -> bool:
        due, until = values[self._due], values[self._until]
        return (
            values[self._state] in OPEN_STATES
            and due is not None
            and due < self._now
            and (until is None or until <= self._now)
        )


def _cell(value: Any) -> Value | None:
    match value:
        case Word():
            return value.zh
        case False | 0:
            return "否" if value is False else 0
        case _:
            return value  # type: ignore[no-any-return]


def _told(filters: Filters) -> dict[str, str]:
    """The filters for the audit trail: ids, words and days; of a search only that there was one."""
    empty = Filters()
    given = {f.name: getattr(filters, f.name) for f in fields(filters)}
    told = {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in given.items()
        if value != getattr(empty, name) and name not in ("q", "cursor", "limit")
    }
    return told | ({"q": "…"} if filters.q else {})
