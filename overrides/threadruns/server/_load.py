"""Loading runs from a file into a store.

Every run is validated against the document. A file is loaded completely or not at all. Loading it again changes
nothing, and a run whose id is stored with other content is rejected, so nothing stored is overwritten.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from attrs import define, field

from threadruns._document import violation
from threadruns.server._read import BadRun, ParsedValue, read
from threadruns.server._store import RunConflict, Store

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
    with store.transaction():
        for item in read(path, progress):
            bad = _store(store, item, loaded) if isinstance(item, ParsedValue) else item
            if bad is not None:
                loaded.bad += 1
                if loaded.bad <= MAX_REPORTED:
                    loaded.first_bad.append(bad)
                if loaded.bad == MAX_REPORTED and not skip_bad:
                    break
        if loaded.bad and not skip_bad:
            raise FileRejected(loaded)
    return loaded


def _store(store: Store, found: ParsedValue, loaded: LoadResult) -> BadRun | None:
    if (problem := violation("Run", found.value)) is not None:
        return BadRun(found.line, problem)
    run = found.value
    try:
        new = store.insert(run["thread_id"], int(run["created_at"]), run["id"], found.text)
    except RunConflict as conflict:
        return BadRun(found.line, str(conflict))
    if new:
        loaded.new += 1
    else:
        loaded.unchanged += 1
    return None
