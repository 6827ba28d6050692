"""What stands before the application lets through what the application takes."""

import re

from flask import Flask

from server.core.application import MEGABYTE
from tests.server.launch.processes import ROOT


def test_nginx_lets_through_the_largest_form(app: Flask) -> None:
    largest = max(getattr(view, "__takes_up_to__", 0) for view in app.view_functions.values())
    (said,) = re.findall(r"client_max_body_size (\d+)m;", (ROOT / "deploy" / "nginx.conf").read_text())
    assert largest <= int(said) * MEGABYTE
