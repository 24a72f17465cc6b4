"""The sending side of one exchange, with as much control as a misbehaving server needs.

The correct path uses ``start`` and ``finish``. ``write``, ``raw``, ``close`` and ``reset`` are for answers that no HTTP
library agrees to send; they reach past ASGI to the transport that uvicorn writes to.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Send


class ResponseWriter:
    """Where a response goes.

    Args:
        receive: The ASGI callable that tells when the caller has gone.
        send: The ASGI callable of the server, unwrapped.
        headers: What every response carries; a header of a response with the same name replaces it.
    """

    def __init__(self, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        self._receive = receive
        self._send = send
        self.headers = headers
        self.status = 0
        self.sent = 0

    async def start(self, status: int, headers: Mapping[str, str], length: int | None = None) -> None:
        """Send the head of the response.

        Args:
            status: The HTTP status.
            headers: What is particular to this response.
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
        """Put bytes on the wire as they are, head and framing included. End with ``close`` or ``reset``."""
        self.sent += len(data)
        self._transport.write(data)

    async def close(self) -> None:
        """Close the connection once what was written is out, whether or not the response is complete."""
        self._transport.close()
        await self.wait_closed()

    async def reset(self) -> None:
        """Drop the connection at once, so that the caller sees a reset."""
        await asyncio.sleep(0.02)  # What was written before must have left, or the caller would see nothing of it.
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection is closed, from either side."""
        # uvicorn complains of a response left open unless it has seen the connection go.
        while (await self._receive())["type"] != "http.disconnect":
            pass

    @property
    def _transport(self) -> Any:
        return self._send.__self__.transport  # type: ignore[attr-defined]
