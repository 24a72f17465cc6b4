"""The document as a page for people, at ``/docs``: the file that was generated with the package.

The page names its own policy, which allows no script and no request; here the same policy goes into the header, where
it also keeps the page out of frames.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from threadruns._document import page


def routes() -> list[Route]:
    """Return the routes of the page, and of the root, which leads to it."""
    return [Route("/", _root), Route("/docs", _page)]


def policy() -> str:
    """Return the Content-Security-Policy of the page."""
    named = page().partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    return f"{named}; frame-ancestors 'none'"


async def _root(_: Request) -> Response:
    # Relative, so that it leads there under any prefix.
    return RedirectResponse("docs")


async def _page(_: Request) -> Response:
    headers = {
        "content-security-policy": policy(),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return HTMLResponse(page(), headers=headers)
