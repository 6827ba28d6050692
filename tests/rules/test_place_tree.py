"""What may hang under what."""

import pytest

from models.enums import PlaceKind
from server.rules.place_tree import ABOVE, may_hang

K = PlaceKind


@pytest.mark.parametrize(
    ("kind", "under"),
    [
        (K.DISTRICT, None),
        (K.STREET, K.DISTRICT),
        (K.COMMUNITY, K.STREET),
        (K.GRID, K.COMMUNITY),
        (K.ESTATE, K.COMMUNITY),
        (K.ESTATE, K.GRID),
        (K.BUILDING, K.COMMUNITY),
        (K.BUILDING, K.GRID),
        (K.BUILDING, K.ESTATE),
    ],
)
def test_what_may_hang(kind: PlaceKind, under: PlaceKind | None) -> None:
    assert may_hang(kind, under)


@pytest.mark.parametrize(
    ("kind", "under", "said"),
    [
        (K.DISTRICT, K.DISTRICT, "区没有上级，这一格请留空。"),
        (K.STREET, None, "街道/镇要写明上级：区。"),
        (K.COMMUNITY, K.DISTRICT, "社区/村的上级应为街道/镇，不能是区。"),
        (K.GRID, K.STREET, "网格的上级应为社区/村，不能是街道/镇。"),
        (K.GRID, K.ESTATE, "网格的上级应为社区/村，不能是小区。"),
        (K.ESTATE, K.BUILDING, "小区的上级应为社区/村或网格，不能是楼栋/院坝。"),
        (K.BUILDING, None, "楼栋/院坝要写明上级：社区/村、网格或小区。"),
        (K.BUILDING, K.BUILDING, "楼栋/院坝的上级应为社区/村、网格或小区，不能是楼栋/院坝。"),
    ],
)
def test_what_may_not_hang_and_why(kind: PlaceKind, under: PlaceKind | None, said: str) -> None:
    decision = may_hang(kind, under)
    assert not decision
    assert decision.reason == said


def test_a_parent_always_stands_higher() -> None:
    """So the tree can have no circle, and a place's ancestors are at most one of each kind."""
    assert all(parent.depth < kind.depth for kind, above in ABOVE.items() for parent in above)
    assert set(ABOVE) == set(PlaceKind)
