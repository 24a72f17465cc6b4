"""The operation: from a request to a response, one method for each step.

The steps are, in their order: path, method, credentials, beta header, other headers, query, thread, cursors. Bounds,
defaults, enums and patterns come from the document. Subclasses replace single steps; dialects, variations and faults
are such subclasses. The only I/O is reading the store.
"""

from __future__ import annotations

import hmac
from typing import ClassVar
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

import msgspec

from threadruns._document import BETA, PATH, document, parameter, parameters
from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    Position,
    ServerRequest,
    ServerResponse,
    StoredPage,
    StoredRun,
)
from threadruns.server._parameters import parse_parameter, parse_parameters, shown
from threadruns.server._response_writer import ResponseWriter
from threadruns.server.store import Store

METHODS = ("GET", "HEAD")


class Endpoint:
    """The operation as the document defines it.

    Args:
        store: The runs.
        key: The API key that callers must send.
    """

    beta: ClassVar[str] = "v1"
    """The version that the beta header must name; ``any`` accepts every header, and none."""

    base: ClassVar[str] = urlsplit(str(document()["servers"][0]["url"])).path

    def __init__(self, store: Store, key: str) -> None:
        self.store = store
        self.key = key

    def handle(self, request: ServerRequest) -> ServerResponse:
        """Return the response to one request."""
        try:
            thread = self.route(request)
            self.check_method(request)
            self.authenticate(request)
            self.check_beta(request)
            self.check_headers(request)
            query = self.parse_query(self.query_parameters(request))
            return self.render_page(self.find_page(thread, query))
        except HTTPError as error:
            return self.render_error(error)

    def route(self, request: ServerRequest) -> str:
        """Return the id of the thread in the path; each segment is percent-decoded on its own."""
        before, _, after = PATH.partition("{thread_id}")
        path = request.path.decode("latin-1")
        prefix = self.base + before
        thread = path[len(prefix) : len(path) - len(after)]
        if not (path.startswith(prefix) and path.endswith(after) and thread) or "/" in thread:
            raise HTTPError(404, f"Invalid URL ({request.method} {shown(unquote(path))}).")
        return unquote_to_bytes(thread).decode("utf-8", "replace")

    def check_method(self, request: ServerRequest) -> None:
        """Reject methods other than GET and HEAD."""
        if request.method not in METHODS:
            message = (
                f"Not allowed to {shown(request.method)} here; the methods of this path are {' and '.join(METHODS)}."
            )
            raise HTTPError(405, message, code="method_not_supported", headers={"allow": ", ".join(METHODS)})

    def authenticate(self, request: ServerRequest) -> None:
        """Require the key as a bearer token; the scheme is compared without case, the token exactly."""
        values = request.header("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        token = token.strip(" ")
        if scheme.lower() != "bearer" or not token:
            message = (
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
            )
            raise HTTPError(401, message, headers={"www-authenticate": "Bearer"})
        if not hmac.compare_digest(token.encode("latin-1"), self.key.encode("utf-8")):
            message = f"Incorrect API key provided: {_masked(token)}."
            raise HTTPError(401, message, code="invalid_api_key", headers={"www-authenticate": "Bearer"})

    def check_beta(self, request: ServerRequest) -> None:
        """Require the beta header with exactly the value in the document, or that of another version."""
        if self.beta == "any":
            return
        (version,) = parameter(BETA)["enum"]
        if self.beta != "v1":
            version = f"assistants={self.beta}"
        values = request.header(BETA)
        if not values:
            message = (
                f"You must provide the '{BETA}' header to access the Assistants API. Please try again by setting the "
                f"header '{BETA}: {version}'."
            )
            raise HTTPError(400, message, code="invalid_beta")
        if values != [version]:
            message = f"Invalid '{BETA}' header: expected '{version}', but got '{shown(', '.join(values))}' instead."
            raise HTTPError(400, message, code="invalid_beta")

    def check_headers(self, request: ServerRequest) -> None:
        """Validate the other headers that the document names."""
        for name, spec in parameters("header").items():
            if name != BETA:
                parse_parameter(name, spec, request.header(name)[:1])

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        """Return the query as pairs of decoded names and values, in their order."""
        return parse_qsl(request.query.decode("latin-1"), keep_blank_values=True, max_num_fields=None)

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        """Validate the parameters that the document names, and ignore others."""
        values = parse_parameters(parameters("query"), pairs)
        return ListQuery(**{name: values.pop(name) for name in ("limit", "order", "after", "before")}, others=values)

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        """Return the page; the thread must exist, and cursors must be runs of it."""
        positions: dict[str, Position] = {}
        for name, cursor in (("after", query.after), ("before", query.before)):
            if cursor is not None:
                position = self.store.position(thread, cursor)
                if position is None:
                    self.require_thread(thread)
                    message = f"No run found with id '{shown(cursor)}' in thread '{shown(thread)}'."
                    raise HTTPError(404, message, param=name)
                positions[name] = position
        page = self.store.page(thread, query.limit, query.order, **positions)
        if not page.runs:  # A thread with runs exists, so that it is not looked up for most pages.
            self.require_thread(thread)
        return page

    def require_thread(self, thread: str) -> None:
        """Reject a thread that does not exist."""
        if not self.store.has_thread(thread):
            raise HTTPError(404, f"No thread found with id '{shown(thread)}'.")

    def render_page(self, page: StoredPage) -> ServerResponse:
        """Join the stored texts to the body of a page."""
        ends: list[object] = [*self.page_ids(page.runs), page.has_more]
        first, last, has_more = map(msgspec.json.encode, ends)
        tail = b'],"first_id":%b,"last_id":%b,"has_more":%b}' % (first, last, has_more)
        texts = [run.text for run in page.runs] or [b""]
        # Only these two are copied once more; a page has tens of kilobytes.
        texts[0] = b'{"object":"list","data":[' + texts[0]
        texts[-1] += tail
        return ServerResponse(200, b",".join(texts))

    def page_ids(self, runs: list[StoredRun]) -> tuple[str | None, str | None]:
        """Return the ids of the first and the last run of a page; None if the page is empty."""
        return (runs[0].id, runs[-1].id) if runs else (None, None)

    def render_error(self, error: HTTPError) -> ServerResponse:
        """Return an error as a response."""
        body = msgspec.json.encode({"error": error.detail})
        return ServerResponse(error.status, body, {"content-type": "application/json", **error.headers})

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        """Send the response."""
        writer.respond(response.status, response.headers, response.body)


def check_key(key: str) -> None:
    """Check that clients can send a key.

    Raises:
        ValueError: It is empty, or has blanks at its ends or control characters.
    """
    if not key:
        raise ValueError("The API key is empty")
    if key != key.strip():
        raise ValueError("The API key begins or ends with blanks, which no client can send")
    if not key.isprintable():
        raise ValueError("The API key has control characters, which no client can send")


def _masked(token: str) -> str:
    """Show the ends of a long key, so that its owner recognises it, and nothing of a short one."""
    return f"{token[:5]}****{token[-4:]}" if len(token) >= 24 else "****"
