"""A district in the database: 150 communities, 20,000 buildings, and months of issues with their return visits.

Everything is INSERT … SELECT, so seven million issues take minutes, not hours. Public ids are spread like random ones (a
multiplicative hash), because ordered ones would make the indexes look cheaper than they are.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

SPREAD = 2654435761  # Knuth's multiplier; coprime to 10^15, so no two numbers meet
STREETS = 10
MINUTE_OF_MONTH = 60 * 24 * 28
ROOM = 100_000
OPEN = 499  # one issue in so many is still open, and late (a prime, so that every community has some)


@dataclass(frozen=True)
class Size:
    """How much to build. Issues are per month."""

    communities: int = 150
    buildings: int = 20_000
    issues: int = 600_000


def numbers(first: int, count: int) -> str:
    """A table expression n(i) of `count` whole numbers (wide ones: they are multiplied by large primes)."""
    return f"WITH RECURSIVE n(i) AS (SELECT CAST({first} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {first + count - 1})"


def spread(expression: str, salt: int = 0) -> str:
    """A 16-digit public id from a number."""
    return f"CAST(1000000000000000 + (({expression}) * {SPREAD} + {salt}) % 1000000000000000 AS VARCHAR(16))"


def places(connection: Connection, size: Size) -> None:
    """One district, ten streets, communities spread over them, buildings spread over those (no grids, no estates)."""
    first_community = 2 + STREETS
    first_building = first_community + size.communities
    columns = "(id, public_id, parent_id, kind, code, name, district_id, street_id, community_id, created_at, version)"
    stamp = "'2020-01-01 00:00:00+00:00'" if connection.dialect.name == "postgresql" else "'2020-01-01 00:00:00.000000'"
    for statement in (
        f"INSERT INTO places {columns} VALUES (1, {spread('1', 7)}, NULL, 'district', 'd1', '区', 1, NULL, NULL, {stamp}, 1)",
        f"INSERT INTO places {columns} {numbers(2, STREETS)} SELECT i, {spread('i', 7)}, 1, 'street', 's' || i, '街道' || i, "
        f"1, i, NULL, {stamp}, 1 FROM n",
        f"INSERT INTO places {columns} {numbers(first_community, size.communities)} SELECT i, {spread('i', 7)}, "
        f"2 + i % {STREETS}, 'community', 'c' || i, '社区' || i, 1, 2 + i % {STREETS}, i, {stamp}, 1 FROM n",
        f"INSERT INTO places {columns} {numbers(first_building, size.buildings)} SELECT i, {spread('i', 7)}, "
        f"{first_community} + i % {size.communities}, 'building', 'b' || i, '楼' || i, 1, "
        f"2 + ({first_community} + i % {size.communities}) % {STREETS}, {first_community} + i % {size.communities}, {stamp}, 1 FROM n",
    ):
        connection.execute(sa.text(statement))


def first_building(size: Size) -> int:
    """The internal id of the first building."""
    return 2 + STREETS + size.communities


def first_community() -> int:
    """The internal id of the first community."""
    return 2 + STREETS


def month(connection: Connection, size: Size, number: int, year_month: int) -> None:
    """One month of issues, the `number`-th of the run (from 0), nine in ten with a return visit."""
    sqlite = connection.dialect.name == "sqlite"
    # Between the first month and the next is room for what the benchmark itself reports.
    first = number * size.issues + 1 + (ROOM if number else 0)
    building = f"{first_building(size)} + (i * 7919) % {size.buildings}"
    # A building's community, as `places` laid them out.
    community = f"{first_community()} + ({building}) % {size.communities}"
    text = f"{year_month // 100}-{year_month % 100:02d}-01"
    if sqlite:
        at = f"datetime('{text}', '+' || (i % {MINUTE_OF_MONTH}) || ' minutes') || '.000000'"
        claim = f"CAST({spread('i', 3)} AS BLOB)"
    else:
        at = f"TIMESTAMPTZ '{text} 00:00:00+00' + (i % {MINUTE_OF_MONTH}) * INTERVAL '1 minute'"
        claim = f"convert_to({spread('i', 3)}, 'UTF8')"
    connection.execute(
        sa.text(
            "INSERT INTO issues (id, public_id, building_id, community_id, category, text, spot, channel, state, level, "
            "about_head, claim_index, reported_at, due_at, resolved_at, ended_at, outcome, responsible, rework, source, version) "
            f"{numbers(first, size.issues)} SELECT i, {spread('i')}, {building}, {community}, 'leak', "
            "'二单元三楼水管漏水，从昨天晚上开始，楼梯上都是水，老人走路怕滑倒。' || i, '二单元', 'scan', "
            f"CASE WHEN i % {OPEN} = 0 THEN 'in_progress' WHEN i % 10 = 0 THEN 'resolved' ELSE 'confirmed' END, 'head', "
            f"{0 if sqlite else 'FALSE'}, {claim}, {at}, {at}, CASE WHEN i % {OPEN} = 0 THEN NULL ELSE {at} END, "
            f"CASE WHEN i % 10 = 0 THEN NULL ELSE {at} END, '换了水管', '', 0, '', 4 FROM n"
        )
    )
    yes, no = ("1", "0") if sqlite else ("TRUE", "FALSE")
    connection.execute(
        sa.text(
            "INSERT INTO return_visits (issue_id, month, building_id, community_id, contacted, solved, satisfaction, "
            f"answered_at, counts) {numbers(first, size.issues)} SELECT i, {year_month}, {building}, {community}, "
            f"CASE WHEN i % 7 = 0 THEN {no} ELSE {yes} END, CASE WHEN i % 9 = 0 THEN {no} ELSE {yes} END, "
            "CASE i % 11 WHEN 0 THEN 'unsatisfied' WHEN 1 THEN 'fairly' ELSE 'satisfied' END, "
            f"{at}, {yes} FROM n WHERE i % 10 <> 0"
        )
    )


def index(connection: Connection) -> None:
    """Put every issue into the search index. Their texts differ in a number only, so one in a thousand gets its own word."""
    connection.execute(
        sa.text(
            "UPDATE issues SET text = '四楼消防栓锈死了，拧不开，' || id WHERE id % 1009 = 0 AND text LIKE '二单元%'"
        )
    )


def settle_sequences(connection: Connection) -> None:
    """We gave ids by hand; tell PostgreSQL, and let both planners know what they have."""
    if connection.dialect.name == "postgresql":
        for table in ("places", "issues", "return_visits"):
            connection.execute(
                sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            )
    connection.execute(sa.text("ANALYZE"))


def inspections(connection: Connection, size: Size, year_month: int) -> None:
    """The office's sheet for every building of a month, by one inspector."""
    stamp = "'2020-01-01 00:00:00+00:00'" if connection.dialect.name == "postgresql" else "'2020-01-01 00:00:00.000000'"
    connection.execute(
        sa.text(f"INSERT INTO persons (id, public_id, name, created_at) VALUES (1, {spread('1', 11)}, '', {stamp})")
    )
    first, communities = first_building(size), size.communities
    connection.execute(
        sa.text(
            "INSERT INTO inspections (public_id, month, building_id, community_id, stairwell, safety, care, neighbours, "
            f"note, inspector_id, inspected_at, version) {numbers(first, size.buildings)} SELECT {spread('i', 13)}, "
            f"{year_month}, i, {first_community()} + i % {communities}, 1 + i % 5, 1 + i % 4, 1 + i % 3, 5, '', 1, {stamp}, 1 "
            "FROM n"
        )
    )
