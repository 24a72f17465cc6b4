"""The walks of the participants on httpx, which differ in how they decode a page."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from _listing import RunCounter
from _protocol import read, serve

Page = tuple[Any, bool, Any]
"""The items of a page, whether more follow, and the id of the last item."""


def serve_walks(library: Any, *packages: str, parse: Callable[[bytes], Any], page_of: Callable[[Any], Page]) -> None:
    """Answer orders for a participant.

    Args:
        library: httpx, or a library with the same interface.
        *packages: The distributions whose versions the first line of output reports.
        parse: Decodes a body.
        page_of: Returns the page of a decoded body.
    """

    def settings(url: str, key: str) -> dict[str, Any]:
        return {"base_url": url, "headers": {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}}

    @functools.cache
    def client(url: str, key: str) -> Any:
        """Return the client of a server, which stays open."""
        return library.Client(**settings(url, key))

    @functools.cache
    def async_client(url: str, key: str) -> Any:
        """Return the async client of a server, which stays open."""
        limits = library.Limits(max_connections=None, max_keepalive_connections=None)
        return library.AsyncClient(**settings(url, key), limits=limits)

    def decode(file: str) -> Any:
        """Decode the body of a page."""
        return parse(read(file))

    def add(count: RunCounter, response: Any) -> None:
        """Add the page of a response."""
        count.add(*page_of(parse(response.raise_for_status().content)))

    def walk(url: str, key: str, thread: str) -> int:
        """Count the runs of a thread."""
        count = RunCounter()
        while not count.done:
            add(count, client(url, key).get(f"/threads/{thread}/runs", params=count.query))
        return count.runs

    async def async_walk(url: str, key: str, thread: str) -> int:
        """Count the runs of a thread."""
        count = RunCounter()
        while not count.done:
            add(count, await async_client(url, key).get(f"/threads/{thread}/runs", params=count.query))
        return count.runs

    serve(*packages, decode=decode, walk=walk, async_walk=async_walk)
