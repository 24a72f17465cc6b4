"""A server that sends prepared responses over a real socket, byte for byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.support.relay import Relay, read_head, run_relay


class CannedServer(NamedTuple):
    """A server with prepared responses."""

    url: str
    """The base URL for clients."""

    heads: list[str]
    """The heads of the requests so far, in order."""


def response(
    status: int, body: Any = b"", headers: Mapping[str, str] = MappingProxyType({}), reason: str = "Reason"
) -> bytes:
    """Return a response as bytes.

    Args:
        status: The status.
        body: The body; anything but bytes is sent as JSON.
        headers: More headers.
        reason: The reason phrase.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/plain" if isinstance(body, bytes) else "application/json"
    named = {"content-type": kind, "connection": "close", **headers}
    if status != 304:
        named["content-length"] = str(len(content))
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


@contextmanager
def run_canned_server(*responses: bytes) -> Generator[CannedServer]:
    """Run a server that answers each request with the next response, and repeats the last one."""
    heads: list[str] = []

    def answer(_: Relay, client: socket.socket) -> socket.socket:
        heads.append(read_head(client).decode("latin-1"))
        client.sendall(responses[min(len(heads), len(responses)) - 1])
        raise OSError

    with run_relay(answer) as relay:
        yield CannedServer(f"http://127.0.0.1:{relay.port}/v1", heads)
