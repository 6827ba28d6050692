"""Tables in and out: what an office sends as CSV or Excel (and, from `core.xlsx`, the Excel files we give back).

`read` takes the file as the office has it: UTF-8 (with or without a mark) or GB18030, comma, semicolon or tab, .xlsx or
.xls; the first row holds the headings. Every limit is checked before the rows are used, and each refusal is a Chinese
sentence that says what to do.
"""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, NamedTuple

import marshmallow as ma

from server.core.schemas import clean
from server.core.xlsx import EXACT, MOST_TEXT, Sheet, Value, write_xlsx

__all__ = ["MOST_TEXT", "Row", "Sheet", "SheetError", "Value", "read", "text", "write_xlsx"]

MOST_BYTES = 60 * 1024 * 1024  # of a CSV, and of an Excel file unpacked
MOST_ROWS = 100_000  # below the headings
MOST_COLUMNS = 100
MOST_CELLS = 2_000_000
MOST_ENTRIES = 2_000  # files inside an .xlsx
RATIO = 100  # an .xlsx that grows more than this when unpacked, and is not small, was made to hurt
SMALL = 10 * 1024 * 1024
PATIENCE = 60  # seconds for opening an Excel file

_ZIP = b"PK\x03\x04"
_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK = Path(__file__).with_name("workbook.py")
_REFUSED = {
    "password": "这个 Excel 文件有密码，请去掉密码另存后再上传。",
    "broken": "无法读取这个 Excel 文件，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。",
    "empty": "表格里没有内容。",
    "rows": f"表格超过 {MOST_ROWS:,} 行，请分成几个文件；如果下面都是空行，请把它们删除后另存。",
    "text": "表格里的文字太多，请分成几个文件。",
    "columns": f"表格超过 {MOST_COLUMNS} 列，请删去用不到的列后另存。",
}
_KINDS: dict[str, Callable[[str], Value]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda seconds: timedelta(seconds=float(seconds)),
}


class SheetError(Exception):
    """A table that cannot be taken. The message is a Chinese sentence for the person who sent it."""


class Row(NamedTuple):
    """A row as it stands in the file: its line (the headings are line 1 of a plain file) and its cells by heading."""

    line: int
    cells: dict[str, Value]


def read(stream: IO[bytes], filename: str) -> list[Row]:
    """The rows of a table. Empty rows are skipped. Raises SheetError.

    A CSV gives text only; Excel gives numbers, times and truth values too: `text` turns each into what people read.
    """
    data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise SheetError(f"文件超过 {MOST_BYTES // 1024 // 1024} MB，请分成几个文件。")
    if data.startswith((_ZIP, _XLS)):
        lines = _excel(data)
    elif filename.lower().endswith((".xlsx", ".xls")):
        raise SheetError("这不是真正的 Excel 文件，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。")
    else:
        lines = _csv(data)
    return list(_by_heading(lines))


def text(value: Value | None, *, lines: bool = False) -> str:
    """What a person reads in a cell: trimmed, a whole number without ".0" ("13800000000"), nothing as "".

    Raises SheetError for a number whose last digits Excel has lost, and for characters that cannot be kept.
    """
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case int() | float():
            return _number(value)
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case str():
            try:
                return clean(value, lines=lines)
            except ma.ValidationError as error:
                raise SheetError(str(error.messages[0])) from None
        case _:
            return str(value)


def _number(value: int | float) -> str:
    if value == int(value):
        if abs(value) >= EXACT:
            raise SheetError("数字太长，Excel 已经丢失了末尾几位；请把这一列设为“文本”后重新填写。")
        return str(int(value))
    return repr(value)


# ---- Excel


