"""A request that is complete but for the API key, which is added when it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadruns._http.body import BodyReader
from threadruns._response import RawResponse

if TYPE_CHECKING:
    import httpcore
    import httpx

    from threadruns._http.service import Service

CONNECT_TIMEOUT = 5.0
"""The longest time for making a connection, in seconds; a shorter timeout wins."""


class PreparedRequest:
    """A request that is complete but for the API key.

    Args:
        service: The server, which signs the request.
        method: The HTTP method.
        target: Path and query.
        headers: All headers except the one with the key.
        max_body_bytes: The bound of the response's inflated body.
    """

    __slots__ = ("headers", "max_body_bytes", "method", "service", "target")

    def __init__(
        self, service: Service, method: str, target: str, headers: list[tuple[bytes, bytes]], max_body_bytes: int
    ) -> None:
        self.service = service
        self.method = method
        self.target = target
        self.headers = headers
        self.max_body_bytes = max_body_bytes

    @property
    def url(self) -> str:
        """The URL."""
        return self.service.origin + self.target

    def for_httpcore(self, timeout: float | None) -> httpcore.Request:
        """Return the signed request for httpcore, whose repr shows no headers."""
        import httpcore

        service = self.service
        return httpcore.Request(
            self.method.encode("ascii"),
            httpcore.URL(
                scheme=service.scheme.encode("ascii"),
                host=service.host.encode("ascii"),
                port=service.port,
                target=self.target.encode("ascii"),
            ),
            headers=[*self.headers, (service.key_header.encode("ascii"), service.signature())],
            extensions={"timeout": phase_timeouts(timeout)},
        )

    def for_httpx(self, client: httpx.Client | httpx.AsyncClient, timeout: float | None) -> httpx.Request:
        """Return the signed request for the caller's httpx client, with the headers that this client adds."""
        import httpx

        url = httpx.URL(self.url)
        # A client with query parameters of its own would replace ours.
        request = client.build_request(
            self.method, url, params=url.params if client.params else None, headers=self.headers
        )
        request.headers[self.service.key_header] = self.service.signature().decode("ascii")
        request.extensions["timeout"] = phase_timeouts(timeout)
        return request

    def body_reader(self, status: int, headers: list[tuple[bytes, bytes]], *, inflated: bool = False) -> BodyReader:
        """Return a reader for the response to this request, whose head has arrived."""
        response = RawResponse(self.method, self.url, status, headers, b"", self.service.secret.redact)
        return BodyReader(response, self.max_body_bytes, inflated=inflated)


def phase_timeouts(timeout: float | None) -> dict[str, float | None]:
    """Return the timeouts of the phases of an exchange, in seconds, as httpx and httpcore take them."""
    connect = CONNECT_TIMEOUT if timeout is None else min(CONNECT_TIMEOUT, timeout)
    return {"connect": connect, "read": timeout, "write": timeout, "pool": timeout}
