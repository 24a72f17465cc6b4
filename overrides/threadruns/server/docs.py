"""The documentation page at ``/docs``, the HTML file that was generated with the package, and the document itself.

The page has a Content-Security-Policy in a ``meta`` element, which allows no scripts and no requests. The same policy
is sent as a header with ``frame-ancestors`` added, which a ``meta`` element cannot set.
"""

from __future__ import annotations

import json
from functools import cache

from threadruns._document import document, page, source
from threadruns.server._messages import ServerResponse


def policy() -> str:
    """Return the Content-Security-Policy of the page."""
    named = page().partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    return f"{named}; frame-ancestors 'none'"


@cache
def pages() -> dict[bytes, ServerResponse]:
    """Return the pages by their path: the document in its three forms, and the root, which redirects to the page."""
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy(),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    # In a checkout the document is in the folder above that of the page, here it is beside it.
    text = page().replace('href="../openapi.yaml"', 'href="openapi.yaml"')
    return {
        # Relative, so that it works below any path prefix.
        b"/": ServerResponse(307, b"", {"location": "docs"}),
        b"/docs": ServerResponse(200, text.encode(), headers),
        b"/openapi.yaml": ServerResponse(200, source().encode(), {"content-type": "application/yaml"}),
        b"/openapi.json": ServerResponse(200, json.dumps(document()).encode(), {"content-type": "application/json"}),
    }
