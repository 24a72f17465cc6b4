"""Loading runs from a file into a store.

Every run is validated against the document. A file is loaded completely or not at all. Loading it again changes
nothing, and a run whose id is stored with other content is rejected, so nothing stored is overwritten.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from attrs import define, field

from threadruns._document import violation
from threadruns.server.store.interface import Store
from threadruns.server.store.reading import BadRun, ParsedValue, read
from threadruns.server.store.records import RunRecord

MAX_REPORTED = 20
"""The largest number of bad runs of a file that are reported; without ``skip_bad`` reading stops there."""


@define
class LoadResult:
    """The counts of a file that was loaded, and its first bad runs."""

    path: str
    new: int = 0
    unchanged: int = 0
    bad: int = 0
    first_bad: list[BadRun] = field(factory=list[BadRun])

    def count_bad(self, bad: BadRun) -> None:
        """Count a bad run, and keep it if it is among the first of the file."""
        self.bad += 1
        self.first_bad.append(bad)
        self.first_bad.sort(key=lambda bad: bad.line)  # A store may report conflicts late.
        del self.first_bad[MAX_REPORTED:]


class FileRejected(Exception):
    """A file with bad runs, of which nothing was loaded."""

    def __init__(self, loaded: LoadResult) -> None:
        if loaded.bad < MAX_REPORTED:
            found = f"has {loaded.bad} bad run{'s' * (loaded.bad != 1)}"
        else:
            found = f"has at least {MAX_REPORTED} bad runs"
        super().__init__(f"{loaded.path} {found}; nothing was loaded from it.")
        self.loaded = loaded


def load(
    store: Store,
    path: str | os.PathLike[str],
    *,
    skip_bad: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> LoadResult:
    """Load the runs of a file.

    Args:
        store: The store.
        path: A file with JSON lines, an array, a list response, or several of them, with or without gzip. ``-`` is
            standard input.
        skip_bad: Load the valid runs of a file with bad ones.
        progress: A callback that gets the number of bytes read since the last call.

    Raises:
        OSError: The file cannot be read.
        FileRejected: The file has bad runs, and ``skip_bad`` is not set.
        StoreError: The database cannot be written; nothing of the file was stored.
    """
    loaded = LoadResult(os.fspath(path))

    def records() -> Iterator[RunRecord]:
        for item in read(path, progress):
            run = _record(item) if isinstance(item, ParsedValue) else item
            if isinstance(run, RunRecord):
                yield run
            else:
                loaded.count_bad(run)
            if loaded.bad >= MAX_REPORTED and not skip_bad:
                return

    with store.load(
        records(), report=lambda conflict: loaded.count_bad(BadRun(conflict.new.line, str(conflict)))
    ) as counts:
        if loaded.bad and not skip_bad:
            raise FileRejected(loaded)
    loaded.new, loaded.unchanged = counts.new, counts.unchanged
    return loaded


def _record(found: ParsedValue) -> RunRecord | BadRun:
    if (problem := violation("Run", found.value)) is not None:
        return BadRun(found.line, problem)
    run = found.value
    return RunRecord(run["thread_id"], int(run["created_at"]), run["id"], found.text.encode(), found.line)
