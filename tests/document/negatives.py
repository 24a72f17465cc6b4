"""The table of invalid bodies, each one change away from a valid one.

The required keys of each object are written out here and not read from the document, so that a missing requirement is
noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from tests.support.unknown import TOOL

from . import bodies

REMOVED = object()
"""The value of a key that is removed."""

OPERATION = "#/paths/~1threads~1{thread_id}~1runs/get"
LIST = "#/components/schemas/RunList"
ERRORS = "#/components/schemas/ErrorResponse"


class Negative(NamedTuple):
    """An invalid body.

    Attributes:
        name: A description of the fault.
        schema: The schema that rejects the body, as a reference into the document.
        body: The body.
        valid: The valid body that it was made from.
        path: The place of the fault.
        keyword: The keyword that rejects it.
    """

    name: str
    schema: str
    body: Any
    valid: Any
    path: tuple[str | int, ...]
    keyword: str


def put(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of a body with one place changed."""
    if not path:
        return value
    changed = deepcopy(body)
    node = changed
    for key in path[:-1]:
        node = node[key]
    if value is REMOVED:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return changed


def negative(
    schema: str, valid: Any, what: str, at: str, value: Any, keyword: str, where: str | None = None
) -> Negative:
    """Return a case; a place is written ``data.0.id``, and the fault is found there unless ``where`` is given."""
    path = split(at)
    found = split(at if where is None else where)
    return Negative(what, schema, put(valid, path, value), valid, found, keyword)


def split(at: str) -> tuple[str | int, ...]:
    """Return the keys and indices of a place written with dots."""
    return tuple(int(token) if token.isdecimal() else token for token in at.split(".") if token)


def missing(schema: str, valid: Any, at: str, keys: str) -> Iterator[Negative]:
    """Yield a case for each required key of an object."""
    for key in keys.split():
        place = f"{at}.{key}".lstrip(".")
        yield negative(schema, valid, f"{place} is missing", place, REMOVED, "required", at)


def run(valid: bodies.Json, what: str, at: str, value: Any, keyword: str, where: str | None = None) -> Negative:
    """Return a case with a run in a list of its own."""
    inside = None if where is None else f"data.0.{where}"
    return negative(LIST, bodies.listed(valid), what, f"data.0.{at}", value, keyword, inside)


FIRST, WAITING, SECOND, THIRD, FOURTH, FIFTH, SHORT = list(bodies.RUNS.values())[:7]
LISTED = bodies.listed(FIRST, SECOND, has_more=True)
CALL = "required_action.submit_tool_outputs.tool_calls.0"
NULLABLE_TIMES = ("started_at", "expires_at", "cancelled_at", "failed_at", "completed_at")
BEYOND = 2**31
ALL_TIMES = FIRST | dict.fromkeys(NULLABLE_TIMES, 1700000000)
"""A run with all times set, which no server sends: without null beside it, only the type of a time is tested."""


def envelope() -> Iterator[Negative]:
    """Yield the faults of the list around the runs."""
    yield from missing(LIST, LISTED, "", "object data first_id last_id has_more")
    for what, at, value, keyword in [
        ("a list that is null", "", None, "type"),
        ("a list that is a bare array", "", [FIRST], "type"),
        ("object is page", "object", "page", "const"),
        ("object is null", "object", None, "const"),
        ("data is null", "data", None, "type"),
        ("data is an object", "data", {"0": FIRST}, "type"),
        ("a run is null", "data.0", None, "type"),
        ("a run is its id", "data.0", "run_9wQm2XtRkV", "type"),
        ("more than 100 runs", "data", [FIRST] * 101, "maxItems"),
        ("first_id is null beside data", "first_id", None, "not"),
        ("last_id is null beside data", "last_id", None, "not"),
        ("first_id is empty", "first_id", "", "pattern"),
        ("last_id is empty", "last_id", "", "pattern"),
        ("first_id is a thread", "first_id", "thread_Zx04LmNb", "pattern"),
        ("last_id is a number", "last_id", 7, "type"),
        ("has_more is a string", "has_more", "no", "type"),
        ("has_more is a number", "has_more", 0, "type"),
        ("has_more is null", "has_more", None, "type"),
    ]:
        yield negative(LIST, LISTED, what, at, value, keyword)
    for what, at, value, keyword in [
        ("first_id beside empty data", "first_id", "run_9wQm2XtRkV", "const"),
        ("last_id beside empty data", "last_id", "run_9wQm2XtRkV", "const"),
        ("first_id is empty beside empty data", "first_id", "", "const"),
        ("last_id is empty beside empty data", "last_id", "", "const"),
        ("has_more beside empty data", "has_more", True, "const"),
    ]:
        yield negative(LIST, bodies.EMPTY, what, at, value, keyword)


