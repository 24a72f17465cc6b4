"""The loop over pages, for participants that have none, and over threads, for those that list one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any


class RunCounter:
    """The number of runs of a thread, counted page by page.

    ``query`` has the parameters of the next page; ``done`` is true after the last one.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.done = False
        self.query: dict[str, Any] = {"limit": 100}

    def add(self, data: Iterable[Any], has_more: bool, last_id: Any) -> None:
        """Add a page."""
        runs = 0
        for _ in data:
            runs += 1
        self.runs += runs
        self.done = not has_more
        self.query["after"] = last_id


async def count_many(walk: Callable[..., Awaitable[int]], threads: list[str], concurrency: int, **target: str) -> int:
    """Count the runs of several threads concurrently, with a coroutine function that counts one thread."""
    semaphore = asyncio.Semaphore(concurrency)

    async def count(thread: str) -> int:
        async with semaphore:
            return await walk(thread=thread, **target)

    return sum(await asyncio.gather(*map(count, threads)))
