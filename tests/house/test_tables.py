"""The database as the last honest witness: moments in UTC, words checked, personal columns with a date to leave."""

from collections.abc import Iterable

import sqlalchemy as sa

from models import Base
from models.base import NAMING
from models.retention import Retention, personal
from models.types import UTCDateTime
from server.commands.privacy import PAGE
from server.core import retention

Tables = Iterable[sa.Table]


def naive_moments(tables: Tables) -> list[str]:
    """DateTime columns that could hold a moment without a zone."""
    return [
        f"{column} is a bare DateTime: use models.types.UTCDateTime."
        for table in tables
        for column in table.columns
        if isinstance(column.type, sa.DateTime) and not isinstance(column.type, UTCDateTime)
    ]


def unchecked_words(tables: Tables) -> list[str]:
    """Enum columns the database does not keep to their vocabulary."""
    return [
        f"{column} is an Enum without CHECK: use models.types.checked_enum."
        for table in tables
        for column in table.columns
        if isinstance(column.type, sa.Enum) and not column.type.create_constraint
    ]


def kept_for_ever(tables: Tables) -> list[str]:
    """Sealed columns that do not say why and how long they are kept."""
    exempt = {
        "idempotency_keys.answer_sealed",  # answers, not fields; forgotten after seven days
        "wechat_tokens.token_sealed",  # the app's own secret; the next one replaces it within two hours
    }
    return [
        f"{column} is sealed but says nothing of its retention: declare it with models.retention.personal(...)."
        for table in tables
        for column in table.columns
        if column.name.endswith("_sealed")
        and f"{table.name}.{column.name}" not in exempt
        and not isinstance(column.info.get("retention"), Retention)
    ]


def plain_personal(tables: Tables) -> list[str]:
    """Personal fields that are not sealed."""
    words = ("phone", "openid", "id_number", "id_card", "email", "health")
    return [
        f"{column} looks personal and is not sealed: name it …_sealed and seal it, or …_index and hash it."
        for table in tables
        for column in table.columns
        if any(word in column.name for word in words) and not column.name.endswith(("_sealed", "_index"))
    ]


def tables() -> list[sa.Table]:
    return list(Base.metadata.tables.values())


def test_moments_are_utc() -> None:
    assert naive_moments(tables()) == []


def test_words_are_checked() -> None:
    assert unchecked_words(tables()) == []


def test_personal_columns_have_a_date_to_leave() -> None:
    assert kept_for_ever(tables()) == []


def test_personal_columns_are_sealed() -> None:
    assert plain_personal(tables()) == []


def test_bad_tables_are_noticed() -> None:
    bad = sa.Table(
        "bad",
        sa.MetaData(naming_convention=NAMING),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("word", sa.Enum("a", "b", native_enum=False)),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("phone", sa.String(20)),
    )
    assert [len(check([bad])) for check in (naive_moments, unchecked_words, kept_for_ever, plain_personal)] == [
        1,
        1,
        1,
        1,
    ]


def test_a_good_table_passes() -> None:
    good = sa.Table(
        "good",
        sa.MetaData(),
        sa.Column("at", UTCDateTime),
        sa.Column("phone_sealed", sa.LargeBinary, info=personal("to call", keep="a week").column.info),
    )
    assert [check([good]) for check in (naive_moments, unchecked_words, kept_for_ever, plain_personal)] == [[]] * 4


def test_the_page_of_personal_data_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == retention.table(), "run `flask privacy write`"
