"""The store of runs in one SQLite file, or in memory.

The table is clustered on thread, time and id, so that a page is one range scan anywhere in the thread. A run is stored
as its original JSON text, so that a page is joined from its rows without parsing them.
"""

from __future__ import annotations

import math
import os
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any
from weakref import finalize, ref

from threadruns.server._messages import Position, StoredPage, StoredRun
from threadruns.server.store.errors import StoreError, StoreUnavailable
from threadruns.server.store.interface import Store
from threadruns.server.store.records import Conflict, Damage, LoadCounts, RunRecord, Summary, same_json

APPLICATION_ID = 0x74727573
"""The application id of a database of runs, in the header of the SQLite file."""

VERSION = 1
"""The version of the tables; databases of other versions are rejected."""

PAGE_BYTES = 16384
"""The page size of the database: with SQLite's default of 4096 a page of runs needs four times as many reads."""

BUSY_SECONDS = 30
"""The time limit of a writer that waits for the transaction of another process."""

READ_SECONDS = 5.0
"""The time limit of a read; only a view or a trigger in the place of a table, or a damaged file, needs so long."""

SUMMARY_SECONDS = 600.0
"""The time limit of counting all runs, which takes long in a large file."""

PROGRESS_STEPS = 20_000
"""The number of steps of SQLite between two looks at the clock."""

DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT")
"""The errors of a damaged file; a constraint fails only if the table and its index disagree."""

TABLES = """
CREATE TABLE run (
    thread TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (thread, created_at, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX run_id ON run (id);
CREATE TABLE thread (id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
"""


TEMPORARY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL", "SQLITE_FULL", "SQLITE_NOMEM", "SQLITE_IOERR")
"""The errors that may not occur again when the same call is repeated later."""

FLUSHED_THREADS = 10_000
"""The number of threads of loaded runs that are kept in memory before they are written."""


READ_RUNS = 100
"""The number of runs that an iteration over all runs keeps in memory."""


