"""The official SDK, in the version of the environment."""

from __future__ import annotations

import functools
import json
import warnings
from typing import Any

from _protocol import read, serve
from openai import AsyncOpenAI, OpenAI
from openai._models import construct_type
from openai.pagination import SyncCursorPage
from openai.types.beta.threads import Run

BETA = {"OpenAI-Beta": "assistants=v1"}


@functools.cache
def client(url: str, key: str) -> OpenAI:
    """Return the client of a server, which stays open."""
    return OpenAI(base_url=url, api_key=key)


@functools.cache
def async_client(url: str, key: str) -> AsyncOpenAI:
    """Return the async client of a server, which stays open."""
    return AsyncOpenAI(base_url=url, api_key=key)


def decode(file: str) -> Any:
    """Decode the body of a page as the SDK does after a response."""
    return construct_type(type_=SyncCursorPage[Run], value=json.loads(read(file)))


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    runs = 0
    for _ in client(url, key).beta.threads.runs.list(thread, limit=100, extra_headers=BETA):
        runs += 1
    return runs


async def async_walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    runs = 0
    async for _ in async_client(url, key).beta.threads.runs.list(thread, limit=100, extra_headers=BETA):
        runs += 1
    return runs


if __name__ == "__main__":
    # The newest SDK marks every call of this API as deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    serve("openai", "pydantic", decode=decode, walk=walk, async_walk=async_walk)
