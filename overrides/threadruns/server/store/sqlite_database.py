"""An SQLite database of runs as a file: opening, creating and converting it, and noticing that it is another one.

Layout 2 has a checksum for each run and thread, a second index, and an identity of the database. Layout 1 has none of
them.
"""

from __future__ import annotations

import math
import os
import random
import secrets
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import finalize, ref

from threadruns.server.store.errors import StoreDamaged, StoreError, StoreUnavailable
from threadruns.server.store.records import run_checksum, thread_checksum

APPLICATION_ID = 0x74727573
"""The application id of a database of runs, in the header of the SQLite file."""

LAYOUT = 2
"""The present layout of the tables, in the header of the SQLite file as the user version."""

PAGE_BYTES = 16384
"""The page size of the database: with SQLite's default of 4096 a page of runs needs four times as many reads."""

CACHE_KIB = 16384
"""The size of SQLite's cache: with less, a load writes pages of the index of ids many times."""

LOG_BYTES = 4 << 20
"""The size to which the write-ahead log shrinks when it starts anew."""

BUSY_SECONDS = 30
"""The time limit of a writer that waits for the transaction of another process."""

READ_SECONDS = 5.0
"""The time limit of a read; only a view or a trigger in the place of a table, or a damaged file, needs so long."""

PROGRESS_STEPS = 20_000
"""The number of steps of SQLite between two looks at the clock."""

DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_MISMATCH")
"""The errors of a damaged file: our statements are correct, so an error in one means that the tables changed."""

TEMPORARY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL", "SQLITE_FULL", "SQLITE_NOMEM", "SQLITE_IOERR")
"""The errors that may not occur again when the same call is repeated later."""

TABLES_1 = """
CREATE TABLE run (
    thread TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (thread, created_at, id)
) WITHOUT ROWID;
CREATE TABLE thread (id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
CREATE UNIQUE INDEX run_id ON run (id);
"""
TABLES_2 = """
CREATE TABLE run (
    thread TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (thread, created_at, id)
) WITHOUT ROWID;
CREATE TABLE thread (id TEXT NOT NULL PRIMARY KEY, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE archive (identity TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
CREATE UNIQUE INDEX run_id ON run (id);
CREATE INDEX run_order ON run (thread, created_at, id);
"""
RENAMED = ("ALTER TABLE run RENAME TO run_1", "ALTER TABLE thread RENAME TO thread_1", "DROP INDEX run_id")
COPIED = (
    "INSERT INTO run SELECT thread, created_at, id, body, run_checksum(thread, created_at, id, body) "
    "FROM run_1 ORDER BY thread, created_at, id",
    "INSERT INTO thread SELECT id, thread_checksum(id) FROM (SELECT id FROM thread_1 UNION SELECT thread FROM run_1)",
    "DROP TABLE run_1",
    "DROP TABLE thread_1",
)


