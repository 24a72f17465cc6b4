"""What the generator makes of the document with its stock templates, and the loop over pages that it leaves to us."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import orjson
from _protocol import read, serve
from threadruns_stock.api.runs import list_runs
from threadruns_stock.client import AuthenticatedClient
from threadruns_stock.models import RunList
from threadruns_stock.types import UNSET


@functools.cache
def client(url: str, key: str) -> AuthenticatedClient:
    """Return a client that stays open."""
    return AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)


def decode(file: str) -> RunList:
    """Decode the body of a page, with the same parser as ours."""
    return RunList.from_dict(orjson.loads(read(file)))


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    after: Any = UNSET
    runs = 0
    while True:
        page = list_runs.sync(thread, client=client(url, key), limit=100, after=after)
        for _ in page.data:
            runs += 1
        if not page.has_more:
            return runs
        after = page.last_id


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    after: Any = UNSET
    runs = 0
    while True:
        page = await list_runs.asyncio(thread, client=client(url, key), limit=100, after=after)
        for _ in page.data:
            runs += 1
        if not page.has_more:
            return runs
        after = page.last_id


async def async_many(url: str, key: str, threads: list[str], concurrency: int) -> int:
    """Count the runs of many threads at once, over the one client that the generated code keeps."""
    gate = asyncio.Semaphore(concurrency)

    async def one(thread: str) -> int:
        async with gate:
            return await async_walk(url, key, thread)

    return sum(await asyncio.gather(*map(one, threads)))


if __name__ == "__main__":
    serve("httpx", "orjson", "attrs", decode=decode, walk=walk, async_walk=async_walk, async_many=async_many)
