# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define
from ..values import UNSET, UnknownVariant, Unset

if TYPE_CHECKING:
    from .code_interpreter_tool import CodeInterpreterTool
    from .function_tool import FunctionTool
    from .incomplete_details import IncompleteDetails
    from .last_error import LastError
    from .metadata import Metadata
    from .named_tool_choice import NamedToolChoice
    from .required_action import RequiredAction
    from .response_format import ResponseFormat
    from .response_format_mode import ResponseFormatMode
    from .retrieval_tool import RetrievalTool
    from .run_status import RunStatus
    from .tool_choice_mode import ToolChoiceMode
    from .truncation_strategy import TruncationStrategy
    from .usage import Usage


@define(kw_only=True)
class Run(Object):
    """One execution of an assistant on a thread."""

    id: str
    """The id of this run."""
    object: Literal["thread.run"] = constant("thread.run")
    """The kind of this object, always `thread.run`."""
    created_at: int
    """When the run was created, in Unix seconds."""
    assistant_id: str
    """The assistant that carries out this run."""
    thread_id: str
    """The thread that this run belongs to."""
    status: RunStatus
    """The state of the run."""
    started_at: int | None
    """When the run last started, in Unix seconds; null before it first started. Set in every status but `queued`. In a
    queued run it is set only if the run was queued again after its tool outputs were submitted. It is not before
    `created_at`."""
    expires_at: int | None
    """When the run will expire unless it ends, in Unix seconds, after `created_at`. Set while the run is under way,
    and null once it has completed. Null in the recorded runs that failed or were cancelled."""
    cancelled_at: int | None
    """When the run was cancelled, in Unix seconds. Null in a run that is under way, `cancelling` included, or has
    completed. Set in a cancelled run, and not before `started_at`. A run has at most one of `completed_at`,
    `failed_at` and `cancelled_at`."""
    failed_at: int | None
    """When the run failed, in Unix seconds, and not before `started_at`. Set in a failed run; null in one that is
    under way or has completed."""
    completed_at: int | None
    """When the run completed, in Unix seconds, and not before `started_at`. Set in a completed run; null in one that
    is under way or has failed. The recorded expired runs had completed first and kept their `completed_at`."""
    last_error: LastError | None
    """Why the run failed. Set in a failed run; null in one that is under way or has completed. A rate limit of the
    model is reported here, in a response with status 200."""
    model: str
    """The model that the run uses."""
    instructions: str | None
    """The instructions that the run follows; null if there are none."""
    tools: list[CodeInterpreterTool | RetrievalTool | FunctionTool | UnknownVariant]
    """The tools that the run may call."""
    metadata: Metadata
    """Notes that the caller attached to the run."""
    required_action: RequiredAction | UnknownVariant | None | Unset = UNSET
    """What the caller must do so that the run continues. Set while the status is `requires_action`; otherwise null, or
    absent before March 2024."""
    incomplete_details: IncompleteDetails | None | Unset = UNSET
    """Why the run was cut short; null if it was not, and null or absent while it is under way. The status of a run
    that was cut short is `completed`."""
    file_ids: list[str] | Unset = UNSET
    """The files that the run may read. Present in every v1 run, possibly as an empty array; removed in v2 of the API."""
    usage: Usage | None | Unset = UNSET
    """The tokens that the run used. Null or absent while the run is under way; set in a completed run, if the server
    sends the key at all."""
    temperature: float | Unset = UNSET
    """The sampling temperature, from 0 to 2."""
    top_p: float | Unset = UNSET
    """The share of probability that sampling considers, from 0 to 1."""
    max_prompt_tokens: int | None | Unset = UNSET
    """The maximum number of prompt tokens that the run may use in all; null for no limit."""
    max_completion_tokens: int | None | Unset = UNSET
    """The maximum number of completion tokens that the run may use in all; null for no limit."""
    truncation_strategy: TruncationStrategy | Unset = UNSET
    """How the thread is shortened before it reaches the model."""
    response_format: ResponseFormatMode | ResponseFormat | Unset = UNSET
    """The form that the model must answer in."""
    tool_choice: ToolChoiceMode | NamedToolChoice | Unset = UNSET
    """The tool that the model must call, if any."""
