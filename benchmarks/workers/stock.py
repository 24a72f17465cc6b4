"""The client that the generator makes of the document with its stock templates; it has no loop over pages."""

from __future__ import annotations

import functools

import orjson
from _listing import RunCounter
from _protocol import read, serve
from threadruns_stock.api.runs import list_runs
from threadruns_stock.client import AuthenticatedClient
from threadruns_stock.models import RunList


@functools.cache
def client(url: str, key: str) -> AuthenticatedClient:
    """Return the client of a server, which stays open."""
    return AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)


def decode(file: str) -> RunList:
    """Decode the body of a page, with the fastest parser."""
    return RunList.from_dict(orjson.loads(read(file)))


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        page = list_runs.sync(thread, client=client(url, key), **count.query)
        count.add(page.data, page.has_more, page.last_id)
    return count.runs


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    count = RunCounter()
    while not count.done:
        page = await list_runs.asyncio(thread, client=client(url, key), **count.query)
        count.add(page.data, page.has_more, page.last_id)
    return count.runs


if __name__ == "__main__":
    serve("httpx", "orjson", "attrs", decode=decode, walk=walk, async_walk=async_walk)
