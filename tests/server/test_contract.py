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
EXAMPLES = 3  # an operation, a person and a mode
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
    return [found.ok() for found in contract.get_all_operations()]


@pytest.mark.parametrize("who", ["anyone", "head", "community"])
def test_every_operation_keeps_the_contract(
    world: World, known: dict[str, str], operations: list[Any], who: str
) -> None:
    token = known.get(who)
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
    for operation in operations:
        for mode in MODES:
            try:
                cases = operation.as_strategy(generation_mode=mode)
            except Exception:  # nothing can be generated that does not fit
                continue

            @settings(
                max_examples=EXAMPLES,
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
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS)

            send()
