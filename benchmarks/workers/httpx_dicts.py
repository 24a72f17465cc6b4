"""The floor of a client on httpx: requests by hand, and orjson into dicts. No retries, no checks, no types."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import httpx
import orjson
from _protocol import read, serve


def settings(url: str, key: str) -> dict[str, Any]:
    """Return what either client is made with."""
    return {"base_url": url, "headers": {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}}


@functools.cache
def client(url: str, key: str) -> httpx.Client:
    """Return a client that stays open."""
    return httpx.Client(**settings(url, key))


@functools.cache
def async_client(url: str, key: str) -> httpx.AsyncClient:
    """Return a client that stays open."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(**settings(url, key), limits=limits)


def decode(file: str) -> Any:
    """Parse the body of a page."""
    return orjson.loads(read(file))


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    path, params, runs = f"/threads/{thread}/runs", {"limit": "100"}, 0
    while True:
        page = orjson.loads(client(url, key).get(path, params=params).raise_for_status().content)
        for _ in page["data"]:
            runs += 1
        if not page["has_more"]:
            return runs
        params["after"] = page["last_id"]


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    path, params, runs = f"/threads/{thread}/runs", {"limit": "100"}, 0
    while True:
        response = await async_client(url, key).get(path, params=params)
        page = orjson.loads(response.raise_for_status().content)
        for _ in page["data"]:
            runs += 1
        if not page["has_more"]:
            return runs
        params["after"] = page["last_id"]


async def async_many(url: str, key: str, threads: list[str], concurrency: int) -> int:
    """Count the runs of many threads at once."""
    gate = asyncio.Semaphore(concurrency)

    async def one(thread: str) -> int:
        async with gate:
            return await async_walk(url, key, thread)

    return sum(await asyncio.gather(*map(one, threads)))


if __name__ == "__main__":
    serve("httpx", "orjson", decode=decode, walk=walk, async_walk=async_walk, async_many=async_many)
