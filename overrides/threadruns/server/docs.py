"""The documentation page at ``/docs``: the HTML file that was generated with the package.

The page has a Content-Security-Policy in a ``meta`` element, which allows no scripts and no requests. The same policy
is sent as a header with ``frame-ancestors`` added, which a ``meta`` element cannot set.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from threadruns._document import page


def routes() -> list[Route]:
    """Return the routes of the page, and of the root, which redirects to it."""
    return [Route("/", _root), Route("/docs", _page)]


def policy() -> str:
    """Return the Content-Security-Policy of the page."""
    named = page().partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    return f"{named}; frame-ancestors 'none'"


async def _root(_: Request) -> Response:
    # Relative, so that it works below any path prefix.
    return RedirectResponse("docs")


async def _page(_: Request) -> Response:
    headers = {
        "content-security-policy": policy(),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return HTMLResponse(page(), headers=headers)
