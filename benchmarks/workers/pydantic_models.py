"""httpx, with pydantic into models that a caller writes for the fields of a run."""

from __future__ import annotations

from typing import Any, Literal

import httpx
from _httpx import serve_walks
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


if __name__ == "__main__":
    serve_walks(
        httpx,
        "pydantic",
        "httpx",
        parse=RunList.model_validate_json,
        page_of=lambda page: (page.data, page.has_more, page.last_id),
    )
