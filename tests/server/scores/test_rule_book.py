"""The law of a month: the frozen first rule set, and the newest one valid when the month began."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models import RuleSet as StoredRuleSet
from server.core.errors import Problem
from server.rules.rule_sets import STANDARD_1, from_json, to_json
from server.scores import rule_book
from tests.server.scores.given import FIRST_OF_NOVEMBER, Community, at
from tests.world import World


def _add(connection: Connection, world: World, version: int, valid_from: int, **change: int) -> None:
    rules = replace(STANDARD_1, version=version, valid_from=valid_from, **change)
    connection.execute(
        sa.insert(StoredRuleSet).values(
            name=rules.name,
            version=version,
            valid_from_month=valid_from,
            body=to_json(rules),
            created_at=world.clock.now(),
        )
    )


def test_the_rule_set_in_the_migration_is_the_one_the_program_knows(world: World) -> None:
    with world.reading() as connection:
        row = connection.execute(sa.select(StoredRuleSet.__table__)).one()
    assert from_json(row.body) == STANDARD_1
    assert json.loads(row.body) == json.loads(to_json(STANDARD_1))
    assert (row.name, row.version, row.valid_from_month) == ("standard-1", STANDARD_1.version, STANDARD_1.valid_from)


def test_a_month_keeps_to_the_newest_version_valid_when_it_began(world: World) -> None:
    with world.writing() as connection:
        _add(connection, world, 2, 202610, prior_weight=5)
        _add(connection, world, 3, 202612, prior_weight=20)
    with world.reading():
        laws = [rule_book.law_of(month).rules.version for month in (202609, 202610, 202611, 202612)]
    assert laws == [1, 2, 2, 3]


def test_before_any_rule_set_there_is_no_law(world: World) -> None:
    with world.reading(), pytest.raises(Problem) as refused:
        rule_book.law_of(199912)
    assert refused.value.slug == "no_rule_set"


def test_a_redraft_takes_the_law_that_came_meanwhile_a_notice_keeps_it(world: World) -> None:
    community = Community(world)
    community.building(5)
    community.drafted()
    with world.writing() as connection:
        _add(connection, world, 2, 202610, star_book_weight=40_000, case_handling_weight=20_000)
    at(world, FIRST_OF_NOVEMBER)
    assert community.office.get(community.path()).json["month"]["rule_set_version"] == 1
    assert community.move("redraft").json["month"]["rule_set_version"] == 2
    assert community.move("notice").json["month"]["rule_set_version"] == 2
    with world.writing() as connection:
        _add(connection, world, 3, 202610)
    assert community.office.get(community.path()).json["month"]["rule_set_version"] == 2
