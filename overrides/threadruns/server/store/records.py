"""Runs on their way into a store and out of it, and the comparison of their texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from attrs import define, frozen


class RunRecord(NamedTuple):
    """A run as it is stored: the keys by which it is found, and its JSON text.

    Attributes:
        thread: The id of its thread.
        created_at: The time of its creation, in Unix seconds.
        id: Its id.
        text: The run as JSON text, in UTF-8 and without line breaks.
        line: Its line in the file that it was read from; 0 if it was not read from a file.
    """

    thread: str
    created_at: int
    id: str
    text: bytes
    line: int = 0

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> RunRecord:
        """Return the record of a parsed run.

        Raises:
            KeyError: It lacks ``id``, ``thread_id`` or ``created_at``.
        """
        text = json.dumps(run, ensure_ascii=False, separators=(",", ":"))
        return cls(run["thread_id"], run["created_at"], run["id"], text.encode())


@frozen
class Conflict:
    """A run that was not stored, because its id is stored with other content.

    Attributes:
        new: The run that was given.
        stored: The text of the stored run.
    """

    new: RunRecord
    stored: bytes

    def __str__(self) -> str:
        return f"run {self.new.id!r} is already stored with other content"


@define
class LoadCounts:
    """The counts of the runs that were given to a store.

    Attributes:
        new: The runs that were not stored before.
        unchanged: The runs that were stored already, with the same content.
        replaced: The runs that took the place of an earlier version.
        conflicts: The runs that were not stored, because their id is stored with other content.
    """

    new: int = 0
    unchanged: int = 0
    replaced: int = 0
    conflicts: int = 0


class Summary(NamedTuple):
    """The size of a store.

    Attributes:
        runs: The number of runs.
        threads: The number of threads.
        example: The id of a thread with runs; None if there is none.
    """

    runs: int
    threads: int
    example: str | None


@frozen
class Damage:
    """A part of a store that is damaged.

    Attributes:
        problem: A description of the damage.
        thread: The id of the thread, as it is stored; None if the damage does not belong to a thread.
        run_id: The id of the run, as it is stored; None if the damage does not belong to a run.
    """

    problem: str
    thread: str | None = None
    run_id: str | None = None


@frozen
class _Number:
    """A number with its original text: 1 and 1.0 differ, and no digit is lost."""

    text: str


def same_json(one: bytes, other: bytes) -> bool:
    """Return whether two JSON texts have the same value; the order of keys and white space do not matter."""
    if one == other:
        return True
    try:
        left, right = (json.loads(text, parse_int=_Number, parse_float=_Number) for text in (one, other))
        return bool(left == right)
    except (RecursionError, ValueError):  # The stored text may be damaged.
        return False
