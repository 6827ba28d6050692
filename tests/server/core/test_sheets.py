"""Tables in and out: whatever an office sends is read right or refused with a sentence."""

import base64
import io
import struct
import zipfile
import zlib
from datetime import UTC, date, datetime

import pytest
import xlsxwriter

from server.core import sheets
from server.core.sheets import Sheet, SheetError

# A real .xls (BIFF 8) of one sheet: 编码,名称,电话 / A-1,一号楼,13800000000
XLS = zlib.decompress(
    base64.b64decode(
        "eNrtWE1oE0EU/mY3aX5I0k1NC61QQsGoNR6KCF7abQvakyFaQSmCpjaH0pJKULAitFpzkoLgSfFS6MVLVRB/0IPePAgRPQhCIdGj"
        "lwoWPbRZ37zMSqo9NKBBZb4w37x9b97Oy8yb2Z19XYyWFu53lPET+mCi4gTQVKMTVALuhQWyO44U3dpPxdH4pxDw00Q2efE0/Mon"
        "51DOdxkG7nleEAMfqJzEWaSmctl4AzHIMWSEjKGXWOA2aSJo56hamM8wb2O+yy2fMfezZp65l9qWxAiKdqr7gMriE0YX2yKQ933E"
        "Pu9Z04NWvJRZPHNdVNt6MZAfz0z+nYZOTwiLoHkbyuay+cxkCTGawEWsOnHgi7tSn8e1vrF6AdJ/26j3baK/YXiAWTinOcELCKFo"
        "SoshVoYT82tI0kSDC9nbZsQFqsLHVqap2n9++Rq1HdjbY5Jr6uvwpfGg3J55OVsblnOY0zxEPIZmlqOc7BZt2Gt3Pr85PJq2T7Fm"
        "lrfw6ka/Q8YGB5elBzlH2GIwyyC7Wd7DfIXvup3lDuYYRU11It2qhENz3OYqWxPUzz7GW3tnjbyL5MKnI487Cx/t3SQvDZUvxpbe"
        "2QvoogfPGPnL3xySIilu3ZR4Yru1UJvCMnP7LxuE37BU7I56mjVjHUEWo8zVKzk64seVocZKeotNvAV7m6q9YG85biaNl2BvQnrk"
        "QWCwz2jBQx6+/ppHahAaGhoaGhoaGhoaDYRQL/XyFdajDhvy0OBT33XWqVT0Z5L/FkcxRb9zdDA9iBzVeUzXlT9t8Ar3XmKLPu73"
        "Qonj1HseExjlOCbqzl869Ina/7NlR+v3LaF6+6/UE+cf7v87PZLG9Q=="
    )
)


def read(data: bytes | str, filename: str = "places.csv") -> list[sheets.Row]:
    return sheets.read(io.BytesIO(data.encode() if isinstance(data, str) else data), filename)


