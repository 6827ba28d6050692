"""`If-Match`: a version nobody ever gave out is "changed in between", however it is written."""

import pytest

from models.enums import Role
from tests.world import World

STARS = {"stairwell": 4, "safety": 4, "care": 4, "neighbours": 4}


@pytest.mark.parametrize("digits", [10, 30, 5000])
def test_a_version_no_database_can_count_to_is_refused(world: World, digits: int) -> None:
    building = world.building()
    office = world.staff(Role.COMMUNITY, world.place_of(building, "community_id"))
    path = f"/api/v1/inspections/2026-10/{building.public_id}"
    assert office.put(path, json=STARS).status_code == 201
    seen = {"If-Match": '"' + "9" * digits + '"'}
    assert office.put(path, json=STARS, headers=seen).status_code == 412
    assert office.patch(f"/api/v1/places/{building.public_id}", json={"name": "1栋"}, headers=seen).status_code == 412
