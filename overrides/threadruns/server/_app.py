"""The application: the operation, the documentation and a health check.

It adds the headers that all responses have, writes the access log, and turns an unexpected exception into a 500 in the
form of the API.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote, unquote_plus

import msgspec
from attrs import evolve

from threadruns._document import PATH, parameters
from threadruns.server import docs
from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse, internal_error, unavailable
from threadruns.server._ration import Ration
from threadruns.server._response_writer import ResponseWriter
from threadruns.server.store.errors import RunDamaged, StoreError, StoreUnavailable

ORGANIZATION = "threadruns"
VERSION = "2020-10-01"

REQUEST_SECONDS = 8
"""The time limit of a request that a thread handles, including its wait for a free thread."""

THREADS = PATH.partition("{")[0].encode()
"""The part of the path that all requests for runs have."""

access = logging.getLogger("threadruns.access")
errors = logging.getLogger("threadruns.server")

Handler = Callable[[ServerRequest], ServerResponse]


class Application:
    """The operation, the document, its page and a health check.

    Args:
        choose: Returns the endpoint for the next request.
        key: The API key, which is masked in the log.
        check: Raises StoreError if the store cannot be read; ``/healthz`` calls it.
        observe: A callback that gets every request to the operation before it is handled.
        sent: A callback that gets every response of the operation after it was sent, and its writer.
        control: The handler of every path below ``/_control``.
        origins: The origins whose pages may read responses; ``*`` for all.
        prefix: The part before every path, such as ``/assistants``, for a proxy that keeps it.
        threads: The number of threads that handle requests, if the store may wait for a network; with 0, the event
            loop handles them.

    Attributes:
        ration: The limit of log lines.
    """

    def __init__(
        self,
        choose: Callable[[], Endpoint],
        key: str,
        *,
        check: Callable[[], None] = lambda: None,
        observe: Callable[[ServerRequest], None] | None = None,
        sent: Callable[[ServerResponse, ResponseWriter], None] = lambda _, __: None,
        control: Handler | None = None,
        origins: Collection[str] = (),
        prefix: str = "",
        threads: int = 0,
    ) -> None:
        self._choose = choose
        self._key = key
        self._check = check
        self._observe = observe
        self._sent = sent
        self._control = control
        self._origins = origins
        self._prefix = prefix.encode()
        self.ration = Ration(errors)
        self._random = random.Random()
        self._second = 0
        self._time = ""
        self._pool = ThreadPoolExecutor(threads, "threadruns-store") if threads else None

    def __call__(self, request: ServerRequest, writer: ResponseWriter) -> Coroutine[Any, Any, None] | None:
        """Respond to a request, or return a coroutine that does."""
        started = time.perf_counter()
        headers = {
            "openai-organization": ORGANIZATION,
            "openai-processing-ms": "0",
            "openai-version": VERSION,
            "x-request-id": f"req_{self._random.getrandbits(128):032x}",
        }
        if self._origins:
            headers |= self._sharing(request)
        writer.headers = headers
        if self._pool is not None and self._may_read_store(request):
            return self._handle_in_thread(request, writer, headers, started, self._pool)
        return self._send(request, writer, headers, started, *self._handle(request))

    def _may_read_store(self, request: ServerRequest) -> bool:
        path = request.path.removeprefix(self._prefix)
        return path == b"/healthz" or path.startswith(b"/_control/") or THREADS in path

    async def _handle_in_thread(
        self,
        request: ServerRequest,
        writer: ResponseWriter,
        headers: dict[str, str],
        started: float,
        pool: ThreadPoolExecutor,
    ) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                found = await asyncio.get_running_loop().run_in_executor(pool, self._handle, request)
        except TimeoutError:
            self.ration.error("store", f"The store did not respond within {REQUEST_SECONDS} seconds.")
            found = None, self._choose().render_error(unavailable())
        sending = self._send(request, writer, headers, started, *found)
        if sending is not None:
            await sending

    def _handle(self, request: ServerRequest) -> tuple[Endpoint | None, ServerResponse]:
        """Return the response, and the endpoint that sends it; None for what is not the operation."""
        try:
            response = self._other(request)
            return (None, response) if response is not None else self._operation(request)
        except HTTPError as error:
            body = msgspec.json.encode({"error": error.detail})
            return None, ServerResponse(error.status, body, {"content-type": "application/json", **error.headers})
        except Exception:
            self.ration.exception("failed", "A request failed.")
            return None, _internal_error()

    def _send(
        self,
        request: ServerRequest,
        writer: ResponseWriter,
        headers: dict[str, str],
        started: float,
        endpoint: Endpoint | None,
        response: ServerResponse,
    ) -> Coroutine[Any, Any, None] | None:
        seconds = time.perf_counter() - started
        headers["openai-processing-ms"] = str(round(seconds * 1000))
        if endpoint is None or type(endpoint).send is Endpoint.send:
            writer.respond(response.status, response.headers, response.body)
            self._sent(response, writer)
            self._log(request, writer, headers["x-request-id"], seconds)
            return None
        return self._send_by_endpoint(request, response, endpoint, writer, headers["x-request-id"], seconds)

    async def _send_by_endpoint(
        self,
        request: ServerRequest,
        response: ServerResponse,
        endpoint: Endpoint,
        writer: ResponseWriter,
        request_id: str,
        seconds: float,
    ) -> None:
        try:
            await endpoint.send(response, writer)
            self._sent(response, writer)
        finally:
            self._log(request, writer, request_id, seconds)

    def _operation(self, request: ServerRequest) -> tuple[Endpoint, ServerResponse]:
        if self._prefix:
            request = evolve(request, path=request.path[len(self._prefix) :])
        if self._observe is not None:
            self._observe(request)
        endpoint = self._choose()
        error = internal_error()
        try:
            return endpoint, endpoint.handle(request)
        except StoreUnavailable as reason:
            self.ration.error("store", str(reason))
            error = unavailable()
        except StoreError as reason:
            self.ration.error("store", str(reason))
            if isinstance(reason, RunDamaged):
                message = f"The stored run '{reason.run_id}' of thread '{reason.thread}' is damaged."
                error = HTTPError(500, message, type="server_error")
        except Exception:
            self.ration.exception("failed", "A request failed.")
        return endpoint, endpoint.render_error(error)

    def _other(self, request: ServerRequest) -> ServerResponse | None:
        """Return the response of a page, of the health check or of the control; None if it is for the operation."""
        path = request.path
        if self._prefix:
            if not path.startswith(self._prefix + b"/"):
                raise HTTPError(404, f"Every path of this server starts with {self._prefix.decode()}/.")
            path = path[len(self._prefix) :]
        if self._origins and request.method == "OPTIONS" and request.header("access-control-request-method"):
            return ServerResponse(204, b"", {})
        if self._control is not None and path.startswith(b"/_control/"):
            return self._control(evolve(request, path=path))
        page = docs.pages().get(path) if path != b"/healthz" else self._health()
        if page is not None and request.method not in ("GET", "HEAD"):
            raise HTTPError(405, "This page can only be read.", headers={"allow": "GET, HEAD"})
        return page

    def _health(self) -> ServerResponse:
        try:
            self._check()
        except StoreError as error:
            self.ration.error("store", str(error))
            reason = (
                b"A stored run is damaged" if isinstance(error, RunDamaged) else b"The store of runs cannot be read"
            )
            return ServerResponse(503, reason + b".\n", {"content-type": "text/plain"})
        return ServerResponse(200, b"ok\n", {"content-type": "text/plain"})

    def _sharing(self, request: ServerRequest) -> dict[str, str]:
        """Return the headers that let a page of another origin read the response."""
        origin = next(iter(request.header("origin")), None)
        if origin is None or not ("*" in self._origins or origin in self._origins):
            return {"vary": "Origin"}
        headers = {
            "access-control-allow-origin": "*" if "*" in self._origins else origin,
            "access-control-expose-headers": "openai-processing-ms, openai-version, retry-after, x-request-id",
            "vary": "Origin",
        }
        if request.method == "OPTIONS":
            wanted = ", ".join(request.header("access-control-request-headers"))
            headers |= {
                "access-control-allow-headers": wanted or "authorization, openai-beta, api-key",
                "access-control-allow-methods": "GET, HEAD"
                if self._control is None
                else "GET, HEAD, POST, PUT, PATCH, DELETE",
                "access-control-max-age": "600",
            }
        return headers

    # The access log.

    def log_rejected(self, client: str, status: int, size: int) -> None:
        """Log a request that could not be read; those of one status are limited."""
        if access.isEnabledFor(logging.INFO) and self.ration.allows(f"status {status}"):
            access.info(self._line(client, "", "", "", status, size, 0.0, ""))

    def _log(self, request: ServerRequest, writer: ResponseWriter, request_id: str, seconds: float) -> None:
        """Write a line of the access log as JSON, without headers and without undocumented parameters."""
        if not access.isEnabledFor(logging.INFO):
            return
        query = ""
        if request.query:
            pairs = request.query.decode("latin-1").split("&")
            documented = [pair for pair in pairs if pair.partition("=")[0] in parameters("query")]
            query = self._masked("&".join(documented))[:200]
        path = self._masked(request.path.decode("latin-1"))[:200]
        method = self._masked(request.method)[:20]
        line = self._line(request.client, method, path, query, writer.status, writer.sent, seconds, request_id)
        # As access.info() does, but for the search of its caller, which takes longer than the line.
        access.handle(access.makeRecord(access.name, logging.INFO, __file__, 0, line, (), None))

    def _line(
        self, client: str, method: str, path: str, query: str, status: int, size: int, seconds: float, request_id: str
    ) -> str:
        now = int(time.time())
        if now != self._second:
            self._second, self._time = now, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        entry = {
            "time": self._time,
            "client": client,
            "method": method,
            "path": path,
            "query": query,
            "status": status,
            "bytes": size,
            "ms": round(seconds * 1000, 3),
            "request_id": request_id,
        }
        return msgspec.json.encode(entry).decode()

    def _masked(self, text: str) -> str:
        """Mask the key in a part of a URL; if the key is percent-encoded, the part is returned decoded."""
        if self._key in text:
            text = text.replace(self._key, "***")
        if "%" in text or "+" in text:
            for decode in (unquote, unquote_plus):
                if self._key in decode(text):
                    text = decode(text).replace(self._key, "***")
        return text


def _internal_error() -> ServerResponse:
    return ServerResponse(500, msgspec.json.encode({"error": internal_error().detail}))
