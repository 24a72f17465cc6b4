"""A request that is complete except for the API key, which is added when it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadruns._http.body import BodyReader
from threadruns._response import RawResponse

if TYPE_CHECKING:
    from threadruns._http.service import Service

CONNECT_TIMEOUT = 5.0
"""The longest time for making a connection, in seconds; a shorter ``timeout`` of the call replaces it."""


class PreparedRequest:
    """A request that is complete except for the API key.

    Args:
        service: The server, which signs the request.
        method: The HTTP method.
        target: Path and query.
        headers: All headers except the one with the key.
        max_body_bytes: The size limit of the response's decompressed body.
        content: The body; None for no body.
    """

    __slots__ = ("content", "headers", "max_body_bytes", "method", "secret", "service", "target")

    def __init__(
        self,
        service: Service,
        method: str,
        target: str,
        headers: list[tuple[bytes, bytes]],
        max_body_bytes: int,
        content: bytes | None = None,
    ) -> None:
        self.service = service
        self.secret = service.secret
        """The key of the next attempt."""
        self.method = method
        self.target = target
        self.headers = headers
        self.max_body_bytes = max_body_bytes
        self.content = content

    @property
    def url(self) -> str:
        """The URL."""
        return self.service.origin + self.target

    def signed_headers(self) -> list[tuple[bytes, bytes]]:
        """Return all headers; the repr of the one with the key does not show the key."""
        return [*self.headers, (self.service.key_header.encode("ascii"), self.service.signature(self.secret))]

    def body_reader(self, status: int, headers: list[tuple[bytes, bytes]], *, inflated: bool = False) -> BodyReader:
        """Return a reader for the response to this request, whose head has arrived."""
        response = RawResponse(self.method, self.url, status, headers, b"", self.secret.redact)
        return BodyReader(response, self.max_body_bytes, inflated=inflated)


def phase_timeouts(timeout: float | None) -> dict[str, float | None]:
    """Return the timeouts of the phases of an exchange, in seconds, as httpx and httpcore take them."""
    connect = CONNECT_TIMEOUT if timeout is None else min(CONNECT_TIMEOUT, timeout)
    return {"connect": connect, "read": timeout, "write": timeout, "pool": timeout}
