"""Open311 in our words: GeoReport v2 knows two states and moments in W3 format; this says which of ours they are.

Sources: GeoReport v2 (wiki.open311.org/GeoReport_v2) and FixMyStreet's extension for request updates.
"""

import re
from datetime import datetime, time, timedelta
from typing import Final

from models.enums import OPEN_STATES, IssueCategory, IssueState, Move, Word
from server.rules.calendar import SHANGHAI
from server.rules.decision import Refusal

MOST = 1000  # requests or updates in one answer
SPAN = timedelta(days=90)
EARLY = timedelta(minutes=5)  # how far another system's clock may be ahead of ours

C = IssueCategory


class Status(Word):
    """GeoReport's two states. `closed` means "it has been resolved": also while the reporter has yet to say so."""

    OPEN = "open", "办理中"
    CLOSED = "closed", "已办结"


# What strangers may know of an issue's way. Nobody's words go with it, and what only the reporter did or asked stays out.
PUBLIC_MOVES: Final = (
    Move.REPORT, Move.ACCEPT, Move.START, Move.PASS_UP, Move.WHISTLE, Move.REPORT_BACK, Move.RESOLVE, Move.CONFIRM,
    Move.REOPEN, Move.DECLINE, Move.JOIN, Move.SPLIT, Move.CLOSE_SILENT, Move.SUSPEND, Move.RESUME,
)  # fmt: skip
# What the system that filed a request may know of it: what its reporter reads.
OWN_MOVES: Final = (*PUBLIC_MOVES, Move.NOTE, Move.RATE, Move.WITHDRAW, Move.ASSIGN, Move.GRANT_EXTENSION)

_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+\- ]\d{2}:\d{2})", re.ASCII
)
_YEARS = range(2000, 2101)


def status_of(state: IssueState) -> Status:
    """Open while somebody has it in hand."""
    return Status.OPEN if state in OPEN_STATES else Status.CLOSED


def states_of(status: Status) -> frozenset[IssueState]:
    """All of our states that Open311 calls so."""
    return frozenset(state for state in IssueState if status_of(state) is status)


def read_moment(text: str) -> datetime:
    """A moment in W3 format (`2026-10-12T09:00:00+08:00`, `…Z`). Raises ValueError with a Chinese sentence.

    The offset is asked for: without it nobody knows which nine o'clock it is. A `+` that an address turned into a blank
    is understood.
    """
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        raise ValueError("时间要写成 2026-10-12T09:00:00+08:00 这样，并带上时区。")
    year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
    second, fraction, offset = found[6], found[7], found[8].replace(" ", "+")
    if year not in _YEARS:
        raise ValueError("年份应在 2000 到 2100 之间。")
    if second == "60":
        raise ValueError("不收闰秒（60 秒），请写成下一分钟的 00 秒。")
    written = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second or '00'}"
    try:
        return datetime.fromisoformat(f"{written}.{(fraction or '0').ljust(6, '0')}{offset}")
    except ValueError:
        raise ValueError("没有这个日期、时间或时区，请核对。") from None


def say_moment(moment: datetime) -> str:
    """A moment in W3 format, in Beijing's time."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")


def day_of(moment: datetime) -> datetime:
    """The beginning of a moment's day: strangers are told the day and not the minute, as at the stairwell door."""
    return datetime.combine(moment.astimezone(SHANGHAI).date(), time(), SHANGHAI)


def window(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From when to when is looked: the latest 90 days unless said otherwise. Raises ValueError with a Chinese sentence."""
    if start is None and end is None:
        start, end = now - SPAN, now
    elif start is None:
        assert end is not None
        start = end - SPAN
    elif end is None:
        end = start + SPAN
    if end < start:
        raise ValueError("end_date 要晚于 start_date。")
    if end - start > SPAN:
        raise ValueError("start_date 到 end_date 最多 90 天，请分几次查。")
    return start, end


def whole_days(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """A window in whole days, so that a stranger who narrows it does not learn the minute after all."""
    return day_of(start), day_of(end) + timedelta(days=1) - timedelta(microseconds=1)


def fault_of_update(at: datetime, reported_at: datetime, now: datetime) -> str:
    """What is impossible about the moment another system gives its update; empty when nothing is."""
    if at > now + EARLY:
        return "时间在将来，请核对对方系统的时钟和时区。"
    return "时间早于这件事上报的时间，请核对。" if at < reported_at - EARLY else ""


def move_for(state: IssueState, said: Status) -> Move | Refusal:
    """What an update means. The system that filed a request speaks for its reporter, and for nobody else.

    It never ends for the handlers what they have not resolved: closing what is open takes the report back.
    """
    if state in OPEN_STATES:
        return Move.NOTE if said is Status.OPEN else Move.WITHDRAW
    if state is IssueState.RESOLVED:
        return Move.REOPEN if said is Status.OPEN else Move.CONFIRM
    return Refusal("ended", "这件事已经结束。又出了问题，请另外上报一件。")


# How services are grouped and found. Together with the categories' own words this is GET Service List.
GROUPS: Final[dict[IssueCategory, tuple[str, str]]] = {
    C.LEAK: ("房屋设施", "漏水,渗水,水管,屋顶,外墙"),
    C.POWER: ("房屋设施", "停电,跳闸,电表,电线"),
    C.LIFT: ("房屋设施", "电梯,困人,电梯故障"),
    C.SEWER: ("房屋设施", "下水道,堵塞,返水,化粪池"),
    C.LIGHTING: ("房屋设施", "路灯,楼道灯,照明"),
    C.CLEANING: ("环境卫生", "垃圾,保洁,异味,虫鼠"),
    C.CLUTTER: ("环境卫生", "杂物,堆放,占用楼道"),
    C.GREENERY: ("环境卫生", "树木,绿化,草坪,修剪"),
    C.FIRE_SAFETY: ("安全秩序", "消防,灭火器,飞线充电,通道堵塞"),
    C.PARKING: ("安全秩序", "停车,占道,电动车"),
    C.SECURITY: ("安全秩序", "门禁,监控,治安,可疑人员"),
    C.NOISE: ("邻里生活", "噪音,扰民,装修,广场舞"),
    C.NEIGHBOUR: ("邻里生活", "纠纷,邻里,调解"),
    C.PETS: ("邻里生活", "宠物,犬,猫"),
}
OTHER_GROUP: Final = ("帮扶与其他", "帮扶,代办,咨询,建议")


# What a service's code is made of, and the words of a status.
CATEGORIES: Final = {str(category): category for category in IssueCategory}
STATUSES: Final = {str(status): status for status in Status}


def group_of(category: IssueCategory) -> tuple[str, str]:
    """The group of a category and the words by which people look for it, comma separated."""
    return GROUPS.get(category, OTHER_GROUP)
