"""Loading runs from a file into a store.

A run with an id, a thread and a time is stored, even if it breaks the document: an archive keeps what there is. What
cannot be stored, or is stored already with other content, is refused. A file is loaded completely or not at all, and
loading it again changes nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

from attrs import define, field

from threadruns._document import validator, violation
from threadruns.server.store.interface import Store
from threadruns.server.store.reading import BadRun, ParsedValue, is_encodable, read
from threadruns.server.store.records import Conflict, RunRecord

MAX_REPORTED = 20
"""The largest number of runs of a file that are reported; without ``skip_bad`` reading stops at so many bad runs."""

MAX_TIME = 1 << 62
"""The largest time that a store can keep."""

MAX_SHOWN_CHARS = 60
"""The largest number of characters of a value that an error repeats."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

Invalid = Literal["keep", "skip", "raise"]
"""What happens to a run that breaks the document: it is stored, left out, or refused."""


@define
class Reported:
    """The number of runs with a problem, and the first of them in the order of the file."""

    runs: int = 0
    first: list[BadRun] = field(factory=list[BadRun])

    def add(self, run: BadRun) -> None:
        """Count a run, and keep it if it is among the first."""
        self.runs += 1
        if self.runs <= MAX_REPORTED or run.line < self.first[-1].line:  # A store may report conflicts late.
            self.first.append(run)
            self.first.sort(key=lambda each: each.line)
            del self.first[MAX_REPORTED:]


@define
class LoadResult:
    """The counts of a file that was loaded.

    Attributes:
        path: The file.
        new: The runs that were not stored before.
        unchanged: The runs that were stored already.
        replaced: The runs that took the place of an earlier version.
        invalid: The runs that break the document, and were kept or skipped.
        bad: The runs that were refused.
    """

    path: str
    new: int = 0
    unchanged: int = 0
    replaced: int = 0
    invalid: Reported = field(factory=Reported)
    bad: Reported = field(factory=Reported)


class FileRejected(Exception):
    """A file with bad runs, of which nothing was loaded."""

    def __init__(self, loaded: LoadResult) -> None:
        bad = loaded.bad.runs
        found = (
            f"has {bad} bad run{'s' * (bad != 1)}" if bad < MAX_REPORTED else f"has at least {MAX_REPORTED} bad runs"
        )
        super().__init__(f"{loaded.path} {found}; nothing was loaded from it.")
        self.loaded = loaded


def load(
    store: Store,
    path: str | os.PathLike[str],
    *,
    invalid: Invalid = "keep",
    replace: bool = False,
    skip_bad: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> LoadResult:
    """Load the runs of a file.

    Args:
        store: The store.
        path: A file with JSON lines, an array, a list response, or several of them, with or without gzip. ``-`` is
            standard input.
        invalid: What to do with a run that breaks the document: ``keep`` it, ``skip`` it, or ``raise`` FileRejected.
        replace: Store a run in place of an earlier version of it, which has the same id, thread and time.
        skip_bad: Load the other runs of a file with bad ones.
        progress: A callback that gets the number of bytes read since the last call.

    Raises:
        OSError: The file cannot be read.
        FileRejected: The file has bad runs, and ``skip_bad`` is not set.
        StoreError: The database cannot be written; nothing of the file was stored.
    """
    loaded = LoadResult(os.fspath(path))

    def records() -> Iterator[RunRecord]:
        for item in read(path, progress):
            found = item if isinstance(item, BadRun) else _record(item)
            if isinstance(item, ParsedValue) and isinstance(found, RunRecord) and (problem := _violation(item)):
                if invalid == "raise":
                    found = BadRun(item.line, problem)
                else:
                    loaded.invalid.add(BadRun(item.line, problem))
                    if invalid == "skip":
                        continue
            if isinstance(found, RunRecord):
                yield found
            else:
                loaded.bad.add(found)
                if loaded.bad.runs >= MAX_REPORTED and not skip_bad:
                    return

    def report(conflict: Conflict) -> None:
        loaded.bad.add(BadRun(conflict.new.line, str(conflict)))

    with store.load(records(), replace=replace, report=report) as counts:
        if loaded.bad.runs and not skip_bad:
            raise FileRejected(loaded)
    loaded.new, loaded.unchanged, loaded.replaced = counts.new, counts.unchanged, counts.replaced
    return loaded


def _record(found: ParsedValue) -> RunRecord | BadRun:
    """Return the record of a run that can be stored and served again byte for byte."""
    run = found.value
    if not isinstance(run, dict):
        return BadRun(found.line, "expected a run, an array of runs or a list response")
    keys = cast(dict[str, Any], run)
    for name in ("id", "thread_id"):
        if not isinstance(value := keys.get(name), str) or not value:
            return BadRun(found.line, f"{name} is {_shown(keys, name)}; a run needs a string that is not empty")
        if not (value.isascii() or is_encodable(value)):
            return BadRun(found.line, f"{name} has a lone surrogate")
    time = keys.get("created_at")
    # JSON has one kind of number: 1700000000.0 is an integer, too.
    if isinstance(time, bool) or not isinstance(time, int | float) or time % 1 or not -MAX_TIME <= time <= MAX_TIME:
        return BadRun(
            found.line, f"created_at is {_shown(keys, 'created_at')}; a run needs an integer of at most 2**62"
        )
    return RunRecord(keys["thread_id"], int(time), keys["id"], found.text.encode(), found.line)


def _shown(run: dict[str, Any], name: str) -> str:
    if name not in run:
        return "missing"
    try:
        text = json.dumps(run[name])
    except RecursionError:
        return "nested too deep to be shown"
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}..."


def _violation(run: ParsedValue) -> str | None:
    """Describe how a run breaks the document; None if it is valid."""
    if "\\u" in run.text and _SURROGATE.search(run.text) and not is_encodable(run.value):
        return "a string has a lone surrogate"
    # Most runs are valid, and building an error takes longer than validating.
    return None if validator("Run").is_valid(run.value) else violation("Run", run.value)
