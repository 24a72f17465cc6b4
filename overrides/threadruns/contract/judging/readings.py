"""The comparison of two readings of one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from threadruns._run_rules import FINAL_STATUSES

IMMUTABLE_KEYS = (
    *("id", "object", "created_at", "assistant_id", "thread_id", "model"),
    *("instructions", "tools", "file_ids"),
)
"""The keys whose values never change after a run is created."""


def compare_readings(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Return how two readings of one run contradict each other; None if a run may change in this way.

    Recordings show that a completed run may expire later. Callers may change the metadata of a run at any time.
    """
    name = repr(now.get("id"))
    for key in IMMUTABLE_KEYS:
        if before.get(key, _ABSENT) != now.get(key, _ABSENT):
            return f"{key} of {name} was {_shorten(before.get(key, _ABSENT))} and is {_shorten(now.get(key, _ABSENT))}"
    was, status = before.get("status"), now.get("status")
    if was in FINAL_STATUSES and status != was and (was, status) != ("completed", "expired"):
        return f"status of {name} was {was!r}, which is final, and is {status!r}"
    if was != status:
        return None
    if set(before) != set(now):
        return f"{name} has the key {sorted(set(before) ^ set(now))[0]!r} in one reading only"
    if was in FINAL_STATUSES:
        for key in sorted(now):
            if key != "metadata" and before[key] != now[key]:
                change = f"was {_shorten(before[key])} and is {_shorten(now[key])}"
                return f"{key} of {name} {change}, though the run has ended"
    return None


def metadata_returned(name: str, former: Sequence[Any], before: Any, now: Any) -> str | None:
    """Return how the metadata of a run changed back; None if it did not.

    Args:
        name: The id of the run.
        former: The values that the metadata had before the last reading.
        before: The metadata in the last reading.
        now: The metadata now.
    """
    if now == before or now not in former:
        return None
    return f"metadata of {name!r} was {_shorten(before)} and is {_shorten(now)} again"


def _shorten(value: Any) -> str:
    text = "absent" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"


_ABSENT = object()
