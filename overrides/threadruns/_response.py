"""An HTTP response as the server sent it, complete and decompressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


class RawResponse:
    """An HTTP response: status, headers and decompressed body, not decoded yet.

    Args:
        method: The method of the request.
        url: The URL of the request.
        status: The HTTP status.
        headers: The headers, in order of arrival.
        body: The decompressed body.
        redact: Removes the API key from text that the server may have sent back; None if that was done already.
    """

    __slots__ = ("_redact", "body", "headers", "method", "seconds", "status", "url")

    def __init__(
        self,
        method: str,
        url: str,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        redact: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body
        self.seconds = 0.0
        """The duration of the exchange, from the request to the last byte; 0 if nothing was sent."""
        self._redact = redact

    def header(self, name: str) -> str | None:
        """Return the value of a header, ignoring the case of its name; None if it is absent."""
        wanted = name.lower().encode("ascii")
        for key, value in self.headers:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return None

    @property
    def json(self) -> Any:
        """The body parsed as JSON, or its text if it is not JSON."""
        from threadruns._wire import DecodeError, parse_json

        try:
            return parse_json(self.body)
        except DecodeError:
            return self.body.decode("utf-8", "replace")

    @property
    def httpx_response(self) -> httpx.Response:
        """The same response as an ``httpx.Response`` with its body read; its request does not hold the key."""
        from datetime import timedelta

        import httpx

        kept = [
            (name, value)
            for name, value in self.headers
            if name.lower() not in (b"content-encoding", b"transfer-encoding")
        ]
        response = httpx.Response(
            self.status, headers=kept, content=self.body, request=httpx.Request(self.method, self.url)
        )
        response.elapsed = timedelta(seconds=self.seconds)
        return response

    def redacted(self) -> RawResponse:
        """Return the response without the API key, for errors to show: a server may echo the key."""
        if self._redact is None:
            return self
        redact = self._redact
        headers = [(redact(name), redact(value)) for name, value in self.headers]
        redacted = RawResponse(self.method, self.url, self.status, headers, redact(self.body))
        redacted.seconds = self.seconds
        return redacted

    def redact_text(self, text: str) -> str:
        """Return a text about this response without the API key."""
        if self._redact is None:
            return text
        return self._redact(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def __repr__(self) -> str:
        return f"<RawResponse {self.status}, {len(self.body)} bytes>"