def excel(*rows: list[object], options: dict[str, object] | None = None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm", **(options or {})}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    page.write(number, column, cell)
    return out.getvalue()


PLAIN = "编码,名称\nA1,一号楼\nA2,二号楼\n"
ROWS = [(2, {"编码": "A1", "名称": "一号楼"}), (3, {"编码": "A2", "名称": "二号楼"})]


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("gb18030"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode("gb18030"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.rstrip("\n").encode(),
        '"编码","名称"\n"A1","一号楼"\n"A2","二号楼"\n'.encode(),
        " 编码 ,名称\nA1,一号楼\nA2,二号楼\n".encode(),
    ],
    ids=["utf-8", "bom", "gb18030", "utf-16", "semicolon", "tab", "crlf", "no-last-break", "quoted", "blanks"],
)
def test_a_csv_is_read_however_it_was_saved(data: bytes) -> None:
    assert read(data) == ROWS


def test_lines_are_the_files_own_also_after_empty_rows_and_cells_of_several_lines() -> None:
    rows = read('\n编码,名称\n\n,\nA1,"一号\n楼"\nA2,二号楼\n')
    assert [row.line for row in rows] == [5, 7]
    assert rows[0].cells["名称"] == "一号\n楼"


def test_a_short_row_is_filled_and_trailing_empty_columns_are_nothing() -> None:
    assert read("编码,名称,,\nA1\nA2,二号楼,,\n") == [(2, {"编码": "A1", "名称": ""}), ROWS[1]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "没有内容"),
        (b"\n,\n", "没有内容"),
        ("编码,名称\n", "只有表头"),
        ("编码,,名称\nA1,x,y\n", "第 2 列没有名称"),
        ("幸福社区楼栋台账,,\n编码,名称,上级\nA1,x,y\n", "多出了内容"),
        (",幸福社区楼栋台账,\n编码,名称,上级\n", "请删去标题行"),
        ("Code,名称,code\nA1,x,y\n", "出现了两次"),
        ("编码,名称\nA1,x,y\n", "第 2 行比表头多出"),
        ('编码,名称\nA1,"x\nA2,y\n', "引号不成对"),
        ('编码,名称\nA1,"x"y\n', "引号不成对"),
        ("编码\n" + "长" * 10_001 + "\n", "第 2 行有一格超过"),
        ("编码\n" + "长" * 200_000 + "\n", "一格的内容太长"),
        ("编码,名称\nA1,\0\n", "不是表格文件"),
        ("<html><table><tr><td>编码</td></tr></table></html>", "不是表格文件"),
        (b"\x81\xff\xff\xfe\x00", "文字编码"),
        (",".join(f"h{n}" for n in range(101)) + "\nx\n", "超过 100 列"),
        ("编码\n" + "x\n" * 100_001, "超过 100,000 行"),
        (",".join(f"h{n}" for n in range(50)) + "\n" + ("x" + "," * 49 + "\n") * 40_001, "2,000,000 格"),
    ],
)
def test_what_is_not_a_table_is_refused_with_a_sentence(data: bytes | str, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        read(data)


def test_the_limits_themselves_are_allowed() -> None:
    assert len(read("编码\n" + "x\n" * 100_000)) == 100_000
    assert read(",".join(f"h{n}" for n in range(100)) + "\n" + "长" * 10_000 + "\n")[0].cells["h0"] == "长" * 10_000


def test_a_csv_too_large_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_BYTES", 64)
    with pytest.raises(SheetError, match="MB"):
        read("编码\n" + "x" * 64)


def test_an_excel_file_gives_numbers_times_and_truth_values() -> None:
    data = excel(
        ["编码", "电话", "时间", "是否", "空"], [], ["A1", 13800000000, datetime(2026, 10, 12, 9, 30), True, None]
    )
    (row,) = read(data, "x.xlsx")
    assert row.line == 3
    assert row.cells == {
        "编码": "A1",
        "电话": 13800000000.0,
        "时间": datetime(2026, 10, 12, 9, 30),
        "是否": True,
        "空": "",
    }


def test_an_old_excel_file_is_read_too_whatever_it_is_called() -> None:
    for name in ("old.xls", "old.csv"):
        (row,) = read(XLS, name)
        assert {heading: sheets.text(cell) for heading, cell in row.cells.items()} == {
            "编码": "A-1",
            "名称": "一号楼",
            "电话": "13800000000",
        }


def test_the_first_visible_sheet_that_holds_something_is_read() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        hidden, _empty, shown = (book.add_worksheet() for _ in range(3))
        shown.activate()
        shown.set_first_sheet()
        hidden.hide()
        hidden.write_row(0, 0, ["secret"])
        shown.write_row(0, 0, ["编码"])
        shown.write_row(1, 0, ["A1"])
    assert read(out.getvalue(), "x.xlsx") == [(2, {"编码": "A1"})]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        ("  一号\u3000楼 ", "一号 楼"),
        (13800000000.0, "13800000000"),
        (370203005001.0, "370203005001"),
        (-3.0, "-3"),
        (0, "0"),
        (1.5, "1.5"),
        (999_999_999_999_999.0, "999999999999999"),
        (True, "是"),
        (date(2026, 10, 12), "2026-10-12"),
        (datetime(2026, 10, 12, 9, 30), "2026-10-12 09:30:00"),
    ],
)
def test_a_cell_as_people_read_it(value: sheets.Value | None, told: str) -> None:
    assert sheets.text(value) == told


