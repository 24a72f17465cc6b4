"""The loop over pages, for participants that have none, and over threads, for those that list one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

Query = dict[str, Any]


class Fetched(NamedTuple):
    """A page: its runs, and the cursor to the next page."""

    runs: Iterable[Any]
    has_more: bool
    last_id: Any

    @classmethod
    def from_dict(cls, page: dict[str, Any]) -> Fetched:
        """Return the page of a decoded body."""
        return cls(page["data"], page["has_more"], page["last_id"])


def count_runs(fetch: Callable[[Query], Fetched]) -> int:
    """Count the runs of a thread, given a function that fetches the page of a query."""
    query: Query = {"limit": 100}
    count = 0
    while True:
        page = fetch(query)
        for _ in page.runs:
            count += 1
        if not page.has_more:
            return count
        query["after"] = page.last_id


async def count_runs_async(fetch: Callable[[Query], Awaitable[Fetched]]) -> int:
    """Count the runs of a thread, given a coroutine function that fetches the page of a query."""
    query: Query = {"limit": 100}
    count = 0
    while True:
        page = await fetch(query)
        for _ in page.runs:
            count += 1
        if not page.has_more:
            return count
        query["after"] = page.last_id


async def count_many(walk: Callable[..., Awaitable[int]], threads: list[str], concurrency: int, **target: str) -> int:
    """Count the runs of several threads concurrently, with a coroutine function that counts one thread."""
    semaphore = asyncio.Semaphore(concurrency)

    async def count(thread: str) -> int:
        async with semaphore:
            return await walk(thread=thread, **target)

    return sum(await asyncio.gather(*map(count, threads)))
