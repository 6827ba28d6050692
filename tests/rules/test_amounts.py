from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rules.amounts import round_half_up, show_percent, show_points


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 1, 0),
        (5, 2, 3),  # a half goes up
        (7, 2, 4),  # also where bankers would go down
        (-5, 2, -2),  # towards plus infinity, not away from zero
        (-7, 2, -3),
        (4, 3, 1),
        (5, 3, 2),
        (-4, 3, -1),
        (600_000, 7, 85_714),
        (10**40 + 1, 2 * 10**40, 1),  # a hair above a half, far beyond floats
        (10**40 - 1, 2 * 10**40, 0),
    ],
)
def test_rounds_to_the_nearest_and_a_half_up(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_is_positive(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        round_half_up(1, denominator)


@given(st.integers(), st.integers(min_value=1))
def test_is_the_floor_of_the_number_and_a_half(numerator: int, denominator: int) -> None:
    assert round_half_up(numerator, denominator) == floor(Fraction(numerator, denominator) + Fraction(1, 2))


@pytest.mark.parametrize(
    ("thousandths", "shown"),
    [
        (85_714, "85.714"),
        (85_000, "85"),
        (85_500, "85.5"),
        (85_010, "85.01"),
        (0, "0"),
        (7, "0.007"),
        (-2_000, "-2"),
        (-500, "-0.5"),
        (100_000, "100"),
    ],
)
def test_points_are_shown_without_useless_zeros(thousandths: int, shown: str) -> None:
    assert show_points(thousandths) == shown


@pytest.mark.parametrize(
    ("share", "places", "shown"),
    [
        ((11, 12), 1, "91.7%"),
        ((1, 2), 1, "50%"),
        ((11, 12), 2, "91.67%"),
        ((1, 3), 0, "33%"),
        ((0, 7), 1, "0%"),
    ],
)
def test_shares_are_shown_in_percent(share: tuple[int, int], places: int, shown: str) -> None:
    assert show_percent(*share, places) == shown