class SQLiteDatabase:
    """A connection to an SQLite database of runs, which may be shared between threads.

    A file that was changed by something else than this connection is opened anew before the next read, so that neither
    a truncated file nor another database is read through a cache of the old one.

    Args:
        path: The file; None for memory.
        create: Create the file if it is missing, and convert a database of an older layout.
        notify: A callback that gets a sentence if the database is converted, or served without being converted.

    Raises:
        StoreError: The file is not a database of runs, has another layout, is damaged or cannot be opened.

    Attributes:
        layout: The layout of the tables.
        writable: Whether the file and its folder may be written.
    """

    def __init__(
        self, path: str | None = None, *, create: bool = True, notify: Callable[[str], object] = lambda _: None
    ) -> None:
        if path == "":  # SQLite would use a temporary file.
            raise StoreError("The name of the database is empty; give the name of a file.")
        self.path = path
        self.lock = threading.RLock()
        self.layout = LAYOUT
        self.writable = True
        self._read_until = math.inf
        self._identity = ""
        if path is not None and create:
            _create_file(path)
        self._file_state()  # Only a regular file is opened.
        self._opened = 1
        self._connection = self._open(create, notify)
        self._state: tuple[int, ...] = self._file_state()
        self._closed = finalize(self, self._connection.close)

    # Opening.

    def _open(self, create: bool = False, notify: Callable[[str], object] = lambda _: None) -> sqlite3.Connection:
        """Open the database, and create or convert its tables if that is permitted.

        Raises:
            StoreError: It cannot be used, or it is not the one that was open before.
        """
        connection = self.connect()
        try:
            with self.errors():
                self._prepare(connection, create, notify)
        except BaseException:
            connection.close()
            raise
        return connection

    def connect(self) -> sqlite3.Connection:
        """Open a connection to the file, or to a database in memory."""
        with self.errors():
            connection = sqlite3.connect(
                self._address(), uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        # A damaged text need not be UTF-8, and most texts are sent as they are.
        connection.text_factory = bytes
        # The handler must not hold the database, or it would never be garbage-collected.
        weak = ref(self)
        connection.set_progress_handler(
            lambda: (database := weak()) is not None and time.monotonic() > database._read_until, PROGRESS_STEPS
        )
        return connection

    def _address(self) -> str:
        if self.path is None:
            return ":memory:"
        folder = os.path.dirname(os.path.abspath(self.path))
        changeable = _may_write(folder)
        self.writable = changeable and _may_write(self.path)
        mode = "rw" if self.writable else "ro"
        if not changeable and not _size(f"{self.path}-wal"):
            mode += "&immutable=1"  # Without its shared memory beside it, SQLite could not read the file at all.
        return f"{Path(self.path).absolute().as_uri()}?mode={mode}"

    def _prepare(self, connection: sqlite3.Connection, create: bool, notify: Callable[[str], object]) -> None:
        execute = connection.execute
        execute(f"PRAGMA page_size = {PAGE_BYTES}")
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA cell_size_check = ON")
        execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        # Only a new file needs the lock: a database can be opened while another process writes to it.
        if create and self.writable and _is_blank(connection):
            with _transaction(connection):
                if _is_blank(connection):  # Another process may have created them.
                    _create_tables(connection)
        self._check_header(connection)
        if self.layout < LAYOUT:
            self._convert(connection, create, notify)
        self._check_tables(connection)
        self._check_identity(connection)
        if self.writable:
            _write_ahead(connection)

    def _check_header(self, connection: sqlite3.Connection) -> None:
        if _header(connection, "application_id") != APPLICATION_ID or _header(connection, "encoding") != b"UTF-8":
            raise StoreError(f"{self.path!r} is not a database of runs; give the name of another file.")
        self.layout = _header(connection, "user_version")
        if self.layout not in (1, LAYOUT):
            raise StoreError(
                f"{self.path!r} has layout {self.layout}, and this threadruns reads the layouts 1 and {LAYOUT}; "
                "load the runs into a new file, or use the threadruns that wrote it."
            )

    def _check_tables(self, connection: sqlite3.Connection) -> None:
        expected = {statement.encode() for statement in _statements(TABLES_1 if self.layout == 1 else TABLES_2)}
        found = connection.execute("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'")
        if {sql for (sql,) in found} != expected:
            raise StoreError(
                f"{self.path!r} has other tables, indexes, views or triggers than a database of runs; "
                "load the runs into a new file."
            )

    def _check_identity(self, connection: sqlite3.Connection) -> None:
        sql = "SELECT identity FROM archive"
        identity = str(connection.execute(sql).fetchall()) if self.layout > 1 else ""
        if self._identity and identity != self._identity:
            raise StoreError(
                f"Another database has taken the place of the database {self.path!r}; start the server anew."
            )
        self._identity = identity

    def _convert(self, connection: sqlite3.Connection, create: bool, notify: Callable[[str], object]) -> None:
        """Convert a database of layout 1, unless it must not be written."""
        if not (create and self.writable):
            reason = "" if self.writable else ", because it is read-only"
            notify(f"{self.path!r} has layout 1, whose runs have no checksums; it is used as it is{reason}.")
            return
        with _transaction(connection):
            if _header(connection, "user_version") == 1:  # Another process may have converted it.
                self._check_tables(connection)
                notify(f"{self.path!r} has layout 1; it is converted to layout {LAYOUT}, which has checksums.")
                connection.create_function("run_checksum", 4, _run_checksum, deterministic=True)
                connection.create_function("thread_checksum", 1, _thread_checksum, deterministic=True)
                tables, indexes = _statements(TABLES_2)[:-2], _statements(TABLES_2)[-2:]
                for statement in (*RENAMED, *tables, *COPIED, *indexes):
                    connection.execute(statement)
                _mark(connection)
        self.layout = LAYOUT

    # The file.

    def _file_state(self) -> tuple[int, ...]:
        """Return what changes when the file is written, truncated or replaced; empty for memory."""
        if self.path is None:
            return ()
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise _unusable(self.path, error) from error
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{self.path!r} is not a regular file; give the name of another file.")
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _require_same_file(self, state: tuple[int, ...]) -> tuple[int, ...]:
        if state[:2] != self._state[:2]:
            raise StoreError(
                f"Another file has taken the place of the database {self.path!r}; start the server anew, or repeat the "
                "command."
            )
        return state

    def _follow_file(self) -> None:
        """Open the file anew if it was changed by something else than this connection."""
        state = self._file_state()
        if state == self._state or self._connection.in_transaction:
            return
        self._require_same_file(state)
        connection = self._open()
        self._closed()
        self._opened += 1
        self._connection, self._state = connection, state
        self._closed = finalize(self, connection.close)

    # Statements.

    @contextmanager
    def errors(self) -> Generator[None]:
        """Turn an SQLite error into a sentence with the file and the next step."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._sentence(error) from error

    def _sentence(self, error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
        code = getattr(error, "sqlite_errorname", "") or ""
        kind = StoreUnavailable if code.startswith(TEMPORARY) else StoreError
        if code.startswith("SQLITE_FULL"):
            next_step = "free some space and repeat the command; nothing was stored"
        elif code.startswith(DAMAGE) or isinstance(error, UnicodeDecodeError):
            kind = StoreDamaged
            next_step = "restore it from a copy, or load the runs into a new file"
        elif code.startswith("SQLITE_INTERRUPT"):
            next_step = "a read took too long; load the runs into a new file"
        elif code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            next_step = "another process is writing to it; try again when it has finished"
        else:
            next_step = "check the path, its permissions and the disk space"
        return kind(f"Cannot use the database {self.path or ':memory:'!r}: {error}; {next_step}.")

    def rows(
        self, sql: str, values: tuple[Any, ...] = (), seconds: float | None = None, *, follow: bool = True
    ) -> list[Any]:
        """Return the rows of a query.

        Args:
            sql: The query.
            values: Its parameters.
            seconds: The time limit.
            follow: Notice that the file is another one; not needed directly after another query.
        """
        with self.lock:
            if follow:
                self._follow_file()
            self._read_until = time.monotonic() + (seconds or READ_SECONDS)
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                if self.path is not None and error.sqlite_errorname == "SQLITE_INTERRUPT":
                    # A view may have taken the place of a table. The next read looks at the tables again, so that not
                    # every request takes so long.
                    self._state = (*self._state[:2], -1)
                raise self._sentence(error) from error
            finally:
                self._read_until = math.inf

    def version(self) -> tuple[int, ...] | None:
        """Return numbers that differ after each change of the contents, by this process or another.

        They are None in a transaction, which may be rolled back.
        """
        with self.lock, self.errors():
            self._follow_file()
            if self._connection.in_transaction:
                return None
            ((by_others,),) = self._connection.execute("PRAGMA data_version").fetchall()
            return self._opened, by_others, self._connection.total_changes

    def write(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Execute a statement once for each tuple of parameters, and return the number of rows that it changed.

        Raises:
            sqlite3.IntegrityError: A row is there already; those before it were written.
        """
        self._require_writable()
        with self.lock, self.errors():
            self._follow_file()
            changed = self._connection.executemany(sql, rows).rowcount
            if not self._connection.in_transaction:
                self._state = self._require_same_file(self._file_state())
            return changed

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Generator[None]:
        """Commit everything that is written inside at once, or roll all of it back.

        Args:
            kind: ``IMMEDIATE`` to write, ``DEFERRED`` to read several times as the database is at one moment.
        """
        if kind == "IMMEDIATE":
            self._require_writable()
        with self.lock:
            with self.errors():
                self._follow_file()
                self._connection.execute(f"BEGIN {kind}")
            try:
                yield
                with self.errors():
                    self._require_same_file(self._file_state())
                    self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    with self.errors():
                        self._connection.execute("ROLLBACK")
                raise
            self._state = self._require_same_file(self._file_state())

    def _require_writable(self) -> None:
        if not self.writable or self.layout < LAYOUT:
            raise StoreError(
                f"Cannot write the database {self.path!r}: it is read-only; make the file and its folder writable."
            )

    def shrink_log(self) -> None:
        """Copy the write-ahead log into the file and truncate it, if nothing prevents it."""
        if self.path is None:
            return
        with self.lock, self.errors():
            self._connection.execute("PRAGMA busy_timeout = 0")  # Other connections may be reading from the log.
            with suppress(sqlite3.Error):  # On a full disk, the log keeps what was committed.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            self._state = self._require_same_file(self._file_state())

    @contextmanager
    def snapshot(self) -> Generator[sqlite3.Connection]:
        """Yield a connection that sees the database as it is now, until the end of the block."""
        with closing(self.connect()) as connection:
            with self.lock, self.errors():
                if self.path is None:
                    self._connection.backup(_unwrapped(connection))
                connection.execute("BEGIN")
            yield connection

    def copy_from(self, other: SQLiteDatabase) -> None:
        """Replace all contents by those of another database."""
        with self.lock, self.errors(), other.lock:
            self._opened += 1  # SQLite counts no changes.
            other._connection.backup(_unwrapped(self._connection))

    def close(self) -> None:
        """Close the connection."""
        with self.lock:
            self._closed()


def _run_checksum(thread: str, created_at: int, run_id: str, text: str) -> int:
    return run_checksum(thread_checksum(thread.encode()), created_at, run_id.encode(), text.encode())


def _thread_checksum(thread: str) -> int:
    return thread_checksum(thread.encode())


def _statements(text: str) -> list[str]:
    return [statement.strip() for statement in text.split(";")[:-1]]


def new_identity() -> str:
    """Return a random identity, which ends with its checksum."""
    token = secrets.token_hex(12)
    return f"{token}{thread_checksum(token.encode()):08x}"


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in _statements(TABLES_2):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _mark(connection)


def _mark(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("INSERT INTO archive VALUES (?)", (new_identity(),))


def _is_blank(connection: sqlite3.Connection) -> bool:
    empty = connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None
    return empty and _header(connection, "application_id") == 0


def _header(connection: sqlite3.Connection, field: str) -> Any:
    return connection.execute(f"PRAGMA {field}").fetchone()[0]


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write_ahead(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for other processes here, and all processes that open a new file make this change.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0.005, 0.05))


def _unwrapped(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return the connection itself: tracing tools wrap it, and ``backup`` accepts no other."""
    return getattr(connection, "__wrapped__", connection)


def _create_file(path: str) -> None:
    """Create the file if it is missing, readable only by its owner."""
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        if not os.path.exists(path):
            raise _unusable(path, error) from error


def _may_write(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _unusable(path: str, error: OSError) -> StoreError:
    reason = f"{error.strerror or error}; check the path, its permissions and the disk space"
    return StoreError(f"Cannot use the database {path!r}: {reason}.")
