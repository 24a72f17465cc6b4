"""Connections to a PostgreSQL database that are kept for the next call, and never wait without a time limit.

A server that was restarted has closed the connections that are kept. A call that finds its connection closed is
repeated once on a new one. A connection with any other error is closed, which rolls back its transaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from weakref import WeakSet

import psycopg
from psycopg.abc import PQGen

from threadruns.server.store.errors import StoreDamaged, StoreError, StoreUnavailable
from threadruns.server.store.postgres.address import Address

READ_SECONDS = 5.0
"""The time limit of a read."""

LONG_SECONDS = 600.0
"""The time limit of a statement that reads or writes the whole store."""

CHECK_SECONDS = 0.1
"""The time between two looks at the clock while a call waits."""

BUSY_SECONDS = 30
"""The time limit of a writer that waits for the transaction of another process."""

SETTINGS = {
    "statement_timeout": f"{READ_SECONDS * 1000:.0f}",
    "lock_timeout": f"{BUSY_SECONDS}s",
    "idle_in_transaction_session_timeout": "0",
    # Every read is a range of an index. The statistics, from which another plan may follow, are missing after a load.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "jit": "off",
}
"""The settings of a session, as far as the server has them."""

LOST = ("08", "57P01", "57P02", "57P03")
"""The codes of errors of a connection that the server has closed."""

TEMPORARY = (*LOST, "40", "53", "55P03", "57")
"""The codes of errors that may not occur again when the same call is repeated later."""

DAMAGE = "XX"
"""The beginning of the codes of errors of damaged tables."""

NEXT_STEPS = {
    "25006": "it is read-only; give the URL of the primary server",
    "28": "check the user name and the password",
    "3D": "create the database, or correct its name",
    "42501": "give the user the permissions that it needs",
    "42": "its tables are not those of a store of runs, or they are gone; give another schema, as in ?schema=name",
    "3F": "its schema is gone; start the server anew",
    "53100": "free some space on the server and try again; nothing was stored",
    "53300": "it has too many connections; try again, or raise max_connections",
    "53": "the server is out of resources; try again",
    "55P03": "another process is writing to it; try again when it has finished",
    "57014": "the server took too long; try again",
    "58": "check the disk of the server",
    DAMAGE: "restore it from a copy, or load the runs into a new schema",
}
"""What to do about an error, by its code or the beginning of its code; the first that fits counts."""

T = TypeVar("T")


class TimeLimitExceeded(psycopg.OperationalError):
    """The server did not respond in time."""


class LimitedConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that waits for the server for a limited time.

    Attributes:
        seconds: The time limit of each wait.
    """

    seconds = READ_SECONDS

    def wait(self, gen: PQGen[T], interval: float = CHECK_SECONDS, *others: Any, **options: Any) -> T:
        """Wait for the server; the time limit is checked at least ten times a second."""
        return super().wait(self._limited(gen), min(interval, CHECK_SECONDS), *others, **options)

    def _limited(self, gen: PQGen[T]) -> PQGen[T]:
        since = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if time.monotonic() > since + self.seconds:  # The limit is lowered when the store is closed.
                    raise TimeLimitExceeded(f"no response within {self.seconds:.0f} seconds")
                wanted = gen.send(ready)
        except StopIteration as end:
            return cast(T, end.value)


