import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.enums import IssueCategory, IssueState, Satisfaction
from server.rules.ledger import LedgerIssue, RowErrors, check_headings, find_columns, read_row
from server.rules.ledger_mapping import LedgerMapping

S = IssueState
USUAL = LedgerMapping()
ROW: dict[str, Any] = {
    "编号": "2026-001",
    "受理时间": "2026-10-05 08:30:00",
    "截止时间": "2026-10-07 18:00:00",
    "办结时间": "2026-10-06 12:00:00",
    "类别": "楼道照明",
    "楼栋": "3栋",
    "内容": "三楼灯不亮",
    "办理结果": "满意",
}
BY_DUE = LedgerMapping.from_dict(
    {"outcomes": {"Closed": {"state": "confirmed", "contacted": "by_due", "solved": True}}}
)


def read(mapping: LedgerMapping = USUAL, **over: Any) -> LedgerIssue:
    issue = read_row(mapping, 2, {**ROW, **over})
    assert isinstance(issue, LedgerIssue), issue
    return issue


def errors(mapping: LedgerMapping = USUAL, **over: Any) -> list[tuple[str, str]]:
    found = read_row(mapping, 2, {**ROW, **over})
    assert isinstance(found, RowErrors), found
    assert all(error.line == 2 for error in found.errors)
    return [(error.column, error.reason) for error in found.errors]


