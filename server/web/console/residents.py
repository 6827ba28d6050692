"""户里的人: adding and correcting, moving out, opening one field with a reason."""

from typing import Any

from flask import Response

from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.households import service
from server.households.rows import NewResident
from server.households.schemas import NewResidentSchema, ResidentChangeSchema, ResidentRevealSchema
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done
from server.web.console.households import household_page

RESIDENT = "/households/<string(length=16):household>/residents/<string(length=16):resident>"


@blueprint.post("/households/<string(length=16):household>/residents")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
def add_resident(household: str) -> Response:
    """Register one more resident."""
    form = Form.sent("add")
    try:
        resident = NewResident(**form.load(NewResidentSchema))
        service.add_resident(require_actor(), household, resident, clock.now())
    except Problem as problem:
        return household_page(household, form.refused(problem))
    return done("resident", "household", household=household)


@blueprint.post(f"{RESIDENT}/correct")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
def correct_resident(household: str, resident: str) -> Response:
    """Correct one resident. Names and phones are shown masked, so an input left empty changes nothing."""
    form = Form.sent(f"correct-{resident}")
    no_phone: dict[str, Any] = {"phone": None} if form.typed.pop("no_phone", "") else {}
    try:
        changes = form.load(ResidentChangeSchema, **no_phone)
        service.correct_resident(require_actor(), resident, form.version, changes, clock.now())
    except Problem as problem:
        return household_page(household, form.refused(problem))
    return done("saved", "household", household=household)


@blueprint.post(f"{RESIDENT}/move-out")
@needs(Permission.HOUSEHOLD_WRITE)
@idempotent
def move_out_resident(household: str, resident: str) -> Response:
    """One resident moves out."""
    service.move_out(require_actor(), resident, clock.now())
    return done("moved_out", "household", household=household)


# Not repeatable by key, as in the API: each opening is a line in the trail, and no opened value is kept.
@blueprint.post(f"{RESIDENT}/reveal")
@needs(Permission.HOUSEHOLD_REVEAL)
def reveal_resident(household: str, resident: str) -> Response:
    """Open one field of one resident; shown on this page only."""
    form = Form.sent(f"reveal-{resident}")
    try:
        body = form.load(ResidentRevealSchema)
        value = service.reveal(require_actor(), resident, body["field"], body["reason"], clock.now())
    except Problem as problem:
        return household_page(household, form.refused(problem))
    return household_page(household, revealed=(resident, body["field"], value))
