"""The law of a month: which rule set was valid when it began."""

from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from models import RuleSet as StoredRuleSet
from server.core import database
from server.core.errors import conflict
from server.rules.calendar import Month, say_month
from server.rules.rule_sets import RuleSet, from_json, rule_set_for


class Law(NamedTuple):
    """A rule set and its row."""

    id: int
    rules: RuleSet
    body: str


_ALL = sa.select(StoredRuleSet.id, StoredRuleSet.body, StoredRuleSet.valid_from_month)


@lru_cache(maxsize=64)
def _read(body: str) -> RuleSet:
    return from_json(body)


def law_of(month: Month) -> Law:
    """The rule set valid in a month. Raises 409 when there is none."""
    rows = database.connection().execute(_ALL.where(StoredRuleSet.valid_from_month <= month)).all()
    known = {_read(row.body): row for row in rows}
    try:
        rules = rule_set_for(month, known)
    except LookupError:
        raise conflict("no_rule_set", f"{say_month(month)}还没有可用的计分规则。") from None
    return Law(known[rules].id, rules, known[rules].body)


def law_with(rule_set_id: int) -> Law:
    """The rule set a month was scored by."""
    row = database.connection().execute(_ALL.where(StoredRuleSet.id == rule_set_id)).one()
    return Law(row.id, _read(row.body), row.body)
