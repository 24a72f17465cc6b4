"""httpx, with pydantic into models that a caller writes for the fields of a run."""

from __future__ import annotations

import functools
from typing import Any, Literal

import httpx
from _listing import RunCounter
from _protocol import read, serve
from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A model that keeps unknown fields, as ours do."""

    model_config = ConfigDict(extra="allow")


class Definition(Model):
    """A function that a tool calls."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Model):
    """A tool of any type."""

    type: str
    function: Definition | None = None


class Usage(Model):
    """Token counts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Problem(Model):
    """The reason of a failure."""

    code: str
    message: str


class Truncation(Model):
    """The part of a thread that a run reads."""

    type: str
    last_messages: int | None


class Run(Model):
    """A run."""

    id: str
    object: Literal["thread.run"]
    created_at: int
    assistant_id: str
    thread_id: str
    status: str
    started_at: int | None
    expires_at: int | None
    cancelled_at: int | None
    failed_at: int | None
    completed_at: int | None
    last_error: Problem | None
    model: str
    instructions: str | None
    tools: list[Tool]
    metadata: dict[str, str]
    required_action: dict[str, Any] | None = None
    incomplete_details: dict[str, Any] | None = None
    file_ids: list[str] | None = None
    usage: Usage | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: Truncation | None = None
    response_format: str | dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None


class RunList(Model):
    """A page."""

    object: Literal["list"]
    data: list[Run]
    first_id: str | None
    last_id: str | None
    has_more: bool


def settings(url: str, key: str) -> dict[str, Any]:
    """Return the settings of both clients."""
    return {"base_url": url, "headers": {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}}


@functools.cache
def client(url: str, key: str) -> httpx.Client:
    """Return the client of a server, which stays open."""
    return httpx.Client(**settings(url, key))


@functools.cache
def async_client(url: str, key: str) -> httpx.AsyncClient:
    """Return the async client of a server, which stays open."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(**settings(url, key), limits=limits)


def decode(file: str) -> RunList:
    """Decode the body of a page."""
    return RunList.model_validate_json(read(file))


def add(count: RunCounter, response: httpx.Response) -> None:
    """Add the page of a response."""
    page = RunList.model_validate_json(response.raise_for_status().content)
    count.add(page.data, page.has_more, page.last_id)


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


if __name__ == "__main__":
    serve("pydantic", "httpx", decode=decode, walk=walk, async_walk=async_walk)
