"""The document as a page for people, at ``/docs``: Redoc, from a package that ships it, so that no CDN is asked.

Mount what ``routes`` returns beside ``/openapi.json``, which the page reads. The page may run the viewer and nothing
else: its policy forbids scripts, frames, images and connections of any other origin.
"""

from __future__ import annotations

from html import escape

from openapi_ui_bundles import redoc
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from threadruns._document import document

POLICY = "; ".join(
    (
        "default-src 'none'",
        "connect-src 'self'",
        "script-src 'self'",
        "style-src 'unsafe-inline'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy of the page; the viewer writes its styles into it, hence the one exception."""

# Addresses are relative, so that the page works under any prefix. A search box is no help on one operation.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 0 }} noscript {{ font: 16px sans-serif; display: block; padding: 2em }}</style>
</head>
<body>
<redoc spec-url="openapi.json" disable-search required-props-first="false" expand-responses="200"
  json-sample-expand-level="all" schema-expansion-level="1"></redoc>
<noscript>The viewer needs JavaScript. The document itself is at <a href="openapi.yaml">openapi.yaml</a>.</noscript>
<script src="docs/redoc.js"></script>
</body>
</html>
"""


def routes() -> list[Route]:
    """Return the routes of the page and of the viewer's script."""
    return [Route("/docs", _page), Route("/docs/redoc.js", _script)]


async def _page(_: Request) -> Response:
    info = document()["info"]
    return HTMLResponse(
        PAGE.format(title=escape(f"{info['title']} {info['version']}")), headers={"content-security-policy": POLICY}
    )


async def _script(_: Request) -> Response:
    return FileResponse(redoc.static_path / "redoc.standalone.js", media_type="text/javascript")
