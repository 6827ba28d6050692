"""扣分: entering one with its evidence, and taking one back."""

from decimal import Decimal, DecimalException

from flask import Response, request

from server.core import clock
from server.core.access import needs, require_actor
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.core.months import in_path
from server.rules.calendar import Month, show_month
from server.rules.permissions import Permission
from server.scores import queries, service
from server.scores.schemas import CancelSchema, DeductionInSchema
from server.web.console import blueprint
from server.web.console.buildings import full_names, options
from server.web.console.forms import Form, done, show, wrong

ROWS = 50


@blueprint.get("/deductions/<string(length=7):month>")
@needs(Permission.DEDUCTION_WRITE)
def deductions(month: str) -> Response:
    """A month's deductions, newest first, with the form for one more."""
    return _page(in_path(month), Form("new", Form.filled({"building": request.args.get("building", "")}).typed))


def _page(month: Month, form: Form) -> Response:
    actor = require_actor()
    page = queries.deductions(actor, month, None, request.args.get("cursor"), ROWS)
    names = full_names(actor, Permission.DEDUCTION_WRITE, [item.building for item in page.items])
    buildings = options(actor, Permission.DEDUCTION_WRITE)
    return show("deductions.html", form, month=month, page=page, names=names, buildings=buildings)


@blueprint.post("/deductions/<string(length=7):month>")
@needs(Permission.DEDUCTION_WRITE)
@idempotent
def enter_deduction(month: str) -> Response:
    """Take points off a building's month."""
    form = Form.sent("new")
    try:
        points = _thousandths(form.value("points"))
        number = in_path(month)
        body = form.load(DeductionInSchema, without=("points",), month=show_month(number), points=points)
        service.enter_deduction(require_actor(), **body, now=clock.now())
    except Problem as problem:
        return _page(in_path(month), form.refused(problem))
    return done("deducted", "deductions", month=month)


def _thousandths(written: str) -> int:
    """Points as people write them ("2", "0.5") in thousandths. Raises Problem 422."""
    try:
        points = Decimal(written.strip() or "x") * 1000
    except DecimalException:  # no number, or one beyond all bounds
        raise wrong("points", "请填扣几分，比如“1”或“0.5”。") from None
    if not points.is_finite() or points != points.to_integral_value() or not 1 <= points <= 10_000:
        raise wrong("points", "扣分应在 0.001 到 10 之间，最多三位小数。")
    return int(points)


@blueprint.post("/deductions/<string(length=7):month>/<string(length=16):deduction>/cancel")
@needs(Permission.DEDUCTION_WRITE)
@idempotent
def cancel_deduction(month: str, deduction: str) -> Response:
    """Take a deduction back, with a reason; it stays readable."""
    form = Form.sent(f"cancel-{deduction}")
    try:
        service.cancel_deduction(require_actor(), deduction, form.load(CancelSchema)["reason"], clock.now())
    except Problem as problem:
        return _page(in_path(month), form.refused(problem))
    return done("undeducted", "deductions", month=month)
