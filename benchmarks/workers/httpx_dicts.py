"""The lower bound of a client on httpx: orjson into dicts, without retries, checks or types."""

from __future__ import annotations

import functools
from typing import Any

import httpx
import orjson
from _listing import Fetched, Query, count_runs, count_runs_async
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


def page(response: httpx.Response) -> Fetched:
    """Return the page of a response."""
    return Fetched.from_dict(orjson.loads(response.raise_for_status().content))


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    opened = client(url, key)

    def fetch(query: Query) -> Fetched:
        return page(opened.get(f"/threads/{thread}/runs", params=query))

    return count_runs(fetch)


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    opened = async_client(url, key)

    async def fetch(query: Query) -> Fetched:
        return page(await opened.get(f"/threads/{thread}/runs", params=query))

    return await count_runs_async(fetch)


if __name__ == "__main__":
    serve("httpx", "orjson", decode=decode, walk=walk, async_walk=async_walk)
