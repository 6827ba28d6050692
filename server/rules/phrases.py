"""What people mostly say, ready to tap: under each category its usual sentences, and those for "it is not solved".

They are our own words: a text made of them alone needs no check before it is shown (`server.rules.moderation`).
"""

from collections.abc import Iterable

from models.enums import IssueCategory

C = IssueCategory

PHRASES: dict[IssueCategory, tuple[str, ...]] = {
    C.LEAK: ("楼上往下漏水", "水管在滴水", "屋顶或外墙渗水"),
    C.POWER: ("整个单元停电", "公共用电跳闸", "电线裸露有危险"),
    C.LIFT: ("电梯停了不动", "电梯有异响、抖动", "电梯门关不上"),
    C.SEWER: ("下水道堵了", "污水冒出来了", "返臭味"),
    C.LIGHTING: ("楼道灯不亮", "声控灯不灵", "灯一直闪"),
    C.CLEANING: ("垃圾没清走", "楼道很脏", "有臭味"),
    C.CLUTTER: ("楼道堆了杂物", "自行车挡路", "楼梯口堵住了"),
    C.FIRE_SAFETY: ("电动车进楼充电", "灭火器没了或过期", "消防通道被占"),
    C.PARKING: ("车挡住了出口", "乱停乱放", "占了盲道或人行道"),
    C.NOISE: ("夜里太吵", "装修太吵", "音响太吵"),
    C.NEIGHBOUR: ("想请人来调解", "公共地方被占用", "高空抛物"),
    C.SECURITY: ("单元门锁坏了", "门禁刷不开", "有陌生人徘徊"),
    C.GREENERY: ("树枝挡窗", "树快倒了", "绿地没人管"),
    C.PETS: ("遛狗不拴绳", "粪便没清理", "狗叫扰民"),
    C.CARE: ("有老人需要帮助", "联系不上独居老人", "家里有困难，想请人来看看"),
    C.ERRAND: ("想请人代办手续", "想请人上门办理", "想请人代买代取"),
    C.OTHER: (),
}
ME_TOO = "我也遇到，和邻居报的是同一件事"  # what a report says that only joins another one
NOT_SOLVED = ("还是老样子", "只弄好了一部分", "好了几天又坏了", "没有人来过")


def compose(ticked: Iterable[str], typed: str, offered: Iterable[str]) -> str:
    """One text of the ticked sentences and the typed one. Ticks not offered (of another category) are left out."""
    chosen = set(ticked)
    said = "，".join(phrase for phrase in offered if phrase in chosen)
    typed = typed.strip()
    return f"{said}。\n{typed}" if said and typed else said or typed


def only_ours(text: str, category: IssueCategory) -> bool:
    """Whether somebody only tapped: the text is made of the offered sentences and the commas between them."""
    rest = text
    for phrase in sorted((*PHRASES[category], *NOT_SOLVED, ME_TOO), key=len, reverse=True):
        rest = rest.replace(phrase, "")
    return bool(text) and not rest.strip("，。 \n")
