"""A load generator for URLs of one server, on several connections that each send the next request after a response.

It parses as little as possible, because it shares the cores with the server that is measured.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Load(NamedTuple):
    """The result of a load.

    Attributes:
        requests: The number of requests.
        seconds: The total time.
        size: The size of the last body, in bytes.
    """

    requests: int
    seconds: float
    size: int

    @property
    def seconds_per_request(self) -> float:
        """The average time of a request."""
        return self.seconds / self.requests


def load(urls: Sequence[str], headers: dict[str, str], *, connections: int, requests: int) -> Load:
    """Send requests to a server over several connections.

    Args:
        urls: The URLs to request in turn, all of one server.
        headers: The headers of each request.
        connections: The number of connections.
        requests: The total number of requests.

    Raises:
        OSError: The server cannot be reached or closes a connection.
        ValueError: A response has a status other than 200.
    """
    return asyncio.run(_load(urls, headers, connections, requests))


async def _load(urls: Sequence[str], headers: dict[str, str], connections: int, requests: int) -> Load:
    parts = urlsplit(urls[0])
    heads = islice(cycle([_head(url, headers) for url in urls]), requests)
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    sizes = await asyncio.gather(*(_send_requests(loop, parts.hostname, parts.port, heads) for _ in range(connections)))
    return Load(requests, time.perf_counter() - start, max(sizes))


def _head(url: str, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def _send_requests(
    loop: asyncio.AbstractEventLoop, host: str | None, port: int | None, heads: Iterator[bytes]
) -> int:
    transport, connection = await loop.create_connection(
        lambda: _LoadConnection(heads, loop.create_future()), host, port
    )
    try:
        return await connection.size
    finally:
        transport.close()


class _LoadConnection(asyncio.Protocol):
    """A connection that sends the next request after each response, and counts the bytes of bodies."""

    def __init__(self, heads: Iterator[bytes], size: asyncio.Future[int]) -> None:
        self.size = size
        """The size of the last body, set after the last response."""
        self._heads = heads
        self._last = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.size.done():
            self.size.set_exception(error or ConnectionResetError("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            self._read_head(data)
        elif self._chunked is not None:
            self._chunked += data
        else:
            self._missing -= len(data)
        if self._chunked is not None and self._chunked.endswith(b"0\r\n\r\n"):
            self._last = sum(len(part) for part in self._chunked.split(b"\r\n")[1::2])
            self._send()
        elif self._missing == 0:
            self._send()

    def _send(self) -> None:
        self._missing: int | None = None
        self._chunked: bytearray | None = None
        self._partial_head = b""
        head = next(self._heads, None)
        if head is None:
            self.size.set_result(self._last)
        else:
            self._transport.write(head)

    def _read_head(self, data: bytes) -> None:
        head, found, body = (self._partial_head + data).partition(b"\r\n\r\n")
        if not found:
            self._partial_head = head
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
