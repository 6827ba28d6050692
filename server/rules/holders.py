"""How citizens call whoever has an issue in hand: the unit's name and the role, never a person's name."""

from models.enums import Level


def holder(level: Level, unit: str) -> str:
    """ "幸福社区居委会", "3栋楼栋长". `unit`: the name of the place the level stands on."""
    match level:
        case Level.HEAD:
            return f"{unit}楼栋长"
        case Level.GRID:
            return f"{unit}网格员" if not unit.endswith("网格") else f"{unit}员"
        case Level.COMMUNITY:
            return f"{unit}委会" if unit.endswith("村") else f"{unit}居委会"
        case Level.STREET:
            return f"{unit}政府" if unit.endswith(("镇", "乡")) else f"{unit}办事处"
        case Level.DEPARTMENT:
            return f"{unit}职能部门"
        case Level.DISTRICT:
            return unit
