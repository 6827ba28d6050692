"""Taking over an existing ledger (台账): one row in, one issue or every fault of the row out. Nothing is guessed."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from models.enums import OPEN_STATES, IssueCategory, IssueState, Satisfaction
from server.rules.ledger_mapping import BY_DUE, REQUIRED, LedgerMapping, Outcome, strptime_format
from server.rules.tables import RowError
from server.rules.writing import clean

TEXT_LIMIT = 4000
NUMBER_LIMIT = 60
PLACE_LIMIT = 200
WORD_LIMIT = 100
YEARS = range(2000, 2100)  # a year outside is a slip of the pen, or Excel's day zero

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_END_OF_DAY = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class LedgerIssue:
    """One row understood. Moments are UTC; the reporter's answers are None where the ledger does not tell."""

    line: int
    number: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    category: IssueCategory
    category_word: str
    place: str
    text: str
    state: IssueState
    outcome_word: str
    contacted: bool | None
    solved: bool | None
    satisfaction: Satisfaction | None


@dataclass(frozen=True, slots=True)
class RowErrors:
    """Every fault of a row that was not understood."""

    errors: tuple[RowError, ...]


def find_columns(mapping: LedgerMapping, headings: Iterable[str]) -> dict[str, str]:
    """Field → the heading it is read from, as written in the sheet. Blanks, width and case do not matter."""
    plain = {_plain(heading): heading for heading in reversed(list(headings))}
    found = {}
    for name, alternatives in mapping.columns.items():
        heading = next((plain[word] for word in map(_plain, alternatives) if word in plain), None)
        if heading is not None:
            found[name] = heading
    return found


def check_headings(mapping: LedgerMapping, headings: Iterable[str], line: int = 1) -> tuple[RowError, ...]:
    """The columns no row can do without and the sheet does not have; ask before reading 10,000 rows."""
    found = find_columns(mapping, headings)
    missing = [name for name in REQUIRED if name not in found]
    return tuple(
        RowError(line, mapping.columns[name][0], f"找不到这一列。可以叫：{'、'.join(mapping.columns[name])}。")
        for name in missing
    )


def read_row(mapping: LedgerMapping, line: int, row: Mapping[str, Any]) -> LedgerIssue | RowErrors:
    """One row (heading → cell: text, number, date or datetime) as an issue, or all its faults. Never raises.

    A date without a time means the end of its day when it is a due, else the day's beginning; something opened and
    closed on one day was not closed before it was opened.
    """
    return _Reader(mapping, line, row).read()


