"""HTTP/1.1 as uvicorn speaks it, with a bound on how long a request may take to come, and errors in the error shape."""

from __future__ import annotations

import asyncio

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from threadruns.server._messages import HTTPError

HEAD_SECONDS = 30
"""How long the head of a request may take from its first byte, or from the connection, to its end."""


class Protocol(H11Protocol):
    """The protocol of one connection."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first request its time."""
        super().connection_made(transport)
        self._keep_time()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        super().data_received(data)
        self._keep_time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; uvicorn gives the reason."""
        self._refuse(HTTPError(400, msg))

    def _keep_time(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_clock()
        elif self._deadline is None:
            late = HTTPError(408, f"The head of the request did not arrive within {HEAD_SECONDS} seconds.")
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._refuse, late)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, error: HTTPError) -> None:
        """Say what is wrong, unless a response is out already, and close the connection."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True  # Nothing that the application still sends goes out.
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = msgspec.json.encode({"error": error.detail})
            headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
            head = h11.Response(status_code=error.status, headers=list(headers.items()))
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
