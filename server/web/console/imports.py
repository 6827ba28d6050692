"""Tables that offices send and fetch. What is sent is looked at first, and loaded only when the same file comes again.

A page cannot keep a chosen file, so the check leaves the file's fingerprint in the form; whoever sends another file
than the one that was checked gets a check, not an import.
"""

from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from flask import Response, request

from server.core import crypto
from server.web.console.forms import uploads, wrong

TABLE_MEGABYTES = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was sent, and whether it is the one that was checked and is now to be loaded."""

    stream: IO[bytes]
    filename: str
    fingerprint: str
    load: bool
    changed: bool


def sent_table() -> Table:
    """The table this request carries. Raises Problem 422 when there is none."""
    files = uploads("file")
    if not files:
        raise wrong("file", "请选择要导入的表格文件。")
    file = files[0]
    fingerprint = crypto.digest(file.stream)
    wanted, checked = "load" in request.form, request.form.get("checked", "")
    load = wanted and checked == fingerprint
    return Table(file.stream, file.filename or "", fingerprint, load, changed=wanted and not load)


def excel(data: bytes, name: str) -> Response:
    """An Excel file to save, under a Chinese name."""
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=louzhang.xlsx; filename*=UTF-8''{quote(name)}.xlsx"
    return response