def _excel(data: bytes) -> Iterator[tuple[int, list[Value]]]:
    """Rows of the first visible sheet. The file is opened by `workbook.py` in its own, capped process."""
    if data.startswith(_ZIP):
        _refuse_bomb(data)
    limits = (MOST_ROWS + 1, MOST_COLUMNS, MOST_BYTES)
    command = [sys.executable, "-I", str(_WORKBOOK), *map(str, limits)]
    try:
        done = subprocess.run(  # noqa: S603 -- our own script and interpreter, nothing from the user in the command
            command, input=data, capture_output=True, timeout=PATIENCE, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise SheetError(_REFUSED["broken"]) from None
    for number, line in enumerate(io.BytesIO(done.stdout), 1):
        cells = json.loads(line)
        if isinstance(cells, dict):
            raise SheetError(_REFUSED[cells["refused"]])
        yield number, [_KINDS[cell[0]](cell[1]) if isinstance(cell, list) else cell for cell in cells]


def _refuse_bomb(data: bytes) -> None:
    """Refuse by what the archive itself says, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise SheetError(_REFUSED["broken"]) from None
    if not any(entry.filename.startswith("xl/workbook.") for entry in entries):
        raise SheetError("这不是 Excel 表格，请上传 .xlsx、.xls 或 .csv 文件。")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_BYTES or len(entries) > MOST_ENTRIES or unpacked > max(SMALL, RATIO * len(data)):
        raise SheetError("这个 Excel 文件展开后太大，请只保留要导入的表格，另存后再上传。")


# ---- CSV


def _csv(data: bytes) -> Iterator[tuple[int, list[Value]]]:
    content = _decoded(data)
    if "\0" in content or content.lstrip()[:1] == "<":
        raise SheetError("这不是表格文件，请上传 .xlsx、.xls 或 .csv 文件。")
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=_delimiter(content), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, list(cells)
            line = reader.line_num + 1  # a quoted cell may run over several lines
    except csv.Error:
        raise SheetError(f"第 {line} 行的引号不成对，或者一格的内容太长。") from None


def _decoded(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # Excel's "Unicode text"
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError("无法识别文件的文字编码，请另存为 UTF-8 编码的 CSV，或 .xlsx。")


def _delimiter(content: str) -> str:
    """Comma, semicolon or tab: whichever splits the first line into the most cells."""
    lines = io.StringIO(content, newline="")  # splits at a lone \r too, as old Macs and some cash registers write
    first = next((line for line in lines if line.strip()), "").strip("\r\n")
    return max(",;\t", key=lambda mark: len(next(csv.reader([first[:MOST_TEXT]], delimiter=mark), [])))


# ---- headings and limits, the same for both


def _by_heading(lines: Iterable[tuple[int, list[Value]]]) -> Iterator[Row]:
    rows = ((line, cells) for line, cells in lines if any(cell != "" for cell in map(_trimmed, cells)))
    first = next(rows, None)
    if first is None:
        raise SheetError(_REFUSED["empty"])
    headings = _headings(*first)
    width, count = len(headings), 0
    for count, (line, cells) in enumerate(rows, 1):
        if count > MOST_ROWS:
            raise SheetError(_REFUSED["rows"])
        if count * width > MOST_CELLS:
            raise SheetError(f"表格超过 {MOST_CELLS:,} 格，请分成几个文件。")
        if any(_trimmed(cell) != "" for cell in cells[width:]):
            raise SheetError(f"第 {line} 行比表头多出了内容，请检查分隔符和引号，或补上表头。")
        if any(isinstance(cell, str) and len(cell) > MOST_TEXT for cell in cells):
            raise SheetError(f"第 {line} 行有一格超过 {MOST_TEXT:,} 个字。")
        cells += [""] * (width - len(cells))
        yield Row(line, dict(zip(headings, cells, strict=False)))
    if not count:
        raise SheetError("表格只有表头，没有内容。")


def _trimmed(cell: Value) -> Value:
    return cell.strip() if isinstance(cell, str) else cell


def _headings(line: int, cells: list[Value]) -> list[str]:
    headings = [_heading(cell) for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        raise SheetError(_REFUSED["columns"])
    if "" in headings:
        column = headings.index("") + 1
        raise SheetError(f"第 {line} 行应为表头，但第 {column} 列没有名称。如果它是标题，请删去标题行。")
    seen: set[str] = set()
    for heading in headings:
        if heading.casefold() in seen:
            raise SheetError(f"表头“{heading[:40]}”出现了两次，请改成不同的名称。")
        seen.add(heading.casefold())
    return headings


def _heading(cell: Value) -> str:
    return text(cell.replace("\ufeff", "") if isinstance(cell, str) else cell)
