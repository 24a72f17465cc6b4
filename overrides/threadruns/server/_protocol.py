"""HTTP/1.1 of uvicorn, with a time limit for the head of a request and with errors in the form of the API."""

from __future__ import annotations

import asyncio

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from threadruns.server._messages import HTTPError

HEAD_SECONDS = 30
"""The time limit for the head of a request in seconds, from the start of the connection or from its first byte."""


class HTTPProtocol(H11Protocol):
    """The protocol of one connection."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit of the first request."""
        super().connection_made(transport)
        self._update_deadline()

    def data_received(self, data: bytes) -> None:
        """Pass the data on, and start or stop the time limit."""
        super().data_received(data)
        self._update_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit."""
        self._stop_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Respond to invalid HTTP; the message is that of uvicorn."""
        self._reject(HTTPError(400, msg))

    def _update_deadline(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_deadline()
        elif self._deadline is None:
            timeout = HTTPError(408, f"The request line and the headers did not arrive within {HEAD_SECONDS} seconds.")
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._reject, timeout)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _reject(self, error: HTTPError) -> None:
        """Send an error, unless a response was sent already, and close the connection."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True  # uvicorn drops what the application still sends.
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = msgspec.json.encode({"error": error.detail})
            headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
            head = h11.Response(status_code=error.status, headers=list(headers.items()))
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
