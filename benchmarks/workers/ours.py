"""This package, used through its public API; over the transport that is named as the argument, if one is."""

from __future__ import annotations

import asyncio
import functools
import sys
import time
from typing import Any

from _protocol import read, serve

from threadruns import AsyncClient, Client, RunList, ThreadrunsError

TRANSPORT = sys.argv[1] if len(sys.argv) > 1 else ""


def transport(asynchronous: bool) -> Any:
    """Return the transport that is named; None for that of this package."""
    if not TRANSPORT:
        return None
    if TRANSPORT == "aiohttp" and asynchronous:
        from httpx_aiohttp import AiohttpTransport

        return AiohttpTransport()
    from pyreqwest.compatibility import httpx as adapter

    return adapter.HttpxTransport() if asynchronous else adapter.SyncHttpxTransport()


@functools.cache
def client(url: str, key: str) -> Client:
    """Return the client of a server, which stays open."""
    return Client(base_url=url, api_key=key, transport=transport(asynchronous=False))


@functools.cache
def async_client(url: str, key: str) -> AsyncClient:
    """Return the async client of a server, which stays open."""
    return AsyncClient(base_url=url, api_key=key, transport=transport(asynchronous=True))


def decode(file: str) -> RunList:
    """Decode the body of a page."""
    return RunList.from_json(read(file))


def walk(url: str, key: str, thread: str, max_items: int | None = None) -> int:
    """Count the runs of a thread."""
    runs = 0
    for _ in client(url, key).runs.list(thread, max_items=max_items):
        runs += 1
    return runs


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    runs = 0
    async for _ in async_client(url, key).runs.list(thread):
        runs += 1
    return runs


def work(url: str, key: str, thread: str, seconds: float, busy: bool, prefetch: bool) -> int:
    """Count the runs of a thread, computing or sleeping for some seconds after each page of 100."""
    runs = 0
    for _ in client(url, key).runs.list(thread, prefetch=prefetch):
        runs += 1
        if runs % 100 == 0:
            if busy:
                until = time.thread_time() + seconds
                while time.thread_time() < until:
                    pass
            else:
                time.sleep(seconds)
    return runs


async def async_work(url: str, key: str, thread: str, seconds: float, prefetch: bool) -> int:
    """Count the runs of a thread, sleeping for some seconds after each page of 100."""
    runs = 0
    async for _ in async_client(url, key).runs.list(thread, prefetch=prefetch):
        runs += 1
        if runs % 100 == 0:
            await asyncio.sleep(seconds)
    return runs


def many(url: str, key: str, threads: list[str], concurrency: int) -> int:
    """Count the runs of several threads concurrently."""
    runs = 0
    for _, found in client(url, key).runs.list.many(threads, concurrency=concurrency):
        if isinstance(found, ThreadrunsError):
            raise found
        runs += len(found) if isinstance(found, list) else 0
    return runs


async def async_many(url: str, key: str, threads: list[str], concurrency: int) -> int:
    """Count the runs of several threads concurrently."""
    runs = 0
    async for _, found in async_client(url, key).runs.list.many(threads, concurrency=concurrency):
        if isinstance(found, ThreadrunsError):
            raise found
        runs += len(found) if isinstance(found, list) else 0
    return runs


if __name__ == "__main__":
    serve(
        "threadruns",
        "httpcore",
        "msgspec",
        decode=decode,
        walk=walk,
        async_walk=async_walk,
        work=work,
        async_work=async_work,
        many=many,
        async_many=async_many,
    )
