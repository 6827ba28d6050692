"""Closing a month everywhere: once, in portions, and as often as anybody asks."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from models import AuditEvent, CommunityMonth, Place, ScoreLine, Standing
from models.enums import MonthState
from server.core import audit, database
from server.core.errors import Problem
from server.scores import facts, service
from server.scores.service import closing
from tests.server.scores.given import FIRST_OF_NOVEMBER, NOTICE_OVER, STARS, Community, at, visits
from tests.world import World


def _run(world: World, *words: str) -> Any:
    return world.app.test_cli_runner().invoke(args=["month", *words])


def _close(world: World, month: int = 202610) -> service.Closed:
    with world.app.app_context():
        return service.close_month_everywhere(month, world.clock.now())


def _rows(world: World) -> list[tuple[Any, ...]]:
    """Everything a closed month consists of."""
    with world.reading() as connection:
        return [
            tuple(row)
            for model in (CommunityMonth, Standing, ScoreLine)
            for row in connection.execute(sa.select(model.__table__).order_by(*model.__table__.primary_key)).all()
        ]


def test_every_community_gets_its_draft(world: World) -> None:
    communities = [Community(world) for _ in range(3)]
    for stars, community in enumerate(communities, 3):
        community.building(stars)
        community.building(stars=None, answers=0)
    world.community()  # one without buildings has nothing to rank
    at(world, FIRST_OF_NOVEMBER)
    assert _close(world) == service.Closed(3, 6, 0)
    for community in communities:
        assert [row["rank"] for row in community.ranking()] == [1, None]


def test_closing_again_changes_nothing(world: World) -> None:
    Community(world).building()
    at(world, FIRST_OF_NOVEMBER)
    _close(world)
    before = _rows(world)
    world.clock.set(datetime.fromisoformat("2026-11-02T08:00:00+08:00"))
    assert _close(world) == service.Closed(0, 0, 1)
    assert _rows(world) == before


def test_a_late_run_catches_up_with_whoever_is_missing(world: World) -> None:
    early, late = Community(world), Community(world)
    early.building()
    late.building()
    early.drafted()
    assert early.move("notice").status_code == 200
    assert _close(world) == service.Closed(1, 1, 1)
    assert early.office.get(early.path()).json["month"]["state"] == "notice"
    assert late.office.get(late.path()).json["month"]["state"] == "draft"


def _elsewhere(work: Callable[[], Any]) -> Any:
    """Do something on another connection, as another process would, and wait for it."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()


