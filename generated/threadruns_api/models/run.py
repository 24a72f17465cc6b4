# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from attrs import define

from ..errors import DecodeError
from ..structs import ADOPT, astuple, beyond, register
from ..types import (
    UNSET,
    Object,
    UnknownVariant,
    Unset,
    encode,
    integer,
    keep_variant,
    new,
    unknown_fields,
    wrong,
)
from .response_format_mode import ResponseFormatMode
from .run_status import RunStatus
from .tool_choice_mode import ToolChoiceMode


@define(kw_only=True, weakref_slot=False)
class Run(Object):
    """One execution of an assistant on a thread."""

    id: str
    """The id of this run."""
    object: Literal["thread.run"] = "thread.run"
    """The kind of this object, always `thread.run`."""
    created_at: int
    """When the run was created, in Unix seconds."""
    assistant_id: str
    """The assistant that carries out this run."""
    thread_id: str
    """The thread that this run belongs to."""
    status: RunStatus
    """Where the run stands."""
    started_at: int | None
    """When the run last began, in Unix seconds; null until it first began. Set in every status but `queued`, where it
    is set if the run was queued again after its tool outputs were submitted. Not before `created_at`."""
    expires_at: int | None
    """When the run will expire unless it ends, in Unix seconds, after `created_at`. Set while the run is under way,
    and null once it has completed. Null in the runs on record that failed or were cancelled."""
    cancelled_at: int | None
    """When the run was cancelled, in Unix seconds. Null in a run that is under way, `cancelling` included, or has
    completed. Set in a cancelled run, and not before `started_at`. A run has at most one of `completed_at`,
    `failed_at` and `cancelled_at`."""
    failed_at: int | None
    """When the run failed, in Unix seconds, and not before `started_at`. Set in a failed run; null in one that is
    under way or has completed."""
    completed_at: int | None
    """When the run completed, in Unix seconds, and not before `started_at`. Set in a completed run; null in one that
    is under way or has failed. The expired runs on record had completed first and kept it."""
    last_error: LastError | None
    """Why the run failed. Set in a failed run; null in one that is under way or has completed. A rate limit of the
    model is such an error, in a response of status 200."""
    model: str
    """The model that the run uses."""
    instructions: str | None
    """The instructions that the run follows; null if there are none."""
    tools: list[CodeInterpreterTool | RetrievalTool | FunctionTool | UnknownVariant]
    """The tools that the run may call."""
    metadata: Metadata
    """Notes that the caller attached to the run."""
    required_action: RequiredAction | None | Unset = UNSET
    """What the caller must do for the run to go on. Set while the status is `requires_action`; otherwise null, or
    absent before March 2024."""
    incomplete_details: IncompleteDetails | None | Unset = UNSET
    """Why the run was cut short; null if it was not, and null or absent while it is under way. A run that was cut
    short is `completed`."""
    file_ids: list[str] | Unset = UNSET
    """The files that the run may read. In every v1 run, if only as an empty array; left with v2 of the API."""
    usage: Usage | None | Unset = UNSET
    """The tokens that the run used. Null or absent while the run is under way; set in a completed run, if the server
    sends the key at all."""
    temperature: float | Unset = UNSET
    """The sampling temperature, from 0 to 2."""
    top_p: float | Unset = UNSET
    """The share of probability that sampling considers, from 0 to 1."""
    max_prompt_tokens: int | None | Unset = UNSET
    """The most prompt tokens that the run may use over its course, in tokens; null for no limit."""
    max_completion_tokens: int | None | Unset = UNSET
    """The most completion tokens that the run may use over its course, in tokens; null for no limit."""
    truncation_strategy: TruncationStrategy | Unset = UNSET
    """How the thread is shortened before it reaches the model."""
    response_format: ResponseFormatMode | ResponseFormat | Unset = UNSET
    """The form that the model must answer in."""
    tool_choice: ToolChoiceMode | NamedToolChoice | Unset = UNSET
    """Which tool the model must call, if any."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "assistant_id": self.assistant_id,
            "thread_id": self.thread_id,
            "status": self.status,
            "started_at": self.started_at,
            "expires_at": self.expires_at,
            "cancelled_at": self.cancelled_at,
            "failed_at": self.failed_at,
            "completed_at": self.completed_at,
            "last_error": encode(self.last_error),
            "model": self.model,
            "instructions": self.instructions,
            "tools": encode(self.tools),
            "metadata": encode(self.metadata),
        }
        if self.required_action is not UNSET:
            result["required_action"] = encode(self.required_action)
        if self.incomplete_details is not UNSET:
            result["incomplete_details"] = encode(self.incomplete_details)
        if self.file_ids is not UNSET:
            result["file_ids"] = self.file_ids
        if self.usage is not UNSET:
            result["usage"] = encode(self.usage)
        if self.temperature is not UNSET:
            result["temperature"] = self.temperature
        if self.top_p is not UNSET:
            result["top_p"] = self.top_p
        if self.max_prompt_tokens is not UNSET:
            result["max_prompt_tokens"] = self.max_prompt_tokens
        if self.max_completion_tokens is not UNSET:
            result["max_completion_tokens"] = self.max_completion_tokens
        if self.truncation_strategy is not UNSET:
            result["truncation_strategy"] = encode(self.truncation_strategy)
        if self.response_format is not UNSET:
            result["response_format"] = encode(self.response_format)
        if self.tool_choice is not UNSET:
            result["tool_choice"] = encode(self.tool_choice)
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "id",
    "object",
    "created_at",
    "assistant_id",
    "thread_id",
    "status",
    "started_at",
    "expires_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "last_error",
    "model",
    "instructions",
    "tools",
    "metadata",
    "required_action",
    "incomplete_details",
    "file_ids",
    "usage",
    "temperature",
    "top_p",
    "max_prompt_tokens",
    "max_completion_tokens",
    "truncation_strategy",
    "response_format",
    "tool_choice",
)


def decode_run(source: Any, cls: type[Any] = Run) -> Any:
    """Decode a `Run` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    get = source.get
    fields = len(source)
    try:
        v_id = source["id"]
        v_object_ = source["object"]
        v_created_at = source["created_at"]
        v_assistant_id = source["assistant_id"]
        v_thread_id = source["thread_id"]
        v_status = source["status"]
        v_started_at = source["started_at"]
        v_expires_at = source["expires_at"]
        v_cancelled_at = source["cancelled_at"]
        v_failed_at = source["failed_at"]
        v_completed_at = source["completed_at"]
        v_last_error = source["last_error"]
        v_model = source["model"]
        v_instructions = source["instructions"]
        v_tools = source["tools"]
        v_metadata = source["metadata"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_id) is not str:
        raise wrong(v_id, "a string", "id")
    if v_object_ != "thread.run":
        raise wrong(v_object_, "'thread.run'", "object")
    if type(v_created_at) is not int:
        v_created_at = integer(v_created_at, "created_at")
    if type(v_assistant_id) is not str:
        raise wrong(v_assistant_id, "a string", "assistant_id")
    if type(v_thread_id) is not str:
        raise wrong(v_thread_id, "a string", "thread_id")
    if type(v_status) is not str:
        raise wrong(v_status, "a string", "status")
    if v_started_at is not None:
        if type(v_started_at) is not int:
            v_started_at = integer(v_started_at, "started_at")
    if v_expires_at is not None:
        if type(v_expires_at) is not int:
            v_expires_at = integer(v_expires_at, "expires_at")
    if v_cancelled_at is not None:
        if type(v_cancelled_at) is not int:
            v_cancelled_at = integer(v_cancelled_at, "cancelled_at")
    if v_failed_at is not None:
        if type(v_failed_at) is not int:
            v_failed_at = integer(v_failed_at, "failed_at")
    if v_completed_at is not None:
        if type(v_completed_at) is not int:
            v_completed_at = integer(v_completed_at, "completed_at")
    if v_last_error is not None:
        try:
            v_last_error = decode_last_error(v_last_error)
        except DecodeError as error:
            raise error.within("last_error") from None
    if type(v_model) is not str:
        raise wrong(v_model, "a string", "model")
    if v_instructions is not None:
        if type(v_instructions) is not str:
            raise wrong(v_instructions, "a string or null", "instructions")
    if type(v_tools) is not list:
        raise wrong(v_tools, "an array", "tools")
    else:
        v_tools_items: list[Any] = []
        try:
            for item in v_tools:
                try:
                    decode = _TOOLS_ITEM[item["type"]]
                except (KeyError, TypeError):
                    decode = _decode_tools_item_variant
                v_tools_items.append(decode(item))
        except DecodeError as error:
            raise error.within(len(v_tools_items)).within("tools") from None
        v_tools = v_tools_items
    try:
        v_metadata = decode_metadata(v_metadata)
    except DecodeError as error:
        raise error.within("metadata") from None
    v_required_action = get("required_action", UNSET)
    if v_required_action is UNSET:
        fields += 1
    elif v_required_action is not None:
        try:
            v_required_action = decode_required_action(v_required_action)
        except DecodeError as error:
            raise error.within("required_action") from None
    v_incomplete_details = get("incomplete_details", UNSET)
    if v_incomplete_details is UNSET:
        fields += 1
    elif v_incomplete_details is not None:
        try:
            v_incomplete_details = decode_incomplete_details(v_incomplete_details)
        except DecodeError as error:
            raise error.within("incomplete_details") from None
    v_file_ids = get("file_ids", UNSET)
    if v_file_ids is UNSET:
        fields += 1
    elif type(v_file_ids) is not list:
        raise wrong(v_file_ids, "an array", "file_ids")
    else:
        for item in v_file_ids:
            if type(item) is not str:
                raise wrong(item, "a string", "file_ids", v_file_ids.index(item))
    v_usage = get("usage", UNSET)
    if v_usage is UNSET:
        fields += 1
    elif v_usage is not None:
        try:
            v_usage = decode_usage(v_usage)
        except DecodeError as error:
            raise error.within("usage") from None
    v_temperature = get("temperature", UNSET)
    if type(v_temperature) is not float and type(v_temperature) is not int:
        if v_temperature is UNSET:
            fields += 1
        else:
            raise wrong(v_temperature, "a number", "temperature")
    v_top_p = get("top_p", UNSET)
    if type(v_top_p) is not float and type(v_top_p) is not int:
        if v_top_p is UNSET:
            fields += 1
        else:
            raise wrong(v_top_p, "a number", "top_p")
    v_max_prompt_tokens = get("max_prompt_tokens", UNSET)
    if v_max_prompt_tokens is UNSET:
        fields += 1
    elif v_max_prompt_tokens is not None:
        if type(v_max_prompt_tokens) is not int:
            v_max_prompt_tokens = integer(v_max_prompt_tokens, "max_prompt_tokens")
    v_max_completion_tokens = get("max_completion_tokens", UNSET)
    if v_max_completion_tokens is UNSET:
        fields += 1
    elif v_max_completion_tokens is not None:
        if type(v_max_completion_tokens) is not int:
            v_max_completion_tokens = integer(v_max_completion_tokens, "max_completion_tokens")
    v_truncation_strategy = get("truncation_strategy", UNSET)
    if v_truncation_strategy is UNSET:
        fields += 1
    else:
        try:
            v_truncation_strategy = decode_truncation_strategy(v_truncation_strategy)
        except DecodeError as error:
            raise error.within("truncation_strategy") from None
    v_response_format = get("response_format", UNSET)
    if v_response_format is UNSET:
        fields += 1
    elif type(v_response_format) is dict:
        try:
            v_response_format = decode_response_format(v_response_format)
        except DecodeError as error:
            raise error.within("response_format") from None
    elif type(v_response_format) is not str:
        raise wrong(v_response_format, "a string or an object", "response_format")
    v_tool_choice = get("tool_choice", UNSET)
    if v_tool_choice is UNSET:
        fields += 1
    elif type(v_tool_choice) is dict:
        try:
            v_tool_choice = decode_named_tool_choice(v_tool_choice)
        except DecodeError as error:
            raise error.within("tool_choice") from None
    elif type(v_tool_choice) is not str:
        raise wrong(v_tool_choice, "a string or an object", "tool_choice")
    decoded = new(cls)
    decoded.id = v_id
    decoded.object = "thread.run"
    decoded.created_at = v_created_at
    decoded.assistant_id = v_assistant_id
    decoded.thread_id = v_thread_id
    decoded.status = v_status
    decoded.started_at = v_started_at
    decoded.expires_at = v_expires_at
    decoded.cancelled_at = v_cancelled_at
    decoded.failed_at = v_failed_at
    decoded.completed_at = v_completed_at
    decoded.last_error = v_last_error
    decoded.model = v_model
    decoded.instructions = v_instructions
    decoded.tools = v_tools
    decoded.metadata = v_metadata
    decoded.required_action = v_required_action
    decoded.incomplete_details = v_incomplete_details
    decoded.file_ids = v_file_ids
    decoded.usage = v_usage
    decoded.temperature = v_temperature
    decoded.top_p = v_top_p
    decoded.max_prompt_tokens = v_max_prompt_tokens
    decoded.max_completion_tokens = v_max_completion_tokens
    decoded.truncation_strategy = v_truncation_strategy
    decoded.response_format = v_response_format
    decoded.tool_choice = v_tool_choice
    if fields == 27:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_run(struct: Any) -> Any:
    """Make a `Run` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 27:
        values, unknown = beyond(struct, values, 27)
    (
        v_id,
        _,
        v_created_at,
        v_assistant_id,
        v_thread_id,
        v_status,
        v_started_at,
        v_expires_at,
        v_cancelled_at,
        v_failed_at,
        v_completed_at,
        v_last_error,
        v_model,
        v_instructions,
        v_tools,
        v_metadata,
        v_required_action,
        v_incomplete_details,
        v_file_ids,
        v_usage,
        v_temperature,
        v_top_p,
        v_max_prompt_tokens,
        v_max_completion_tokens,
        v_truncation_strategy,
        v_response_format,
        v_tool_choice,
    ) = values

    if v_last_error is not None:
        v_last_error = adopt_last_error(v_last_error)

    for place, item in enumerate(v_tools):
        v_tools[place] = ADOPT[type(item)](item)
    v_metadata = adopt_metadata(v_metadata)
    if v_required_action is not None and v_required_action is not UNSET:
        v_required_action = adopt_required_action(v_required_action)
    if v_incomplete_details is not None and v_incomplete_details is not UNSET:
        v_incomplete_details = adopt_incomplete_details(v_incomplete_details)

    if v_usage is not None and v_usage is not UNSET:
        v_usage = adopt_usage(v_usage)

    if v_truncation_strategy is not UNSET:
        v_truncation_strategy = adopt_truncation_strategy(v_truncation_strategy)
    if type(v_response_format) is not str and v_response_format is not UNSET:
        v_response_format = adopt_response_format(v_response_format)
    if type(v_tool_choice) is not str and v_tool_choice is not UNSET:
        v_tool_choice = adopt_named_tool_choice(v_tool_choice)
    made = new(Run)
    made.id = v_id
    made.object = "thread.run"
    made.created_at = v_created_at
    made.assistant_id = v_assistant_id
    made.thread_id = v_thread_id
    made.status = v_status
    made.started_at = v_started_at
    made.expires_at = v_expires_at
    made.cancelled_at = v_cancelled_at
    made.failed_at = v_failed_at
    made.completed_at = v_completed_at
    made.last_error = v_last_error
    made.model = v_model
    made.instructions = v_instructions
    made.tools = v_tools
    made.metadata = v_metadata
    made.required_action = v_required_action
    made.incomplete_details = v_incomplete_details
    made.file_ids = v_file_ids
    made.usage = v_usage
    made.temperature = v_temperature
    made.top_p = v_top_p
    made.max_prompt_tokens = v_max_prompt_tokens
    made.max_completion_tokens = v_max_completion_tokens
    made.truncation_strategy = v_truncation_strategy
    made.response_format = v_response_format
    made.tool_choice = v_tool_choice
    made._unknown = unknown
    return made


register(Run, decode_run, adopt_run, _KEYS)

from .code_interpreter_tool import CodeInterpreterTool, decode_code_interpreter_tool  # noqa: E402
from .function_tool import FunctionTool, decode_function_tool  # noqa: E402
from .incomplete_details import IncompleteDetails, adopt_incomplete_details, decode_incomplete_details  # noqa: E402
from .last_error import LastError, adopt_last_error, decode_last_error  # noqa: E402
from .metadata import Metadata, adopt_metadata, decode_metadata  # noqa: E402
from .named_tool_choice import NamedToolChoice, adopt_named_tool_choice, decode_named_tool_choice  # noqa: E402
from .required_action import RequiredAction, adopt_required_action, decode_required_action  # noqa: E402
from .response_format import ResponseFormat, adopt_response_format, decode_response_format  # noqa: E402
from .retrieval_tool import RetrievalTool, decode_retrieval_tool  # noqa: E402
from .truncation_strategy import TruncationStrategy, adopt_truncation_strategy, decode_truncation_strategy  # noqa: E402
from .usage import Usage, adopt_usage, decode_usage  # noqa: E402

_TOOLS_ITEM: dict[Any, Callable[[Any], Any]] = {
    "code_interpreter": decode_code_interpreter_tool,
    "retrieval": decode_retrieval_tool,
    "function": decode_function_tool,
}


def _decode_tools_item_variant(value: Any) -> Any:
    try:
        decode = _TOOLS_ITEM[value["type"]]
    except (KeyError, TypeError):
        return keep_variant(value, "type")
    return decode(value)