def run_keys() -> Iterator[Negative]:
    """Yield the faults of the keys that every run has."""
    required = (
        "id object created_at assistant_id thread_id status started_at expires_at cancelled_at failed_at completed_at"
        " last_error model instructions tools metadata"
    )
    yield from missing(LIST, bodies.listed(FIRST), "data.0", required)
    for key, prefix in [("id", "run_"), ("assistant_id", "asst_"), ("thread_id", "thread_")]:
        yield run(FIRST, f"{key} is empty", key, "", "pattern")
        yield run(FIRST, f"{key} is a bare prefix", key, prefix, "pattern")
        yield run(FIRST, f"{key} has no prefix", key, "9wQm2XtRkV", "pattern")
        yield run(FIRST, f"{key} has a slash", key, f"{prefix}a/b", "pattern")
        yield run(FIRST, f"{key} has a space", key, f"{prefix}a b", "pattern")
        yield run(FIRST, f"{key} ends in a newline", key, f"{prefix}a\n", "pattern")
        yield run(FIRST, f"{key} has a letter beyond ASCII", key, f"{prefix}é", "pattern")
        yield run(FIRST, f"{key} has another prefix", key, "msg_9wQm2XtRkV", "pattern")
        yield run(FIRST, f"{key} is a number", key, 7, "type")
        yield run(FIRST, f"{key} is null", key, None, "type")
    for key in ("created_at", *NULLABLE_TIMES):
        yield run(FIRST, f"{key} is a string", key, "1700000000", "type")
        yield run(FIRST, f"{key} has a fraction", key, 1700000000.5, "type")
        yield run(FIRST, f"{key} is an ISO date", key, "2023-11-14T22:13:20Z", "type")
        yield run(FIRST, f"{key} is true", key, True, "type")
        yield run(FIRST, f"{key} is zero", key, 0, "minimum")
        yield run(FIRST, f"{key} is negative", key, -1700000000, "minimum")
        yield run(FIRST, f"{key} is in milliseconds", key, 1700000000000, "maximum")
    yield run(ALL_TIMES, "created_at is the one string among numbers", "created_at", "1700000000", "type")
    for what, key, value, keyword in [
        ("object is a thread", "object", "thread", "const"),
        ("object is a list", "object", "list", "const"),
        ("created_at is null", "created_at", None, "type"),
        ("status is foreign", "status", "running", "enum"),
        ("status is of v2", "status", "incomplete", "enum"),
        ("status is in capitals", "status", "QUEUED", "enum"),
        ("status is in British English but one", "status", "canceled", "enum"),
        ("status is null", "status", None, "enum"),
        ("status is empty", "status", "", "enum"),
        ("model is empty", "model", "", "minLength"),
        ("model is null", "model", None, "type"),
        ("model is a number", "model", 4, "type"),
        ("instructions is a list", "instructions", ["Answer."], "type"),
        ("instructions is a number", "instructions", 7, "type"),
        ("last_error is a string", "last_error", "server_error", "type"),
        ("last_error is the word null", "last_error", "null", "type"),
        ("last_error is empty", "last_error", {}, "required"),
        ("tools is null", "tools", None, "type"),
        ("tools is an object", "tools", {}, "type"),
        ("file_ids is null", "file_ids", None, "type"),
        ("file_ids is a string", "file_ids", "file-a81Jq", "type"),
        ("metadata is null", "metadata", None, "type"),
        ("metadata is a list", "metadata", [], "type"),
        ("metadata has 17 pairs", "metadata", {f"key{n}": "" for n in range(17)}, "maxProperties"),
        ("metadata is a string", "metadata", "{}", "type"),
    ]:
        yield run(FIRST, what, key, value, keyword)
    yield run(SECOND, "a file id is empty", "file_ids.0", "", "minLength")
    yield run(SECOND, "a file id is null", "file_ids.0", None, "type")
    yield run(SECOND, "a file id is a number", "file_ids.0", 81, "type")
    yield run(SECOND, "a metadata key of 65 characters", "metadata", {"k" * 65: ""}, "maxLength", "metadata")
    yield run(SECOND, "a metadata value of 513 characters", "metadata.origin", "v" * 513, "maxLength")
    yield run(SECOND, "a metadata value that is a number", "metadata.attempt", 2, "type")
    yield run(SECOND, "a metadata value that is null", "metadata.attempt", None, "type")
    yield run(SECOND, "a metadata value that is an object", "metadata.attempt", {}, "type")


