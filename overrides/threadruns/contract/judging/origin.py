"""The origin of a response: the server, or an intermediary that answered in its place.

A reverse proxy answers some requests itself, with statuses and pages of its own: unusual methods, control characters
and malformed escapes in a target, long targets, repeated headers. Such a response proves nothing about the server. It
counts only if its form is that of other responses of the server.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from attrs import define, field

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest

GATEWAY_STATUSES = frozenset({502, 503, 504, *range(520, 528)})
"""The statuses by which a gateway reports that it does not reach the server, or that there are too many requests."""

ORDINARY_VALUE = re.compile(r"[\w.,+=:\[\] -]{0,400}", re.ASCII)
"""The values of a query that no intermediary refuses."""

ORDINARY_SEGMENT = re.compile(r"[\w.~-]{1,400}", re.ASCII)
"""The path segments that no intermediary refuses."""

OWN_HEADERS = "openai-"
"""The beginning of the headers that only a server of this API sends."""

MAX_SIZE = 2000
"""The length of target and headers that every intermediary accepts."""

CHANGING_HEADERS = frozenset(
    """age allow cache-control connection content-encoding content-length etag keep-alive location retry-after
    transfer-encoding vary www-authenticate""".split()  # noqa: SIM905 - a list of names is easiest to read as text
)
"""The headers that depend on the response."""


def may_be_refused_earlier(request: ProbeRequest, threads: Collection[str] = ()) -> bool:
    """Tell whether an intermediary may refuse a request before the server gets it.

    Args:
        request: The request.
        threads: The path segments of the threads that were given; these are ordinary, whatever they contain.
    """
    names = [name.lower() for name, _ in (*request.headers, *request.secret_headers)]
    if request.method not in ("GET", "HEAD") or len(set(names)) < len(names):
        return True
    if request.thread not in threads and not ORDINARY_SEGMENT.fullmatch(request.thread):
        return True
    if any("%" in text for pair in request.secret_query for text in pair):
        return True
    return not all(ORDINARY_VALUE.fullmatch(text) for pair in request.query for text in pair)


@define
class KnownOrigin:
    """The form of the responses that the server certainly sent.

    Attributes:
        threads: The path segments of the threads that were given.
    """

    threads: frozenset[str] = frozenset()
    _error_forms: set[object] = field(factory=set[object], init=False)
    _headers: frozenset[str] | None = field(default=None, init=False)

    def learn(self, exchange: Exchange) -> None:
        """Learn the form of a response to an ordinary request; other responses are ignored."""
        request, is_error = exchange.request, exchange.status in (400, 401, 403, 404, 422)
        if exchange.failure is not None or not (exchange.status == 200 or is_error) or request.method != "GET":
            return
        if may_be_refused_earlier(request, self.threads):
            return
        names = frozenset(name for name, _ in exchange.headers) - CHANGING_HEADERS
        self._headers = names if self._headers is None else self._headers & names
        if is_error and exchange.members:
            self._error_forms.add(_form(exchange))

    def proves(self, exchange: Exchange) -> bool:
        """Tell whether a response is certainly that of the server."""
        if exchange.unsent:
            return False
        is_page = exchange.status == 200 and (exchange.runs or "data" in exchange.members)
        is_ordinary = exchange.size <= MAX_SIZE and not may_be_refused_earlier(exchange.request, self.threads)
        if is_page or is_ordinary:
            return True
        if 200 <= exchange.status < 300 and exchange.request.method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            # An intermediary may refuse these methods, and does not carry them out.
            return True
        names = {name for name, _ in exchange.headers}
        return bool(exchange.members) and _form(exchange) in self._error_forms and (self._headers or set()) <= names

    def is_gateway_error(self, exchange: Exchange) -> bool:
        """Tell whether a response may be the error of a gateway, which a busy or restarting server explains."""
        is_own = any(name.startswith(OWN_HEADERS) for name, _ in exchange.headers)
        return exchange.status in GATEWAY_STATUSES and not is_own and _form(exchange) not in self._error_forms


def _form(exchange: Exchange) -> object:
    return frozenset(exchange.members), frozenset(exchange.error)
