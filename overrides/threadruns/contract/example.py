"""Example threads that together decide every rule, as plain data; their sizes are those of ``SIZES``.

Load them into a server of your own to check it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from threadruns._document import schema
from threadruns._samples import complete
from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT

ONE_SECOND = 45
"""The size of the thread whose runs were all created in the same second."""

SIZES = tuple(sorted({0, 1, 5, DEFAULT_LIMIT, DEFAULT_LIMIT + 1, ONE_SECOND, MAX_LIMIT, MAX_LIMIT + 37}))
"""The sizes of the threads: none, one, few, the default page, one more, many, the largest page, more than that."""

_FIRST_CREATED_AT = 1_700_000_000
_STATUSES = (
    "completed", "completed", "failed", "completed", "cancelled", "completed", "expired", "completed",
    "requires_action", "completed", "in_progress", "completed", "queued", "cancelling",
)  # fmt: skip
_OTHERS = tuple(status for status in schema("RunStatus")["enum"] if status not in _STATUSES)
"""The documented statuses about which no rule says anything."""


def threads(sizes: Sequence[int] = SIZES) -> dict[str, list[dict[str, Any]]]:
    """Return threads of these sizes: their runs by the id of the thread.

    Args:
        sizes: The number of runs of each thread.
    """
    return {_thread_id(size): [_run(size, place) for place in range(size)] for size in sizes}


def _thread_id(size: int) -> str:
    return f"thread_Of{size}Runs"


def _run(size: int, place: int) -> dict[str, Any]:
    """Return a run. The order of ids is not the order of creation, and a large thread has every status and shape."""
    created = _FIRST_CREATED_AT + (0 if size == ONE_SECOND else place * 17 + size)
    statuses = (*_STATUSES, *_OTHERS)
    status = statuses[(place * 5 + size) % len(statuses)]
    ended = status in ("completed", "failed", "cancelled", "expired")
    run: dict[str, Any] = {
        "id": f"run_{(place * 7919 + size * 104729) % 999983:06d}Q{size}x{place}aB",
        "object": "thread.run",
        "created_at": created,
        "assistant_id": f"asst_Check{place % 3}",
        "thread_id": _thread_id(size),
        "status": status,
        "started_at": None if status == "queued" else created + 1,
        "expires_at": None if ended else created + 600,
        "cancelled_at": created + 5 if status == "cancelled" else None,
        "failed_at": created + 5 if status == "failed" else None,
        "completed_at": created + 5 if status in ("completed", "expired") else None,
        "last_error": {"code": "rate_limit_exceeded", "message": "Too many."} if status == "failed" else None,
        "model": "gpt-4-turbo",
        "instructions": None if place % 4 else "Answer briefly: \u00fc, \u4f60\u597d, \U0001f600.",
        "incomplete_details": None,
        "tools": [{"type": "code_interpreter"}, {"type": "retrieval"}][: place % 3],
        "file_ids": [f"file-{place}"] if place % 2 else [],
        "metadata": {"n": str(place)} if place % 3 else {},
        "usage": {"prompt_tokens": place, "completion_tokens": 2, "total_tokens": place + 2} if ended else None,
        "temperature": 1,
        "top_p": 1.0,
        "max_prompt_tokens": 1000 if place % 2 else None,
        "max_completion_tokens": None if place % 4 else 2000,
        "truncation_strategy": {"type": "last_messages", "last_messages": 4}
        if place % 7 == 3
        else {"type": "auto", "last_messages": None},
        "response_format": "auto",
        "tool_choice": "auto",
        "required_action": None,
    }
    if place % 5 == 1 or status == "requires_action":
        run["tools"].append(
            {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
        )
        run["tool_choice"] = {"type": "function", "function": {"name": "weather"}}
    if status == "requires_action":
        call = {"id": f"call_{place}", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
        run["required_action"] = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    return complete("Run", run)
