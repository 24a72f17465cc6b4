"""reqwest, written in Rust, through pyreqwest, with orjson into dicts."""

from __future__ import annotations

import functools

import orjson
from _listing import RunCounter
from _protocol import serve
from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder


def headers(key: str) -> dict[str, str]:
    """Return the headers of each request."""
    return {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}


@functools.cache
def client(key: str) -> SyncClient:
    """Return a client, which stays open."""
    return SyncClientBuilder().default_headers(headers(key)).error_for_status(True).build()


@functools.cache
def async_client(key: str) -> Client:
    """Return an async client, which stays open."""
    return ClientBuilder().default_headers(headers(key)).error_for_status(True).build()


def add(count: RunCounter, body: Bytes) -> None:
    """Add a page."""
    page = orjson.loads(memoryview(body))
    count.add(page["data"], page["has_more"], page["last_id"])


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        add(count, client(key).get(f"{url}/threads/{thread}/runs").query(count.query).build().send().bytes())
    return count.runs


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        response = await async_client(key).get(f"{url}/threads/{thread}/runs").query(count.query).build().send()
        add(count, await response.bytes())
    return count.runs


if __name__ == "__main__":
    serve("pyreqwest", "orjson", walk=walk, async_walk=async_walk)
