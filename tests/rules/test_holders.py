"""How citizens call whoever has an issue."""

import pytest

from models.enums import Level
from server.rules.holders import holder


@pytest.mark.parametrize(
    ("level", "unit", "said"),
    [
        (Level.HEAD, "3栋", "3栋楼栋长"),
        (Level.GRID, "第二网格", "第二网格员"),
        (Level.GRID, "东片", "东片网格员"),
        (Level.COMMUNITY, "幸福社区", "幸福社区居委会"),
        (Level.COMMUNITY, "柳家村", "柳家村委会"),
        (Level.STREET, "和平街道", "和平街道办事处"),
        (Level.STREET, "双河镇", "双河镇政府"),
        (Level.DISTRICT, "城东区", "城东区"),
        (Level.DEPARTMENT, "城东区", "城东区职能部门"),
    ],
)
def test_the_unit_and_the_role(level: Level, unit: str, said: str) -> None:
    assert holder(level, unit) == said
