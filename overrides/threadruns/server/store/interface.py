"""The interface of a store of runs: what the endpoint, the control of tests and the commands need."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Any, ClassVar

from threadruns.server._messages import Position, StoredPage, StoredRun
from threadruns.server.store.errors import RunConflict
from threadruns.server.store.records import Conflict, Damage, LoadCounts, RunRecord, Summary


class Store(ABC):
    """Runs by thread, each with the text that was stored.

    An id names one run in the whole store. The runs of a thread are ordered by ``created_at`` and then by id, compared
    by code points. A thread exists once a run of it was stored, or once it was added without runs. A store may be
    shared between threads, and several processes may use the same database.

    Every method raises StoreUnavailable if the store cannot be used now and the same call may succeed later, and
    StoreError if it cannot be used at all. Reads of a run verify its checksum and raise RunDamaged.

    Attributes:
        location: The place of the runs as it may be shown: a path, or a URL without a password; None for memory.
        remote: A call may wait for a network, so an event loop must not make it.
    """

    location: str | None
    remote: ClassVar[bool] = False

    # Reading a thread.

    @abstractmethod
    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""

    @abstractmethod
    def position(self, thread: str, run_id: str) -> Position | None:
        """Return the position of a run in the thread; None if it is not a run of this thread."""

    @abstractmethod
    def page(
        self, thread: str, limit: int, order: str, after: Position | None = None, before: Position | None = None
    ) -> StoredPage:
        """Return one page of the runs of a thread.

        Args:
            thread: The id of the thread.
            limit: The largest number of runs.
            order: ``asc`` or ``desc``, by time and then id.
            after: The page starts directly after this position.
            before: The page ends directly before this position; if ``after`` is given, it ends there at the latest.
        """

    @abstractmethod
    def run(self, thread: str, run_id: str) -> StoredRun | None:
        """Return a run of the thread; None if the thread does not have it."""

    @abstractmethod
    def find(self, run_id: str) -> StoredRun | None:
        """Return the run with this id in any thread, or None."""

    # Reading the whole store.

    @abstractmethod
    def summary(self) -> Summary:
        """Return the number of runs and threads."""

    @abstractmethod
    def thread_ids(self) -> Iterator[str]:
        """Yield the ids of all threads, in the order of code points."""

    @abstractmethod
    def runs(self) -> Iterator[RunRecord]:
        """Yield every run, by thread, time and id, as the store was at one moment.

        Raises:
            RunDamaged: A run is damaged; the iteration cannot be continued.
        """

    @abstractmethod
    def verify(self, progress: Callable[[int], object] = lambda _: None) -> Iterator[Damage]:
        """Read everything, and yield what is damaged.

        Args:
            progress: A callback that gets the number of runs read since the last call.
        """

    @abstractmethod
    def check(self) -> None:
        """Read the store; ``/healthz`` calls it.

        Raises:
            StoreError: It cannot be read, its database is gone or is another one, or a damaged run was found earlier.
        """

    # Writing.

    @abstractmethod
    def load(
        self,
        runs: Iterable[RunRecord],
        *,
        threads: Iterable[str] = (),
        replace: bool = False,
        report: Callable[[Conflict], object] = lambda _: None,
    ) -> AbstractContextManager[LoadCounts]:
        """Store runs in one transaction, all or none.

        The runs are read and written when the ``with`` block is entered. The transaction is committed at the end of
        the block, and rolled back if the block, the iterable or the callback raises. Memory does not grow with the
        number of runs. The same run again changes nothing, even with other white space or another order of keys.

        Args:
            runs: The runs in any order; an id may occur more than once, then the later run is the newer one.
            threads: The ids of threads to create, in addition to those of the runs.
            replace: Store a run in place of the stored run with its id, thread and ``created_at``, instead of
                reporting a conflict. A run with the id of a run of another thread or time is a conflict in any case.
            report: A callback that gets each conflict. A store may call it late, and in any order.

        Yields:
            The counts, which are final.
        """

    @abstractmethod
    def replace(self, run: Mapping[str, Any]) -> None:
        """Store a run in place of the run with its id, in whatever thread that is."""

    @abstractmethod
    def add_thread(self, thread: str) -> None:
        """Create a thread, unless it exists."""

    @abstractmethod
    def remove(self, run_id: str) -> bool:
        """Delete a run, and return whether it existed; its thread stays."""

    @abstractmethod
    def remove_thread(self, thread: str) -> bool:
        """Delete a thread with its runs, and return whether it existed."""

    @abstractmethod
    def close(self) -> None:
        """Close the store; what is stored is kept."""

    def add(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Store runs given as dicts, all or none; they are not validated against the document.

        Raises:
            RunConflict: A run has the id of another.
            KeyError: A run lacks ``id``, ``thread_id`` or ``created_at``.
        """
        with self.load(map(RunRecord.of, runs), report=_refuse):
            pass


def started(runs: Iterable[RunRecord]) -> Iterator[RunRecord]:
    """Read the first run, so that a writer does not hold its lock while it waits for the input."""
    given = iter(runs)
    return chain(list(islice(given, 1)), given)


def _refuse(conflict: Conflict) -> None:
    raise RunConflict(str(conflict))
