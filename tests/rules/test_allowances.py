"""The numbers of the allowances: readable by the library, and wide enough for the day the water main breaks."""

import limits
import pytest

from server.rules import allowances
from server.rules.allowances import Allowance

ALL = [found for found in vars(allowances).values() if isinstance(found, Allowance)]
HOUSEHOLDS = 150


@pytest.mark.parametrize("allowance", ALL, ids=lambda allowance: allowance.name)
def test_each_can_be_read_and_slows_somebody(allowance: Allowance) -> None:
    told = [text for text in (allowance.per_address, allowance.per_code, allowance.per_session) if text]
    assert told
    for text in told:
        windows = limits.parse_many(text)
        # Short windows first: who was too fast waits a minute, not an hour.
        assert windows == sorted(windows, key=lambda window: window.get_expiry())
        assert len({window.get_expiry() for window in windows}) == len(windows)
        assert [window.amount for window in windows] == sorted(window.amount for window in windows)


def test_names_are_counted_apart() -> None:
    assert len({allowance.name for allowance in ALL}) == len(ALL)


@pytest.mark.parametrize(
    "allowance", [allowances.REPORTS, allowances.PHOTOS, allowances.SIGN_INS, allowances.RECOGNISED]
)
def test_a_building_behind_one_address_gets_through(allowance: Allowance) -> None:
    for text in filter(None, (allowance.per_address, allowance.per_code)):
        minute, hour = limits.parse_many(text)
        assert (minute.get_expiry(), hour.get_expiry()) == (60, 3600)
        assert minute.amount >= HOUSEHOLDS // 3  # they come within a few minutes, a third of them in the worst
        assert hour.amount >= 2 * HOUSEHOLDS  # and some twice