def _while_facts_are_read(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> list[Any]:
    """Let something happen elsewhere between reading facts and writing scores. Its results end up in the list."""
    gather, happened = facts.gather, []

    def meanwhile(*args: Any) -> facts.Facts:
        found = gather(*args)
        monkeypatch.setattr(facts, "gather", gather)
        happened.append(_elsewhere(work))
        return found

    monkeypatch.setattr(facts, "gather", meanwhile)
    return happened


def test_a_run_that_was_overtaken_leaves_the_others_months_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines close at once: whoever comes to write second finds it written, and goes on."""
    for _ in range(2):
        Community(world).building()
    at(world, FIRST_OF_NOVEMBER)
    happened = _while_facts_are_read(monkeypatch, lambda: _close(world))
    assert _close(world) == service.Closed(0, 0, 2)
    assert happened == [service.Closed(2, 2, 0)]
    assert len(_rows(world)) == 2 + 2 + 8


def test_communities_are_written_a_few_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        community = Community(world)
        for _ in range(2):
            community.building()
    at(world, FIRST_OF_NOVEMBER)
    monkeypatch.setattr(closing, "BATCH", 4)
    monkeypatch.setattr(closing, "FEW", 2)  # so that the whole month is read at once
    assert _close(world) == service.Closed(5, 10, 0)
    with world.reading() as connection:
        trail = (
            connection.execute(sa.select(AuditEvent.detail).where(AuditEvent.action == "month:draft")).scalars().all()
        )
        assert audit.verify()[1] is None
    assert [(event["communities"], event["buildings"]) for event in trail] == [(2, 4), (2, 4), (1, 2)]


def test_both_ways_of_reading_facts_find_the_same(world: World) -> None:
    communities = [Community(world) for _ in range(3)]
    for stars, community in enumerate(communities, 2):
        community.building(stars, answers=stars)
        community.building(stars=None)
    with world.reading():
        every = facts.gather(202610)
        some = facts.gather(202610, [communities[1].spot.id, communities[2].spot.id])
    assert set(every) == {community.spot.id for community in communities}
    assert some == {place: rows for place, rows in every.items() if place != communities[0].spot.id}


def test_a_month_that_is_not_over_is_refused(world: World) -> None:
    Community(world).building()
    with pytest.raises(Problem) as refused:
        _close(world)
    assert refused.value.slug == "month_not_over"
    assert _rows(world) == []


def test_others_write_while_facts_are_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's runner has begun a transaction; reading and scoring must not hold its lock on SQLite."""
    community = Community(world)
    building = community.building(stars=None)
    at(world, FIRST_OF_NOVEMBER)
    sheet = f"/api/v1/inspections/2026-10/{building.public_id}"
    happened = _while_facts_are_read(monkeypatch, lambda: community.office.put(sheet, json=STARS).status_code)
    with world.app.app_context(), database.transaction() as connection:
        connection.execute(sa.select(1))
        assert service.close_month_everywhere(202610, world.clock.now()) == service.Closed(1, 1, 0)
    assert happened == [201]


def test_buildings_that_were_torn_down_before_the_month_ended_are_left_out(world: World) -> None:
    community = Community(world)
    kept, torn_down, torn_down_later = (community.building() for _ in range(3))
    at(world, FIRST_OF_NOVEMBER)
    with world.writing() as connection:
        for spot, moment in ((torn_down, "2026-10-31T12:00:00+08:00"), (torn_down_later, FIRST_OF_NOVEMBER)):
            connection.execute(
                sa.update(Place).where(Place.id == spot.id).values(closed_at=datetime.fromisoformat(moment))
            )
    _close(world)
    assert {row["building"] for row in community.ranking()} == {kept.public_id, torn_down_later.public_id}


@pytest.fixture
def november(world: World) -> World:
    Community(world).building()
    at(world, FIRST_OF_NOVEMBER)
    return world


def test_the_command_says_what_it_did_and_the_second_time_that_there_was_nothing(november: World) -> None:
    first, second = _run(november, "close", "2026-10"), _run(november, "close", "2026-10")
    assert (first.exit_code, first.output) == (0, "2026-10：1 个社区、1 栋楼已生成草稿，0 个社区早已生成。\n")
    assert second.exit_code == 1
    assert second.output.count("\n") == 1
    assert "没有要生成的草稿（1 个社区早已生成）" in second.output


def test_the_command_refuses_a_month_that_is_not_over_or_not_a_month(november: World) -> None:
    refused = _run(november, "close", "2026-11")
    assert refused.exit_code == 1
    assert refused.output == "Error: 2026年11月还没有过完，请从下个月1日起再生成草稿。\n"
    nonsense = _run(november, "close", "november")
    assert nonsense.exit_code == 2
    assert "Traceback" not in nonsense.output


def test_status_counts_and_says_who_is_missing(november: World) -> None:
    assert _run(november, "status").output == "还没有考核月。\n"
    assert _run(november, "status", "2026-10").output == "2026-10  还没有草稿  1 个社区\n"
    _run(november, "close", "2026-10")
    assert _run(november, "status").output == "2026-10  草稿  1 个社区\n"


def test_verify_names_the_first_month_that_is_not_what_was_sealed(world: World) -> None:
    community = Community(world)
    building = community.building()
    community.published()
    good = _run(world, "verify")
    assert (good.exit_code, good.output) == (0, "1 个已封存的月份，校验码全部一致。\n")
    # The rows are guarded by triggers; a building's id is part of what was sealed, and is not.
    with world.writing() as connection:
        connection.execute(sa.update(Place).where(Place.id == building.id).values(public_id="0" * 16))
    bad = _run(world, "verify")
    assert bad.exit_code == 1
    assert f"{community.spot.name} 2026-10 v1" in bad.output
    assert "Traceback" not in bad.output


def test_the_text_that_was_sealed_can_be_had_and_hashed_without_us(world: World) -> None:
    community = Community(world)
    community.building()
    community.building(stars=None, answers=0)
    community.on_notice()
    asked = ("manifest", "2026-10", "--community", community.spot.code)
    early = _run(world, *asked)
    assert (early.exit_code, "还没有封存" in early.output) == (1, True)
    at(world, NOTICE_OVER)
    public = community.move("seal", community.second).json["month"]["manifest_hash"]
    told = _run(world, *asked)
    assert hashlib.sha256(told.stdout_bytes).hexdigest() == public
    assert [len(json.loads(told.output)[part]) for part in ("standings", "lines")] == [2, 8]


def test_a_sealed_month_keeps_the_law_it_was_scored_by(world: World) -> None:
    community = Community(world)
    community.building()
    community.sealed()
    with world.reading() as connection:
        state, proof = connection.execute(sa.select(CommunityMonth.state, CommunityMonth.manifest_hash)).one()
    assert (state, len(proof)) == (MonthState.SEALED, 64)
    visits(world, community.building(stars=None, answers=0), 5)
    assert _run(world, "verify").exit_code == 0
