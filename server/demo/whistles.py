"""The demonstration's departments, who works in two of them, and whistles that were sounded to them. All invented."""

from datetime import date, datetime, timedelta

from models.enums import IssueCategory as C
from models.enums import Move, Satisfaction
from server.core.access import Actor
from server.departments import queries as departments
from server.departments import service as registering
from server.issues import queries, service
from server.issues.service import Report
from server.rules.calendar import SHANGHAI
from server.rules.whistling import Said

HOUSING, WATER, CITY = "住房和城乡建设局", "水务局", "城市管理局"
DEPARTMENTS = (
    (HOUSING, "房屋漏水、电梯、外墙、物业"),
    (WATER, "自来水、下水主管道、积水"),
    (CITY, "占道、违建、垃圾清运、路灯"),
)
# user name, name, department
STAFF = (("zhujian", "钱伟", HOUSING), ("shuiwu", "冯雪", WATER))


def register(district_code: str, at: datetime) -> None:
    """Register the departments of the demonstration's district."""
    for name, duty in DEPARTMENTS:
        registering.register_by_operator(district_code, name, duty, at)


def sound(people: dict[str, Actor], codes: tuple[str, str], now: datetime) -> None:
    """One whistle that two departments were called to and one of them signed in; one that was answered and rated.

    `people` by user name; `codes` of the stairwells where it was reported.
    """
    clerk, housing = people["shequ"], people["zhujian"]
    ids = {each.name: each.id for each in departments.departments(clerk).items}
    begun, earlier = now - timedelta(hours=3), now - timedelta(days=2)
    text = "小区主下水管堵了，一楼卫生间返水，物业疏通过两次，当天又堵"
    issue = service.report_by_code(codes[0], Report(C.SEWER, text), begun).id
    service.sound_whistle(
        clerk, issue, [ids[HOUSING], ids[WATER]], "物业疏通无效，要查主管道", begun + timedelta(hours=1)
    )
    _say(housing, issue, HOUSING, Move.SIGN_IN, Said(), now - timedelta(hours=1))

    text = "外墙瓷砖松了，掉下来一块，怕砸到人"
    issue = service.report_by_code(codes[1], Report(C.OTHER, text), earlier).id
    service.sound_whistle(clerk, issue, [ids[HOUSING]], "外墙归房屋安全管，请来加固", earlier + timedelta(minutes=10))
    _say(housing, issue, HOUSING, Move.SIGN_IN, Said(), earlier + timedelta(minutes=30))
    _say(housing, issue, HOUSING, Move.CONTACT, Said("约了第二天上午来看"), earlier + timedelta(hours=2))
    done = earlier + timedelta(hours=30)
    report = Said("已拆除松动瓷砖并补了防护网", done_on=_day(done))
    _say(housing, issue, HOUSING, Move.REPORT_BACK, report, done)
    _say(clerk, issue, HOUSING, Move.RATE_DEPARTMENT, Said("来得快", rating=Satisfaction.SATISFIED), now)


def _say(actor: Actor, issue: str, department: str, move: Move, said: Said, at: datetime) -> None:
    found = queries.whistles_for_staff(actor, issue, at)
    whistle = next(each.id for each in found if each.department_name == department)
    service.answer_whistle(actor, whistle, move, said, at)


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
