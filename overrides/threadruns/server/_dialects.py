"""Other forms of the operation: permissive, for the test suites of other projects, and Azure's."""

from __future__ import annotations

import hmac
import re
from typing import ClassVar

import msgspec
from attrs import evolve

from threadruns._document import parameter
from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import HTTPError, ListQuery, ServerRequest, ServerResponse, StoredPage


class PermissiveEndpoint(Endpoint):
    """Accepts any key, thread, cursor, limit and beta header, with the base path or without it.

    Invalid values are ignored, and an unknown thread is treated as empty.
    """

    def route(self, request: ServerRequest) -> str:
        """Accept the path below any base path."""
        found = re.search(rb"/threads/[^/]+/runs$", request.path)
        return super().route(evolve(request, path=self.base.encode() + found[0]) if found else request)

    def authenticate(self, request: ServerRequest) -> None:
        """Accept any key, and requests without one."""

    def check_beta(self, request: ServerRequest) -> None:
        """Accept any beta header, and requests without one."""

    def check_headers(self, request: ServerRequest) -> None:
        """Accept any headers."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        """Read valid values and ignore others; the last of several values is used."""
        given = dict(pairs)
        limit, order = parameter("limit"), parameter("order")
        digits = re.fullmatch(r"-?[0-9]{1,18}", given.get("limit", ""), re.ASCII)
        return ListQuery(
            limit=max(limit["minimum"], min(limit["maximum"], int(digits[0]))) if digits else limit["default"],
            order=given["order"] if given.get("order") in order["enum"] else order["default"],
            after=given.get("after"),
            before=given.get("before"),
        )

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        """Ignore cursors that are not runs of the thread."""
        after, before = (
            cursor if cursor is not None and self.store.position(thread, cursor) else None
            for cursor in (query.after, query.before)
        )
        return super().find_page(thread, evolve(query, after=after, before=before))

    def require_thread(self, thread: str) -> None:
        """Treat an unknown thread as one without runs."""


class AzureEndpoint(Endpoint):
    """Azure's form: another path, an ``api-version``, the key in ``api-key`` and shorter error bodies."""

    base: ClassVar[str] = "/openai"

    def route(self, request: ServerRequest) -> str:
        """Require ``api-version`` in the query."""
        thread = super().route(request)
        if not any(name == "api-version" and value for name, value in self.query_parameters(request)):
            raise HTTPError(404, "Resource not found")
        return thread

    def authenticate(self, request: ServerRequest) -> None:
        """Require the key in ``api-key``."""
        values = request.header("api-key")
        if len(values) != 1 or not hmac.compare_digest(values[0].encode("latin-1"), self.key.encode("utf-8")):
            message = (
                "Access denied due to invalid subscription key. Make sure to provide a valid key for this resource."
            )
            raise HTTPError(401, message, headers={"www-authenticate": "api-key"})

    def check_beta(self, request: ServerRequest) -> None:
        """Ignore the beta header."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        """Return an error with a code and a message; every 404 has the same message."""
        message = "Resource not found" if error.status == 404 else error.detail["message"]
        body = msgspec.json.encode({"error": {"code": str(error.status), "message": message}})
        return ServerResponse(error.status, body, {"content-type": "application/json", **error.headers})


class PermissiveAzureEndpoint(PermissiveEndpoint, AzureEndpoint):
    """Azure's form of the API, with any key, thread, cursor and limit."""


def endpoint_class(*, permissive: bool = False, azure: bool = False, beta: str = "v1") -> type[Endpoint]:
    """Return the class of the endpoint in a dialect; Azure's and the permissive one ignore the beta header."""
    if permissive:
        found: type[Endpoint] = PermissiveAzureEndpoint if azure else PermissiveEndpoint
    else:
        found = AzureEndpoint if azure else Endpoint
    return found if beta == "v1" else type(found.__name__, (found,), {"beta": beta})
