"""The report on departments as an Excel file: the figures, and what each means. No person is in it."""

from datetime import datetime

from server.core import sheets
from server.core.access import Actor
from server.core.sheets import Sheet
from server.issues import queries
from server.rules.calendar import Month, say_month, show_month
from server.rules.department_figures import DEFINITIONS

HEADINGS = (
    *("部门", "吹哨", "已撤销", "按时签收", "签收应计", "按时联系", "联系应计", "按时反馈", "反馈应计"),
    *("退回", "催办", "超期", "超期天数", "未答复", "满意", "基本满意", "不满意"),
)


def department_figures_file(actor: Actor, month: Month, now: datetime) -> tuple[str, bytes]:
    """The file's name and content, as the actor may read it (`queries.department_figures`)."""
    view = queries.department_figures(actor, month, now)
    rows = [
        (
            *(each.department_name, each.whistles, each.called_off, each.signed_in_on_time, each.sign_in_counted),
            *(each.contacted_on_time, each.contact_counted, each.reported_on_time, each.report_counted),
            *(each.pushed_back, each.urged, each.overdue, each.overdue_days, each.open),
            *(each.satisfied, each.fairly, each.unsatisfied),
        )
        for each in view.items
    ]
    remarks = [("月份", say_month(month)), *((each.title, each.meaning) for each in DEFINITIONS)]
    table = sheets.write_xlsx([Sheet("部门办理情况", HEADINGS, rows), Sheet("说明", ("项目", "内容"), remarks)])
    return f"部门办理情况-{show_month(month)}.xlsx", table
