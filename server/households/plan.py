"""What a table of households would change: its rows put together door by door and compared with what is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.enums import Relation, Tenancy
from server.households import personal
from server.households.layout import Entry, Field, Table
from server.households.rows import NewResident
from server.rules.tables import RowError

DoorKey = tuple[int, str, str]  # building, unit, door


@dataclass(slots=True)
class Door:
    """A door of the table: the row that names it first, its building, and who the table says lives there."""

    first: Entry
    building: Any
    tenancy: Tenancy | None = None
    people: dict[bytes, Entry] = field(default_factory=dict)  # by index of the name

    @property
    def where(self) -> dict[str, Any]:
        """Columns of everything that belongs to its building."""
        return {
            "building_id": self.building.id,
            "grid_id": self.building.grid_id,
            "community_id": self.building.community_id,
        }


@dataclass(slots=True)
class Plan:
    """What there is to do."""

    new_doors: list[Door] = field(default_factory=list)
    newcomers: list[tuple[int, Door, NewResident]] = field(default_factory=list)  # in households that are known
    phones: dict[int, str] = field(default_factory=dict)  # by resident
    relations: dict[int, Relation] = field(default_factory=dict)  # by resident
    tenancies: dict[int, Tenancy] = field(default_factory=dict)  # by household
    touched: set[int] = field(default_factory=set)  # households
    unchanged: int = 0  # rows

    @property
    def residents_new(self) -> int:
        """How many people are registered."""
        return len(self.newcomers) + sum(len(door.people) for door in self.new_doors)

    @property
    def residents_changed(self) -> int:
        """How many people are corrected."""
        return len(self.phones.keys() | self.relations.keys())


def doors(table: Table, buildings: Mapping[str, Any], errors: list[RowError]) -> dict[DoorKey, Door]:
    """The doors of a table whose buildings are known by code; what contradicts itself goes to `errors`."""
    found: dict[DoorKey, Door] = {}
    for entry in table.entries:
        place = buildings.get(entry.building)
        if place is None:
            errors.append(table.wrong(entry.line, Field.BUILDING, "没有这个楼栋编号，或者不在您的管理范围内。"))
        elif place.closed_at is not None:
            errors.append(table.wrong(entry.line, Field.BUILDING, "这栋楼已经停用，不能再登记住户。"))
        else:
            _add(table, found.setdefault((place.id, entry.unit, entry.door), Door(entry, place)), entry, errors)
    for door in found.values():
        if door.tenancy is Tenancy.VACANT and door.people:
            line = next(iter(door.people.values())).line
            errors.append(table.wrong(line, Field.TENANCY, "空置的房子里不能登记住户，请改一下居住情况。"))
    return found


def _add(table: Table, door: Door, entry: Entry, errors: list[RowError]) -> None:
    if entry.tenancy is not None and door.tenancy not in (None, entry.tenancy):
        reason = f"与第 {door.first.line} 行是同一户，但居住情况不同。"
        errors.append(table.wrong(entry.line, Field.TENANCY, reason))
    door.tenancy = door.tenancy or entry.tenancy
    if entry.name is None:
        return
    before = door.people.setdefault(personal.name_index(entry.name), entry)
    if before is not entry:
        reason = f"与第 {before.line} 行重复：同一户、同一个姓名。"
        errors.append(table.wrong(entry.line, Field.NAME, reason))


def compare(
    table: Table,
    found: Mapping[DoorKey, Door],
    known: Mapping[DoorKey, Any],
    present: Mapping[int, Mapping[bytes, Any]],
    errors: list[RowError],
) -> Plan:
    """What there is to do. `known`: households by door; `present`: who lives there, by household and name index."""
    plan = Plan()
    for key, door in found.items():
        household = known.get(key)
        if household is None:
            plan.new_doors.append(door)
            continue
        people = present.get(household.id, {})
        _compare_door(table, door, household, people, plan, errors)
        has_contact = any(person.is_contact for person in people.values())
        for index, entry in door.people.items():
            if index in people:
                _compare_person(entry, people[index], plan)
                continue
            is_contact = entry.relation is Relation.SELF and not has_contact
            has_contact = has_contact or is_contact
            plan.newcomers.append((household.id, door, newcomer(entry, is_contact)))
            plan.touched.add(household.id)
    return plan


def _compare_door(
    table: Table, door: Door, household: Any, people: Mapping[bytes, Any], plan: Plan, errors: list[RowError]
) -> None:
    tenancy = door.tenancy
    if tenancy is None and household.tenancy is Tenancy.VACANT and door.people:
        tenancy = Tenancy.OTHER  # somebody moved in; on what terms the table does not say
    if tenancy is Tenancy.VACANT and people:
        reason = "这一户还有人登记着，请先办理迁出，再改为空置。"
        errors.append(table.wrong(door.first.line, Field.TENANCY, reason))
    if tenancy is not None and tenancy is not household.tenancy:
        plan.tenancies[household.id] = tenancy
        plan.touched.add(household.id)
    elif not door.people:
        plan.unchanged += 1


def _compare_person(entry: Entry, person: Any, plan: Plan) -> None:
    changed = False
    if entry.phone is not None and personal.phone_index(entry.phone) != person.phone_index:
        plan.phones[person.id] = entry.phone
        changed = True
    if entry.relation is not None and entry.relation is not person.relation:
        plan.relations[person.id] = entry.relation
        changed = True
    if changed:
        plan.touched.add(person.household_id)
    else:
        plan.unchanged += 1


def everybody(door: Door) -> list[NewResident]:
    """Who is registered behind a new door: the first 本人 is its contact."""
    contact = next((entry for entry in door.people.values() if entry.relation is Relation.SELF), None)
    return [newcomer(entry, entry is contact) for entry in door.people.values()]


def newcomer(entry: Entry, is_contact: bool) -> NewResident:
    """Somebody to register, as a row says."""
    assert entry.name is not None
    return NewResident(entry.name, entry.phone, entry.relation or Relation.OTHER, is_contact)
