"""The ASGI application: the operation, the documentation and a health check.

It adds the headers that all responses have, writes the access log, and turns an unexpected exception into a 500 in the
form of the API.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, unquote_plus

from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from threadruns._document import document, source
from threadruns.server import docs
from threadruns.server._endpoint import PARAMETERS, Endpoint
from threadruns.server._messages import HTTPError, ServerRequest, internal_error
from threadruns.server._response_writer import ResponseWriter

ORGANIZATION = "threadruns"
VERSION = "2020-10-01"
MAX_BODY_BYTES = 65536
"""The largest request body in bytes; the endpoint reads no body."""

access = logging.getLogger("threadruns.access")
errors = logging.getLogger("threadruns.server")


class EndpointApp:
    """The endpoint as an ASGI application.

    Args:
        choose: Returns the endpoint for the next request.
        observe: A callback that gets every request before it is handled.
    """

    def __init__(self, choose: Callable[[], Endpoint], observe: Callable[[ServerRequest], None] | None = None) -> None:
        self._choose = choose
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        request = ServerRequest(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])
        if self._observe is not None:
            self._observe(request)
        endpoint = self._choose()
        try:
            if _content_length(request) > MAX_BODY_BYTES:
                response = endpoint.render_error(
                    HTTPError(
                        413, f"The request body is larger than {MAX_BODY_BYTES} bytes.", headers={"connection": "close"}
                    )
                )
            else:
                response = endpoint.handle(request)
        except Exception:
            errors.exception("A request failed.")
            response = endpoint.render_error(internal_error())
        milliseconds = (time.perf_counter() - started) * 1000
        request_id = f"req_{secrets.token_hex(16)}"
        headers = {
            "openai-organization": ORGANIZATION,
            "openai-processing-ms": str(round(milliseconds)),
            "openai-version": VERSION,
            "x-request-id": request_id,
        }
        writer = ResponseWriter(receive, send, headers)
        await endpoint.send(response, writer)
        if access.isEnabledFor(logging.INFO):
            access.info(_line(request, writer, request_id, milliseconds, endpoint.key))


def application(choose: Callable[[], Endpoint], observe: Callable[[ServerRequest], None] | None = None) -> ASGIApp:
    """Build the application: the operation, the document, its page and a health check.

    Args:
        choose: Returns the endpoint for the next request.
        observe: A callback that gets every request before it is handled.
    """
    routes: list[BaseRoute] = [
        Route("/healthz", _health),
        Route("/openapi.yaml", _yaml),
        Route("/openapi.json", _json),
        *docs.routes(),
    ]
    return Router(routes, redirect_slashes=False, default=EndpointApp(choose, observe))


async def _health(_: StarletteRequest) -> Response:
    return PlainTextResponse("ok\n")


async def _yaml(_: StarletteRequest) -> Response:
    return Response(source(), media_type="application/yaml")


async def _json(_: StarletteRequest) -> Response:
    return Response(json.dumps(document()), media_type="application/json")


def _content_length(request: ServerRequest) -> int:
    return max((int(value) for value in request.header("content-length") if value.isdigit()), default=0)


def _line(request: ServerRequest, writer: ResponseWriter, request_id: str, milliseconds: float, key: str) -> str:
    """Return a line of the access log as JSON, without headers and without undocumented parameters."""
    query = [pair for pair in request.query.decode("latin-1").split("&") if pair.partition("=")[0] in PARAMETERS]
    entry: dict[str, Any] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "method": request.method[:20],
        "path": _masked(key, request.path.decode("latin-1"))[:200],
        "query": _masked(key, "&".join(query))[:200],
        "status": writer.status,
        "bytes": writer.sent,
        "ms": round(milliseconds, 3),
        "request_id": request_id,
    }
    return json.dumps(entry)


def _masked(key: str, text: str) -> str:
    """Mask the key in a part of a URL; if the key is percent-encoded, the part is returned decoded."""
    for decode in (str, unquote, unquote_plus):
        if key in decode(text):
            text = decode(text).replace(key, "***")
    return text
