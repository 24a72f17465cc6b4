"""Driving both clients through the same calls, so that one test speaks of both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from threadruns import AsyncClient, Client, Run
from threadruns.testing import RunningServer

Walker = Callable[..., list[Run]]


def walk(server: RunningServer, thread: str = "thread_a", *, client: dict[str, Any] | None = None, **call: Any) -> Any:
    """Return all runs of a thread, through the sync client."""
    with Client(**{"api_key": server.api_key, "base_url": server.url, **(client or {})}) as opened:
        return list(opened.runs.list(thread, **call))


def async_walk(
    server: RunningServer, thread: str = "thread_a", *, client: dict[str, Any] | None = None, **call: Any
) -> Any:
    """Return all runs of a thread, through the async client."""

    async def main() -> list[Run]:
        async with AsyncClient(**{"api_key": server.api_key, "base_url": server.url, **(client or {})}) as opened:
            return [run async for run in opened.runs.list(thread, **call)]

    return asyncio.run(main())


WALKS: dict[str, Walker] = {"sync": walk, "async": async_walk}


def names(runs: list[Run]) -> list[str]:
    """Return the ids of runs."""
    return [run.id for run in runs]


@contextmanager
def opened(server: RunningServer, **options: Any) -> Generator[Client]:
    """Give a sync client for a server."""
    with Client(api_key=server.api_key, base_url=server.url, **options) as client:
        yield client