def run_parts() -> Iterator[Negative]:
    """Yield the faults of the objects inside a run."""
    error, waiting = bodies.listed(THIRD), bodies.listed(WAITING)
    yield from missing(LIST, error, "data.0.last_error", "code message")
    yield run(THIRD, "an error code that is foreign", "last_error.code", "too_tired", "enum")
    yield run(THIRD, "an error code that is null", "last_error.code", None, "enum")
    yield run(THIRD, "an error message that is null", "last_error.message", None, "type")
    yield run(THIRD, "an error message that is an object", "last_error.message", {"text": ""}, "type")

    yield from missing(LIST, waiting, "data.0.tools.0", "type")
    yield from missing(LIST, waiting, "data.0.tools.1", "type")
    yield from missing(LIST, waiting, "data.0.tools.2", "type function")
    yield from missing(LIST, waiting, "data.0.tools.2.function", "name")
    for what, at, value, keyword in [
        ("a tool that is a word", "tools.0", "code_interpreter", "type"),
        ("a tool that is null", "tools.0", None, "type"),
        ("one tool of v2 among others", "tools.1.type", TOOL, "const"),
        ("a tool whose type is null", "tools.0.type", None, "const"),
        ("a function that is null", "tools.2.function", None, "type"),
        ("a function that is its name", "tools.2.function", "weather", "type"),
        ("a function name that is empty", "tools.2.function.name", "", "minLength"),
        ("a function name that is null", "tools.2.function.name", None, "type"),
        ("a function description that is null", "tools.2.function.description", None, "type"),
        ("a function description that is a number", "tools.2.function.description", 7, "type"),
        ("function parameters that are null", "tools.2.function.parameters", None, "type"),
        ("function parameters as JSON text", "tools.2.function.parameters", "{}", "type"),
        ("function parameters that are a list", "tools.2.function.parameters", [], "type"),
    ]:
        yield run(WAITING, what, at, value, keyword)

    for tool in WAITING["tools"]:
        alone = FIRST | {"tools": [tool]}
        yield run(alone, f"{tool['type']} under another name", "tools.0.type", "browser", "const")
        yield run(alone, f"{tool['type']} in capitals", "tools.0.type", tool["type"].upper(), "const")
        yield run(alone, f"{tool['type']} as a word", "tools.0", tool["type"], "type")

    yield from missing(LIST, waiting, "data.0.required_action", "type submit_tool_outputs")
    yield from missing(LIST, waiting, "data.0.required_action.submit_tool_outputs", "tool_calls")
    yield from missing(LIST, waiting, f"data.0.{CALL}", "id type function")
    yield from missing(LIST, waiting, f"data.0.{CALL}.function", "name arguments")
    for what, at, value, keyword in [
        ("an action that is a word", "required_action", "submit_tool_outputs", "type"),
        ("an action that is empty", "required_action", {}, "required"),
        ("an action of another type", "required_action.type", "confirm", "const"),
        ("an action without content", "required_action.submit_tool_outputs", None, "type"),
        ("tool calls that are null", "required_action.submit_tool_outputs.tool_calls", None, "type"),
        ("tool calls that are an object", "required_action.submit_tool_outputs.tool_calls", {}, "type"),
        ("a tool call that is its id", CALL, "call_u3Kd", "type"),
        ("a tool call whose id is empty", f"{CALL}.id", "", "minLength"),
        ("a tool call whose id is null", f"{CALL}.id", None, "type"),
        ("a tool call of another type", f"{CALL}.type", "retrieval", "const"),
        ("a tool call whose function is its name", f"{CALL}.function", "weather", "type"),
        ("a tool call whose function name is empty", f"{CALL}.function.name", "", "minLength"),
        ("a tool call whose function name is null", f"{CALL}.function.name", None, "type"),
        ("arguments that were parsed", f"{CALL}.function.arguments", {"city": "Oslo"}, "type"),
        ("arguments that are null", f"{CALL}.function.arguments", None, "type"),
    ]:
        yield run(WAITING, what, at, value, keyword)

    counts = "prompt_tokens completion_tokens total_tokens"
    yield from missing(LIST, bodies.listed(SECOND), "data.0.usage", counts)
    yield run(SECOND, "usage that is a number", "usage", 155, "type")
    yield run(SECOND, "usage that is empty", "usage", {}, "required")
    for key in counts.split():
        yield run(SECOND, f"{key} is a string", f"usage.{key}", "35", "type")
        yield run(SECOND, f"{key} is null", f"usage.{key}", None, "type")
        yield run(SECOND, f"{key} has a fraction", f"usage.{key}", 35.5, "type")
        yield run(SECOND, f"{key} is negative", f"usage.{key}", -1, "minimum")
        yield run(SECOND, f"{key} is beyond 31 bits", f"usage.{key}", BEYOND, "maximum")


