"""What may hang under what in the place tree (design §2 "place").

The trunk has no gaps, because each level appoints and answers for the next: district → street → community. Below it a
community may do without grids and estates, so a building hangs under the nearest of them it has.
"""

from models.enums import PlaceKind
from server.rules.decision import Decision

_K = PlaceKind

ABOVE: dict[PlaceKind, tuple[PlaceKind, ...]] = {
    _K.DISTRICT: (),
    _K.STREET: (_K.DISTRICT,),
    _K.COMMUNITY: (_K.STREET,),
    _K.GRID: (_K.COMMUNITY,),
    _K.ESTATE: (_K.COMMUNITY, _K.GRID),
    _K.BUILDING: (_K.COMMUNITY, _K.GRID, _K.ESTATE),
}


def may_hang(kind: PlaceKind, under: PlaceKind | None) -> Decision:
    """Whether a place of `kind` may hang under one of the kind `under` (None: at the root)."""
    above = ABOVE[kind]
    if under is None:
        if not above:
            return Decision(True, f"{kind.zh}没有上级。")
        return Decision(False, f"{kind.zh}要写明上级：{_either(above)}。")
    if under in above:
        return Decision(True, f"{kind.zh}属于{under.zh}。")
    if not above:
        return Decision(False, f"{kind.zh}没有上级，这一格请留空。")
    return Decision(False, f"{kind.zh}的上级应为{_either(above)}，不能是{under.zh}。")


def _either(kinds: tuple[PlaceKind, ...]) -> str:
    return "、".join(kind.zh for kind in kinds[:-1]) + ("或" if len(kinds) > 1 else "") + kinds[-1].zh
