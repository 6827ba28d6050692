"""Reading every answer there is: every GET address of the application, with values for its variables, as one caller.

A new route is crawled by itself. One with a variable nobody has a value for fails `addresses` until `Registry` names one.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from server.core import auth
from tests.world import Caller

ANY = re.compile(r"<any\(([^,)]+)[^>]*>")
VARIABLE = re.compile(r"<(?:[^:<>]*:)?(\w+)>")
NO_BUSINESS = {"static", "docs.assets"}  # files of the program itself


@dataclass
class Registry:
    """What stands for the variables of addresses, by name; and which queries an endpoint is asked with besides none."""

    values: dict[str, list[str]]
    queries: dict[str, list[str]] = field(default_factory=dict)
    few: frozenset[str] = frozenset()  # endpoints that show the same whatever their variables: the first values will do

    def addresses(self, app: Flask) -> Iterator[tuple[str, str]]:
        """Every address with the endpoint it belongs to. Raises for a variable without a value."""
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint in NO_BUSINESS:
                continue
            for path in self._filled(rule):
                yield rule.endpoint, path
                yield from ((rule.endpoint, f"{path}?{query}") for query in self.queries.get(rule.endpoint, ()))

    def _filled(self, rule: Rule) -> Iterator[str]:
        pattern = ANY.sub(r"\1", rule.rule)
        names = VARIABLE.findall(pattern)
        if missing := [name for name in names if not self.values.get(name)]:
            raise LookupError(f"{rule.rule}: say in the registry of the crawl what stands for {missing}")
        most = 1 if rule.endpoint in self.few else None
        for chosen in product(*(self.values[name][:most] for name in names)):
            given = iter(chosen)
            yield VARIABLE.sub(lambda _, given=given: quote(next(given)), pattern)


def client_of(caller: Caller, path: str) -> tuple[FlaskClient, dict[str, str]]:
    """As whom an address is asked: the console by its cookie, everything else by the token."""
    client = caller._client
    if caller.token and client.get_cookie(auth.COOKIE, path="/console") is None:
        client.set_cookie(auth.COOKIE, caller.token, path="/console")
    headers = {} if path.startswith("/console") or not caller.token else {"Authorization": f"Bearer {caller.token}"}
    return client, headers


def crawl(app: Flask, caller: Caller, registry: Registry) -> Iterator[tuple[str, str, TestResponse]]:
    """Every answer one caller gets: endpoint, address, answer."""
    for endpoint, path in registry.addresses(app):
        client, headers = client_of(caller, path)
        yield endpoint, path, client.get(path, headers=headers)


def told(answer: TestResponse) -> bytes:
    """Everything an answer says: headers, body, and what is packed inside a workbook."""
    body = answer.get_data()
    parts = [str(answer.headers).encode(), body]
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts += [packed.read(name) for name in packed.namelist()]
    return b"\n".join(parts)


@cache
def spellings(trace: str) -> frozenset[bytes]:
    """How a word may stand in an answer: as it is, escaped for JSON, for an address, for HTML's numbers."""
    plain = trace.encode()
    escaped = trace.encode("ascii", "backslashreplace")
    numbers = trace.encode("ascii", "xmlcharrefreplace")
    return frozenset({plain, escaped, numbers, quote(trace).encode()})


def found(text: bytes, traces: dict[str, str]) -> list[str]:
    """Which traces stand in a text, by what they are."""
    return [name for name, trace in traces.items() if any(spelling in text for spelling in spellings(trace))]
