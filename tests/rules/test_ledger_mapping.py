from datetime import UTC, datetime

import pytest

from models.enums import IssueCategory, IssueState, Satisfaction
from server.rules.ledger_mapping import FIELDS, LEDGER_STATES, LedgerMapping, MappingError, Outcome, strptime_format

S = IssueState


def test_what_is_not_said_the_usual_words_say() -> None:
    assert LedgerMapping.from_dict({}) == LedgerMapping()
    assert set(LedgerMapping().columns) == set(FIELDS)
    assert all(LedgerMapping().categories[category.zh] is category for category in IssueCategory)
    assert {outcome.state for outcome in LedgerMapping().outcomes.values()} <= LEDGER_STATES


def test_given_words_go_over_the_usual_ones() -> None:
    mapping = LedgerMapping.from_dict(
        {
            "columns": {"number": "request_no", "place": ["building", "address"]},
            "time_formats": ["YYYY-MM-DD HH:MM:SS", "%d.%m.%Y"],
            "time_zone": "America/New_York",
            "categories": {"BGE-StLight(s) Out": "lighting"},
            "default_category": "errand",
            "outcomes": {"Closed": {"state": "confirmed", "contacted": "by_due", "solved": True, "satisfaction": None}},
            "when_open": {"state": "in_progress"},
        }
    )
    assert mapping.columns["number"] == ("request_no",)
    assert mapping.columns["place"] == ("building", "address")
    assert mapping.columns["text"] == LedgerMapping().columns["text"]
    assert mapping.categories["BGE-StLight(s) Out"] is IssueCategory.LIGHTING
    assert mapping.default_category is IssueCategory.ERRAND
    assert mapping.outcomes["Closed"] == Outcome(S.CONFIRMED, "by_due", True, None)
    assert mapping.outcomes["满意"] == Outcome(S.CONFIRMED, True, True, Satisfaction.SATISFIED)
    assert mapping.when_open == Outcome(S.IN_PROGRESS)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "应是一个 JSON 对象"),
        ({"colums": {}}, "不认识“colums”"),
        ({"columns": {"phone": "电话"}}, "没有“phone”这一项"),
        ({"columns": {"number": 1}}, "应是一个词，或者一列词"),
        ({"columns": {"number": []}}, "应是一个词，或者一列词"),
        ({"columns": []}, "应是一个 JSON 对象"),
        ({"time_formats": "HH:MM"}, "要有年、月、日"),
        ({"time_formats": ["%Y-%m"]}, "要有年、月、日"),
        ({"time_zone": "Mars/Olympus"}, "不认识的时区"),
        ({"time_zone": "../etc/passwd"}, "不认识的时区"),
        ({"categories": {"灯": "lamp"}}, "没有“lamp”这个类别"),
        ({"default_category": []}, "这个类别"),
        ({"outcomes": {"好": {"state": "accepted"}}}, "没有“accepted”这个状态"),
        ({"outcomes": {"好": {}}}, "没有“None”这个状态"),
        ({"outcomes": {"好": "confirmed"}}, "应是一个 JSON 对象"),
        ({"outcomes": {"好": {"state": "confirmed", "contacted": "yes"}}}, "contacted 只能是"),
        ({"outcomes": {"好": {"state": "confirmed", "contacted": 1}}}, "contacted 只能是"),
        ({"outcomes": {"好": {"state": "confirmed", "solved": "by_due"}}}, "solved 只能是"),
        ({"outcomes": {"好": {"state": "confirmed", "satisfaction": "ok"}}}, "没有“ok”这个满意度"),
        ({"outcomes": {"好": {"state": "confirmed", "stars": 5}}}, "不认识“stars”"),
    ],
)
def test_what_cannot_be_used_is_told_in_words(data: object, says: str) -> None:
    with pytest.raises(MappingError, match=says):
        LedgerMapping.from_dict(data)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(MappingError) as caught:
        LedgerMapping.from_dict({"time_zone": "x", "columns": [], "more": 1})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("written", "example"),
    [
        ("YYYY-MM-DD HH:MM:SS", "2026-10-05 08:30:09"),
        ("YYYY/M/D H:MM", "2026/1/5 8:05"),
        ("YYYY年M月D日H时MM分", "2026年1月5日8时05分"),
        ("D.M.YYYY", "5.1.2026"),
        ("%d/%m/%Y %H:%M", "05/01/2026 08:30"),
    ],
)
def test_formats_are_written_as_offices_write_them(written: str, example: str) -> None:
    assert datetime.strptime(example, strptime_format(written)).replace(tzinfo=UTC).year == 2026
