"""The fastest decoder: msgspec into Structs. Unlike ours, it drops unknown fields."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from _protocol import read, serve


class CodeInterpreterStruct(msgspec.Struct, tag_field="type", tag="code_interpreter"):
    """A code interpreter tool."""


class RetrievalStruct(msgspec.Struct, tag_field="type", tag="retrieval"):
    """A retrieval tool."""


class FunctionDefinitionStruct(msgspec.Struct):
    """The definition of a function."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class FunctionStruct(msgspec.Struct, tag_field="type", tag="function"):
    """A function tool."""

    function: FunctionDefinitionStruct


class UsageStruct(msgspec.Struct):
    """The numbers of tokens used."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class LastErrorStruct(msgspec.Struct):
    """The error of a failed run."""

    code: str
    message: str


class IncompleteDetailsStruct(msgspec.Struct):
    """The reason that a run is incomplete."""

    reason: str


class TruncationStruct(msgspec.Struct):
    """The truncation of a thread."""

    type: str
    last_messages: int | None


class ChoiceStruct(msgspec.Struct):
    """A tool choice, or a response format."""

    type: str
    function: dict[str, str] | None = None


class RunStruct(msgspec.Struct):
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
    last_error: LastErrorStruct | None
    model: str
    instructions: str | None
    tools: list[CodeInterpreterStruct | RetrievalStruct | FunctionStruct]
    metadata: dict[str, str]
    required_action: dict[str, Any] | None = None
    incomplete_details: IncompleteDetailsStruct | None = None
    file_ids: list[str] | None = None
    usage: UsageStruct | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: TruncationStruct | None = None
    response_format: str | ChoiceStruct | None = None
    tool_choice: str | ChoiceStruct | None = None


class RunListStruct(msgspec.Struct):
    """A page."""

    object: Literal["list"]
    data: list[RunStruct]
    first_id: str | None
    last_id: str | None
    has_more: bool


DECODER = msgspec.json.Decoder(RunListStruct)


def decode(file: str) -> RunListStruct:
    """Decode the body of a page."""
    return DECODER.decode(read(file))


if __name__ == "__main__":
    serve("msgspec", decode=decode)
