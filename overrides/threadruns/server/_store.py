"""The store of runs: one SQLite file, or memory.

The table is clustered on thread, time and id, so that a page is one range scan anywhere in the thread. A run is stored
as its original JSON text, so that a page is joined from its rows without parsing them.
"""

from __future__ import annotations

import json
import math
import os
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import finalize, ref

from attrs import frozen

from threadruns.server._messages import Position, StoredPage, StoredRun

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


class StoreError(Exception):
    """The database cannot be used; the message has the reason and the next step."""


class RunConflict(Exception):
    """A run has the id of a stored run and other content."""


class Store:
    """Runs by thread, in one SQLite database.

    Safe to share between threads; several processes may open the same file.

    Args:
        path: The file, created if it is missing; None for a database in memory.

    Raises:
        StoreError: The file is not a database of runs, has another version, is damaged or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = None if path is None else os.fspath(path)
        if self.path == "":  # SQLite would use a temporary file.
            raise StoreError("The name of the database is empty; give the name of a file.")
        self._lock = threading.RLock()
        self._read_until = math.inf
        with self._readable_errors():
            self._file = _create(self.path) if self.path not in (None, ":memory:") else None
            self._connection = sqlite3.connect(
                self.path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
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
            with self.transaction():
                if self._is_blank():  # Another process may have created them.
                    for statement in TABLES.split(";")[:-1]:
                        execute(statement)
                    execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    execute(f"PRAGMA user_version = {VERSION}")
        if self._header("application_id") != APPLICATION_ID:
            raise StoreError(f"{self.path!r} is not a database of runs; give the name of another file.")
        if (version := self._header("user_version")) != VERSION:
            raise StoreError(
                f"{self.path!r} has version {version} of the tables, and this threadruns reads version {VERSION}; "
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
                f"{self.path!r} has other tables, views or triggers than a database of runs; "
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
            raise StoreError(f"Cannot use the database {self.path or ':memory:'!r}: {error}; {next_step}.") from error

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Commit everything that is written inside at once, or roll all of it back.

        Raises:
            StoreError: The database cannot be written; nothing was written.
        """
        with self._lock, self._readable_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the database; committed data is kept."""
        with self._lock:
            self._closed()

    def insert(self, thread: str, created_at: int, run_id: str, text: str) -> bool:
        """Store one run.

        Args:
            thread: The id of its thread.
            created_at: The time of its creation, in Unix seconds.
            run_id: Its id.
            text: The run as JSON text.

        Returns:
            Whether the run is new; False if the same run is stored already.

        Raises:
            RunConflict: Another run has this id.
            StoreError: The database could not be written.
        """
        with self._lock, self._readable_errors():
            try:
                self._connection.execute("INSERT INTO run VALUES (?, ?, ?, ?)", (thread, created_at, run_id, text))
            except sqlite3.IntegrityError:
                row = self._connection.execute("SELECT body FROM run WHERE id = ?", (run_id,)).fetchone()
                if row is None:
                    raise  # The index has a run with this id, and the table does not.
                if not _same_json(row[0], text):
                    raise RunConflict(f"run {run_id!r} is already stored with other content") from None
                return False
            self.add_thread(thread)
            return True

    def add(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Store runs given as dicts, all or none; they are not validated against the document.

        Raises:
            RunConflict: A run has the id of another.
            StoreError: The database could not be written.
            KeyError: A run lacks ``id``, ``thread_id`` or ``created_at``.
        """
        with self.transaction():
            for run in runs:
                text = json.dumps(run, ensure_ascii=False, separators=(",", ":"))
                self.insert(run["thread_id"], run["created_at"], run["id"], text)

    def add_thread(self, thread: str) -> None:
        """Create a thread, unless it exists."""
        with self._lock, self._readable_errors():
            self._connection.execute("INSERT OR IGNORE INTO thread VALUES (?)", (thread,))

    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""
        return bool(self._rows("SELECT 1 FROM thread WHERE id = ?", (thread,)))

    def thread_ids(self) -> list[str]:
        """Return the ids of all threads."""
        return [row[0] for row in self._rows("SELECT id FROM thread ORDER BY id", ())]

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
        """Store a run in place of the run with its id."""
        with self.transaction():
            self._connection.execute("DELETE FROM run WHERE id = ?", (run["id"],))
            text = json.dumps(run, ensure_ascii=False, separators=(",", ":"))
            self.insert(run["thread_id"], run["created_at"], run["id"], text)

    def remove(self, run_id: str) -> bool:
        """Delete a run, and return whether it existed; its thread stays."""
        with self._lock, self._readable_errors():
            return bool(self._connection.execute("DELETE FROM run WHERE id = ?", (run_id,)).rowcount)

    def remove_thread(self, thread: str) -> bool:
        """Delete a thread with its runs, and return whether it existed."""
        with self.transaction():
            self._connection.execute("DELETE FROM run WHERE thread = ?", (thread,))
            return bool(self._connection.execute("DELETE FROM thread WHERE id = ?", (thread,)).rowcount)

    def copy_from(self, other: Store) -> None:
        """Replace all contents of this store by those of another."""
        with self._lock, self._readable_errors(), other._lock:
            # Tracing tools wrap connections, and backup() accepts only the connection itself.
            other._connection.backup(getattr(self._connection, "__wrapped__", self._connection))

    def check(self) -> None:
        """Read the store.

        Raises:
            StoreError: It cannot be read, or its file is not there any more.
        """
        self._rows("SELECT EXISTS (SELECT 1 FROM run), EXISTS (SELECT 1 FROM thread)", ())
        if self._file is not None:
            try:
                found = os.stat(self.path or "")
            except OSError as error:
                raise _unusable(self.path, error) from error
            if (found.st_dev, found.st_ino) != self._file:
                raise StoreError(
                    f"Another file has taken the place of the database {self.path!r}; start the server anew."
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

    def summary(self) -> tuple[int, int, str | None]:
        """Return the number of runs, the number of threads, and the id of a thread with runs."""
        ((runs, threads, example),) = self._rows(
            "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM thread), (SELECT thread FROM run LIMIT 1)",
            (),
            SUMMARY_SECONDS,
        )
        return runs, threads, example

    def _rows(self, sql: str, values: tuple[Any, ...], seconds: float = READ_SECONDS) -> list[Any]:
        with self._lock, self._readable_errors():
            self._read_until = time.monotonic() + seconds
            try:
                return self._connection.execute(sql, values).fetchall()
            finally:
                self._read_until = math.inf


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


@frozen
class _Number:
    """A number with its original text: 1 and 1.0 differ, and no digit is lost."""

    text: str


def _same_json(one: str, other: str) -> bool:
    """Return whether two JSON texts have the same value; the order of keys and white space do not matter."""
    if one == other:
        return True
    try:
        left, right = (json.loads(text, parse_int=_Number, parse_float=_Number) for text in (one, other))
        return bool(left == right)
    except (RecursionError, ValueError):  # The stored text may be damaged.
        return False
