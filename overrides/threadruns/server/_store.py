"""Where runs are kept: one SQLite file, or memory.

The table is clustered on thread, time and id, so that a page is one range scan wherever it lies in the thread, and a
run is kept as the JSON text that it came as, so that a page is joined from its rows without being parsed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import finalize

from attrs import frozen
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from threadruns.server._messages import Position, StoredPage, StoredRun

APPLICATION_ID = 0x74727573
"""Marks a file as a database of runs, in the header field that SQLite keeps for it."""

VERSION = 1
"""The layout of the tables; a database of another one is refused."""

PAGE_BYTES = 16384
"""The size of a database page: with SQLite's own 4096 a page of runs is spread over four times as many reads."""

BUSY_SECONDS = 30
"""How long a writer waits for another process to finish its transaction."""

DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT")
"""What SQLite says of a damaged file; a constraint fails only where the table and its index disagree."""

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
    """The database cannot be used; the message says why and what to do."""


class RunConflict(Exception):
    """A run has the id of a stored run and other content."""


class Store:
    """Runs by thread, in one SQLite database.

    Safe to share between threads; several processes may open the same file.

    Args:
        path: The file, made if it is missing; None keeps everything in memory.

    Raises:
        StoreError: The file is no database of runs, is one of another version, is damaged or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = None if path is None else os.fspath(path)
        if self.path == "":  # SQLite would take it for a file that is gone when it is closed.
            raise StoreError("The name of the database is empty; name a file.")
        self._lock = threading.RLock()
        with self._explained():
            self._connection = sqlite3.connect(
                self.path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise
        # A store that is dropped closes its file too, as one that is closed does.
        self._closed = finalize(self, self._connection.close)

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute(f"PRAGMA page_size = {PAGE_BYTES}")
        execute("PRAGMA synchronous = FULL")
        # Only a new file takes the lock: a database can be opened while another process is writing to it.
        if self._is_blank():
            with self.transaction():
                if self._is_blank():  # Another process may have been faster.
                    for statement in TABLES.split(";")[:-1]:
                        execute(statement)
                    execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    execute(f"PRAGMA user_version = {VERSION}")
        if self._header("application_id") != APPLICATION_ID:
            raise StoreError(f"{self.path!r} is a database of something else; name another file.")
        if (version := self._header("user_version")) != VERSION:
            raise StoreError(
                f"{self.path!r} has layout {version}, and this threadruns reads layout {VERSION}; "
                "load the runs into a new file, or use the threadruns that wrote it."
            )
        self._write_ahead()

    # For this change SQLite waits for nobody, and all who open a new file at one moment want to make it.
    @retry(
        retry=retry_if_exception(lambda error: getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY"),
        wait=wait_random(0.005, 0.05),
        stop=stop_after_delay(BUSY_SECONDS),
        reraise=True,
    )
    def _write_ahead(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")

    def _is_blank(self) -> bool:
        return self._header("application_id") == 0 and not self._rows("SELECT 1 FROM sqlite_schema", ())

    def _header(self, field: str) -> int:
        return int(self._rows(f"PRAGMA {field}", ())[0][0])

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Turn what SQLite raises into a sentence that names the file and a way out."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            code = getattr(error, "sqlite_errorname", "") or ""
            if code.startswith("SQLITE_FULL"):
                advice = "free some space and repeat the command; nothing of it was kept"
            elif code.startswith(DAMAGE) or isinstance(error, UnicodeDecodeError):
                advice = "restore it from a copy, or load the runs into a new file"
            elif code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                advice = "another process is writing to it; try again when it has finished"
            else:
                advice = "check the path, its permissions and the space on the disk"
            raise StoreError(f"The database {self.path or ':memory:'!r} cannot be used: {error}; {advice}.") from error

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Make what is written inside visible and durable at once, or not at all.

        Raises:
            StoreError: The database could not be written; nothing was.
        """
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the database; what was committed stays."""
        with self._lock:
            self._closed()

    def insert(self, thread: str, created_at: int, run_id: str, text: str) -> bool:
        """Keep one run.

        Args:
            thread: The id of its thread.
            created_at: When it was created, in Unix seconds.
            run_id: Its id.
            text: The run as JSON text.

        Returns:
            Whether the run is new; False if the same run is there already.

        Raises:
            RunConflict: Another run has this id.
            StoreError: The database could not be written.
        """
        with self._lock, self._explained():
            try:
                self._connection.execute("INSERT INTO run VALUES (?, ?, ?, ?)", (thread, created_at, run_id, text))
            except sqlite3.IntegrityError:
                row = self._connection.execute("SELECT body FROM run WHERE id = ?", (run_id,)).fetchone()
                if row is None:
                    raise  # A run of this id is there and is not.
                if not _same_json(row[0], text):
                    raise RunConflict(f"run {run_id!r} is stored already, with other content") from None
                return False
            self.add_thread(thread)
            return True

    def add(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Keep runs that are at hand as dicts, all or none of them; they are not checked against the document.

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
        """Make a thread exist, with or without runs."""
        with self._lock, self._explained():
            self._connection.execute("INSERT OR IGNORE INTO thread VALUES (?)", (thread,))

    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""
        return bool(self._rows("SELECT 1 FROM thread WHERE id = ?", (thread,)))

    def thread_ids(self) -> list[str]:
        """Return the ids of all threads."""
        return [row[0] for row in self._rows("SELECT id FROM thread ORDER BY id", ())]

    def position(self, thread: str, run_id: str) -> Position | None:
        """Return where in the thread the run stands; None if it is no run of this thread."""
        rows = self._rows("SELECT created_at FROM run WHERE id = ? AND thread = ?", (run_id, thread))
        return Position(rows[0][0], run_id) if rows else None

    def page(
        self, thread: str, limit: int, order: str, after: Position | None = None, before: Position | None = None
    ) -> StoredPage:
        """Return the runs of a thread next to a position.

        Args:
            thread: The id of the thread.
            limit: How many runs at most.
            order: ``asc`` or ``desc``, by time and then id.
            after: The page starts just after it, in this order.
            before: The page ends just before it; with ``after`` too, the page starts there and reaches no further.
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
        """Return how many runs and threads there are, and the id of a thread that has runs."""
        ((runs, threads, example),) = self._rows(
            "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM thread), (SELECT thread FROM run LIMIT 1)", ()
        )
        return runs, threads, example

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock, self._explained():
            return self._connection.execute(sql, values).fetchall()


@frozen
class _Number:
    """A number as it is written: 1 and 1.0 differ, and no digit is lost."""

    text: str


def _same_json(one: str, other: str) -> bool:
    """Return whether two JSON texts have the same value, whatever the order of keys and the spaces between tokens."""
    if one == other:
        return True
    try:
        left, right = (json.loads(text, parse_int=_Number, parse_float=_Number) for text in (one, other))
        return bool(left == right)
    except (RecursionError, ValueError):  # What is stored may be damaged.
        return False
