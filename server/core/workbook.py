"""Opens one Excel file in a process of its own, so that a hostile one takes nothing with it.

Not imported: `server.core.sheets` runs it as a script. A file of 5 KB with a cell in the far corner (XFD1048576) makes
the parser ask for 500 GB and abort its process. Here the memory is capped, and whatever happens the server only sees a
process that ended without an answer.

Standard input: the file. Standard output: one line of JSON a row, with what JSON lacks as `[kind, text]`; or one object
`{"refused": why}`.
"""

import io
import json
import math
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

MEMORY = 768 * 1024 * 1024


def main(most_rows: int, most_columns: int, most_bytes: int) -> None:
    """Answer with the first visible sheet that holds anything."""
    _cap_memory()
    import python_calamine as calamine  # after the cap

    data = io.BytesIO(sys.stdin.buffer.read())
    try:
        book = calamine.load_workbook(data)
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        sheets = (book.get_sheet_by_name(name) for name in visible)
        sheet = next((sheet for sheet in sheets if sheet.end is not None), None)
    except calamine.PasswordError:
        return _refuse("password")
    except calamine.CalamineError:
        return _refuse("broken")
    if sheet is None:
        return _refuse("empty")
    if sheet.total_height > most_rows:
        return _refuse("rows")
    if sheet.total_width > most_columns:
        return _refuse("columns")
    said = 0
    for row in sheet.to_python(skip_empty_area=False):
        line = json.dumps([_plain(cell) for cell in row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        said += len(line)
        if said > most_bytes:  # one long text shown in a million cells
            return _refuse("text")
        sys.stdout.buffer.write(line)
    return None


def _plain(cell: Any) -> Any:
    match cell:
        case datetime():
            return ["datetime", cell.isoformat()]
        case date():
            return ["date", cell.isoformat()]
        case time():
            return ["time", cell.isoformat()]
        case timedelta():
            return ["timedelta", str(cell.total_seconds())]
        case float() if not math.isfinite(cell):
            return "#NUM!"
        case _:
            return cell


def _refuse(why: str) -> None:
    sys.stdout.write(json.dumps({"refused": why}) + "\n")


def _cap_memory() -> None:
    try:
        import resource  # Unix only
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
