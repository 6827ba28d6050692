"""Reading a table of households: which column is what, and what an office's words mean."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

import marshmallow as ma

from models.enums import Relation, Tenancy, Word
from server.core import sheets
from server.core.sheets import Row, SheetError, Value
from server.households import personal
from server.households.doors import DOOR_LIMIT, UNIT_LIMIT, tidy_door, tidy_unit
from server.rules.tables import RowError

W = TypeVar("W", bound=Word)
CODE_LIMIT = 32


class Field(StrEnum):
    """What a row says."""

    BUILDING = "building"
    UNIT = "unit"
    DOOR = "door"
    NAME = "name"
    PHONE = "phone"
    RELATION = "relation"
    TENANCY = "tenancy"


# Headings we know, the first one being ours.
HEADINGS: dict[Field, tuple[str, ...]] = {
    Field.BUILDING: ("楼栋编号", "楼栋编码", "楼栋代码"),
    Field.UNIT: ("单元", "单元号"),
    Field.DOOR: ("房号", "门牌号", "门牌", "房间号", "室号"),
    Field.NAME: ("姓名", "住户姓名", "居民姓名"),
    Field.PHONE: ("电话", "联系电话", "手机", "手机号", "电话号码", "联系方式"),
    Field.RELATION: ("关系", "与户主关系", "与联系人关系"),
    Field.TENANCY: ("居住情况", "居住状况", "居住性质", "房屋性质"),
}
NEEDED = (Field.DOOR, Field.NAME)

RELATION_WORDS: dict[str, Relation] = {
    **{relation.zh: relation for relation in Relation},
    **dict.fromkeys(("户主", "业主", "房主"), Relation.SELF),
    **dict.fromkeys(("妻", "妻子", "夫", "丈夫", "夫妻", "爱人"), Relation.SPOUSE),
    **dict.fromkeys(("子", "女", "儿子", "女儿", "儿", "孩子", "长子", "长女", "次子", "次女"), Relation.CHILD),
    **dict.fromkeys(("父", "母", "父亲", "母亲", "爸爸", "妈妈"), Relation.PARENT),
    **dict.fromkeys(("租客", "承租人", "租住", "租赁"), Relation.TENANT),
    **dict.fromkeys(
        ("亲戚", "孙子", "孙女", "儿媳", "女婿", "兄弟", "姐妹", "岳父", "岳母", "公公", "婆婆"), Relation.RELATIVE
    ),
}
TENANCY_WORDS: dict[str, Tenancy] = {
    **{tenancy.zh: tenancy for tenancy in Tenancy},
    **dict.fromkeys(("自有", "自有住房", "业主自住", "常住"), Tenancy.OWNER),
    **dict.fromkeys(("租住", "租赁", "出租房", "租房"), Tenancy.RENTED),
    **dict.fromkeys(("公租", "公租房", "廉租房", "单位房", "单位宿舍"), Tenancy.PUBLIC),
    **dict.fromkeys(("空", "空房", "空置房", "无人居住", "无人"), Tenancy.VACANT),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row says: a door, and perhaps somebody behind it. None: the row does not say."""

    line: int
    building: str
    unit: str
    door: str
    name: str | None
    phone: str | None
    relation: Relation | None
    tenancy: Tenancy | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read: what its rows say, what is wrong with them, and the headings nobody asked for."""

    entries: list[Entry]
    errors: list[RowError]
    columns: dict[Field, str]
    ignored: list[str]

    def wrong(self, line: int, what: Field, reason: str) -> RowError:
        """An error in a row's cell."""
        return RowError(line, self.columns.get(what, HEADINGS[what][0]), reason)


def read(rows: list[Row]) -> Table:
    """What a table of households says. Raises SheetError when a needed column is missing."""
    columns = _columns(rows[0].cells)
    table = Table([], [], columns, [heading for heading in rows[0].cells if heading not in columns.values()])
    for row in rows:
        said: dict[Field, Any] = {}
        reasons: dict[Field, str] = {}
        for what, heading in columns.items():
            try:
                said[what] = _READERS[what](_text(row.cells[heading]))
            except (SheetError, ma.ValidationError) as error:
                reasons[what] = error.messages[0] if isinstance(error, ma.ValidationError) else str(error)
        for what in (Field.PHONE, Field.RELATION):
            if said.get(what) is not None and Field.NAME not in reasons and said.get(Field.NAME) is None:
                reasons.setdefault(Field.NAME, "没有填写姓名。")
        table.errors.extend(table.wrong(row.line, what, reason) for what, reason in reasons.items())
        if not reasons:
            table.entries.append(_entry(row.line, said))
    return table


def _entry(line: int, said: dict[Field, Any]) -> Entry:
    return Entry(
        line,
        said.get(Field.BUILDING) or "",
        said.get(Field.UNIT) or "",
        said[Field.DOOR],
        said[Field.NAME],
        said.get(Field.PHONE),
        said.get(Field.RELATION),
        said.get(Field.TENANCY),
    )


def _columns(cells: Iterable[str]) -> dict[Field, str]:
    headings = list(cells)
    chosen = {
        what: next(word for word in words if word in headings)
        for what, words in HEADINGS.items()
        if any(word in headings for word in words)
    }
    for what in NEEDED:
        if what not in chosen:
            there = "、".join(heading[:20] for heading in headings)
            raise SheetError(f"表格里没有“{HEADINGS[what][0]}”这一列。现有的列：{there}。")
    return chosen


def _text(value: Value) -> str:
    if isinstance(value, date | time):
        raise SheetError("Excel 把这一格当成了日期，请把这一列设为“文本”后重新填写。")
    return sheets.text(value)


def _short(most: int, tidy: Callable[[str], str] = str, *, needed: bool = False) -> Callable[[str], str]:
    def read_cell(text: str) -> str:
        kept = tidy(text)
        if needed and not kept:
            raise SheetError("没有填写。")
        if len(kept) > most:
            raise SheetError(f"最多 {most} 个字。")
        return kept

    return read_cell


def _word(words: dict[str, W], kind: type[W]) -> Callable[[str], W | None]:
    def read_cell(text: str) -> W | None:
        if not text:
            return None
        if text not in words:
            raise SheetError(f"不认识这个词，请写：{'、'.join(word.zh for word in kind)}。")
        return words[text]

    return read_cell


_READERS: dict[Field, Callable[[str], Any]] = {
    Field.BUILDING: _short(CODE_LIMIT, needed=True),
    Field.UNIT: _short(UNIT_LIMIT, tidy_unit),
    Field.DOOR: _short(DOOR_LIMIT, tidy_door, needed=True),
    Field.NAME: lambda text: personal.tidy_name(text) if text else None,
    Field.PHONE: personal.tidy_phone,
    Field.RELATION: _word(RELATION_WORDS, Relation),
    Field.TENANCY: _word(TENANCY_WORDS, Tenancy),
}
