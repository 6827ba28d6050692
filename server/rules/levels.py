"""Who stands above whom, and where a new issue goes first (design §5 "Levels")."""

from models.enums import Level, Role

LEVEL_OF: dict[Role, Level] = {
    Role.HEAD: Level.HEAD,
    Role.GRID: Level.GRID,
    Role.COMMUNITY: Level.COMMUNITY,
    Role.STREET: Level.STREET,
    Role.DEPARTMENT: Level.DEPARTMENT,
    Role.DISTRICT: Level.DISTRICT,
}

# A department commands nobody and answers to the district, so a street's superior is the district, not a department.
_SUPERIOR: dict[Level, Level] = {
    Level.HEAD: Level.GRID,
    Level.GRID: Level.COMMUNITY,
    Level.COMMUNITY: Level.STREET,
    Level.STREET: Level.DISTRICT,
    Level.DEPARTMENT: Level.DISTRICT,
    Level.DISTRICT: Level.DISTRICT,
}


def superior(level: Level, *, has_grid: bool = True) -> Level:
    """The level that answers for `level`; the district's is itself. Without a grid a head answers to the community."""
    above = _SUPERIOR[level]
    return Level.COMMUNITY if above is Level.GRID and not has_grid else above


def commands(level: Level, other: Level) -> bool:
    """Whether `level` may do the work that lies with `other`: its own, or that of anybody it stands above."""
    if level is other:
        return True
    return level is not Level.DEPARTMENT and level.height > other.height