def run_settings() -> Iterator[Negative]:
    """Yield the faults of the keys that were added in April 2024."""
    last = bodies.listed(FIFTH)
    yield from missing(LIST, last, "data.0.truncation_strategy", "type last_messages")
    yield from missing(LIST, last, "data.0.response_format", "type")
    yield from missing(LIST, last, "data.0.tool_choice", "type")
    yield from missing(LIST, last, "data.0.tool_choice.function", "name")
    yield from missing(LIST, bodies.listed(SHORT), "data.0.incomplete_details", "reason")
    for key, top in [("temperature", 2), ("top_p", 1)]:
        yield run(FIFTH, f"{key} is null", key, None, "type")
        yield run(FIFTH, f"{key} is a string", key, "1", "type")
        yield run(FIFTH, f"{key} is negative", key, -0.1, "minimum")
        yield run(FIFTH, f"{key} is above {top}", key, top + 0.1, "maximum")
    for key in ("max_prompt_tokens", "max_completion_tokens"):
        yield run(FIFTH, f"{key} is zero", key, 0, "minimum")
        yield run(FIFTH, f"{key} is a string", key, "500", "type")
        yield run(FIFTH, f"{key} has a fraction", key, 500.5, "type")
        yield run(FIFTH, f"{key} is beyond 31 bits", key, BEYOND, "maximum")
    for what, at, value, keyword in [
        ("truncation that is null", "truncation_strategy", None, "type"),
        ("truncation that is a word", "truncation_strategy", "auto", "type"),
        ("truncation of another type", "truncation_strategy.type", "middle", "enum"),
        ("no last messages", "truncation_strategy.last_messages", 0, "minimum"),
        ("last messages as string", "truncation_strategy.last_messages", "4", "type"),
        ("half a last message", "truncation_strategy.last_messages", 4.5, "type"),
        ("response format that is null", "response_format", None, "enum"),
        ("response format of a foreign word", "response_format", "json", "enum"),
        ("response format that is a list", "response_format", ["text"], "type"),
        ("response format of v2", "response_format.type", "json_schema", "enum"),
        ("response format whose type is null", "response_format.type", None, "enum"),
        ("tool choice that is null", "tool_choice", None, "enum"),
        ("tool choice of v2", "tool_choice", "required", "enum"),
        ("tool choice that is a list", "tool_choice", ["auto"], "type"),
        ("tool choice of another type", "tool_choice.type", "browser", "enum"),
        ("tool choice whose function is its name", "tool_choice.function", "weather", "type"),
        ("tool choice whose function is null", "tool_choice.function", None, "type"),
        ("tool choice whose function name is empty", "tool_choice.function.name", "", "minLength"),
        ("tool choice whose function name is a number", "tool_choice.function.name", 7, "type"),
    ]:
        yield run(FIFTH, what, at, value, keyword)
    yield run(SHORT, "incomplete details as a word", "incomplete_details", "max_completion_tokens", "type")
    yield run(SHORT, "a foreign reason", "incomplete_details.reason", "content_filter", "enum")
    yield run(SHORT, "a reason that is null", "incomplete_details.reason", None, "enum")


