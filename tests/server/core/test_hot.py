"""Rows that follow from one another are stored together or not at all, in as many statements as the database needs."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models import JobRun, OutboxEntry, Person, SignInSession
from models.enums import OutboxKind, SessionKind
from server.core import outbox
from server.core.hot import Chain, Link
from tests.queries import count_queries
from tests.world import World

PERSON = Link(Person, ("public_id", "name", "created_at"))
SESSION = Link(SignInSession, ("kind", "token_hash", "created_at", "expires_at"), "person_id")
CHAIN = Chain(PERSON, SESSION, outbox.LINK)


def signed_in(world: World, public_id: str, token_hash: bytes) -> int:
    now = world.clock.now()
    with world.writing():
        return CHAIN.run(
            {"public_id": public_id, "name": "", "created_at": now},
            {"kind": SessionKind.CONSOLE, "token_hash": token_hash, "created_at": now, "expires_at": now},
            outbox.due(OutboxKind.MESSAGE, now),
        )


def test_each_row_names_the_one_before(world: World) -> None:
    first = signed_in(world, "a" * 16, b"1" * 32)
    second = signed_in(world, "b" * 16, b"2" * 32)
    with world.reading() as connection:
        sessions = dict(connection.execute(sa.select(SignInSession.person_id, SignInSession.id)).all())
        put = set(connection.execute(sa.select(OutboxEntry.subject)).scalars())
    assert set(sessions) == {first, second}
    assert put == set(sessions.values())


def test_one_statement_where_the_database_is_far_away(world: World) -> None:
    with count_queries(world.app) as sent:
        signed_in(world, "a" * 16, b"1" * 32)
    with world.reading() as connection:
        far = connection.dialect.name == "postgresql"
    assert len(sent) == (1 if far else 3), sent


def test_what_the_last_row_breaks_undoes_the_first(world: World) -> None:
    signed_in(world, "a" * 16, b"1" * 32)
    with pytest.raises(IntegrityError):
        signed_in(world, "b" * 16, b"1" * 32)
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Person)).scalar() == 1


def test_a_table_without_an_id_of_its_own_begins_no_chain() -> None:
    with pytest.raises(KeyError):
        Chain(Link(JobRun, ("name", "slot", "leased_until")))