def test_a_row_becomes_an_issue() -> None:
    assert read() == LedgerIssue(
        line=2,
        number="2026-001",
        opened_at=datetime(2026, 10, 5, 0, 30, tzinfo=UTC),
        due_at=datetime(2026, 10, 7, 10, tzinfo=UTC),
        closed_at=datetime(2026, 10, 6, 4, tzinfo=UTC),
        category=IssueCategory.LIGHTING,
        category_word="楼道照明",
        place="3栋",
        text="三楼灯不亮",
        state=S.CONFIRMED,
        outcome_word="满意",
        contacted=True,
        solved=True,
        satisfaction=Satisfaction.SATISFIED,
    )


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-10-05 08:30:00", datetime(2026, 10, 5, 0, 30, tzinfo=UTC)),
        ("2026-10-05T08:30", datetime(2026, 10, 5, 0, 30, tzinfo=UTC)),
        ("2026-10-05T08:30:00+09:00", datetime(2026, 10, 4, 23, 30, tzinfo=UTC)),
        ("2026-10-05T00:30:00Z", datetime(2026, 10, 5, 0, 30, tzinfo=UTC)),
        ("2026/1/5 8:05", datetime(2026, 1, 5, 0, 5, tzinfo=UTC)),
        (" 2026/1/5 8:05:09\n", datetime(2026, 1, 5, 0, 5, 9, tzinfo=UTC)),
        ("2026年1月5日8时05分", datetime(2026, 1, 5, 0, 5, tzinfo=UTC)),
        ("2026.1.5", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        (datetime(2026, 10, 5, 8, 30), datetime(2026, 10, 5, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 5, 0, 30, tzinfo=UTC), datetime(2026, 10, 5, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 5), datetime(2026, 10, 4, 16, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_offices_write_them(written: object, utc: datetime) -> None:
    assert read(受理时间=written, 截止时间="", 办结时间="").opened_at == utc


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("受理时间", "", "不能空着。"),
        ("受理时间", None, "不能空着。"),
        ("受理时间", "昨天", "看不懂这个时间“昨天”"),
        ("受理时间", "2026-02-30 08:00", "看不懂这个时间"),
        ("受理时间", 45570.5, "看不懂这个时间“45570.5”"),
        ("受理时间", datetime(1900, 1, 1), "1900年不对"),
        ("截止时间", "2026-13-01", "看不懂这个时间"),
        ("办结时间", "2026-10-05 08:29:59", "办结时间比受理时间还早"),
        ("编号", " ", "不能空着。"),
        ("编号", "12\n3", "换行或看不见的字符"),
        ("编号", "1" * 61, "最多60个字"),
        ("楼栋", None, "不能空着。"),
        ("楼栋", "3\x00栋", "看不见的字符"),
        ("楼栋", "栋" * 201, "最多200个字"),
        ("内容", "灯" * 4001, "最多4000个字"),
        ("内容", "灯\x00坏了", "看不见的字符"),
        ("内容", "灯\x1b[2J", "看不见的字符"),
        ("内容", "灯\ud800", "看不见的字符"),
        ("类别", "灯" * 101, "最多100个字"),
        ("办理结果", "踢皮球", "不认识“踢皮球”，请在对照表里写明"),
        ("办理结果", "办理中", "没有办完的意思，却填了办结时间"),
    ],
)
def test_what_is_wrong_names_the_column(column: str, value: Any, reason: str) -> None:
    [(where, why)] = errors(**{column: value})
    assert where == column
    assert reason in why


def test_every_fault_of_a_row_is_told_at_once() -> None:
    assert [column for column, _ in errors(编号="", 楼栋="", 受理时间="?", 办理结果="?")] == [
        "编号",
        "楼栋",
        "受理时间",
        "办理结果",
    ]


@pytest.mark.parametrize(
    ("due", "closed", "contacted"),
    [
        ("2026-10-07 18:00:00", "2026-10-07 18:00:00", True),  # not after due
        ("2026-10-07 18:00:00", "2026-10-07 18:00:01", False),
        ("", "2026-10-07 18:00:00", None),
        ("2026-10-07 18:00:00", "", None),
        ("2026-10-07", "2026-10-07 23:00:00", True),  # a due day lasts until its end
        ("2026-10-07", "2026-10-08 00:00:00", False),
        ("2026-10-07", "2026-10-07", True),
        (date(2026, 10, 7), date(2026, 10, 8), False),
    ],
)
def test_contacted_by_due(due: object, closed: object, contacted: bool | None) -> None:
    issue = read(BY_DUE, 截止时间=due, 办结时间=closed, 办理结果="Closed")
    assert (issue.contacted, issue.solved, issue.satisfaction) == (contacted, True, None)


@pytest.mark.parametrize("closed", ["2026-10-05", date(2026, 10, 5), datetime(2026, 10, 5)])
def test_a_day_is_not_before_an_hour_of_it(closed: object) -> None:
    issue = read(办结时间=closed)
    assert issue.closed_at == issue.opened_at
    assert errors(受理时间="2026-10-06 08:00", 办结时间=closed)


@pytest.mark.parametrize(
    ("word", "closed", "state", "answers"),
    [
        ("满意", "2026-10-06", S.CONFIRMED, (True, True, Satisfaction.SATISFIED)),
        ("基本满意", "2026-10-06", S.CONFIRMED, (True, True, Satisfaction.FAIRLY)),
        ("不满意", "2026-10-06", S.RESOLVED, (True, None, Satisfaction.UNSATISFIED)),
        ("已办结", "2026-10-06", S.CLOSED_SILENT, (None, None, None)),  # the office's word is not the reporter's
        ("已解决", "2026-10-06", S.CONFIRMED, (None, True, None)),
        ("未解决", "2026-10-06", S.RESOLVED, (True, False, None)),
        ("不予受理", "", S.DECLINED, (None, None, None)),
        ("重复", "", S.DUPLICATE, (None, None, None)),
        ("撤回", "", S.WITHDRAWN, (None, None, None)),
        ("办理中", "", S.IN_PROGRESS, (None, None, None)),
        ("待受理", "", S.REPORTED, (None, None, None)),
        ("", "2026-10-06", S.CLOSED_SILENT, (None, None, None)),
        ("", "", S.REPORTED, (None, None, None)),
    ],
)
def test_the_usual_outcomes(word: str, closed: str, state: IssueState, answers: tuple[object, ...]) -> None:
    issue = read(办理结果=word, 办结时间=closed)
    assert (issue.state, (issue.contacted, issue.solved, issue.satisfaction)) == (state, answers)


def test_what_is_not_written_is_not_guessed() -> None:
    bare = {name: ROW[name] for name in ("编号", "受理时间", "楼栋")}
    issue = read_row(USUAL, 2, bare)
    assert isinstance(issue, LedgerIssue)
    assert (issue.due_at, issue.closed_at, issue.category, issue.state) == (None, None, IssueCategory.OTHER, S.REPORTED)
    assert issue.text == "（原台账没有写内容）"
    assert read(内容="", 类别="奇怪的类别").text == "奇怪的类别"
    assert read(类别="奇怪的类别").category is IssueCategory.OTHER


@pytest.mark.parametrize(("cell", "number"), [(20260001, "20260001"), (20260001.0, "20260001"), (" A-1 ", "A-1")])
def test_numbers_of_a_sheet_are_the_numbers_people_wrote(cell: object, number: str) -> None:
    assert read(编号=cell).number == number


def test_text_keeps_its_lines() -> None:
    assert read(内容="一楼\r\n二楼\t三楼\r").text == "一楼\n二楼\t三楼"
    assert len(read(内容="灯" * 4000).text) == 4000


def test_headings_are_found_as_people_write_them() -> None:
    assert find_columns(USUAL, ["\ufeff编 号", "受理\n时间", "楼栋／地点", "诉求内容", "电话"]) == {
        "number": "\ufeff编 号",
        "time": "受理\n时间",
        "place": "楼栋／地点",
        "text": "诉求内容",
    }
    # The first word of the mapping wins, then the first column of the sheet.
    assert find_columns(USUAL, ["序号", "工单号", "编号", "编 号"])["number"] == "编号"


def test_a_sheet_without_its_columns_is_refused_before_reading() -> None:
    assert check_headings(USUAL, ROW) == ()
    missing = check_headings(USUAL, ["内容"])
    assert [error.column for error in missing] == ["编号", "受理时间", "楼栋"]
    assert all("可以叫" in error.reason for error in missing)
    found = read_row(USUAL, 2, {"内容": "x"})
    assert isinstance(found, RowErrors)
    assert {error.reason for error in found.errors} == {"找不到这一列。"}


def test_a_foreign_ledger_with_its_own_zone() -> None:
    mapping = LedgerMapping.from_dict(
        json.loads(
            """{"columns": {"number": "request_no", "time": "created_at", "due": "due_at", "closed": "closed_at",
                            "place": "neighborhood", "outcome": "status", "category": "category"},
                "time_zone": "America/New_York",
                "outcomes": {"Closed": {"state": "confirmed", "contacted": "by_due", "solved": true}}}"""
        )
    )
    row = {
        "request_no": "18-00269879",
        "category": "TRT-Traffic Signal Repairs",
        "created_at": "2018-03-09 02:23:08",
        "due_at": "2018-03-11 02:23:08",  # summer time skipped this hour: reckoned by a machine, read as one hour later
        "closed_at": "2018-03-11 03:23:08",
        "neighborhood": "Dorchester",
        "status": "Closed",
    }
    issue = read_row(mapping, 2, row)
    assert isinstance(issue, LedgerIssue)
    assert issue.opened_at == datetime(2018, 3, 9, 7, 23, 8, tzinfo=UTC)
    assert issue.due_at == issue.closed_at == datetime(2018, 3, 11, 7, 23, 8, tzinfo=UTC)
    assert (issue.contacted, issue.text) == (True, "TRT-Traffic Signal Repairs")


cells = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.times(),
    st.sampled_from(["2026-10-05", "满意", "办理中", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"]),
)


@settings(max_examples=60)  # a row of nonsense tries every time format
@given(st.fixed_dictionaries(dict.fromkeys(ROW, cells)))
def test_whatever_a_sheet_holds_is_answered(row: dict[str, Any]) -> None:
    found = read_row(USUAL, 9, row)
    if isinstance(found, RowErrors):
        assert found.errors
        assert all(error.column in ROW and error.reason.endswith("。") for error in found.errors)
    else:
        assert found.opened_at.tzinfo is UTC
        assert found.number
        assert found.place
        assert found.text
        assert found.closed_at is None or found.closed_at >= found.opened_at
        json.dumps([found.number, found.place, found.text]).encode()