@pytest.mark.parametrize(
    ("value", "said"), [(3.70203199001011e17, "丢失了末尾"), ("a\x00b", "控制字符"), ("a\u202eb", "控制字符")]
)
def test_a_cell_that_cannot_be_trusted_is_refused(value: sheets.Value, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        sheets.text(value)


# ---- files made to hurt


def test_a_sheet_that_unpacks_to_too_much_is_refused_unopened() -> None:
    out = io.BytesIO(excel(["编码"], ["A1"]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a.bin", "w") as entry:
        for _ in range(61):
            entry.write(bytes(1024 * 1024))
    with pytest.raises(SheetError, match="展开后太大"):
        read(out.getvalue(), "bomb.xlsx")


def test_a_sheet_that_grows_out_of_proportion_is_refused() -> None:
    out = io.BytesIO(excel(["编码"], ["A1"]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.bin", bytes(sheets.SMALL + 1))
    with pytest.raises(SheetError, match="展开后太大"):
        read(out.getvalue(), "bomb.xlsx")


def test_too_many_entries_are_refused() -> None:
    out = io.BytesIO(excel(["编码"], ["A1"]))
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(sheets.MOST_ENTRIES):
            archive.writestr(f"xl/media/{number}", b"")
    with pytest.raises(SheetError, match="展开后太大"):
        read(out.getvalue(), "bomb.xlsx")


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    """The directory says 1 KB; the stream inflates to 64 MB."""
    sheet = b"".join(
        [
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>',
            b'<row r="1"><c r="A1" t="inlineStr"><is><t>',
        ]
    )
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = squeeze.compress(sheet)
    megabyte = b"x" * 1024 * 1024
    stream += b"".join(squeeze.compress(megabyte) for _ in range(64)) + squeeze.flush()
    out, marker = io.BytesIO(), b"MARKER" * 100
    with zipfile.ZipFile(io.BytesIO(excel(["编码"], ["A1"]))) as good, zipfile.ZipFile(out, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, marker if name.endswith("sheet1.xml") else good.read(name))
    with pytest.raises(SheetError, match="无法读取"):
        read(_swap(out.getvalue(), marker, stream), "liar.xlsx")


def _swap(archive: bytes, marker: bytes, stream: bytes) -> bytes:
    """Put a deflated stream where the marker was stored, and let the directory claim 1 KB for it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entry = next(e for e in opened.infolist() if e.file_size == len(marker))
    start = archive.index(marker)
    local = bytearray(archive[:start])
    struct.pack_into("<H", local, entry.header_offset + 8, 8)
    struct.pack_into("<III", local, entry.header_offset + 14, 0, len(stream), 1024)
    rest = bytearray(archive[start + len(marker) :])
    grown = len(stream) - len(marker)
    end = rest.rindex(b"PK\x05\x06")
    (directory,) = struct.unpack_from("<I", rest, end + 16)
    struct.pack_into("<I", rest, end + 16, directory + grown)
    at = rest.index(b"PK\x01\x02")
    while rest[at : at + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<HHH", rest, at + 28)
        (offset,) = struct.unpack_from("<I", rest, at + 42)
        if offset == entry.header_offset:
            struct.pack_into("<H", rest, at + 10, 8)
            struct.pack_into("<III", rest, at + 16, 0, len(stream), 1024)
        elif offset > entry.header_offset:
            struct.pack_into("<I", rest, at + 42, offset + grown)
        at += 46 + name + extra + comment
    return bytes(local) + stream + bytes(rest)


def test_one_cell_in_the_far_corner_hurts_only_its_own_process() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write(0, 0, "编码")
        page.write(1_048_575, 16_383, "x")
    with pytest.raises(SheetError, match="无法读取"):
        read(out.getvalue(), "far.xlsx")


def test_a_stray_cell_far_below_or_right_says_what_to_delete() -> None:
    for row, column, said in ((150_000, 0, "空行"), (1, 150, "列")):
        out = io.BytesIO()
        with xlsxwriter.Workbook(out) as book:
            page = book.add_worksheet()
            page.write(0, 0, "编码")
            page.write(row, column, "x")
        with pytest.raises(SheetError, match=said):
            read(out.getvalue(), "stray.xlsx")


def test_one_long_text_shown_in_many_cells_is_refused() -> None:
    data = excel(["编码"], *[["长" * 9000] for _ in range(3000)])
    with pytest.raises(SheetError, match="文字太多"):
        read(data, "x.xlsx")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"PK\x03\x04 and no more", "x.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "x.xls"),
        (XLS[:3000], "x.xls"),
        (excel(["编码"], ["A1"])[:-200], "x.xlsx"),
        ("编码,名称\nA1,x\n".encode(), "x.xlsx"),
        (b"%PDF-1.7 \x00\x01\x02", "x.csv"),
    ],
)
def test_a_broken_or_misnamed_file_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(SheetError):
        read(data, name)


def test_another_office_document_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(SheetError, match="不是 Excel"):
        read(out.getvalue(), "x.xlsx")


# ---- writing


def test_what_is_written_can_be_read_again() -> None:
    moment = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
    rows = [
        ["=1+1", 7, 1.5, moment, None],
        ["@x", 13800000000, -2, date(2026, 10, 12), True],
        ["-", "+86", "普通", "", 10**17],
    ]
    data = sheets.write_xlsx(
        [Sheet("排名/十月", ["文字", "数", "小数", "时间", "其他"], rows), Sheet("排名/十月", ["空"], [])]
    )
    assert [list(row.cells.values()) for row in read(data, "x.xlsx")] == [
        ["=1+1", 7.0, 1.5, datetime(2026, 10, 12, 9, 0), ""],
        ["@x", 13800000000.0, -2.0, date(2026, 10, 12), "是"],
        ["-", "+86", "普通", "", str(10**17)],
    ]


def test_no_formula_and_no_link_is_ever_written() -> None:
    text = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "http://example.org/", "\t=1", "{=1}", "x" * 40_000]
    data = sheets.write_xlsx([Sheet("a", ["文字"], ([cell] for cell in text))])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "hyperlink" not in page.replace("HYPERLINK", "")
    assert [sheets.text(row.cells["文字"]) for row in read(data, "x.xlsx")][:5] == text[:5]


def test_headings_stay_in_view_and_columns_fit_what_is_in_them() -> None:
    data = sheets.write_xlsx([Sheet("a", ["楼栋", "说明"], [["1栋", "字" * 20]])])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in page
    assert 'min="2" max="2" width="41.7' in page


def test_the_same_sheets_give_the_same_bytes() -> None:
    made = [sheets.write_xlsx([Sheet("a", ["x"], [["一"], [2]])]) for _ in range(2)]
    assert made[0] == made[1]


def test_a_csv_with_the_line_ends_of_old_macs_is_read() -> None:
    assert read(PLAIN.replace("\n", "\r")) == ROWS
    assert read("编码;名称\rA1;一号楼\rA2;二号楼") == ROWS