def errors() -> Iterator[Negative]:
    """Yield the faults of error bodies."""
    yield from missing(ERRORS, bodies.ERROR, "", "error")
    yield from missing(ERRORS, bodies.ERROR, "error", "message type param code")
    for what, at, value, keyword in [
        ("an error body that is a word", "", "not found", "type"),
        ("an error that is a word", "error", "not found", "type"),
        ("an error that is null", "error", None, "type"),
        ("an empty message", "error.message", "", "minLength"),
        ("a message that is null", "error.message", None, "type"),
        ("an empty type", "error.type", "", "minLength"),
        ("a type that is null", "error.type", None, "type"),
        ("a param that is a list", "error.param", ["limit"], "type"),
        ("a param that is a number", "error.param", 0, "type"),
        ("a code that is a number", "error.code", 404, "type"),
        ("a code that is false", "error.code", False, "type"),
    ]:
        yield negative(ERRORS, bodies.ERROR, what, at, value, keyword)


def parameters() -> Iterator[Negative]:
    """Yield the faults of parameters and headers, as values parsed from text."""
    for index, valid, what, value, keyword in [
        (0, "thread_Zx04LmNb", "a thread id without prefix", "Zx04LmNb", "pattern"),
        (0, "thread_Zx04LmNb", "a thread id that is two dots", "..", "pattern"),
        (1, 20, "a limit of 0", 0, "minimum"),
        (1, 20, "a limit of -1", -1, "minimum"),
        (1, 20, "a limit of 101", 101, "maximum"),
        (1, 20, "a limit with a fraction", 1.5, "type"),
        (1, 20, "a limit that is a word", "ten", "type"),
        (2, "asc", "an unknown order", "newest", "enum"),
        (2, "asc", "an order in capitals", "ASC", "enum"),
        (3, "run_9wQm2XtRkV", "an after that is empty", "", "pattern"),
        (3, "run_9wQm2XtRkV", "an after that names a message", "msg_9wQm2XtRkV", "pattern"),
        (4, "run_9wQm2XtRkV", "a before that is empty", "", "pattern"),
        (4, "run_9wQm2XtRkV", "a before with a space", "run_9wQm2 XtRkV", "pattern"),
        (5, "assistants=v1", "the beta of v2", "assistants=v2", "enum"),
        (5, "assistants=v1", "a beta with a suffix", "assistants=v1.1", "enum"),
    ]:
        yield negative(f"{OPERATION}/parameters/{index}/schema", valid, what, "", value, keyword)
    shared, answers = "#/components/headers", f"{OPERATION}/responses"
    for schema, valid, what, value, keyword in [
        (f"{shared}/RequestId/schema", "req_1", "an empty request id", "", "minLength"),
        (f"{shared}/RequestId/schema", "req_1", "a request id that is a number", 1, "type"),
        (f"{shared}/Version/schema", "2020-10-01", "an empty version", "", "minLength"),
        (f"{shared}/Version/schema", "2020-10-01", "a version that is a number", 20201001, "type"),
        (f"{shared}/ProcessingTime/schema", "12", "a processing time in words", "12 ms", "pattern"),
        (f"{shared}/ProcessingTime/schema", "12", "a processing time that is a number", 12, "type"),
        (f"{answers}/401/headers/WWW-Authenticate/schema", "Bearer", "another scheme", "Basic", "pattern"),
        (f"{answers}/401/headers/WWW-Authenticate/schema", "Bearer", "a scheme that is a list", ["Bearer"], "type"),
        (f"{answers}/429/headers/Retry-After/schema", "20", "an empty delay", "", "minLength"),
        (f"{answers}/429/headers/Retry-After/schema", "20", "a delay that is a number", 20, "type"),
    ]:
        yield negative(schema, valid, what, "", value, keyword)


NEGATIVES = [*envelope(), *run_keys(), *run_parts(), *run_settings(), *errors(), *parameters()]
