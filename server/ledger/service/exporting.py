"""The figures as an Excel file with their definitions, noted in the audit trail."""

from datetime import datetime

from models.enums import PlaceKind, Role
from server.core import audit, sheets
from server.core.access import Actor
from server.core.audit import Action
from server.core.sheets import Sheet, Value
from server.ledger import queries
from server.ledger.queries import Told
from server.rules.calendar import SHANGHAI
from server.rules.figures import DEFINITIONS, THIN, Figure, Key, Period, say_span
from server.rules.permissions import Permission


def export_figures(
    actor: Actor, place: str | None, period: Period | None, now: datetime, by: PlaceKind | None = None
) -> tuple[str, bytes]:
    """The figures as a file with their definitions: its name and content. Raises as `queries.report`."""
    report = queries.report(actor, place, period, now, by)
    names = [key.zh for key in Key]
    head = ("上报件数", "不予受理", "撤回和并案", "社区以上在办或办结", "受理用时（中位数）")
    data = sheets.write_xlsx(
        [
            Sheet(
                "办理情况",
                ("地点", *head, *(cell for name in names for cell in (name, f"{name}：件数"))),
                [_line(each) for each in (report.whole, *report.parts)],
            ),
            Sheet(
                "按层级",
                ("层级", "指标", "占比", "分子", "分母", "说明"),
                [
                    (level.level.zh, figure.key.zh, _share(figure), figure.part, figure.whole, _thin(figure))
                    for level in report.levels
                    for figure in level.figures
                ],
            ),
            Sheet(
                "口径",
                ("指标", "分子", "分母", "不算在内", "数据来源"),
                [(d.key.zh, d.numerator, d.denominator, d.left_out, d.source) for d in DEFINITIONS.values()],
            ),
        ]
    )
    audit.record(
        Action.FIGURES_EXPORT,
        now,
        actor=actor,
        role=_role(actor),
        subject=f"place:{report.place}",
        detail={
            "since": report.period.since.isoformat(),
            "until": report.period.until.isoformat(),
            "rows": len(report.parts),
        },
    )
    day = report.period.since.astimezone(SHANGHAI)
    return f"{report.place_name}-办理情况-{day:%Y-%m-%d}起.xlsx", data


def _role(actor: Actor) -> Role | None:
    return actor.role_for(Permission.FIGURE_READ)


def _line(told: Told) -> list[Value | None]:
    counts = told.counts
    median = None if counts.median_acceptance is None else say_span(counts.median_acceptance)
    cells: list[Value | None] = [told.name, counts.reported, counts.declined, counts.left_out, counts.above, median]
    for figure in told.figures:
        cells += [_share(figure), f"{figure.part}/{figure.whole}"]
    return cells


def _share(figure: Figure) -> str | None:
    return None if figure.share is None else f"{figure.share}{'（样本少）' if figure.thin else ''}"


def _thin(figure: Figure) -> str:
    return f"不到 {THIN} 件，仅供参考" if figure.thin else ""
