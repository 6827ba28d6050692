"""The words of in-app messages (design §4 "Text"): plain, short, and never somebody's name."""

from typing import NamedTuple

from server.rules.amounts import show_points
from server.rules.calendar import Month, say_month


class MessageText(NamedTuple):
    """An in-app message."""

    title: str
    body: str


def score_message(
    building_name: str,
    month: Month,
    total: int,
    rank: int | None,
    of: int,
    ranked: bool,
    best_hint: str = "",
) -> MessageText:
    """A head's monthly score: `total` in thousandths, `rank` among `of` ranked ones, `best_hint` from `explain`."""
    name = say_month(month)
    hint = f"想再提高：{best_hint}" if best_hint else ""
    open_it = "点开可以看每一项是怎么算出来的。"
    if not ranked or rank is None:
        title = f"{name}：数据不足，不参与排名"
        body = f"{building_name}{name}的数据还不够，不参与排名，也不算末位。{hint}{open_it}"
        return MessageText(title, body)
    points = show_points(total)
    title = f"{name}得分：{points}分"
    return MessageText(title, f"{building_name}{name}得{points}分，在参与排名的{of}栋楼里排第{rank}名。{hint}{open_it}")
