"""What a building is called."""

import pytest

from server.places.queries import building_label


@pytest.mark.parametrize(
    ("name", "estate", "community", "label"),
    [
        ("3栋", "阳光小区", "幸福社区", "幸福社区 阳光小区 3栋"),
        ("3栋", "阳光小区", None, "阳光小区 3栋"),
        ("3栋", None, None, "3栋"),
        ("桂花苑1栋", "桂花苑", None, "桂花苑1栋"),
        ("桂花苑1栋", "桂花苑", "桂花社区", "桂花社区 桂花苑1栋"),
        ("1栋桂花苑", "桂花苑", None, "桂花苑 1栋桂花苑"),
    ],
)
def test_an_estate_is_said_once(name: str, estate: str | None, community: str | None, label: str) -> None:
    assert building_label(name, estate, community) == label
