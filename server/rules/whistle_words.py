"""The words of in-app messages about whistles: plain, short, the department by its name and nobody else's."""

from datetime import datetime

from models.enums import IssueCategory, Level, WhistleEnd
from server.rules.calendar import SHANGHAI
from server.rules.notices import OPEN_IT, MessageText
from server.rules.whistling import Alarm


def called_message(building_name: str, category: IssueCategory, department: str, sign_in_by: datetime) -> MessageText:
    """A department is called, to its people."""
    return MessageText(
        f"吹哨：{building_name}的{category.zh}", f"请{department}办理，请在{_minute(sign_in_by)}之前签收。{OPEN_IT}"
    )


def ended_message(
    building_name: str, category: IssueCategory, department: str, end: WhistleEnd, level: Level, waiting: int
) -> MessageText:
    """A department answered, to who called it. `waiting`: how many others have not; `level`: who has it in hand now."""
    after = f"还有{waiting}个部门没有反馈。" if waiting else f"现在由{level.zh}办理，请核实后答复上报人。"
    return MessageText(f"{department}{end.zh}：{building_name}的{category.zh}", f"{after}{OPEN_IT}")


def called_off_message(building_name: str, category: IssueCategory, department: str) -> MessageText:
    """A whistle was taken back, to the department's people."""
    return MessageText(f"吹哨已撤销：{building_name}的{category.zh}", f"{department}不用再办理这一件。")


def urged_message(building_name: str, category: IssueCategory, department: str, by: datetime) -> MessageText:
    """The caller is waiting, to the department's people."""
    return MessageText(
        f"催办：{building_name}的{category.zh}", f"请{department}尽快办理，应在{_minute(by)}之前反馈。{OPEN_IT}"
    )


def alarm_message(
    building_name: str, category: IssueCategory, department: str, alarm: Alarm, by: datetime, *, own: bool
) -> MessageText:
    """What the clock found, to the department's `own` people or to who called it and the district."""
    what = "签收" if alarm is Alarm.SIGN_IN else "反馈"
    if alarm is Alarm.SOON:
        return MessageText(
            f"吹哨快到期：{building_name}的{category.zh}", f"请{department}在{_minute(by)}之前反馈。{OPEN_IT}"
        )
    title = f"{department}{alarm.zh}：{building_name}的{category.zh}"
    wish = "请马上办理，办不了的写明理由退回。" if own else "可以催办，或者打电话问一问。"
    return MessageText(title, f"应在{_minute(by)}之前{what}。{wish}{OPEN_IT}")


def _minute(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"
