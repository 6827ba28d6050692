"""A month's ranking as an Excel file: places, every line with its reason, and how to read it. No personal names."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import Place
from models.enums import Component
from server.core import audit, database, sheets
from server.core.access import Actor
from server.core.audit import Action
from server.core.sheets import Sheet
from server.rules.amounts import show_points
from server.rules.calendar import Month, say_month, show_month
from server.rules.explain import explain
from server.rules.permissions import Permission
from server.scores import queries
from server.scores.queries import RankingView
from server.scores.queries import months as month_queries
from server.scores.queries.scores import lines_of_month

_places = Place.__table__
PLACES = ("名次", "楼栋", "总分", "是否参与排名", "并列", "流动红旗", "说明")
LINES = ("楼栋", "项目", "得分", "满分", "数据是否足够", "理由", "怎样可以更高", "计分规则")


def export_ranking(
    actor: Actor, month: Month, community: str, now: datetime, version: int | None = None
) -> tuple[str, bytes]:
    """The file's name and content. 404 out of scope or before the first draft, 403 without the right there."""
    place = month_queries.community(actor, Permission.RANKING_EXPORT, community)
    row = month_queries.month_row(actor, month, community, version)
    view = queries.ranking(actor, month, community, row.version)
    table = sheets.write_xlsx(
        [
            Sheet("排名", PLACES, list(_standings(view))),
            Sheet("得分明细", LINES, list(_lines(row.id))),
            Sheet("说明", ("项目", "内容"), list(_remarks(view))),
        ]
    )
    audit.record(
        Action.RANKING_EXPORT,
        now,
        actor=actor,
        role=actor.role_for(Permission.RANKING_EXPORT),
        subject=f"month:{row.public_id}",
        place_id=place.id,
        detail={"month": month, "version": row.version, "state": row.state, "rows": len(view.standings)},
    )
    corrected = f"-第{row.version}版" if row.version > 1 else ""
    return f"{view.month.community_name}-{show_month(month)}-排名{corrected}.xlsx", table


def _standings(view: RankingView) -> Iterator[tuple[Any, ...]]:
    flag = "是" if view.flags_are_final else "拟授予"
    for standing in view.standings:
        yield (
            standing.rank,
            standing.building_name,
            None if standing.rank is None else standing.total / 1000,
            standing.state.zh,
            "是" if standing.tied else "",
            flag if standing.red_flag else "",
            standing.reason,
        )


def _lines(month_id: int) -> Iterator[tuple[Any, ...]]:
    lines = lines_of_month(month_id)
    named = sa.select(_places.c.id, _places.c.name).where(_places.c.id.in_(lines)).order_by(_places.c.id)
    for building in database.connection().execute(named).all():
        for line in lines[building.id]:
            told = explain(line)
            yield (
                building.name,
                line.component.zh,
                None if line.thin else line.points / 1000,
                None if line.thin or line.component is Component.DEDUCTION else line.weight / 1000,
                "数据不足" if line.thin else "足够",
                told.reason,
                told.would_raise,
                f"{line.rule_id} 第{line.rule_version}版",
            )


def _remarks(view: RankingView) -> Iterator[tuple[Any, ...]]:
    month = view.month
    yield "社区", month.community_name
    yield "考核月", say_month(month.month)
    yield "版次", "第1版" if month.version == 1 else f"第{month.version}版（更正）：{month.correction_reason}"
    yield "状态", month.state_name
    if newer := [each for each in view.month.versions if each.version > month.version]:
        yield "更正", f"这一版后来有更正：第{newer[-1].version}版，{newer[-1].state_name}"
    yield "计分规则", f"{month.rule_set} 第{month.rule_set_version}版"
    yield "参与排名的楼栋", sum(1 for standing in view.standings if standing.rank is not None)
    yield "公示截止", month.notice_ends_at
    yield "封存时间", month.sealed_at
    yield "封存校验码", month.manifest_hash or None
    yield "排名", "排名比较的是楼栋，不是个人。总分相同的名次相同，都算并列。"
    yield "数据不足", "数据不足不是零分：这一项的分值按比例分给其他有数据的项目；数据不够的楼栋不参与排名，也不算末位。"
    yield "总分", f"各项得分相加，满分{show_points(100_000)}分；每一项都能在“得分明细”里看到理由。"