class SQLiteStore(Store):
    """Runs in one SQLite database.

    Args:
        path: The file, created if it is missing; None for a database in memory.

    Raises:
        StoreError: The file is not a database of runs, has another version, is damaged or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.location = None if path is None else os.fspath(path)
        if self.location == "":  # SQLite would use a temporary file.
            raise StoreError("The name of the database is empty; give the name of a file.")
        self._lock = threading.RLock()
        self._read_until = math.inf
        with self._readable_errors():
            self._file = _create(self.location) if self.location not in (None, ":memory:") else None
            self._connection = sqlite3.connect(
                self.location or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise
        # A store that is garbage-collected closes its file, too.
        self._closed = finalize(self, self._connection.close)
        # The handler must not hold the store, or it would never be garbage-collected.
        weak = ref(self)
        self._connection.set_progress_handler(
            lambda: (store := weak()) is not None and time.monotonic() > store._read_until, PROGRESS_STEPS
        )

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute(f"PRAGMA page_size = {PAGE_BYTES}")
        execute("PRAGMA synchronous = FULL")
        # Only a new file needs the lock: a database can be opened while another process writes to it.
        if self._is_blank():
            with self._transaction():
                if self._is_blank():  # Another process may have created them.
                    for statement in TABLES.split(";")[:-1]:
                        execute(statement)
                    execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    execute(f"PRAGMA user_version = {VERSION}")
        if self._header("application_id") != APPLICATION_ID:
            raise StoreError(f"{self.location!r} is not a database of runs; give the name of another file.")
        if (version := self._header("user_version")) != VERSION:
            raise StoreError(
                f"{self.location!r} has version {version} of the tables, and this threadruns reads version {VERSION}; "
                "load the runs into a new file, or use the threadruns that wrote it."
            )
        kinds = self._rows(
            "SELECT name, type, sql FROM sqlite_schema WHERE type <> 'index' "
            "AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
            (),
        )
        if [(name, kind) for name, kind, _ in kinds] != [("run", "table"), ("thread", "table")] or any(
            (sql or "").upper().startswith("CREATE VIRTUAL") for _, _, sql in kinds
        ):
            raise StoreError(
                f"{self.location!r} has other tables, views or triggers than a database of runs; "
                "load the runs into a new file."
            )
        self._write_ahead()

    def _write_ahead(self) -> None:
        # SQLite does not wait for other processes here, and all processes that open a new file make this change.
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(0.005, 0.05))

    def _is_blank(self) -> bool:
        return self._header("application_id") == 0 and not self._rows("SELECT 1 FROM sqlite_schema", ())

    def _header(self, field: str) -> int:
        return int(self._rows(f"PRAGMA {field}", ())[0][0])

    @contextmanager
    def _readable_errors(self) -> Generator[None]:
        """Turn an SQLite error into a sentence with the file and the next step."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            code = getattr(error, "sqlite_errorname", "") or ""
            if code.startswith("SQLITE_FULL"):
                next_step = "free some space and repeat the command; nothing was stored"
            elif code.startswith(DAMAGE) or isinstance(error, UnicodeDecodeError):
                next_step = "restore it from a copy, or load the runs into a new file"
            elif code.startswith("SQLITE_INTERRUPT"):
                next_step = "a read took too long; load the runs into a new file"
            elif code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                next_step = "another process is writing to it; try again when it has finished"
            else:
                next_step = "check the path, its permissions and the disk space"
            kind = StoreUnavailable if code.startswith(TEMPORARY) else StoreError
            raise kind(f"Cannot use the database {self.location or ':memory:'!r}: {error}; {next_step}.") from error

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """Commit everything that is written inside at once, or roll all of it back."""
        with self._lock:
            self._execute("BEGIN IMMEDIATE")
            try:
                yield
                self._execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._execute("ROLLBACK")
                raise

    def _execute(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        with self._lock, self._readable_errors():
            return self._connection.execute(sql, values)

    def close(self) -> None:
        """Close the database; committed data is kept."""
        with self._lock:
            self._closed()

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
        with self._transaction():
            for thread in threads:
                self.add_thread(thread)
            pending: set[str] = set()
            for run in runs:
                if self._insert(run):
                    counts.new += 1
                elif (conflict := self._meet(run, replace, counts)) is not None:
                    counts.conflicts += 1
                    report(conflict)
                    continue
                pending.add(run.thread)
                if len(pending) == FLUSHED_THREADS:
                    self._add_threads(pending)
                    pending.clear()
            self._add_threads(pending)
            yield counts

    def _insert(self, run: RunRecord) -> bool:
        """Store a run, and return whether its id is new."""
        row = (run.thread, run.created_at, run.id, run.text.decode())
        return self._execute("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?)", row).rowcount == 1

    def _meet(self, run: RunRecord, replace: bool, counts: LoadCounts) -> Conflict | None:
        """Compare a run with the stored run of its id, and count or replace it."""
        rows = self._execute(
            "SELECT thread, created_at, CAST(body AS BLOB) FROM run WHERE id = ?", (run.id,)
        ).fetchall()
        if not rows:  # The index has a run with this id, and the table does not.
            raise StoreError(
                f"Cannot use the database {self.location or ':memory:'!r}: its index is damaged at run {run.id!r}; "
                "restore it from a copy, or load the runs into a new file."
            )
        thread, created_at, stored = rows[0]
        if same_json(stored, run.text):
            counts.unchanged += 1
        elif replace and (thread, created_at) == (run.thread, run.created_at):
            self._execute("UPDATE run SET body = ? WHERE id = ?", (run.text.decode(), run.id))
            counts.replaced += 1
        else:
            return Conflict(run, stored)
        return None

    def _add_threads(self, threads: Iterable[str]) -> None:
        with self._lock, self._readable_errors():
            self._connection.executemany("INSERT OR IGNORE INTO thread VALUES (?)", [(thread,) for thread in threads])

    def add_thread(self, thread: str) -> None:
        """Create a thread, unless it exists."""
        self._add_threads([thread])

    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""
        return bool(self._rows("SELECT 1 FROM thread WHERE id = ?", (thread,)))

    def thread_ids(self) -> Iterator[str]:
        """Yield the ids of all threads, in the order of code points."""
        return iter([row[0] for row in self._rows("SELECT id FROM thread ORDER BY id", ())])

    def runs(self) -> Iterator[RunRecord]:
        """Yield every run, by thread, time and id, as the store was at one moment."""
        sql = "SELECT thread, created_at, id, CAST(body AS BLOB) FROM run ORDER BY thread, created_at, id"
        with self._snapshot() as connection:
            rows = connection.execute(sql)
            while True:
                with self._readable_errors():
                    batch = rows.fetchmany(READ_RUNS)
                if not batch:
                    return
                yield from (RunRecord(*row) for row in batch)

    def verify(self, progress: Callable[[int], object] = lambda _: None) -> Iterator[Damage]:
        """Read everything, and yield what is damaged."""
        with self._snapshot() as connection, self._readable_errors():
            for (problem,) in connection.execute("PRAGMA integrity_check"):
                if problem != "ok":
                    yield Damage(problem)
        progress(self.summary().runs)

    @contextmanager
    def _snapshot(self) -> Generator[sqlite3.Connection]:
        """Yield a connection that sees the store as it is now, until the end of the block."""
        with self._readable_errors():
            connection = sqlite3.connect(
                (self.location if self._file else None) or ":memory:",
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        with closing(connection):
            with self._lock, self._readable_errors():
                if self._file is None:
                    self._connection.backup(_unwrapped(connection))
                connection.execute("BEGIN")
            yield connection

    def position(self, thread: str, run_id: str) -> Position | None:
        """Return the position of a run in the thread; None if it is not a run of this thread."""
        rows = self._rows("SELECT created_at FROM run WHERE id = ? AND thread = ?", (run_id, thread))
        return Position(rows[0][0], run_id) if rows else None

    def run(self, thread: str, run_id: str) -> StoredRun | None:
        """Return a run of the thread; None if the thread does not have it."""
        rows = self._rows("SELECT id, CAST(body AS BLOB) FROM run WHERE id = ? AND thread = ?", (run_id, thread))
        return StoredRun._make(rows[0]) if rows else None

    def find(self, run_id: str) -> StoredRun | None:
        """Return the run with this id in any thread, or None."""
        rows = self._rows("SELECT id, CAST(body AS BLOB) FROM run WHERE id = ?", (run_id,))
        return StoredRun._make(rows[0]) if rows else None

    def replace(self, run: Mapping[str, Any]) -> None:
        """Store a run in place of the run with its id, in whatever thread that is."""
        record = RunRecord.of(run)
        with self._transaction():
            self.remove(record.id)
            self._insert(record)
            self.add_thread(record.thread)

    def remove(self, run_id: str) -> bool:
        """Delete a run, and return whether it existed; its thread stays."""
        return bool(self._execute("DELETE FROM run WHERE id = ?", (run_id,)).rowcount)

    def remove_thread(self, thread: str) -> bool:
        """Delete a thread with its runs, and return whether it existed."""
        with self._transaction():
            self._execute("DELETE FROM run WHERE thread = ?", (thread,))
            return bool(self._execute("DELETE FROM thread WHERE id = ?", (thread,)).rowcount)

    def copy_from(self, other: SQLiteStore) -> None:
        """Replace all contents of this store by those of another."""
        with self._lock, self._readable_errors(), other._lock:
            other._connection.backup(_unwrapped(self._connection))

    def check(self) -> None:
        """Read the store.

        Raises:
            StoreError: It cannot be read, or its file is not there any more.
        """
        self._rows("SELECT EXISTS (SELECT 1 FROM run), EXISTS (SELECT 1 FROM thread)", ())
        if self._file is not None:
            try:
                found = os.stat(self.location or "")
            except OSError as error:
                raise _unusable(self.location, error) from error
            if (found.st_dev, found.st_ino) != self._file:
                raise StoreError(
                    f"Another file has taken the place of the database {self.location!r}; start the server anew."
                )

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
        backward = before is not None and after is None
        direction = "ASC" if (order == "asc") != backward else "DESC"
        lower, upper = (after, before) if order == "asc" else (before, after)
        where = "thread = ?"
        values: list[Any] = [thread]
        for bound, sign in ((lower, ">"), (upper, "<")):
            if bound is not None:
                where += f" AND (created_at, id) {sign} (?, ?)"
                values += [bound.created_at, bound.id]
        rows = self._rows(
            f"SELECT id, CAST(body AS BLOB) FROM run WHERE {where} "
            f"ORDER BY created_at {direction}, id {direction} LIMIT ?",
            (*values, limit + 1),
        )
        runs = list(map(StoredRun._make, rows[:limit]))
        if backward:
            runs.reverse()
        return StoredPage(runs, has_more=len(rows) > limit)

    def summary(self) -> Summary:
        """Return the number of runs and threads."""
        (row,) = self._rows(
            "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM thread), (SELECT thread FROM run LIMIT 1)",
            (),
            SUMMARY_SECONDS,
        )
        return Summary._make(row)

    def _rows(self, sql: str, values: tuple[Any, ...], seconds: float = READ_SECONDS) -> list[Any]:
        with self._lock, self._readable_errors():
            self._read_until = time.monotonic() + seconds
            try:
                return self._connection.execute(sql, values).fetchall()
            finally:
                self._read_until = math.inf


def _unwrapped(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return the connection itself: tracing tools wrap it, and ``backup`` accepts no other."""
    return getattr(connection, "__wrapped__", connection)


def _create(path: str) -> tuple[int, int]:
    """Create the file if it is missing, readable only by its owner, and return its identity."""
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        found = os.stat(path)
    except OSError as error:
        raise _unusable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path!r} is not a regular file; give the name of another file.")
    return found.st_dev, found.st_ino


def _unusable(path: str | None, error: OSError) -> StoreError:
    reason = f"{error.strerror or error}; check the path, its permissions and the disk space"
    return StoreError(f"Cannot use the database {path!r}: {reason}.")
