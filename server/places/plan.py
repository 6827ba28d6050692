"""What an import would do: candidates and what is already known, in; new places, renames and errors, out.

Pure, and it looks at every row before it says anything, so that one attempt shows all that is wrong.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from models.enums import PlaceKind
from server.places.layout import Candidate, Field
from server.rules.place_tree import may_hang
from server.rules.tables import RowError


class Known(NamedTuple):
    """A place that is already there. `inside`: in the places of whoever imports."""

    id: int
    code: str
    name: str
    kind: PlaceKind
    parent_code: str
    is_closed: bool
    inside: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do when there is no error: `new` from the root down, `renamed` with the ids they have."""

    new: list[Candidate]
    renamed: list[tuple[Known, Candidate]]
    unchanged: int
    errors: list[RowError]


def make(
    candidates: list[Candidate], known: Mapping[str, Known], children: Mapping[str, Mapping[str, str]], *, roots: bool
) -> Plan:
    """Plan an import.

    `known` are the places with the candidates' codes and parents' codes; `children` says of each known parent's code
    (the root is "") which names are taken by which codes. `roots`: whether districts may be made.
    """
    errors: list[RowError] = []
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        before = first.setdefault(candidate.code, candidate)
        if before is not candidate:
            errors.append(candidate.wrong(Field.CODE, f"编码与第 {before.line} 行重复。"))
    in_circle = _circles(first)
    new: list[Candidate] = []
    renamed: list[tuple[Known, Candidate]] = []
    for candidate in first.values():
        there = known.get(candidate.code)
        if candidate.code in in_circle:
            errors.append(candidate.wrong(Field.PARENT, in_circle[candidate.code]))
        elif there is None:
            errors += _wrong_with_new(candidate, first, known, roots)
            new.append(candidate)
        else:
            errors += _wrong_with_known(candidate, there)
            if candidate.name != there.name:
                renamed.append((there, candidate))
    errors += _same_names(first, known, children)
    new.sort(key=lambda candidate: candidate.kind.depth)
    errors.sort(key=lambda error: error.line)
    return Plan(new, renamed, len(first) - len(new) - len(renamed), errors)


def _wrong_with_new(
    candidate: Candidate, listed: Mapping[str, Candidate], known: Mapping[str, Known], roots: bool
) -> Iterator[RowError]:
    under: PlaceKind | None = None
    if candidate.parent:
        parent = known.get(candidate.parent)
        if parent is not None and not parent.inside:
            parent = None
        if candidate.parent in listed:
            under = listed[candidate.parent].kind
        elif parent is not None:
            under = parent.kind
        else:
            yield candidate.wrong(Field.PARENT, "没有这个编码的上级，或者它不在您的管理范围内。")
            return
        if parent is not None and parent.is_closed:
            yield candidate.wrong(Field.PARENT, "上级已经停用。")
    decision = may_hang(candidate.kind, under)
    if not decision:
        yield candidate.wrong(Field.PARENT, decision.reason)
    elif under is None and not roots:
        yield candidate.wrong(Field.KIND, f"{candidate.kind.zh}由运维人员在服务器上新建。")


def _wrong_with_known(candidate: Candidate, there: Known) -> Iterator[RowError]:
    if not there.inside:
        yield candidate.wrong(Field.CODE, "这个编码已经用于您管理范围以外的地点。")
    elif candidate.kind is not there.kind:
        yield candidate.wrong(Field.KIND, f"已登记为{there.kind.zh}，导入不能改变类别。")
    elif candidate.parent != there.parent_code:
        yield candidate.wrong(Field.PARENT, "已登记在另一个上级之下，导入不能搬移地点。")


def _circles(listed: Mapping[str, Candidate]) -> dict[str, str]:
    """Codes of rows that are each other's parents, with the sentence that says so."""
    found: dict[str, str] = {}
    done: set[str] = set()
    for start in listed:
        trail: dict[str, int] = {}
        code = start
        while code in listed and code not in done and code not in trail:
            trail[code] = len(trail)
            code = listed[code].parent
        if code in trail:
            circle = list(trail)[trail[code] :]
            lines = "、".join(str(listed[each].line) for each in sorted(circle, key=lambda c: listed[c].line)[:10])
            reason = "上级不能是自己。" if len(circle) == 1 else f"上下级形成了循环（第 {lines} 行）。"
            found.update(dict.fromkeys(circle, reason))
        done.update(trail)
    return found


def _same_names(
    listed: Mapping[str, Candidate], known: Mapping[str, Known], children: Mapping[str, Mapping[str, str]]
) -> Iterator[RowError]:
    """Two places under one parent with one name, as things would be after the import."""
    taken: dict[tuple[str, str], str] = {}
    for parent, names in children.items():
        for name, code in names.items():
            if code not in listed:
                taken[parent, name] = code
    for candidate in listed.values():
        there = known.get(candidate.code)
        parent = there.parent_code if there else candidate.parent
        other = taken.setdefault((parent, candidate.name), candidate.code)
        if other == candidate.code:
            continue
        where = f"与第 {listed[other].line} 行" if other in listed else "与已登记的地点"
        yield candidate.wrong(Field.NAME, f"同一上级之下{where}重名。")
