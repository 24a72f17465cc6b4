"""The floor of an asynchronous client: aiohttp, and orjson into dicts."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson
from _protocol import serve

SESSIONS: dict[str, aiohttp.ClientSession] = {}


def session(url: str, key: str) -> aiohttp.ClientSession:
    """Return a session that stays open."""
    if url not in SESSIONS:
        headers = {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}
        SESSIONS[url] = aiohttp.ClientSession(headers=headers, raise_for_status=True)
    return SESSIONS[url]


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    path, params, runs = f"{url}/threads/{thread}/runs", {"limit": "100"}, 0
    while True:
        async with session(url, key).get(path, params=params) as response:
            page = orjson.loads(await response.read())
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
    serve("aiohttp", "orjson", async_walk=async_walk, async_many=async_many)
