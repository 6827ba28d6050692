"""The report on departments: which figures there are, and what each means. Beside every figure stands its definition.

A figure belongs to the month in which the whistle was sounded (Asia/Shanghai) and may still change while whistles of that
month are open. It says something about departments alone: nothing of it enters a building's score.
"""

from dataclasses import dataclass
from datetime import timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure's key, what it is called on screen, and how it is counted."""

    name: str
    title: str
    meaning: str


DEFINITIONS = (
    Definition("whistles", "吹哨", "本月吹给这个部门的次数，不含已撤销的。几个部门一起吹的，每个部门各算一次。"),
    Definition("called_off", "已撤销", "吹哨的一方自己撤销，或者诉求先结束了的次数。不计入其他各项。"),
    Definition("signed_in_on_time", "按时签收", "在签收期限之前签收的。分母是已经签收和签收期限已过的。"),
    Definition(
        "contacted_on_time", "按时联系", "在联系期限之前联系了上报人的。分母是已经联系和联系期限已过的，不含退回的。"
    ),
    Definition("reported_on_time", "按时反馈", "在反馈期限之前反馈的。分母是已经反馈和反馈期限已过的，不含退回的。"),
    Definition("pushed_back", "退回", "部门写明理由退回的次数。"),
    Definition("urged", "催办", "吹哨的一方、上级或者上报人催办的次数。"),
    Definition("overdue", "超期", "过了反馈期限才反馈或退回的，以及过了期限还没有答复的。"),
    Definition(
        "overdue_days", "超期天数", "超期的合计天数：从反馈期限到答复（没有答复的到现在），每件不足一天按一天算。"
    ),
    Definition("open", "未答复", "还没有反馈、也没有退回的。"),
    Definition(
        "rating", "评价", "吹哨的社区或街道在部门反馈或退回以后作的评价：满意、基本满意、不满意。没有评价的不算。"
    ),
)


def days_over(late: timedelta) -> int:
    """Whole days of lateness: a part of a day counts as one. 0 for an answer in time."""
    return 0 if late <= timedelta() else -(-late // _DAY)
