"""A load generator for one URL: connections that each ask again as soon as they are answered.

Sockets and a minimum of parsing, so that the server is what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

LARGEST_BODY = 16 << 20


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
    start = time.perf_counter()
    sizes = await asyncio.gather(*(_keep_asking(parts.hostname, parts.port, head, left) for _ in range(connections)))
    return Load(requests, time.perf_counter() - start, max(sizes))


async def _keep_asking(host: str | None, port: int | None, head: bytes, left: Iterator[int]) -> int:
    reader, writer = await asyncio.open_connection(host, port, limit=LARGEST_BODY)
    size = 0
    try:
        for _ in left:
            writer.write(head)
            size = await _read(reader)
    except asyncio.IncompleteReadError:
        raise ConnectionResetError("the server closed a connection") from None
    finally:
        writer.close()
    return size


async def _read(reader: asyncio.StreamReader) -> int:
    """Read one answer and return the size of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise ValueError(f"the server answered {head.splitlines()[0].decode('latin-1')!r}")
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if found:
        return len(await reader.readexactly(int(rest.partition(b"\r\n")[0])))
    size = 0
    while length := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        await reader.readexactly(length + 2)
        size += length
    await reader.readexactly(2)
    return size
