"""Headers every answer carries, and compression of the larger ones."""

import gzip

from flask import Flask, Response, request

# No inline script, no foreign host: a page can only run what we serve.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PROTECTION = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),  # addresses hold claim codes
)
COMPRESS_ABOVE = 1024
COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Register both."""

    @app.after_request
    def _protect(response: Response) -> Response:
        here = response.headers
        here.extend([(name, value) for name, value in PROTECTION if name not in here])
        if "Cache-Control" not in here and not request.path.startswith("/static/"):
            here.add("Cache-Control", "no-store")
        return response

    @app.after_request
    def _compress(response: Response) -> Response:
        if (
            response.direct_passthrough
            or "gzip" not in request.headers.get("Accept-Encoding", "")
            or response.headers.get("Content-Encoding")
            or not (response.content_type or "").startswith(COMPRESSIBLE)
            or (response.content_length or 0) < COMPRESS_ABOVE
        ):
            return response
        response.set_data(gzip.compress(response.get_data(), compresslevel=2))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")
        return response
