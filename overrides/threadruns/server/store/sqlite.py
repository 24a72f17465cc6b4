"""The store of runs in one SQLite file, or in memory.

The table is clustered on thread, time and id, so that a page is one range scan anywhere in the thread. A run is stored
as its original JSON text, so that a page is joined from its rows without parsing them.

Every run that is read is compared with its checksum. A checksum does not show that a run is not where it belongs, so
the keys of a page are also read from an index, which is another part of the file, and compared; the same is done for a
run or a thread that is not found.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice, zip_longest
from typing import Any

from cachetools import LRUCache

from threadruns.server._messages import Position, StoredPage, StoredRun
from threadruns.server.store.errors import RunDamaged, StoreDamaged
from threadruns.server.store.interface import Store, started
from threadruns.server.store.records import (
    Conflict,
    Damage,
    LoadCounts,
    RunRecord,
    Summary,
    first_damaged,
    first_unreadable,
    readable_id,
    run_name,
    same_json,
    thread_checksum,
)
from threadruns.server.store.sqlite_database import SQLiteDatabase
from threadruns.server.store.sqlite_verify import find_damage

SUMMARY_SECONDS = 600.0
"""The time limit of counting all runs, which takes long in a large file."""

BATCH_RUNS = 100
"""The number of runs that an iteration over all runs keeps in memory."""

FLUSHED_RUNS = 20_000
"""The number of loaded runs whose threads are kept in memory before their numbers are written."""

SEARCHED_RUNS = 10_000
"""The number of runs of a thread among which a run that the index of ids does not have is searched."""

CHECKED_RUNS = 50
"""The number of runs that a health check reads at once."""

CHECKED_SECONDS = 0.005
"""The time after which a health check reads no more runs."""

MAX_FAILED = 100
"""The number of damaged reads that the health check repeats."""

CACHED_BYTES = 4 << 20
"""The largest size of the first pages that are kept in memory, counted by the texts of their runs."""

NO_POSITION = (-(1 << 63), "")
"""A time and an id that are before those of every run."""

TABLE = "sqlite_autoindex_run_1"
"""SQLite's name for the table of runs itself; without it, SQLite would read an index that has all columns instead."""

LOST_ID = (
    "SELECT thread FROM run AS known INDEXED BY run_id WHERE id = ? AND NOT EXISTS (SELECT 1 FROM run "
    f"INDEXED BY {TABLE} WHERE thread = known.thread AND created_at = known.created_at AND id = known.id)"
)
"""The query for the thread of a run that is in the index of ids and not in the table."""

LOST_KEY = (
    "SELECT 1 FROM (SELECT id FROM run INDEXED BY run_order WHERE thread = ? LIMIT ?) AS known WHERE id = ? "
    "AND NOT EXISTS (SELECT 1 FROM run INDEXED BY run_id WHERE id = known.id)"
)
"""The query for a run that is in the index of threads and not in that of ids."""

Row = tuple[Any, ...]
"""The time, the id, the text and the checksum of a run, and its thread if that is asked for."""


