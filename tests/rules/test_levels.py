import pytest

from models.enums import Level
from server.rules.levels import commands, superior

L = Level


@pytest.mark.parametrize(
    ("level", "has_grid", "above"),
    [
        (L.HEAD, True, L.GRID),
        (L.HEAD, False, L.COMMUNITY),
        (L.GRID, True, L.COMMUNITY),
        (L.COMMUNITY, True, L.STREET),
        (L.STREET, True, L.DISTRICT),  # a department commands nobody
        (L.DEPARTMENT, True, L.DISTRICT),
        (L.DISTRICT, True, L.DISTRICT),
    ],
)
def test_the_superior_answers_for_a_level(level: Level, has_grid: bool, above: Level) -> None:
    assert superior(level, has_grid=has_grid) is above


@pytest.mark.parametrize(
    ("level", "other", "may"),
    [
        (L.HEAD, L.HEAD, True),
        (L.HEAD, L.GRID, False),
        (L.STREET, L.HEAD, True),
        (L.STREET, L.DEPARTMENT, False),
        (L.DISTRICT, L.DEPARTMENT, True),
        (L.DEPARTMENT, L.DEPARTMENT, True),
        (L.DEPARTMENT, L.HEAD, False),
        (L.DEPARTMENT, L.STREET, False),
    ],
)
def test_who_may_do_whose_work(level: Level, other: Level, may: bool) -> None:
    assert commands(level, other) is may
