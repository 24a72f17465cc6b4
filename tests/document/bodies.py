"""Valid bodies: a run of each form that v1 runs had over time, and lists of them.

Fields that the document requires and no recorded run had are added, so that the bodies stay valid.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from threadruns._samples import complete

Json = dict[str, Any]

FIRST: Json = complete(
    "Run",
    {
        "id": "run_9wQm2XtRkV",
        "object": "thread.run",
        "created_at": 1700000000,
        "assistant_id": "asst_Hs71kQzP",
        "thread_id": "thread_Zx04LmNb",
        "status": "queued",
        "started_at": None,
        "expires_at": 1700000600,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "last_error": None,
        "model": "gpt-4-1106-preview",
        "instructions": None,
        "tools": [],
        "file_ids": [],
        "metadata": {},
    },
)
"""November 2023: seventeen keys, which every later run has too."""

ACTION: Json = {
    "type": "submit_tool_outputs",
    "submit_tool_outputs": {
        "tool_calls": [
            {"id": "call_u3Kd", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
        ]
    },
}

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}

WAITING: Json = complete(
    "Run",
    FIRST
    | {
        "status": "requires_action",
        "started_at": 1700000001,
        "required_action": ACTION,
        "tools": [
            {"type": "code_interpreter"},
            {"type": "retrieval"},
            WEATHER,
        ],
    },
)
"""November 2023: the only status with ``required_action``."""

RESUMED: Json = WAITING | {"status": "queued", "required_action": None}
"""Queued again after its tool outputs were submitted, with the time of its first start."""

SECOND: Json = complete(
    "Run",
    FIRST
    | {
        "id": "run_Jan5kQ",
        "created_at": 1705000000,
        "status": "completed",
        "started_at": 1705000002,
        "expires_at": None,
        "completed_at": 1705000009,
        "instructions": "Answer in one sentence.",
        "file_ids": ["file-a81Jq"],
        "metadata": {"origin": "nightly", "attempt": "2"},
        "usage": {"prompt_tokens": 120, "completion_tokens": 35, "total_tokens": 155},
    },
)
"""January 2024: with usage."""

THIRD: Json = complete(
    "Run",
    FIRST
    | {
        "id": "run_Mar7Zt",
        "created_at": 1710000000,
        "status": "failed",
        "started_at": 1710000001,
        "expires_at": None,
        "failed_at": 1710000004,
        "last_error": {"code": "rate_limit_exceeded", "message": "The model is busy."},
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "required_action": None,
    },
)
"""March 2024: with ``required_action`` in every run."""

FOURTH: Json = complete(
    "Run",
    THIRD
    | {
        "id": "run_Apr2Ws",
        "created_at": 1712000000,
        "status": "cancelled",
        "started_at": 1712000001,
        "failed_at": None,
        "cancelled_at": 1712000005,
        "last_error": None,
        "temperature": 0.5,
    },
)
"""Early April 2024: with temperature."""

FIFTH: Json = complete(
    "Run",
    FOURTH
    | {
        "id": "run_Apr13Xy",
        "created_at": 1713000000,
        "status": "in_progress",
        "started_at": 1713000001,
        "expires_at": 1713000600,
        "cancelled_at": None,
        "usage": None,
        "tools": [WEATHER],
        "temperature": 1.0,
        "top_p": 1,
        "max_prompt_tokens": None,
        "max_completion_tokens": 500,
        "truncation_strategy": {"type": "last_messages", "last_messages": 4},
        "incomplete_details": None,
        "response_format": {"type": "json_object"},
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    },
)
"""From 12 April 2024: the last form of v1."""

SHORT: Json = complete(
    "Run",
    FIFTH
    | {
        "id": "run_Apr14Qq",
        "created_at": 1713100000,
        "status": "completed",
        "started_at": 1713100002,
        "expires_at": None,
        "completed_at": 1713100009,
        "usage": {"prompt_tokens": 900, "completion_tokens": 500, "total_tokens": 1400},
        "max_prompt_tokens": 900,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": {"reason": "max_completion_tokens"},
        "response_format": "auto",
        "tool_choice": "none",
    },
)
"""The last form of v1, with the other variants of its values."""

EXPIRED: Json = SECOND | {"status": "expired"}
"""A run that had completed, read later."""

RUNS = {
    "November 2023": FIRST,
    "November 2023, waiting": WAITING,
    "January 2024": SECOND,
    "March 2024": THIRD,
    "early April 2024": FOURTH,
    "12 April 2024": FIFTH,
    "12 April 2024, cut short": SHORT,
    "queued again": RESUMED,
    "completed, then expired": EXPIRED,
}


def listed(*runs: Json, has_more: bool = False) -> Json:
    """Return a list with copies of some runs."""
    ends = (runs[0]["id"], runs[-1]["id"]) if runs else (None, None)
    envelope: Json = {"object": "list", "data": [], "first_id": ends[0], "last_id": ends[1], "has_more": has_more}
    return complete("RunList", envelope) | {"data": [deepcopy(run) for run in runs]}


EMPTY = listed()
ERROR: Json = complete(
    "ErrorResponse",
    {
        "error": {
            "message": "No thread found with id 'thread_Zx04LmNb'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    },
)
