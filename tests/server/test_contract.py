"""The published contract against the program: whatever fits it is answered as it says, whatever does not is refused.

Every operation is sent generated input, fitting and not fitting, by people of each kind, about things that exist and
things that do not. No answer may be a 5xx, a traceback, or of a shape the contract does not name.
"""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from models.enums import Role
from tests.world import World

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EXAMPLES = {"anyone": 2, "head": 2, "community": 5}  # an operation and a mode; the most for who may do the most
LEAK = {"category": "leak", "text": "三楼水管漏水", "spot": "二单元三楼"}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture
def known(world: World) -> dict[str, str]:
    """Things that exist, by the names that addresses give them."""
    building = world.building()
    head = world.head(building)
    issue = head.post("/api/v1/issues", json={**LEAK, "code": building.stairwell_code}).json
    return {
        "building": building.public_id,
        "place": building.public_id,
        "code": building.stairwell_code,
        "issue": issue["id"],
        "claim": issue["claim_code"],
        "month": "2026-09",
        "head": head.token or "",
        "community": world.staff(Role.COMMUNITY, world.place_of(building, "community_id")).token or "",
    }


@pytest.fixture
def operations(app: Flask) -> list[Any]:
    contract = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [operation.ok() for operation in contract.get_all_operations()]
    return sorted(found, key=lambda operation: operation.path.startswith("/api/v1/sessions"))  # signing out comes last


@pytest.mark.parametrize("who", EXAMPLES)
def test_every_operation_keeps_the_contract(
    world: World, known: dict[str, str], operations: list[Any], who: str
) -> None:
    token = known.get(who)
    with world.reading() as connection:
        # On PostgreSQL what matters is what only a database refuses: fewer examples meet it as well.
        examples = EXAMPLES[who] if connection.dialect.name == "sqlite" else min(3, EXAMPLES[who])
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
    for operation in operations:
        for mode in MODES:
            try:
                cases = operation.as_strategy(generation_mode=mode)
            except Exception:  # nothing can be generated that does not fit
                continue

            @settings(
                max_examples=examples,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=cases, real=st.booleans())
            def send(case: Case, real: bool) -> None:
                if real:
                    for name in case.path_parameters or {}:
                        case.path_parameters[name] = known.get(name, case.path_parameters[name])
                # What was generated as a credential would only ever be answered 401.
                case.headers = {name: value for name, value in case.headers.items() if name != "Authorization"}
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS)

            send()
