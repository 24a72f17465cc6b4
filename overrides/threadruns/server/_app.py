"""The ASGI driver: the endpoint's decision goes out, and everything around it is answered here.

The driver adds what all answers carry, keeps the log and makes sure that a failure of ours is a 500 in the error shape
and that the next request is served.
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
"""How many bytes of body a request may announce; the endpoint reads none."""

access = logging.getLogger("threadruns.access")
errors = logging.getLogger("threadruns.server")


class EndpointApp:
    """The endpoint as an ASGI application.

    Args:
        choose: Gives the endpoint that decides on a request; the same one each time unless faults are at work.
        observe: Is told of every request before it is decided on.
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
            if _announced(request) > MAX_BODY_BYTES:
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
        spent = (time.perf_counter() - started) * 1000
        request_id = f"req_{secrets.token_hex(16)}"
        headers = {
            "openai-organization": ORGANIZATION,
            "openai-processing-ms": str(round(spent)),
            "openai-version": VERSION,
            "x-request-id": request_id,
        }
        writer = ResponseWriter(receive, send, headers)
        await endpoint.send(response, writer)
        if access.isEnabledFor(logging.INFO):
            access.info(_line(request, writer, request_id, spent, endpoint.key))


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


def _announced(request: ServerRequest) -> int:
    return max((int(value) for value in request.header("content-length") if value.isdigit()), default=0)


def _line(request: ServerRequest, writer: ResponseWriter, request_id: str, spent: float, key: str) -> str:
    """Return the log's line for an exchange, as JSON: no header is in it, and of the query only what is documented."""
    query = [pair for pair in request.query.decode("latin-1").split("&") if pair.partition("=")[0] in PARAMETERS]
    entry: dict[str, Any] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "method": request.method[:20],
        "path": _without(key, request.path.decode("latin-1"))[:200],
        "query": _without(key, "&".join(query))[:200],
        "status": writer.status,
        "bytes": writer.sent,
        "ms": round(spent, 3),
        "request_id": request_id,
    }
    return json.dumps(entry)


def _without(key: str, text: str) -> str:
    """Mask the key in a part of an address; where it is percent-encoded, the part is shown decoded."""
    for decode in (str, unquote, unquote_plus):
        if key in decode(text):
            text = decode(text).replace(key, "***")
    return text
