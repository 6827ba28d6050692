"""Writing Excel files."""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import xlsxwriter

from server.rules.calendar import SHANGHAI

MOST_TEXT = 10_000  # characters in a cell
EXACT = 10**15  # Excel keeps 15 digits of a number; later ones are lost

Value = str | int | float | bool | datetime | date | time | timedelta


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to write: its name, its headings, and rows of as many values (None leaves a cell empty)."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Value | None]]


_STYLES: dict[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "valign": "vcenter"},
    "date": {"num_format": "yyyy-mm-dd"},
    "datetime": {"num_format": "yyyy-mm-dd hh:mm"},
    "quoted": {"quote_prefix": True},  # stays text even after somebody edits the cell
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDEST = 60


def write_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """An Excel file: bold frozen headings, columns as wide as what is in them, numbers as numbers, text as text.

    The same sheets give the same bytes. Times are written as Shanghai's.
    """
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 -- the file format knows no zone
        styles = {name: book.add_format(style) for name, style in _STYLES.items()}
        names: set[str] = set()
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.name, names))
            page.freeze_panes(1, 0)
            widths = [0] * len(sheet.headings)
            for column, heading in enumerate(sheet.headings):
                page.write_string(0, column, heading, styles["heading"])
                widths[column] = _width(heading) + 2
            for number, row in enumerate(sheet.rows, 1):
                for column, value in enumerate(row):
                    widths[column] = max(widths[column], _put(page, number, column, value, styles))
            for column, width in enumerate(widths):
                page.set_column(column, column, min(_WIDEST, max(8, width + 1)))
    return out.getvalue()


def _put(page: Any, row: int, column: int, value: Value | None, styles: dict[str, Any]) -> int:
    """Write one cell. Returns how wide it is."""
    match value:
        case None | "":
            return 0
        case bool():
            page.write_string(row, column, "是" if value else "否")
            return 2
        case int() | float() if abs(value) < EXACT:
            page.write_number(row, column, value)
            return len(str(value))
        case datetime():
            local = value.astimezone(SHANGHAI).replace(tzinfo=None) if value.tzinfo else value
            page.write_datetime(row, column, local, styles["datetime"])
            return 16
        case date():
            page.write_datetime(row, column, value, styles["date"])
            return 10
        case _:
            shown = str(value)[:MOST_TEXT]
            page.write_string(row, column, shown, styles["quoted"] if shown.startswith(_FORMULA) else None)
            return max(map(_width, shown.split("\n")))


def _width(shown: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in shown[:_WIDEST])


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name Excel accepts: no []:*?/\\, at most 31 characters, each once."""
    plain = "".join("-" if sign in "[]:*?/\\" else sign for sign in name).strip("'")[:28] or "Sheet"
    chosen, number = plain, 2
    while chosen.casefold() in taken:
        chosen, number = f"{plain}{number}", number + 1
    taken.add(chosen.casefold())
    return chosen