class SQLiteStore(Store):
    """Runs in one SQLite database.

    Args:
        path: The file; None for a database in memory.
        create: Create the file if it is missing, and convert a database of an older layout.
        notify: A callback that gets a sentence if the database is converted, or served without being converted.

    Raises:
        StoreError: The file is not a database of runs, has another layout, is damaged or cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
        notify: Callable[[str], object] = lambda _: None,
    ) -> None:
        location = None if path is None else os.fspath(path)
        self.location = None if location == ":memory:" else location
        self._database = SQLiteDatabase(self.location, create=create, notify=notify)
        self._failed: dict[tuple[Callable[..., object], tuple[object, ...]], None] = {}
        self._checked: tuple[Any, ...] = ("", *NO_POSITION)
        self._pages: LRUCache[tuple[object, ...], StoredPage] = LRUCache(CACHED_BYTES, _size)

    @property
    def _verified(self) -> bool:
        """True if the layout has checksums and the index of threads."""
        return self._database.layout > 1

    @property
    def _columns(self) -> str:
        return f"created_at, id, body, {'checksum' if self._verified else 'NULL'}"

    # Reading a thread.

    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""
        sql = "SELECT EXISTS (SELECT 1 FROM thread WHERE id = ?) OR EXISTS (SELECT 1 FROM run WHERE thread = ?)"
        ((exists,),) = self._database.rows(sql, (thread, thread))
        return bool(exists)

    def position(self, thread: str, run_id: str) -> Position | None:
        """Return the position of a run in the thread; None if it is not a run of this thread."""
        with self._repeated_by_check(SQLiteStore.position, thread, run_id):
            row = self._find(run_id, thread)
            return Position(row[0], run_id) if row else None

    def run(self, thread: str, run_id: str) -> StoredRun | None:
        """Return a run of the thread; None if the thread does not have it."""
        with self._repeated_by_check(SQLiteStore.run, thread, run_id):
            row = self._find(run_id, thread)
            return StoredRun(run_id, row[2]) if row else None

    def find(self, run_id: str) -> StoredRun | None:
        """Return the run with this id in any thread, or None."""
        with self._repeated_by_check(SQLiteStore.find, run_id):
            row = self._find(run_id)
            return StoredRun(run_id, row[2]) if row else None

    def _find(self, run_id: str, thread: str | None = None) -> Row | None:
        rows: list[Row] = self._database.rows(f"SELECT {self._columns}, thread FROM run WHERE id = ?", (run_id,))
        for row in rows:
            self._verify(rows, row[4])
            return row if thread is None or row[4] == thread.encode() else None
        if self._verified:
            for (stored,) in self._database.rows(LOST_ID, (run_id,)):
                raise RunDamaged(self.location, readable_id(stored), run_id)
            if thread is not None and self._database.rows(LOST_KEY, (thread, SEARCHED_RUNS, run_id)):
                raise RunDamaged(self.location, thread, run_id)
        return None

    def page(
        self, thread: str, limit: int, order: str, after: Position | None = None, before: Position | None = None
    ) -> StoredPage:
        """Return one page of the runs of a thread.

        A first page is read once until the database changes, because clients that poll request it again and again.
        """
        with self._repeated_by_check(SQLiteStore.page, thread, limit, order, after, before):
            if after is not None or before is not None:
                return self._read_page(thread, limit, order, after, before)
            return self._first_page(thread, limit, order)

    def _first_page(self, thread: str, limit: int, order: str) -> StoredPage:
        with self._database.lock:
            version = self._database.version()
            key = (version, thread, limit, order)
            page = self._pages.get(key)
            if page is None:
                page = self._read_page(thread, limit, order)
                # Empty pages have no size that would limit their number.
                if version is not None and page.runs:
                    with suppress(ValueError):  # It is larger than all that may be kept.
                        self._pages[key] = page
            return StoredPage(page.runs.copy(), page.has_more)

    def _read_page(
        self, thread: str, limit: int, order: str, after: Position | None = None, before: Position | None = None
    ) -> StoredPage:
        backward = before is not None and after is None
        direction = "ASC" if (order == "asc") != backward else "DESC"
        lower, upper = (after, before) if order == "asc" else (before, after)
        where = "thread = ?"
        values: list[Any] = [thread]
        for bound, sign in ((lower, ">"), (upper, "<")):
            if bound is not None:
                where += f" AND (created_at, id) {sign} (?, ?)"
                values += [bound.created_at, bound.id]
        condition = f"WHERE {where} ORDER BY created_at {direction}, id {direction}"
        rows = self._scan(condition, tuple(values), limit + 1, thread.encode())
        self._verify(rows[:limit], thread.encode())
        runs = [StoredRun(run_id.decode(), text) for _, run_id, text, _ in rows[:limit]]
        if backward:
            runs.reverse()
        return StoredPage(runs, has_more=len(rows) > limit)

    # Noticing damage.

    def _scan(self, condition: str, values: tuple[Any, ...], limit: int, thread: bytes) -> list[Row]:
        """Return runs of a thread in their order, after comparing their keys with those of the index of threads.

        The runs have checksums. If each has its place after the one before it, and the last one is that which the index
        has at this place, none is missing and none is too many.
        """
        table = f"SELECT {self._columns} FROM run INDEXED BY {TABLE} {condition} LIMIT ?"
        rows: list[Row] = self._database.rows(table, (*values, limit))
        if not self._verified:
            return rows
        index = f"SELECT created_at, id FROM run INDEXED BY run_order {condition} LIMIT ? OFFSET ?"
        end = self._database.rows(index, (*values, min(2, limit - len(rows) + 1), max(0, len(rows) - 1)), follow=False)
        try:
            # Sorting what is sorted already compares each run with the next one, in C.
            ordered = rows == sorted(rows) or rows == sorted(rows, reverse=True)
        except TypeError:  # A damaged time may be a text or NULL.
            ordered = False
        if end != [row[:2] for row in rows[-1:]] or not ordered:
            # A run may have been stored between the two statements; in a transaction, they see the same moment.
            with self._database.transaction("DEFERRED"):
                rows = self._database.rows(table, (*values, limit))
                keys = self._database.rows(index, (*values, limit, 0))
            for row, key in zip_longest(rows, keys):
                if row is None or row[:2] != key:
                    self._verify([row] if row else [], thread)
                    lost = row if row and row[:2] not in keys else key
                    raise RunDamaged(self.location, readable_id(thread), readable_id(lost[1]))
        return rows

    def _verify(self, rows: Sequence[Row], thread: Any) -> None:
        """Compare runs of a thread with their checksums, if they have any."""
        damaged = first_damaged(thread, rows) if self._verified else first_unreadable(thread, rows)
        if damaged is not None:
            raise RunDamaged(self.location, readable_id(thread), run_name(damaged[1], damaged[2]))

    @contextmanager
    def _repeated_by_check(self, read: Callable[..., object], *arguments: object) -> Generator[None]:
        """Let the health check repeat a read if it fails on damage."""
        try:
            yield
        except StoreDamaged:
            if len(self._failed) < MAX_FAILED:
                self._failed[read, arguments] = None
            raise

    # Reading the whole store.

    def summary(self) -> Summary:
        """Return the number of runs and threads."""
        sql = "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM thread), (SELECT thread FROM run LIMIT 1)"
        (row,) = self._database.rows(sql, (), SUMMARY_SECONDS)
        return Summary(row[0], row[1], None if row[2] is None else readable_id(row[2]))

    def thread_ids(self) -> Iterator[str]:
        """Yield the ids of all threads, in the order of code points."""
        rows = self._database.rows("SELECT id FROM thread ORDER BY id", (), SUMMARY_SECONDS)
        try:
            return iter([thread.decode() for (thread,) in rows])
        except (UnicodeDecodeError, AttributeError) as error:
            raise StoreDamaged(
                f"The id of a thread in the database {self.location or ':memory:'!r} is damaged; restore it from a "
                "copy, or load the runs into a new file."
            ) from error

    def runs(self) -> Iterator[RunRecord]:
        """Yield every run, by thread, time and id, as the store was at one moment."""
        sql = f"SELECT {self._columns}, thread FROM run INDEXED BY {TABLE} ORDER BY thread, created_at, id"
        with self._database.snapshot() as connection:
            with self._database.errors():
                cursor = connection.execute(sql)
            while True:
                with self._database.errors():
                    rows: list[Row] = cursor.fetchmany(BATCH_RUNS)
                if not rows:
                    return
                for row in rows:
                    self._verify([row], row[4])
                    yield RunRecord(row[4].decode(), row[0], row[1].decode(), row[2])

    def verify(self, progress: Callable[[int], object] = lambda _: None) -> Iterator[Damage]:
        """Read everything, and yield what is damaged."""
        with self._database.snapshot() as connection:
            yield from find_damage(connection, self._database.layout, progress)

    def check(self) -> None:
        """Read the store; ``/healthz`` calls it.

        Each call also verifies some runs, and continues where the last one ended, so that a monitor verifies the whole
        store again and again.
        """
        for read, arguments in list(self._failed):
            del self._failed[read, arguments]
            read(self, *arguments)  # The run may have been loaded again since it failed.
        until = time.monotonic() + CHECKED_SECONDS
        while time.monotonic() < until:
            thread, *after = self._checked
            condition = "WHERE thread = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id"
            rows = self._scan(condition, (thread, *after), CHECKED_RUNS, thread.encode())
            self._verify(rows, thread.encode())
            if rows:
                self._checked = (thread, rows[-1][0], rows[-1][1].decode())
                continue
            following = self._database.rows("SELECT min(id) FROM thread WHERE id > ?", (thread,))[0][0]
            self._checked = (readable_id(following) if following else "", *NO_POSITION)
            if not following:
                return

    # Writing.

    @contextmanager
    def load(
        self,
        runs: Iterable[RunRecord],
        *,
        threads: Iterable[str] = (),
        replace: bool = False,
        report: Callable[[Conflict], object] = lambda _: None,
    ) -> Generator[LoadCounts]:
        """Store runs in one transaction, all or none."""
        counts = LoadCounts()
        given = started(runs)
        with self._database.transaction():
            self._add_threads(threads)
            while chunk := list(islice(given, 1)):
                self._load_some(chain(chunk, islice(given, FLUSHED_RUNS)), counts, replace, report)
            yield counts
        self._database.shrink_log()

    def _load_some(
        self, runs: Iterable[RunRecord], counts: LoadCounts, replace: bool, report: Callable[[Conflict], object]
    ) -> None:
        """Store runs, and then their threads."""
        threads: set[str] = set()
        given: list[RunRecord] = []

        def rows() -> Iterator[tuple[str, int, str, str, int]]:
            for run in runs:
                given.append(run)
                yield run.thread, run.created_at, run.id, run.text.decode(), run.checksum
                if given:
                    given.pop()
                    counts.new += 1
                    threads.add(run.thread)

        pending = rows()
        while True:
            try:
                self._database.write("INSERT INTO run VALUES (?, ?, ?, ?, ?)", pending)
                break
            except sqlite3.IntegrityError:  # The id of this run is stored already; the other runs are still pending.
                if (conflict := self._compare_with_stored(given.pop(), replace, counts)) is not None:
                    counts.conflicts += 1
                    report(conflict)
        self._add_threads(threads)

    def _compare_with_stored(self, run: RunRecord, replace: bool, counts: LoadCounts) -> Conflict | None:
        """Compare a run with the stored run of its id, and count or replace it."""
        rows: list[Row] = self._database.rows(f"SELECT {self._columns}, thread FROM run WHERE id = ?", (run.id,))
        if not rows:
            raise RunDamaged(self.location, run.thread, run.id)
        created_at, _, text, _, thread = rows[0]
        if first_damaged(thread, rows) is None and same_json(text, run.text):
            counts.unchanged += 1
        elif replace and (thread, created_at) == (run.thread.encode(), run.created_at):
            row = (run.text.decode(), run.checksum, run.thread, run.created_at, run.id)
            sql = "UPDATE run SET body = ?, checksum = ? WHERE thread = ? AND created_at = ? AND id = ?"
            self._database.write(sql, [row])
            counts.replaced += 1
        else:
            return Conflict(run, text or b"")
        return None

    def _add_threads(self, threads: Iterable[str]) -> None:
        rows = [(thread, thread_checksum(thread.encode())) for thread in threads]
        self._database.write("INSERT OR IGNORE INTO thread VALUES (?, ?)", rows)

    def replace(self, run: Mapping[str, Any]) -> None:
        """Store a run in place of the run with its id, in whatever thread that is."""
        record = RunRecord.of(run)
        with self._database.transaction():
            self.remove(record.id)
            self._load_some([record], LoadCounts(), False, lambda _: None)

    def add_thread(self, thread: str) -> None:
        """Create a thread, unless it exists."""
        self._add_threads([thread])

    def remove(self, run_id: str) -> bool:
        """Delete a run, and return whether it existed; its thread stays."""
        return bool(self._database.write("DELETE FROM run WHERE id = ?", [(run_id,)]))

    def remove_thread(self, thread: str) -> bool:
        """Delete a thread with its runs, and return whether it existed."""
        with self._database.transaction():
            runs = self._database.write("DELETE FROM run WHERE thread = ?", [(thread,)])
            return self._database.write("DELETE FROM thread WHERE id = ?", [(thread,)]) + runs > 0

    def copy_from(self, other: SQLiteStore) -> None:
        """Replace all contents of this store by those of another."""
        self._database.copy_from(other._database)

    def close(self) -> None:
        """Close the store; what is stored is kept."""
        self._database.close()


def _size(page: StoredPage) -> int:
    return sum([len(run.text) for run in page.runs])
