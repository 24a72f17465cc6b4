"""The sending of a response, with the control over the connection that faults need.

The correct endpoint uses ``start`` and ``finish``. ``write_raw``, ``close`` and ``reset`` bypass ASGI and use the
transport of uvicorn, for responses that no HTTP library would send.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Send


class ResponseWriter:
    """The writer of one response.

    Args:
        receive: The ASGI callable that reports the disconnect.
        send: The ASGI callable of the server, unwrapped.
        headers: The headers of every response; a header of the response itself with the same name replaces one.
    """

    def __init__(self, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        self._receive = receive
        self._send = send
        self.headers = headers
        self.status = 0
        self.sent = 0

    async def start(self, status: int, headers: Mapping[str, str], length: int | None = None) -> None:
        """Send the status and the headers.

        Args:
            status: The HTTP status.
            headers: The headers of this response.
            length: The size of the body in bytes; None sends it in chunks.
        """
        self.status = status
        merged = {**self.headers, **headers}
        if length is not None:
            merged.setdefault("content-length", str(length))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in merged.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, data: bytes) -> None:
        """Send a part of the body."""
        self.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        """Send the last part of the body and end the response."""
        self.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    def write_raw(self, data: bytes) -> None:
        """Send bytes unchanged, framing included; call ``close`` or ``reset`` afterwards."""
        self.sent += len(data)
        self._transport.write(data)

    async def close(self) -> None:
        """Close the connection after what was written is sent, even if the response is incomplete."""
        self._transport.close()
        await self.wait_closed()

    async def reset(self) -> None:
        """Abort the connection, so that the client receives a reset."""
        await asyncio.sleep(0.02)  # Otherwise the reset may overtake what was written before.
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until either side has closed the connection."""
        # uvicorn logs an error for an incomplete response unless it has seen the disconnect.
        while (await self._receive())["type"] != "http.disconnect":
            pass

    @property
    def _transport(self) -> Any:
        return self._send.__self__.transport  # type: ignore[attr-defined]
