"""A load generator for one URL: connections that each ask again as soon as they are answered.

A minimum of parsing, so that the server is what is measured: both share the cores.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Load(NamedTuple):
    """What a load came to.

    Attributes:
        requests: How many requests were answered.
        seconds: In how much time.
        size: The size of the last body, in bytes.
    """

    requests: int
    seconds: float
    size: int

    @property
    def each(self) -> float:
        """The time of one request, in seconds."""
        return self.seconds / self.requests


def load(url: str, headers: dict[str, str], *, connections: int, requests: int) -> Load:
    """Ask a server over several connections at once.

    Args:
        url: What to ask for.
        headers: What to send with it.
        connections: How many connections are kept busy.
        requests: How many requests to make over all of them.

    Raises:
        OSError: The server cannot be reached or closes a connection.
        ValueError: An answer is no 200.
    """
    return asyncio.run(_load(url, headers, connections, requests))


async def _load(url: str, headers: dict[str, str], connections: int, requests: int) -> Load:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    head = "\r\n".join([*lines, "", ""]).encode()
    left = iter(range(requests))
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    sizes = await asyncio.gather(
        *(_keep_asking(loop, parts.hostname, parts.port, head, left) for _ in range(connections))
    )
    return Load(requests, time.perf_counter() - start, max(sizes))


async def _keep_asking(
    loop: asyncio.AbstractEventLoop, host: str | None, port: int | None, head: bytes, left: Iterator[int]
) -> int:
    transport, asker = await loop.create_connection(lambda: _Asker(head, left, loop.create_future()), host, port)
    try:
        return await asker.size
    finally:
        transport.close()


class _Asker(asyncio.Protocol):
    """A connection that asks again as soon as it is answered, and counts bytes instead of keeping them."""

    def __init__(self, head: bytes, left: Iterator[int], size: asyncio.Future[int]) -> None:
        self.size = size
        """The size of the last body, once nothing is left to ask."""
        self._head = head
        self._left = left
        self._last = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.size.done():
            self.size.set_exception(error or ConnectionResetError("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            self._begin(data)
        elif self._chunked is not None:
            self._chunked += data
        else:
            self._missing -= len(data)
        if self._chunked is not None and self._chunked.endswith(b"0\r\n\r\n"):
            self._last = sum(len(part) for part in self._chunked.split(b"\r\n")[1::2])
            self._ask()
        elif self._missing == 0:
            self._ask()

    def _ask(self) -> None:
        self._missing: int | None = None
        self._chunked: bytearray | None = None
        self._begun = b""
        if next(self._left, None) is None:
            self.size.set_result(self._last)
        else:
            self._transport.write(self._head)

    def _begin(self, data: bytes) -> None:
        head, found, body = (self._begun + data).partition(b"\r\n\r\n")
        if not found:
            self._begun = head
            return
        status, _, fields = head.lower().partition(b"\r\n")
        if not status.startswith(b"http/1.1 200"):
            error = ValueError(f"the server answered {status.decode('latin-1')!r}")
            self.size.set_exception(error)
            self._transport.close()
            return
        length = re.search(rb"^content-length: *(\d+)", fields, re.MULTILINE)
        if length is None:
            self._missing, self._chunked = -1, bytearray(body)
        else:
            self._last = int(length[1])
            self._missing = self._last - len(body)
