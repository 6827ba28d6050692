"""Shut by default: every route says who may call it, and what it says is what docs/authz.csv shows."""

from collections.abc import Iterable

from flask import Flask
from werkzeug.routing import Rule

from server.commands.authz import TABLE, table
from server.core.access import needs, open_to_all
from server.core.limits import never_slowed, slowed
from server.rules.allowances import REPORTS
from server.rules.permissions import Permission

# Served by libraries: static files and the contract itself hold nothing of anybody.
LIBRARY = {"static", "api-docs.openapi_json"}


def silent(app: Flask, rules: Iterable[Rule]) -> list[str]:
    """Routes that name neither a permission nor why they are open."""
    return [
        f"{rule.rule} does not say who may call it: put @needs(Permission.…) or @open_to_all('why') on {rule.endpoint}."
        for rule in rules
        if rule.endpoint not in LIBRARY
        and not hasattr(app.view_functions[rule.endpoint], "__needs__")
        and not hasattr(app.view_functions[rule.endpoint], "__open_to_all__")
    ]


def unrepeatable(app: Flask, rules: Iterable[Rule]) -> list[str]:
    """POST routes of the API that a phone could not repeat safely."""
    naturally = {
        "identity.sign_in",  # a login code is good once; a repeated call asks for a new code
        "issues.contact",  # reads one field; each call is one line in the trail, on purpose
        "shield.look",  # the same: who somebody is must not lie about as a remembered answer
        "households.reveal",  # the same
        "rulebook.check",  # files nothing
        "rulebook.would_go",  # the same
    }
    return [
        f"{rule.rule} cannot be repeated: mark {rule.endpoint} @idempotent."
        for rule in rules
        if rule.rule.startswith("/api/")
        and "POST" in (rule.methods or ())
        and rule.endpoint not in naturally
        and not getattr(app.view_functions[rule.endpoint], "__idempotent__", False)
    ]


def unslowed(app: Flask, rules: Iterable[Rule]) -> list[str]:
    """Open POST routes that nothing slows: anybody could send them without end."""
    return [
        f"{rule.rule} slows nobody down: put @slowed(allowances.…) or @never_slowed('why') on {rule.endpoint}."
        for rule in rules
        if "POST" in (rule.methods or ())
        and hasattr(app.view_functions[rule.endpoint], "__open_to_all__")
        and not getattr(app.view_functions[rule.endpoint], "__slowed__", ())
        and not getattr(app.view_functions[rule.endpoint], "__never_slowed__", "")
    ]


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    assert silent(app, app.url_map.iter_rules()) == []


def test_every_post_of_the_api_can_be_repeated(app: Flask) -> None:
    assert unrepeatable(app, app.url_map.iter_rules()) == []


def test_every_open_post_names_an_allowance(app: Flask) -> None:
    assert unslowed(app, app.url_map.iter_rules()) == []


def test_an_open_post_without_an_allowance_is_noticed() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/bare", "bare", open_to_all("a test")(lambda: ""), methods=["POST"])
    app.add_url_rule("/empty", "empty", slowed()(open_to_all("a test")(lambda: "")), methods=["POST"])
    app.add_url_rule("/good", "good", slowed(REPORTS)(open_to_all("a test")(lambda: "")), methods=["POST"])
    app.add_url_rule("/why", "why", never_slowed("why")(open_to_all("a test")(lambda: "")), methods=["POST"])
    app.add_url_rule("/needs", "needs", needs(Permission.ME_READ)(lambda: ""), methods=["POST"])
    assert [line.split()[0] for line in unslowed(app, app.url_map.iter_rules())] == ["/bare", "/empty"]


def test_a_silent_route_is_noticed() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/api/v1/silent", "silent", lambda: "", methods=["POST"])
    app.add_url_rule("/guarded", "guarded", needs(Permission.ME_READ)(lambda: ""))
    app.add_url_rule("/open", "open", open_to_all("it is a test")(lambda: ""))
    app.add_url_rule("/static/<path:filename>", "static", lambda: "")
    assert len(silent(app, app.url_map.iter_rules())) == 1
    assert len(unrepeatable(app, app.url_map.iter_rules())) == 1


def test_the_table_of_rights_is_up_to_date(app: Flask) -> None:
    assert TABLE.read_text(encoding="utf-8") == table(app), "docs/authz.csv is out of date: run `flask authz write`"


def test_a_changed_right_shows_in_the_table(app: Flask) -> None:
    before = table(app)
    app.view_functions["identity.me"].__needs__ = Permission.MONTH_SEAL  # type: ignore[attr-defined]
    try:
        assert table(app) != before
    finally:
        app.view_functions["identity.me"].__needs__ = Permission.ME_READ  # type: ignore[attr-defined]
