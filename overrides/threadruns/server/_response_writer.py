"""The sending of a response, with the control over the connection that faults need.

The correct endpoint uses ``respond``. ``start``, ``write`` and ``finish`` send a response in parts; ``write_raw``,
``close`` and ``reset`` are for responses that no HTTP library would send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadruns.server._messages import Wire

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


def encode_head(status: int, headers: Mapping[str, str], date: str) -> bytes:
    """Return the head of a response.

    Args:
        status: The HTTP status.
        headers: The headers.
        date: The line of the Date header.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    status_line = _STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"
    return f"{status_line}{date}{lines}\r\n".encode("latin-1")


class ResponseWriter:
    """The writer of one response.

    Args:
        wire: The connection.
        is_head: The request is a HEAD request, whose response has no body.
        version: The HTTP version of the request.
        keeps_open: The connection stays open after the response.
        date: The line of the Date header.

    Attributes:
        headers: Headers for every response; a header of the response itself with the same name replaces one.
        status: The status that was sent; 0 before.
        sent: The number of bytes of the body that were sent.
        is_complete: The response has ended.
        keeps_open: The connection stays open after the response.
    """

    def __init__(self, wire: Wire, is_head: bool, version: str, keeps_open: bool, date: str) -> None:
        self._wire = wire
        self._is_head = is_head
        self._version = version
        self._date = date
        self._chunked = False
        self._has_body = True
        self.headers: Mapping[str, str] = {}
        self.status = 0
        self.sent = 0
        self.is_complete = False
        self.keeps_open = keeps_open

    def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole response at once."""
        head = self._head(status, headers, len(body))
        # In Python 3.12 and 3.13, the ``writelines`` of asyncio neither ends an empty part nor waits for slow readers.
        self._wire.write(head + body if self._has_body else head)
        self.sent = len(body) if self._has_body else 0
        self.is_complete = True

    async def start(self, status: int, headers: Mapping[str, str], length: int | None = None) -> None:
        """Send the status and the headers.

        Args:
            status: The HTTP status.
            headers: The headers of this response.
            length: The size of the body in bytes; None sends it in chunks.
        """
        self._wire.write(self._head(status, headers, length))

    async def write(self, data: bytes) -> None:
        """Send a part of the body, and wait until the client has read most of it."""
        self._send(data)
        await self._wire.drain()

    async def finish(self, data: bytes = b"") -> None:
        """Send the last part of the body and end the response."""
        self._send(data)
        if self._chunked and self._has_body:
            self._wire.write(b"0\r\n\r\n")
        self.is_complete = True

    def write_raw(self, data: bytes) -> None:
        """Send bytes unchanged, framing included; call ``close`` or ``reset`` afterwards."""
        self.sent += len(data)
        self._wire.write(data)

    async def close(self) -> None:
        """Close the connection after what was written is sent, even if the response is incomplete."""
        self._wire.close()
        await self.wait_closed()

    async def reset(self) -> None:
        """Abort the connection, so that the client receives a reset."""
        await asyncio.sleep(0.02)  # Otherwise the reset may overtake what was written before.
        self._wire.reset()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until either side has closed the connection."""
        await self._wire.closed.wait()

    def _head(self, status: int, headers: Mapping[str, str], length: int | None) -> bytes:
        self.status = status
        merged = {**self.headers, **headers}
        self._has_body = not self._is_head and status >= 200 and status not in (204, 304)
        if "connection" in merged:
            self.keeps_open = self.keeps_open and "close" not in merged["connection"].lower()
        if length is not None:
            if status != 204:
                merged.setdefault("content-length", str(length))
        elif self._version == "1.1":
            merged.setdefault("transfer-encoding", "chunked")
            self._chunked = True
        else:
            self.keeps_open = False  # Only the end of the connection ends such a body.
        if not self.keeps_open:
            merged["connection"] = "close"
        elif self._version == "1.0":
            merged["connection"] = "keep-alive"
        return encode_head(status, merged, self._date)

    def _send(self, data: bytes) -> None:
        if not data or not self._has_body:
            return
        self.sent += len(data)
        self._wire.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
