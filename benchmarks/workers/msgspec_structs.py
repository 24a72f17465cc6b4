"""The fastest decoder there is: msgspec into Structs. It drops unknown fields, so it cannot do what ours must."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from _protocol import read, serve


class CodeInterpreter(msgspec.Struct, tag_field="type", tag="code_interpreter"):
    """A tool."""


class Retrieval(msgspec.Struct, tag_field="type", tag="retrieval"):
    """A tool."""


class Definition(msgspec.Struct):
    """A function that a tool calls."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Function(msgspec.Struct, tag_field="type", tag="function"):
    """A tool."""

    function: Definition


class Usage(msgspec.Struct):
    """Tokens used."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class LastError(msgspec.Struct):
    """Why a run failed."""

    code: str
    message: str


class Incomplete(msgspec.Struct):
    """Why a run was cut short."""

    reason: str


class Truncation(msgspec.Struct):
    """How a thread is shortened."""

    type: str
    last_messages: int | None


class Choice(msgspec.Struct):
    """A tool to be called, or a form of answer."""

    type: str
    function: dict[str, str] | None = None


class Run(msgspec.Struct):
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
    last_error: LastError | None
    model: str
    instructions: str | None
    tools: list[CodeInterpreter | Retrieval | Function]
    metadata: dict[str, str]
    required_action: dict[str, Any] | None = None
    incomplete_details: Incomplete | None = None
    file_ids: list[str] | None = None
    usage: Usage | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: Truncation | None = None
    response_format: str | Choice | None = None
    tool_choice: str | Choice | None = None


class RunList(msgspec.Struct):
    """A page."""

    object: Literal["list"]
    data: list[Run]
    first_id: str | None
    last_id: str | None
    has_more: bool


DECODER = msgspec.json.Decoder(RunList)


def decode(file: str) -> RunList:
    """Decode the body of a page."""
    return DECODER.decode(read(file))


if __name__ == "__main__":
    serve("msgspec", decode=decode)