class Connections:
    """The connections to one database; safe to share between threads.

    Args:
        address: The database.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._idle: list[LimitedConnection] = []
        self._all: WeakSet[LimitedConnection] = WeakSet()
        self._closed = False

    def rows(self, sql: bytes, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a short query.

        Args:
            sql: The query.
            values: Its parameters.

        Raises:
            StoreError: It failed.
        """
        with self._readable_errors():
            return self._on_open_connection(lambda connection: connection.execute(sql, values, binary=True).fetchall())

    @contextmanager
    def transaction(self, mode: bytes = b"READ COMMITTED READ WRITE") -> Generator[LimitedConnection]:
        """Commit what is executed inside at once, or roll all of it back.

        Args:
            mode: The isolation level and the access mode.

        Raises:
            StoreError: The transaction failed.
        """
        opened: list[LimitedConnection] = []

        def begin(connection: LimitedConnection) -> None:
            connection.execute(b"BEGIN ISOLATION LEVEL " + mode)
            opened.append(connection)

        with self._readable_errors():
            self._on_open_connection(begin, keep=False)
            (connection,) = opened
            connection.seconds = LONG_SECONDS
            try:
                connection.execute(f"SET LOCAL statement_timeout = '{LONG_SECONDS:.0f}s'".encode())
                yield connection
                self._commit(connection)
            except BaseException:
                connection.close()
                raise
            self._keep(connection)

    def _commit(self, connection: LimitedConnection) -> None:
        try:
            connection.execute(b"COMMIT")
        except psycopg.OperationalError as error:
            if error.sqlstate is not None and not error.sqlstate.startswith(LOST):
                raise
            raise StoreUnavailable(
                f"The connection to the database {self._address.shown!r} was lost at the end of a transaction, which "
                "was stored completely or not at all; repeat the command, which stores nothing twice."
            ) from error

    def close(self) -> None:
        """Close the connections that are kept, and end the calls that wait for the server."""
        with self._lock:
            self._closed = True
            for connection in self._all:
                connection.seconds = 0.0
        self._close_idle()

    def _on_open_connection(self, call: Callable[[LimitedConnection], T], *, keep: bool = True) -> T:
        """Call a function with a connection, and once more with a new one if the server had closed it."""
        while True:
            with self._lock:
                kept = self._idle.pop() if self._idle else None
            connection = self._connect() if kept is None else kept
            connection.seconds = READ_SECONDS
            try:
                result = call(connection)
            except BaseException as error:
                lost = connection.closed or (getattr(error, "sqlstate", None) or "").startswith(LOST)
                connection.close()
                if kept is not None and isinstance(error, psycopg.OperationalError) and lost:
                    self._close_idle()
                    continue
                raise
            if keep:
                self._keep(connection)
            return result

    def _connect(self) -> LimitedConnection:
        connection = LimitedConnection.connect(self._address.conninfo, autocommit=True, prepare_threshold=None)
        try:
            values = ", ".join(f"('{name}', '{value}')" for name, value in SETTINGS.items())
            connection.execute(
                "SELECT set_config(name, chosen.value, false) "
                f"FROM pg_settings JOIN (VALUES {values}) AS chosen (name, value) USING (name)".encode()
            )
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._all.add(connection)
        return connection

    def _keep(self, connection: LimitedConnection) -> None:
        with self._lock:
            if not self._closed and not connection.closed:
                self._idle.append(connection)
                return
        connection.close()

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _readable_errors(self) -> Generator[None]:
        """Turn an error of PostgreSQL into a sentence with the database and the next step."""
        try:
            yield
        except psycopg.Error as error:
            raise self._readable(error) from error
        except UnicodeDecodeError as error:
            raise StoreDamaged(
                f"An id in the database {self._address.shown!r} is damaged: it is not UTF-8; restore it from a copy, "
                "or load the runs into a new schema."
            ) from error

    def _readable(self, error: psycopg.Error) -> StoreError:
        code = error.sqlstate or ""
        reason = error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__
        steps = [step for start, step in NEXT_STEPS.items() if code.startswith(start)]
        if steps:
            step = steps[0]
        elif isinstance(error, TimeLimitExceeded):
            step = "try again, or check the server and the network"
        else:
            step = "check that the server is running, and the URL"
        temporary = code.startswith(TEMPORARY) or (not code and isinstance(error, psycopg.OperationalError))
        kind = StoreDamaged if code.startswith(DAMAGE) else StoreUnavailable if temporary else StoreError
        return kind(f"Cannot use the database {self._address.shown!r}: {reason.rstrip('.')}; {step}.")
