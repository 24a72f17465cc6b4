"""The life of a run: what its fields say in each status.

The rules are those of ``threadruns._run_rules``, by which the contract check judges runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, cast

from threadruns._run_rules import ACTIVE_STATUSES, FINAL_STATUSES
from threadruns._samples import complete

LIFETIME = 600
"""The time from ``created_at`` to ``expires_at`` in every recorded run that has both, in seconds."""

_ENDS = {"cancelled": "cancelled_at", "failed": "failed_at", "completed": "completed_at"}
_TIMES = ("created_at", "started_at", *_ENDS.values())


def new_run(run_id: str, thread_id: str, *, functions: Iterable[str] = (), **fields: Any) -> dict[str, Any]:
    """Return a queued run, created now.

    Args:
        run_id: The id of the run.
        thread_id: The id of its thread.
        functions: The names of the functions that the run may call.
        fields: Other fields of the run, in place of the defaults; with ``status`` the run is in that status.
    """
    created = int(fields.get("created_at", time.time()))
    run: dict[str, Any] = {
        "id": run_id,
        "object": "thread.run",
        "created_at": created,
        "thread_id": thread_id,
        "assistant_id": "asst_abc123",
        "status": "queued",
        "required_action": None,
        "last_error": None,
        "started_at": None,
        "expires_at": created + LIFETIME,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "model": "gpt-4-turbo",
        "instructions": None,
        "incomplete_details": None,
        "tools": [
            {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
            for name in functions
        ],
        "file_ids": [],
        "metadata": {},
        "usage": None,
        "temperature": 1.0,
        "top_p": 1.0,
        "max_prompt_tokens": None,
        "max_completion_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "tool_choice": "auto",
        "response_format": "auto",
    }
    run = complete("Run", run)
    return changed(run, fields) if "status" in fields else run | fields


def changed(run: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with other fields; with ``status`` the times and the other fields follow it.

    Args:
        run: The run.
        fields: The fields to change, which have the last word. A key that the run does not have, because runs of its
            time had none, is not added on its own.

    Raises:
        ValueError: The run has no function to call, and is to require an action.
    """
    result = {**run, **fields}
    if "status" in fields:
        result["status"] = run.get("status")
        _follow(result, str(fields["status"]), fields)
    return {**result, **fields}


def _follow(run: dict[str, Any], status: str, fields: Mapping[str, Any]) -> None:
    """Move the run to a status; a status that the document does not name leaves the other fields alone."""
    before, run["status"] = run["status"], status
    if status not in (*ACTIVE_STATUSES, *FINAL_STATUSES):
        return
    now = _now(run)
    if status == "in_progress" or (status != "queued" and run.get("started_at") is None):
        run["started_at"] = now
    elif status == "queued" and before in FINAL_STATUSES:
        run["started_at"] = None
    if status == "requires_action":
        if "required_action" not in fields:
            run["required_action"] = _action(run)
    elif "required_action" in run:
        run["required_action"] = None
    if status == "expired":
        return  # The runs on record kept all times.
    run |= dict.fromkeys(_ENDS.values())
    run["expires_at"] = run["created_at"] + LIFETIME if status in ACTIVE_STATUSES else None
    if status in _ENDS:
        run[_ENDS[status]] = now
    run["last_error"] = _error() if status == "failed" else None
    if "incomplete_details" in run:
        run["incomplete_details"] = None
    if "usage" in run:
        run["usage"] = _usage() if status in _ENDS else None


def _now(run: Mapping[str, Any]) -> int:
    """Return the time at which the run changes: now, or a second later if the run is older than a run can be."""
    now = int(time.time())
    last: int = max(run[name] for name in _TIMES if isinstance(run.get(name), int))
    return max(now, last) if now <= run["created_at"] + LIFETIME else last + 1


def _action(run: Mapping[str, Any]) -> dict[str, Any]:
    tools = run.get("tools")
    given = map(_function, cast(list[object], tools)) if isinstance(tools, list) else ()
    names = [name for name in given if name is not None]
    if not names:
        raise ValueError(
            f"Run {run['id']!r} has no function among its tools, so it cannot require an action; "
            "give it one, or set required_action yourself."
        )
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": json.dumps({})}}
        for number, name in enumerate(names, 1)
    ]
    return complete("RequiredAction", {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}})


def _function(tool: object) -> str | None:
    """Return the name of the function that a tool is; None for other tools, and for what is not valid as a tool."""
    match tool:
        case {"type": "function", "function": {"name": str(name)}}:
            return name
        case _:
            return None


def _error() -> dict[str, Any]:
    return complete("LastError", {"code": "server_error", "message": "Sorry, something went wrong."})


def _usage() -> dict[str, Any]:
    return complete("Usage", {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30})
