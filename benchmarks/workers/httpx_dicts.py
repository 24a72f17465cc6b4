"""The lower bound of a client on httpx, or on the library that is named as the argument: orjson into dicts."""

from __future__ import annotations

import functools
import sys
from importlib import import_module
from typing import Any

import orjson
from _listing import RunCounter
from _protocol import read, serve

NAME = sys.argv[1] if len(sys.argv) > 1 else "httpx"
httpx: Any = import_module(NAME)


def settings(url: str, key: str) -> dict[str, Any]:
    """Return the settings of both clients."""
    return {"base_url": url, "headers": {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}}


@functools.cache
def client(url: str, key: str) -> Any:
    """Return the client of a server, which stays open."""
    return httpx.Client(**settings(url, key))


@functools.cache
def async_client(url: str, key: str) -> Any:
    """Return the async client of a server, which stays open."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(**settings(url, key), limits=limits)


def decode(file: str) -> Any:
    """Parse the body of a page."""
    return orjson.loads(read(file))


def add(count: RunCounter, response: Any) -> None:
    """Add the page of a response."""
    page = orjson.loads(response.raise_for_status().content)
    count.add(page["data"], page["has_more"], page["last_id"])


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        add(count, client(url, key).get(f"/threads/{thread}/runs", params=count.query))
    return count.runs


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        add(count, await async_client(url, key).get(f"/threads/{thread}/runs", params=count.query))
    return count.runs


if __name__ == "__main__":
    serve(NAME, "orjson", decode=decode, walk=walk, async_walk=async_walk)