class _Reader:
    """Reads one row's cells and collects the faults."""

    def __init__(self, mapping: LedgerMapping, line: int, row: Mapping[str, Any]) -> None:
        self.mapping, self.line, self.row = mapping, line, row
        self.columns = find_columns(mapping, row)
        self.zone = ZoneInfo(mapping.time_zone)
        self.days: set[str] = set()  # the fields where only a day was written
        self.errors: list[RowError] = []

    def read(self) -> LedgerIssue | RowErrors:
        number = self.words("number", NUMBER_LIMIT)
        place = self.words("place", PLACE_LIMIT)
        category_word = self.words("category", WORD_LIMIT)
        outcome_word = self.words("outcome", WORD_LIMIT)
        text = self.text() or category_word or "（原台账没有写内容）"
        opened_at, due_at, closed_at = self.moment("time"), self.moment("due"), self.moment("closed")
        if opened_at and closed_at and closed_at < opened_at:
            if "closed" in self.days and self.day(closed_at) == self.day(opened_at):
                closed_at = opened_at
            else:
                self.wrong("closed", "办结时间比受理时间还早，请核对。")
        outcome = self.outcome(outcome_word, closed_at)
        if self.errors or opened_at is None or outcome is None:
            return RowErrors(tuple(self.errors))
        return LedgerIssue(
            self.line,
            number,
            opened_at,
            due_at,
            closed_at,
            self.mapping.categories.get(category_word, self.mapping.default_category),
            category_word,
            place,
            text,
            outcome.state,
            outcome_word,
            _contacted(outcome, due_at, closed_at),
            outcome.solved,
            outcome.satisfaction,
        )

    def wrong(self, name: str, reason: str) -> None:
        usual = self.mapping.columns.get(name, (name,))[0]
        self.errors.append(RowError(self.line, self.columns.get(name, usual), reason))

    def cell(self, name: str) -> Any:
        return self.row.get(self.columns[name]) if name in self.columns else None

    def words(self, name: str, limit: int) -> str:
        """A short cell on one line; "" when it is empty, which some fields may not be."""
        words = _text_of(self.cell(name))
        if _CONTROL.search(words):
            self.wrong(name, "里面有换行或看不见的字符，请删掉。")
        elif len(words) > limit:
            self.wrong(name, f"太长了，最多{limit}个字。")
        elif not words and name in REQUIRED:
            self.wrong(name, "不能空着。" if name in self.columns else "找不到这一列。")
        return words

    def text(self) -> str:
        try:
            text = clean(_text_of(self.cell("text")), lines=True)
        except ValueError:
            self.wrong("text", "里面有看不见的字符，请删掉。")
            return ""
        if len(text) > TEXT_LIMIT:
            self.wrong("text", f"太长了，最多{TEXT_LIMIT}个字，多了{len(text) - TEXT_LIMIT}个。")
        return text

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def moment(self, name: str) -> datetime | None:
        """A cell as a UTC moment; None when it is empty or wrong."""
        value = self.cell(name)
        if _text_of(value) == "":
            if name in REQUIRED:
                self.wrong(name, "不能空着。" if name in self.columns else "找不到这一列。")
            return None
        found = _written_time(value, self.mapping.time_formats)
        if found is None:
            self.wrong(name, f"看不懂这个时间“{_text_of(value)[:30]}”，请写成“2026-10-05 08:30”这样。")
            return None
        moment, day_only = found
        if moment.year not in YEARS:
            self.wrong(name, f"{moment.year}年不对，请核对。")
            return None
        if day_only:
            self.days.add(name)
            moment = datetime.combine(moment.date(), _END_OF_DAY) if name == "due" else moment
        if moment.tzinfo is None:  # an hour skipped by summer time, as a reckoned due may be, counts as one hour later
            moment = moment.replace(tzinfo=self.zone)
        return moment.astimezone(UTC)

    def outcome(self, word: str, closed_at: datetime | None) -> Outcome | None:
        if not word:
            return self.mapping.when_closed if closed_at else self.mapping.when_open
        outcome = self.mapping.outcomes.get(word)
        if outcome is None:
            self.wrong("outcome", f"不认识“{word[:30]}”，请在对照表里写明它是什么意思。")
        elif outcome.state in OPEN_STATES and closed_at:
            self.wrong("outcome", f"“{word}”是没有办完的意思，却填了办结时间，请改其中一个。")
            return None
        return outcome


def _contacted(outcome: Outcome, due_at: datetime | None, closed_at: datetime | None) -> bool | None:
    if outcome.contacted != BY_DUE:
        return outcome.contacted if isinstance(outcome.contacted, bool) else None
    return closed_at <= due_at if closed_at and due_at else None


def _written_time(value: object, formats: tuple[str, ...]) -> tuple[datetime, bool] | None:
    """A cell as (a moment, whether only its day was written); None when it is no time."""
    if isinstance(value, datetime):  # Excel stores a bare day as its midnight
        return value, value.time() == time() and value.tzinfo is None
    if isinstance(value, date):
        return datetime.combine(value, time()), True
    text = _text_of(value)
    try:
        return datetime.fromisoformat(text), len(text) <= 10
    except ValueError:
        pass
    for written in formats:
        pattern = strptime_format(written)
        try:
            return datetime.strptime(text, pattern), "%H" not in pattern  # noqa: DTZ007 the zone is the mapping's
        except ValueError:
            continue
    return None


def _text_of(value: object) -> str:
    """A cell as trimmed text. A sheet gives whole numbers as 20260001.0, which nobody wrote."""
    if value is None or value != value:  # not equal to itself: NaN, an empty number
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unicodedata.normalize("NFC", str(value).strip().strip("\ufeff"))


@lru_cache(maxsize=1024)
def _plain(heading: str) -> str:
    """A heading without blanks, line breaks, full-width forms and case."""
    return "".join(unicodedata.normalize("NFKC", str(heading)).replace("\ufeff", "").split()).casefold()
