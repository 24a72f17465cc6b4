"""The lower bound of a client on httpx: orjson into dicts, without retries, checks or types."""

from __future__ import annotations

import functools
from typing import Any

import httpx
import orjson
from _listing import RunCounter
from _protocol import read, serve


def settings(url: str, key: str) -> dict[str, Any]:
    """Return the settings of both clients."""
    return {"base_url": url, "headers": {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}}


@functools.cache
def client(url: str, key: str) -> httpx.Client:
    """Return the client of a server, which stays open."""
    return httpx.Client(**settings(url, key))


@functools.cache
def async_client(url: str, key: str) -> httpx.AsyncClient:
    """Return the async client of a server, which stays open."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(**settings(url, key), limits=limits)


def decode(file: str) -> Any:
    """Parse the body of a page."""
    return orjson.loads(read(file))


def add(count: RunCounter, response: httpx.Response) -> None:
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
    serve("httpx", "orjson", decode=decode, walk=walk, async_walk=async_walk)
