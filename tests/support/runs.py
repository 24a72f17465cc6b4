"""Runs for the servers of tests."""

from __future__ import annotations

from typing import Any

from threadruns._samples import complete

_OWN = {"id": "run_1", "thread_id": "thread_a", "created_at": 1700000000}

DOCUMENTED: dict[str, Any] = complete(
    "Run",
    _OWN
    | {
        "object": "thread.run",
        "assistant_id": "asst_abc123",
        "status": "completed",
        "started_at": 1699075072,
        "expires_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": 1699075073,
        "last_error": None,
        "model": "gpt-4-turbo",
        "instructions": None,
        "incomplete_details": None,
        "tools": [{"type": "code_interpreter"}],
        "file_ids": ["file-abc123"],
        "metadata": {},
        "usage": {"prompt_tokens": 123, "completion_tokens": 456, "total_tokens": 579},
        "temperature": 1,
        "top_p": 1,
        "max_prompt_tokens": 1000,
        "max_completion_tokens": 1000,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "response_format": "auto",
        "tool_choice": "auto",
        "required_action": None,
    },
)
for _key in _OWN:
    del DOCUMENTED[_key]


def run(number: int, thread: str = "thread_a", **fields: Any) -> dict[str, Any]:
    """Return a run; higher numbers are newer, and three runs share a second."""
    return {
        **DOCUMENTED,
        "id": f"run_{thread[7:]}{number:04}",
        "thread_id": thread,
        "created_at": 1700000000 + number // 3,
        **fields,
    }


def runs(count: int, thread: str = "thread_a") -> list[dict[str, Any]]:
    """Return the runs of a thread, the oldest first."""
    return [run(number, thread) for number in range(count)]


def ids(count: int, thread: str = "thread_a") -> list[str]:
    """Return the ids of ``runs``, the newest first, which is the default order of a list."""
    return [raw["id"] for raw in reversed(runs(count, thread))]


def page(data: list[dict[str, Any]], *, has_more: bool = False) -> dict[str, Any]:
    """Return a page of runs as a server sends it."""
    envelope = {"first_id": data[0]["id"], "last_id": data[-1]["id"], "has_more": has_more}
    return complete("RunList", {"object": "list", "data": [], **envelope}) | {"data": data}
