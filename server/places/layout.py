"""Reading a table of places: which column is what, and which of our kinds an office's word means."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.enums import PlaceKind
from server.core import sheets
from server.core.sheets import Row, SheetError, Value
from server.rules.tables import RowError

CODE_LIMIT = 32
NAME_LIMIT = 80


class Field(StrEnum):
    """What a row says about a place."""

    CODE = "code"
    NAME = "name"
    KIND = "kind"
    PARENT = "parent"


# Headings we know without being told, the first one being ours.
HEADINGS: dict[Field, tuple[str, ...]] = {
    Field.CODE: ("编码", "代码", "编号", "code"),
    Field.NAME: ("名称", "名字", "name"),
    Field.KIND: ("类别", "类型", "kind"),
    Field.PARENT: ("上级", "上级编码", "上级代码", "parent"),
}

KIND_WORDS: dict[str, PlaceKind] = {
    **{kind.value: kind for kind in PlaceKind},
    **{kind.zh: kind for kind in PlaceKind},
    **dict.fromkeys(("区", "县", "区县", "县级市", "市辖区", "旗"), PlaceKind.DISTRICT),
    **dict.fromkeys(("街道", "镇", "乡", "街道办", "街道办事处", "民族乡", "苏木"), PlaceKind.STREET),
    **dict.fromkeys(("社区", "村", "居委会", "村委会", "嘎查"), PlaceKind.COMMUNITY),
    **dict.fromkeys(("网格",), PlaceKind.GRID),
    **dict.fromkeys(("小区", "院落", "住宅小区"), PlaceKind.ESTATE),
    **dict.fromkeys(("楼栋", "楼", "栋", "幢", "院坝", "楼宇"), PlaceKind.BUILDING),
}


@dataclass(frozen=True, slots=True)
class Also:
    """Places of another kind that a row names on the way: the district a list of streets repeats in every line."""

    kind: PlaceKind
    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is laid out: our field → its heading, one kind for all rows, and what else a row names."""

    columns: Mapping[Field, str] = field(default_factory=dict)
    kind: PlaceKind | None = None
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place as a row names it. `columns` are the headings to blame."""

    line: int
    code: str
    name: str
    kind: PlaceKind
    parent: str
    columns: Mapping[Field, str]

    def wrong(self, what: Field, reason: str) -> RowError:
        """An error at this row."""
        return RowError(self.line, self.columns.get(what, HEADINGS[what][0]), reason)


def candidates(rows: list[Row], layout: Layout) -> tuple[list[Candidate], list[RowError]]:
    """The places a table names, and the rows that name none properly. Raises SheetError when a column is missing."""
    found: list[Candidate] = []
    errors: list[RowError] = []
    columns = _columns(rows[0].cells, layout)
    seen: dict[str, Candidate] = {}
    for row in rows:
        for also in layout.also:
            heads = {Field.CODE: also.code, Field.NAME: also.name} | (
                {Field.PARENT: also.parent} if also.parent else {}
            )
            named = _candidate(row, heads, also.kind, errors)
            if named is None:
                continue
            before = seen.setdefault(named.code, named)
            if before is named:
                found.append(named)
            elif (before.name, before.kind, before.parent) != (named.name, named.kind, named.parent):
                errors.append(named.wrong(Field.CODE, f"与第 {before.line} 行编码相同，但名称、类别或上级不同。"))
        named = _candidate(row, columns, layout.kind, errors)
        if named is not None:
            found.append(named)
    return found, errors


def _columns(cells: Mapping[str, Value], layout: Layout) -> dict[Field, str]:
    """Which heading holds which field. Only a table of districts can do without a column of parents."""
    by_word = {heading.casefold(): heading for heading in cells}
    chosen: dict[Field, str] = {}
    for what in Field:
        if what is Field.KIND and layout.kind is not None:
            continue
        words = (layout.columns[what],) if what in layout.columns else HEADINGS[what]
        heading = next((by_word[word.casefold()] for word in words if word.casefold() in by_word), None)
        if heading is not None:
            chosen[what] = heading
        elif not (what is Field.PARENT and what not in layout.columns and layout.kind is PlaceKind.DISTRICT):
            raise SheetError(f"表格里没有“{words[0]}”这一列。现有的列：{_list(cells)}。")
    for also in layout.also:
        for heading in filter(None, (also.code, also.name, also.parent)):
            if heading not in cells:
                raise SheetError(f"表格里没有“{heading}”这一列。现有的列：{_list(cells)}。")
    return chosen


def _list(headings: Iterable[str]) -> str:
    return "、".join(heading[:20] for heading in headings)


def _candidate(
    row: Row, columns: Mapping[Field, str], kind: PlaceKind | None, errors: list[RowError]
) -> Candidate | None:
    said: dict[Field, str] = {}
    wrong: list[RowError] = []
    for what, reason in _read(row, columns, said):
        wrong.append(RowError(row.line, columns[what], reason))
    if kind is None and Field.KIND in said:
        kind = KIND_WORDS.get(said[Field.KIND])
        if kind is None:
            kinds = "、".join(kind.zh for kind in PlaceKind)
            wrong.append(RowError(row.line, columns[Field.KIND], f"不认识这个类别，请写：{kinds}。"))
    errors += wrong
    if wrong or kind is None:
        return None
    return Candidate(row.line, said[Field.CODE], said[Field.NAME], kind, said.get(Field.PARENT, ""), columns)


def _read(row: Row, columns: Mapping[Field, str], said: dict[Field, str]) -> Iterator[tuple[Field, str]]:
    """Fill `said` from a row's cells; yield what is wrong with them."""
    limits = {Field.CODE: CODE_LIMIT, Field.NAME: NAME_LIMIT, Field.KIND: NAME_LIMIT, Field.PARENT: CODE_LIMIT}
    for what, heading in columns.items():
        try:
            told = sheets.text(row.cells[heading])
        except SheetError as error:
            yield what, str(error)
            continue
        if not told and what is not Field.PARENT:
            yield what, "没有填写。"
        elif len(told) > limits[what]:
            yield what, f"最多 {limits[what]} 个字。"
        else:
            said[what] = told
