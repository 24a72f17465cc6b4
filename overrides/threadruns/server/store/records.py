"""Runs on their way into a store and out of it, and the comparison of their texts."""

from __future__ import annotations

import importlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from attrs import define, frozen

PRIME = 4_294_967_291
"""The largest prime number of 32 bits."""


def _fastest_crc32() -> Callable[..., int]:
    """Return the function of isal, which takes a sixth of the time of that of zlib, if isal is installed."""
    try:
        library: Any = importlib.import_module("isal.isal_zlib")
    except ImportError:
        library = zlib
    found: Callable[..., int] = library.crc32
    return found


crc32 = _fastest_crc32()


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

    @property
    def checksum(self) -> int:
        """The checksum of the run, which detects every flipped bit of its keys and its text."""
        return run_checksum(thread_checksum(self.thread.encode()), self.created_at, self.id.encode(), self.text)


def thread_checksum(thread: bytes) -> int:
    """Return the checksum of the id of a thread."""
    return crc32(thread)


def run_checksum(thread: int, created_at: Any, run_id: bytes, text: bytes) -> int:
    """Return the checksum of a run.

    CRC-32 detects each single flipped bit and each burst of up to 32 bits, at a fraction of the cost of reading a page.
    It covers the keys, too, because a page whose runs have the wrong place or id is as wrong as one with a wrong text.

    Args:
        thread: The checksum of the id of its thread.
        created_at: The time of its creation; what is stored there may be of another type if it is damaged.
        run_id: Its id.
        text: Its text.
    """
    # Two numbers that differ in one bit have different remainders, because the divisor is a prime number above 2.
    return crc32(text, crc32(run_id, (thread + created_at) % PRIME))


def first_damaged(thread: Any, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """Return the first run of a thread that does not have its checksum, or None.

    Args:
        thread: The id of the thread, as it is stored.
        rows: The time, the id, the text and the checksum of each run, as they are stored.
    """
    if not rows:
        return None
    try:
        seed = crc32(thread)
        # As in ``run_checksum``, without a call for each run of a page.
        times, ids, texts, checksums = islice(zip(*rows, strict=True), 4)
        if tuple(map(crc32, texts, map(crc32, ids, [(seed + time) % PRIME for time in times]))) == checksums:
            return None
    except TypeError:  # A damaged cell may be NULL or a number.
        pass
    return next(row for row in rows if not _is_intact(thread, row))


def _is_intact(thread: Any, row: tuple[Any, ...]) -> bool:
    try:
        return bool(run_checksum(thread_checksum(thread), *row[:3]) == row[3])
    except TypeError:
        return False


def first_unreadable(thread: Any, rows: Iterable[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """Return the first run of a thread whose keys or text cannot be read, or None; it may have no checksum.

    Args:
        thread: The id of the thread, as it is stored.
        rows: The time, the id and the text of each run, as they are stored.
    """
    for row in rows:
        try:
            for cell in (thread, row[1], row[2]):
                cell.decode()
        except (UnicodeDecodeError, AttributeError):  # A damaged cell may be NULL or a number.
            return row
        if not isinstance(row[0], int):
            return row
    return None


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
        return f"run {self.new.id!r} is already stored with other content{self._difference()}"

    def _difference(self) -> str:
        try:
            stored, new = (json.loads(text) for text in (self.stored, self.new.text))
            if stored["thread_id"] != new["thread_id"] or int(stored["created_at"]) != int(new["created_at"]):
                return ", in another thread or with another created_at"
            statuses = f"its status is {stored.get('status')!r}, and {new.get('status')!r} here"
            return f": {statuses}; if this is the later version, load it with --replace"
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):  # The stored text may be damaged.
            return ""


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


def run_name(run_id: bytes | None, text: bytes | None) -> str:
    """Return the id of a damaged run: that in its text, or that under which it is stored if the text is damaged."""
    try:
        found = msgspec.json.decode(text or b"")["id"]
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        found = None
    return found if isinstance(found, str) else readable_id(run_id)


def readable_id(value: object) -> str:
    """Return a stored id, as far as it can be read."""
    return str(value, "utf-8", "replace") if isinstance(value, bytes) else "?"
