import pytest

from server.rules.appointment_review import PastStanding, needs_review


def last(month: int, **over: object) -> PastStanding:
    """A sealed month in last place of eight."""
    values = {"sealed": True, "rank": 8, "worst_rank": 8, "ranked_buildings": 8, **over}
    return PastStanding(month, **values)  # type: ignore[arg-type]


THREE = [last(202611), last(202612), last(202701)]


@pytest.mark.parametrize(
    ("history", "needed"),
    [
        (THREE, True),
        (list(reversed(THREE)), True),  # in any order
        ([last(202610, rank=1), *THREE], True),  # only the latest three count
        ([*THREE, last(202702, rank=7)], False),  # she has climbed since
        ([*THREE, last(202702, sealed=False, rank=7)], True),  # what is not sealed does not count yet
        ([last(202611), last(202612), last(202701, sealed=False)], False),
        (THREE[:2], False),
        ([], False),
        ([last(202610), last(202612), last(202701)], False),  # not one after another
        ([last(202611), last(202612, rank=None), last(202701)], False),  # thin data are never last
        ([last(202611), last(202612, rank=7), last(202701)], False),
        # Last of two says nothing; last of three does.
        ([last(202611), last(202612), last(202701, rank=2, worst_rank=2, ranked_buildings=2)], False),
        ([last(202611), last(202612), last(202701, rank=3, worst_rank=3, ranked_buildings=3)], True),
        # A shared last place is one; all equal is not.
        ([last(202611), last(202612), last(202701, rank=7, worst_rank=7)], True),
        ([last(202611), last(202612), last(202701, rank=1, worst_rank=1)], False),
    ],
)
def test_three_sealed_months_in_last_place(history: list[PastStanding], needed: bool) -> None:
    review = needs_review(history)
    assert review.needed is bool(review) is needed
    assert review.reason.endswith("。")


def test_the_reason_names_the_months_and_offers_help_first() -> None:
    assert needs_review(THREE).reason.startswith(
        "2026年11月、2026年12月、2027年1月都排在末位，请社区开一次调整评议，先商量怎么帮"
    )
    assert "2026年12月" in needs_review([last(202611), last(202612, rank=2), last(202701)]).reason
