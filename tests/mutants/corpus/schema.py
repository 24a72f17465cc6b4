"""Faults of the schema: values that the document forbids, and fields of a run that contradict each other."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from threadruns.server._messages import ListQuery, StoredPage, StoredRun
from threadruns.testing.mutations import Json, Mutation, mutate_page, mutate_run, to_json

# The page.


@mutate_page
def envelope_object_wrong(page: Json, _: ListQuery) -> None:
    """`object` of a page is `array`."""
    page["object"] = "array"


@mutate_page
def envelope_object_missing(page: Json, _: ListQuery) -> None:
    """A page lacks `object`."""
    del page["object"]


@mutate_page
def data_null_when_empty(page: Json, _: ListQuery) -> None:
    """`data` of an empty page is null."""
    page["data"] = page["data"] or None


@mutate_page
def data_renamed(page: Json, _: ListQuery) -> None:
    """A page has `items` instead of `data`."""
    page["items"] = page.pop("data")


@mutate_page
def data_by_id(page: Json, _: ListQuery) -> None:
    """`data` is an object with the ids of runs as keys."""
    page["data"] = {run["id"]: run for run in page["data"]}


@mutate_page
def data_single_unwrapped(page: Json, _: ListQuery) -> None:
    """`data` of a page with one run is that run instead of an array."""
    if len(page["data"]) == 1:
        page["data"] = page["data"][0]


@mutate_page
def has_more_absent_at_end(page: Json, _: ListQuery) -> None:
    """The last page lacks `has_more`."""
    if not page["has_more"]:
        del page["has_more"]


@mutate_page
def has_more_string(page: Json, _: ListQuery) -> None:
    """`has_more` is a string."""
    page["has_more"] = str(page["has_more"]).lower()


@mutate_page
def has_more_number(page: Json, _: ListQuery) -> None:
    """`has_more` is 0 or 1."""
    page["has_more"] = int(page["has_more"])


@mutate_page
def has_more_null(page: Json, _: ListQuery) -> None:
    """`has_more` is null instead of false."""
    page["has_more"] = page["has_more"] or None


@mutate_page
def wrapped_twice(page: Json, _: ListQuery) -> Any:
    """The page is nested under `result`."""
    return {"result": page}


# Single fields of a run.


@mutate_run
def run_object_wrong(run: Json) -> None:
    """`object` of a run is `run`."""
    run["object"] = "run"


@mutate_run
def run_is_id(run: Json) -> Any:
    """`data` has ids instead of runs."""
    return run["id"]


@mutate_run
def run_id_bare(run: Json) -> None:
    """`id` of a run lacks the prefix `run_`."""
    run["id"] = run["id"].removeprefix("run_")


@mutate_run
def run_id_number(run: Json) -> None:
    """`id` of a run is a number."""
    run["id"] = len(run["id"])


@mutate_run
def thread_id_bare(run: Json) -> None:
    """`thread_id` of a run lacks the prefix `thread_`."""
    run["thread_id"] = run["thread_id"].removeprefix("thread_")


@mutate_run
def assistant_id_missing(run: Json) -> None:
    """A run lacks `assistant_id`."""
    del run["assistant_id"]


@mutate_run
def assistant_id_null(run: Json) -> None:
    """`assistant_id` of a run is null."""
    run["assistant_id"] = None


@mutate_run
def created_at_milliseconds(run: Json) -> None:
    """`created_at` is in milliseconds."""
    run["created_at"] *= 1000


@mutate_run
def created_at_text(run: Json) -> None:
    """`created_at` is a string of digits."""
    run["created_at"] = str(run["created_at"])


@mutate_run
def created_at_iso(run: Json) -> None:
    """`created_at` is a date in ISO 8601."""
    run["created_at"] = "2023-11-04T05:17:52Z"


@mutate_run
def created_at_fraction(run: Json) -> None:
    """`created_at` has a fraction."""
    run["created_at"] += 0.5


@mutate_run
def timestamps_zero(run: Json) -> None:
    """Timestamps are 0 instead of null."""
    for key in ("started_at", "expires_at", "cancelled_at", "failed_at", "completed_at"):
        run[key] = run[key] or 0


@mutate_run
def nulls_left_out(run: Json) -> Any:
    """Keys with null are missing."""
    return {key: value for key, value in run.items() if value is not None}


@mutate_run
def status_unknown(run: Json) -> None:
    """`status` of completed runs is unknown."""
    if run["status"] == "completed":
        run["status"] = "succeeded"


@mutate_run
def status_upper_case(run: Json) -> None:
    """`status` is in upper case."""
    run["status"] = run["status"].upper()


@mutate_run
def status_hyphenated(run: Json) -> None:
    """`status` has hyphens instead of underscores."""
    run["status"] = run["status"].replace("_", "-")


@mutate_run
def status_misspelt(run: Json) -> None:
    """`status` of cancelled runs is `canceled`."""
    run["status"] = run["status"].replace("cancelled", "canceled")


@mutate_run
def metadata_null(run: Json) -> None:
    """Empty `metadata` is null."""
    run["metadata"] = run["metadata"] or None


@mutate_run
def metadata_array(run: Json) -> None:
    """Empty `metadata` is an array."""
    run["metadata"] = run["metadata"] or []


@mutate_run
def metadata_numbers(run: Json) -> None:
    """`metadata` has a number as a value."""
    run["metadata"] = {**run["metadata"], "count": 7}


@mutate_run
def metadata_nested(run: Json) -> None:
    """`metadata` has an object as a value."""
    run["metadata"] = {**run["metadata"], "labels": {"a": "b"}}


@mutate_run
def metadata_too_many(run: Json) -> None:
    """`metadata` has 17 pairs."""
    run["metadata"] = {f"key_{number}": "value" for number in range(17)}


@mutate_run
def metadata_key_too_long(run: Json) -> None:
    """`metadata` has a key of 65 characters."""
    run["metadata"] = {"k" * 65: "value"}


@mutate_run
def metadata_value_too_long(run: Json) -> None:
    """`metadata` has a value of 513 characters."""
    run["metadata"] = {"key": "v" * 513}


@mutate_run
def model_null(run: Json) -> None:
    """`model` of a run is null."""
    run["model"] = None


@mutate_run
def model_empty(run: Json) -> None:
    """`model` of a run is empty."""
    run["model"] = ""


@mutate_run
def instructions_missing(run: Json) -> None:
    """`instructions` is missing instead of null."""
    if run["instructions"] is None:
        del run["instructions"]


@mutate_run
def instructions_array(run: Json) -> None:
    """`instructions` is an array."""
    run["instructions"] = [run["instructions"]]


@mutate_run
def tools_null(run: Json) -> None:
    """Empty `tools` is null."""
    run["tools"] = run["tools"] or None


@mutate_run
def tools_names(run: Json) -> None:
    """`tools` has strings instead of objects."""
    run["tools"] = [tool["type"] for tool in run["tools"]] or ["code_interpreter"]


@mutate_run
def tool_type_unknown(run: Json) -> None:
    """`tools` has a tool of an unknown type."""
    run["tools"].append({"type": "web_browser"})


@mutate_run
def tool_type_missing(run: Json) -> None:
    """`tools` has a tool without a type."""
    run["tools"].append({"function": {"name": "lookup"}})


@mutate_run
def tool_function_nameless(run: Json) -> None:
    """`tools` has a function without a name."""
    run["tools"].append({"type": "function", "function": {"description": "Looks things up."}})


@mutate_run
def tool_parameters_text(run: Json) -> None:
    """`parameters` of a function tool is a string."""
    run["tools"].append({"type": "function", "function": {"name": "lookup", "parameters": "{}"}})


@mutate_run
def file_ids_null(run: Json) -> None:
    """Empty `file_ids` is null."""
    run["file_ids"] = run["file_ids"] or None


@mutate_run
def file_ids_objects(run: Json) -> None:
    """`file_ids` has objects instead of strings."""
    run["file_ids"] = [{"id": "file-abc123"}]


@mutate_run
def file_ids_missing(run: Json) -> None:
    """A run lacks `file_ids`, as in version 2."""
    del run["file_ids"]


@mutate_run
def usage_text(run: Json) -> None:
    """The counts in `usage` are strings."""
    if run.get("usage"):
        run["usage"] = {key: str(value) for key, value in run["usage"].items()}


@mutate_run
def usage_negative(run: Json) -> None:
    """A count in `usage` is negative."""
    if run.get("usage"):
        run["usage"] |= {"prompt_tokens": -1, "total_tokens": run["usage"]["completion_tokens"] - 1}


@mutate_run
def usage_without_total(run: Json) -> None:
    """`usage` lacks `total_tokens`."""
    if run.get("usage"):
        del run["usage"]["total_tokens"]


@mutate_run
def usage_sum_wrong(run: Json) -> None:
    """`total_tokens` is not the sum of the other counts."""
    if run.get("usage"):
        run["usage"]["total_tokens"] += 1


@mutate_run
def temperature_text(run: Json) -> None:
    """`temperature` is a string."""
    run["temperature"] = str(run.get("temperature", 1))


@mutate_run
def temperature_too_high(run: Json) -> None:
    """`temperature` is above 2."""
    run["temperature"] = 20


@mutate_run
def top_p_percent(run: Json) -> None:
    """`top_p` is a percentage."""
    run["top_p"] = 95


@mutate_run
def token_limit_zero(run: Json) -> None:
    """`max_prompt_tokens` is 0 instead of null."""
    run["max_prompt_tokens"] = run.get("max_prompt_tokens") or 0


@mutate_run
def last_error_text(run: Json) -> None:
    """`last_error` of a failed run is a string."""
    if run["last_error"]:
        run["last_error"] = run["last_error"]["message"]


@mutate_run
def last_error_code_unknown(run: Json) -> None:
    """`code` of `last_error` is unknown."""
    if run["last_error"]:
        run["last_error"]["code"] = "oops"


@mutate_run
def last_error_without_code(run: Json) -> None:
    """`last_error` lacks `code`."""
    if run["last_error"]:
        del run["last_error"]["code"]


@mutate_run
def required_action_bare(run: Json) -> None:
    """`required_action` lacks `submit_tool_outputs`."""
    if run.get("required_action"):
        del run["required_action"]["submit_tool_outputs"]


@mutate_run
def required_action_type_wrong(run: Json) -> None:
    """`type` of `required_action` is unknown."""
    if run.get("required_action"):
        run["required_action"]["type"] = "submit_outputs"


@mutate_run
def tool_calls_null(run: Json) -> None:
    """`tool_calls` is null."""
    if run.get("required_action"):
        run["required_action"]["submit_tool_outputs"]["tool_calls"] = None


@mutate_run
def tool_call_arguments_parsed(run: Json) -> None:
    """`arguments` of a tool call is an object instead of a string."""
    for call in _calls(run):
        call["function"]["arguments"] = {"city": "Oslo"}


@mutate_run
def tool_call_without_id(run: Json) -> None:
    """A tool call lacks `id`."""
    for call in _calls(run):
        del call["id"]


@mutate_run
def incomplete_details_text(run: Json) -> None:
    """`incomplete_details` is a string."""
    run["incomplete_details"] = "max_prompt_tokens"


@mutate_run
def truncation_strategy_text(run: Json) -> None:
    """`truncation_strategy` is a string."""
    run["truncation_strategy"] = "auto"


@mutate_run
def truncation_type_unknown(run: Json) -> None:
    """`type` of `truncation_strategy` is unknown."""
    run["truncation_strategy"] = {"type": "oldest", "last_messages": None}


@mutate_run
def last_messages_zero(run: Json) -> None:
    """`last_messages` of `truncation_strategy` is 0."""
    run["truncation_strategy"] = {"type": "last_messages", "last_messages": 0}


@mutate_run
def response_format_unknown(run: Json) -> None:
    """`type` of `response_format` is unknown."""
    run["response_format"] = {"type": "xml"}


@mutate_run
def response_format_null(run: Json) -> None:
    """`response_format` is null."""
    run["response_format"] = None


@mutate_run
def tool_choice_unknown(run: Json) -> None:
    """`tool_choice` is an unknown mode."""
    run["tool_choice"] = "required"


@mutate_run
def tool_choice_type_unknown(run: Json) -> None:
    """`type` of `tool_choice` is unknown."""
    run["tool_choice"] = {"type": "web_browser"}


# Fields that contradict each other.


@mutate_run
def completed_without_time(run: Json) -> None:
    """`completed_at` of a completed run is null."""
    if run["status"] == "completed":
        run["completed_at"] = None


@mutate_run
def completed_with_expiry(run: Json) -> None:
    """`expires_at` of a completed run is set."""
    if run["status"] == "completed":
        run["expires_at"] = run["created_at"] + 600


@mutate_run
def completed_with_error(run: Json) -> None:
    """`last_error` of a completed run is set."""
    if run["status"] == "completed":
        run["last_error"] = {"code": "server_error", "message": "Something went wrong."}


@mutate_run
def in_progress_without_expiry(run: Json) -> None:
    """`expires_at` of a run in progress is null."""
    if run["status"] in ("queued", "in_progress", "requires_action", "cancelling"):
        run["expires_at"] = None


@mutate_run
def in_progress_with_completed_at(run: Json) -> None:
    """`completed_at` of a run in progress is set."""
    if run["status"] == "in_progress":
        run["completed_at"] = run["created_at"] + 10


@mutate_run
def in_progress_with_usage(run: Json) -> None:
    """`usage` of a run in progress is set."""
    if run["status"] == "in_progress":
        run["usage"] = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


@mutate_run
def failed_without_error(run: Json) -> None:
    """`last_error` of a failed run is null."""
    if run["status"] == "failed":
        run["last_error"] = None


@mutate_run
def failed_without_time(run: Json) -> None:
    """`failed_at` of a failed run is null."""
    if run["status"] == "failed":
        run["failed_at"] = None


@mutate_run
def failed_and_completed(run: Json) -> None:
    """`completed_at` of a failed run is set."""
    if run["status"] == "failed":
        run["completed_at"] = run["failed_at"]


@mutate_run
def in_progress_without_start(run: Json) -> None:
    """`started_at` of a run in progress is null."""
    if run["status"] == "in_progress":
        run["started_at"] = None


@mutate_run
def started_before_created(run: Json) -> None:
    """`started_at` of a completed run is a minute before `created_at`."""
    if run["status"] == "completed":
        run["started_at"] = run["created_at"] - 60


@mutate_run
def completed_before_started(run: Json) -> None:
    """`completed_at` is a minute before `started_at`."""
    if run["status"] == "completed":
        run["completed_at"] = run["started_at"] - 60


@mutate_run
def expires_before_created(run: Json) -> None:
    """`expires_at` is ten minutes before `created_at`."""
    if run["expires_at"] is not None:
        run["expires_at"] = run["created_at"] - 600


@mutate_run
def in_progress_incomplete(run: Json) -> None:
    """`incomplete_details` of a run in progress is set."""
    if run["status"] == "in_progress":
        run["incomplete_details"] = {"reason": "max_prompt_tokens"}


@mutate_run
def completed_without_usage(run: Json) -> None:
    """`usage` of a completed run is null."""
    if run["status"] == "completed":
        run["usage"] = None


@mutate_run
def auto_truncation_with_number(run: Json) -> None:
    """`last_messages` is 5 in a truncation strategy of type auto."""
    run["truncation_strategy"] = {"type": "auto", "last_messages": 5}


@mutate_run
def cancelling_with_time(run: Json) -> None:
    """`cancelled_at` of a run in `cancelling` is set."""
    if run["status"] == "cancelling":
        run["cancelled_at"] = run["created_at"] + 10


@mutate_run
def completed_with_action(run: Json) -> None:
    """`required_action` of a completed run is set."""
    if run["status"] == "completed":
        run["required_action"] = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": []}}


@mutate_run
def action_missing(run: Json) -> None:
    """`required_action` of a run in `requires_action` is null."""
    if run["status"] == "requires_action":
        run["required_action"] = None


@mutate_run
def action_without_calls(run: Json) -> None:
    """The calls of a required action are an empty array."""
    if run.get("required_action"):
        run["required_action"]["submit_tool_outputs"]["tool_calls"] = []


@mutate_run
def call_ids_repeated(run: Json) -> None:
    """Two calls of a required action have the same id."""
    calls = _calls(run)
    calls += calls[:1]


@mutate_run
def call_of_unknown_function(run: Json) -> None:
    """A call names a function that is not among the tools of the run."""
    for call in _calls(run):
        call["function"]["name"] = "not_a_tool"


class OldestRunsInvalid(Mutation):
    """`model` of the oldest three runs is null in a thread of more than a hundred."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        """Break the runs that only an iteration to the end reaches."""
        page = super().find_page(thread, query)
        if not self.store.page(thread, 100, "asc").has_more:
            return page
        rare = {run.id for run in self.store.page(thread, 3, "asc").runs}
        return evolve(page, runs=[_without_model(run) if run.id in rare else run for run in page.runs])


def _without_model(run: StoredRun) -> StoredRun:
    value = run.value()
    value["model"] = None
    return StoredRun(run.id, to_json(value))


def _calls(run: Json) -> list[Json]:
    action = run.get("required_action")
    return action["submit_tool_outputs"]["tool_calls"] if action else []
