"""导入台账: an existing ledger, its columns named, looked at first, then loaded all or nothing."""

import json
from pathlib import PurePath

from flask import Response

from models.enums import PlaceKind
from server.core import access, clock, database, sheets
from server.core.access import Actor, needs, require_actor
from server.core.application import takes_up_to
from server.core.errors import Problem
from server.core.idempotency import idempotent
from server.issues import service
from server.issues.service import Plan
from server.issues.service.ledger import SOURCE_LIMIT
from server.places import queries as places
from server.rules.ledger_mapping import FIELDS, LedgerMapping, MappingError
from server.rules.permissions import Permission
from server.web.console import blueprint
from server.web.console.forms import Form, done, show, wrong
from server.web.console.imports import TABLE_MEGABYTES, Table, sent_table

SHOWN = 200
ASKED = {
    "number": "编号",
    "time": "受理时间",
    "due": "办理期限",
    "closed": "办结时间",
    "category": "类别",
    "place": "楼栋",
    "text": "内容",
    "outcome": "结果",
}
assert set(ASKED) == set(FIELDS)


@blueprint.get("/issues/import")
@needs(Permission.ISSUE_IMPORT)
def ledger() -> Response:
    """The form."""
    return _page(Form())


def _page(form: Form, **context: object) -> Response:
    return show(
        "ledger.html",
        form,
        communities=_communities(require_actor()),
        asked=ASKED,
        usual=LedgerMapping().columns,
        **context,
    )


def _communities(actor: Actor) -> list[tuple[str, str]]:
    """The communities a ledger may belong to: the clerk's own, or those of the street."""
    page = places.page(actor, parent=None, kind=PlaceKind.COMMUNITY, q=None, cursor=None, limit=100)
    return [(place.id, place.name) for place in page.items]


@blueprint.post("/issues/import")
@needs(Permission.ISSUE_IMPORT)
@takes_up_to(TABLE_MEGABYTES)
@idempotent
def import_ledger() -> Response:
    """Look at a ledger, or load the one that was looked at."""
    actor, now, form = require_actor(), clock.now(), Form.sent()
    try:
        community = access.fetch_place(
            actor, Permission.ISSUE_IMPORT, form.value("community"), kinds=(PlaceKind.COMMUNITY,)
        )
        table, mapping = sent_table(), _mapping(form)
        database.rollback()  # nobody waits for the write lock while the file is opened
        source = form.value("source").strip() or PurePath(table.filename).stem[:SOURCE_LIMIT]
        create = form.value("create_buildings") == "true"
        plan = service.plan_ledger(community, _rows(table), mapping, source, now, create_buildings=create)
        if table.load and not plan.errors:
            service.load_ledger(community, plan, source, now, actor=actor)
            return done("imported", "issues")
    except Problem as problem:
        return _page(form.refused(problem))
    return _page(form, table=table, plan=plan, source=source, bad=_bad_lines(plan), shown=plan.errors[:SHOWN])


def _rows(table: Table) -> list[tuple[int, dict[str, object]]]:
    try:
        return [(row.line, dict(row.cells)) for row in sheets.read(table.stream, table.filename)]
    except sheets.SheetError as error:
        raise wrong("file", str(error)) from None


def _mapping(form: Form) -> LedgerMapping:
    """The usual headings and words, then those of the JSON, then the headings typed one by one."""
    written = form.value("mapping").strip()
    try:
        given = json.loads(written) if written else {}
    except (ValueError, RecursionError):
        raise wrong("mapping", "对照表不是 JSON，请检查引号和逗号。") from None
    typed = {name: form.value(f"column_{name}").strip() for name in FIELDS}
    columns = {name: [heading] for name, heading in typed.items() if heading}
    try:
        if columns and isinstance(given, dict):
            given = {**given, "columns": {**given.get("columns", {}), **columns}}
        return LedgerMapping.from_dict(given)
    except MappingError as error:
        raise wrong("mapping", f"对照表不能用：{'；'.join(error.problems)}。") from None
    except TypeError:
        raise wrong("mapping", "对照表的 columns 应是一个 JSON 对象。") from None


def _bad_lines(plan: Plan) -> int:
    return len({error.line for error in plan.errors})
