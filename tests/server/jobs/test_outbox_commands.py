"""Dead letters where people look: in the terminal and at the console, in our words and without anybody's."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models import AuditEvent
from models.enums import OutboxKind, Role
from server.core import outbox, outbox_ledger
from server.core.outbox import Dead
from tests.server.web.desk import Desk
from tests.world import World

ERROR = "new_issue: field thing1 does not fit the template"


@pytest.fixture
def dead(world: World) -> int:
    """A dead letter, and one that waits."""
    now = world.clock.now()
    with world.writing():
        outbox.put(OutboxKind.MESSAGE, 1, now)
        held = outbox_ledger.claim(now, [OutboxKind.MESSAGE])
        assert held is not None
        assert outbox_ledger.end(held, Dead(ERROR), now, asked=False) == "dead"
        outbox.put(OutboxKind.MESSAGE, 2, now)
    return held.entry.id


def test_the_terminal_tells_and_tries_again(app: Flask, dead: int) -> None:
    runner = app.test_cli_runner()
    assert "message         1 waiting, 0 done, 1 dead, oldest due 2026-10-12T01:00:00+00:00" in (
        runner.invoke(args=["outbox", "status"]).output
    )
    assert ERROR in runner.invoke(args=["outbox", "dead"]).output
    assert runner.invoke(args=["outbox", "retry", str(dead)]).output == f"{dead} is due now\n"
    again = runner.invoke(args=["outbox", "retry", str(dead)])
    assert (again.exit_code, again.output) == (1, f"Error: there is no dead letter {dead}\n")
    assert runner.invoke(args=["outbox", "dead"]).output == "no dead letters\n"
    assert runner.invoke(args=["outbox", "run"]).output == "message no_account\n" * 2
    assert runner.invoke(args=["outbox", "run"]).output == "nothing was due\n"


def test_an_empty_outbox_says_so(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["outbox", "status"]).output == "the outbox is empty\n"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DISTRICT])
def test_the_console_shows_them_to_who_keeps_the_machine(world: World, dead: int, role: Role) -> None:
    desk = Desk(world.staff(role, world.district()))
    page = desk.open("/console/deliveries")
    assert ERROR in page.text
    page = page.submit("/retry")
    assert "已排队再试" in page.text
    assert ERROR not in page.text
    with world.reading() as connection:
        event = connection.execute(sa.select(AuditEvent.__table__).where(AuditEvent.action == "outbox:retry")).one()
    assert (event.subject, event.actor_role) == (f"outbox:{dead}", role)


@pytest.mark.parametrize("role", [Role.COMMUNITY, Role.STREET])
def test_others_do_not_see_them(world: World, dead: int, role: Role) -> None:
    spot = world.community() if role is Role.COMMUNITY else world.street()
    Desk(world.staff(role, spot)).open("/console/deliveries", 403)


def test_a_number_no_entry_can_have_is_not_there(world: World, dead: int) -> None:
    desk = Desk(world.staff(Role.OPERATOR, world.district()))
    page = desk.open("/console/deliveries")
    token = page.value("/retry", "form_token")
    for number in (0, dead + 1, 2**63, 10**40):
        assert desk.send(f"/console/deliveries/{number}/retry", {"form_token": token}).status == 404, number
