"""检查表: the office's stars for every building of a month, put down quickly, row by row."""

from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify, request
from werkzeug.datastructures import MultiDict

from models.enums import PhotoUse, StarAspect
from server.core import clock
from server.core.access import Actor, needs, require_actor
from server.core.application import takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.core.months import in_path
from server.places import queries as places
from server.rules.calendar import Month, show_month
from server.rules.permissions import Permission
from server.surveys import queries, service
from server.surveys.queries import InspectionView
from server.surveys.schemas import InspectionInSchema
from server.surveys.service import Sheet
from server.web.console import blueprint
from server.web.console.buildings import full_names, in_care, label
from server.web.console.forms import Form, done, load, show
from server.web.console.pictures import PHOTOS_MEGABYTES, keep_uploads

ROWS = 200  # a community's buildings on one page
NAMES = (*(str(aspect) for aspect in StarAspect), "note")


@dataclass
class SheetRow:
    """A building's line of the sheet: what is kept, what was typed over it, and what is wrong."""

    view: InspectionView
    name: str
    typed: dict[str, str] = field(default_factory=dict)
    error: str = ""
    saved: bool = False

    def value(self, name: str) -> str:
        """What stands in a field."""
        if name in self.typed:
            return self.typed[name]
        kept = getattr(self.view, name)
        return "" if kept is None else str(kept)

    def type_over(self, typed: dict[str, str]) -> None:
        """Take what was typed. A one-line input drops the line breaks of a note written on the building's own page."""
        self.typed = typed
        kept = self.view.note or ""
        if typed.get("note") == kept.replace("\n", ""):
            self.typed["note"] = kept

    @property
    def changed(self) -> bool:
        """Whether something was typed that is not kept already."""
        kept = SheetRow(self.view, "")
        return any(typed != kept.value(name) for name, typed in self.typed.items())


@blueprint.get("/inspections/<string(length=7):month>")
@needs(Permission.INSPECTION_READ)
def inspections(month: str) -> Response:
    """The sheet of a month."""
    rows, cursor = _rows(require_actor(), in_path(month))
    return _sheet(in_path(month), rows, cursor)


def _rows(actor: Actor, month: Month) -> tuple[list[SheetRow], str | None]:
    """The buildings in the order of the street; street and district page through them by community."""
    community, cursor = request.args.get("community"), request.args.get("cursor")
    missing = True if "missing" in request.args else None
    page = queries.inspections(actor, month, community, missing, cursor, ROWS)
    order = {each.public_id: label(each) for each in in_care(actor, Permission.INSPECTION_READ)}
    names = order or places.full_names(view.building for view in page.items)
    rows = [SheetRow(view, names.get(view.building, view.building_name)) for view in page.items]
    if order and page.next_cursor is None and cursor is None:
        position = {building: number for number, building in enumerate(order)}
        rows.sort(key=lambda row: position.get(row.view.building, len(position)))
    return rows, page.next_cursor


def _sheet(month: Month, rows: list[SheetRow], cursor: str | None, status: int = 200) -> Response:
    return show(
        "inspections.html",
        Form(status=status),
        month=month,
        rows=rows,
        next_cursor=cursor,
        aspects=StarAspect,
        filled=sum(row.view.done for row in rows),
        saved=sum(row.saved for row in rows),
        wrong=sum(bool(row.error) for row in rows),
        only_missing="missing" in request.args,
        address={"month": show_month(month), "community": request.args.get("community")},
    )


@blueprint.post("/inspections/<string(length=7):month>")
@needs(Permission.INSPECTION_WRITE)
@idempotent
def save_inspections(month: str) -> Response:
    """Save every row that was changed. A row that is wrong is shown again and keeps no other row from being saved."""
    actor, number = require_actor(), in_path(month)
    rows, cursor = _rows(actor, number)
    typed = _typed(request.form)
    for row in rows:
        row.type_over(typed.get(row.view.building, {}))
        if row.changed:
            _save(actor, number, row, request.form.get(f"{row.view.building}.version", ""))
    if request.accept_mimetypes.best == "application/json":
        sent = [row for row in rows if row.view.building in typed]
        return jsonify([{"building": r.view.building, "version": r.view.version, "error": r.error} for r in sent])
    if any(row.error for row in rows):
        return _sheet(number, rows, cursor, 200 if any(row.saved for row in rows) else 422)
    return done("inspected", "inspections", month=month, community=request.args.get("community"))


def _typed(form: MultiDict[str, str]) -> dict[str, dict[str, str]]:
    """The sheet's fields are named `building.field`."""
    found: dict[str, dict[str, str]] = {}
    for key, value in form.items():
        building, _, name = key.partition(".")
        if name in NAMES:
            found.setdefault(building, {})[name] = value.strip().replace("\r\n", "\n")
    return found


def _save(actor: Actor, month: Month, row: SheetRow, version: str) -> None:
    try:
        body = load(InspectionInSchema, {name: [value] for name, value in row.typed.items()}, photo_ids=[])
        body.pop("photo_ids")
        seen = int(version) if version.isdecimal() and len(version) < 10 else None
        row.view, _ = service.write(actor, month, row.view.building, Sheet(**body), [], seen, clock.now())
        row.typed, row.saved = {}, True
    except Problem as problem:
        row.error = _what_is_wrong(problem)


def _what_is_wrong(problem: Problem) -> str:
    if any(error.field in tuple(StarAspect) for error in problem.errors):
        return "四项都要填 1 到 5 的整数。"
    return "；".join(error.message for error in problem.errors) or problem.detail or ""


@blueprint.get("/inspections/<string(length=7):month>/<string(length=16):building>")
@needs(Permission.INSPECTION_READ)
def inspection(month: str, building: str) -> Response:
    """One building's inspection with its note and photos."""
    return _one(in_path(month), building)


def _one(month: Month, building: str, form: Form | None = None) -> Response:
    actor = require_actor()
    view: Any = None
    try:
        view = queries.inspection(actor, month, building)
    except Problem as problem:
        if problem.slug != "not_inspected":
            raise
    name = full_names(actor, Permission.INSPECTION_READ, [building])[building]
    kept = {each: getattr(view, each) for each in NAMES} if view else {}
    form = form or Form.filled(kept)
    return show("inspection.html", form, month=month, building=building, name=name, inspection=view, aspects=StarAspect)


@blueprint.post("/inspections/<string(length=7):month>/<string(length=16):building>")
@needs(Permission.INSPECTION_WRITE)
@takes_up_to(PHOTOS_MEGABYTES)
@idempotent
def save_inspection(month: str, building: str) -> Response:
    """Save one building's inspection, with photos as evidence."""
    actor, now, number, form = require_actor(), clock.now(), in_path(month), Form.sent()
    try:
        body = form.load(InspectionInSchema)
        photo_ids = [*body.pop("photo_ids"), *keep_uploads(actor, PhotoUse.EVIDENCE, now)]
        seen = form.version if form.value("version") else None
        service.write(actor, number, building, Sheet(**body), photo_ids, seen, now)
    except Problem as problem:
        return _one(number, building, form.refused(problem))
    return done("inspected", "inspections", month=month, anchor=f"b-{building}")
