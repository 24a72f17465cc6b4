"""The lower bound of an asynchronous client: aiohttp, with orjson into dicts."""

from __future__ import annotations

import aiohttp
import orjson
from _listing import RunCounter
from _protocol import serve

SESSIONS: dict[str, aiohttp.ClientSession] = {}


def session(url: str, key: str) -> aiohttp.ClientSession:
    """Return the session of a server, which stays open."""
    if url not in SESSIONS:
        headers = {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}
        SESSIONS[url] = aiohttp.ClientSession(headers=headers, raise_for_status=True)
    return SESSIONS[url]


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        async with session(url, key).get(f"{url}/threads/{thread}/runs", params=count.query) as response:
            page = orjson.loads(await response.read())
        count.add(page["data"], page["has_more"], page["last_id"])
    return count.runs


if __name__ == "__main__":
    serve("aiohttp", "orjson", async_walk=async_walk)
