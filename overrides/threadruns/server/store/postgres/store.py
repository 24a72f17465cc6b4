"""The store of runs in a PostgreSQL database.

The runs are stored as their original JSON text, because ``jsonb`` would reorder the keys. Ids are ordered by code
points (collation "C"). A page is one range scan of the primary key.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import finalize

from threadruns.server._messages import Position, StoredPage, StoredRun
from threadruns.server.store.errors import RunDamaged, StoreDamaged, StoreError
from threadruns.server.store.interface import Store, started
from threadruns.server.store.postgres.address import Address
from threadruns.server.store.postgres.connections import Connections, LimitedConnection
from threadruns.server.store.postgres.keys import decode_key, encode_key
from threadruns.server.store.postgres.tables import Tables, lock
from threadruns.server.store.postgres.writer import COLUMNS, Writer, read_record
from threadruns.server.store.records import Conflict, Damage, LoadCounts, RunRecord, Summary, run_name

READ_RUNS = 500
"""The number of runs that are fetched at a time when all are read."""

SNAPSHOT = b"REPEATABLE READ READ ONLY"

PROGRESS_RUNS = 1000
"""The number of runs between two reports of the progress."""

MAX_FAILED = 100
"""The largest number of damaged runs that the health check reads again."""

CHECKED_RUNS = 200
"""The number of runs that each call of the health check verifies."""


class PostgresStore(Store):
    """Runs in one schema of a PostgreSQL database, which is created if it is missing.

    Args:
        url: The URL of the database; its parameter ``schema`` names the schema.
        create: Create the tables if they are missing.

    Raises:
        StoreError: The database cannot be used.
    """

    remote = True

    def __init__(self, url: str, *, create: bool = True) -> None:
        address = Address.parse(url)
        self.location = address.shown
        self._connections = Connections(address)
        self._failed: set[tuple[str, str]] = set()
        self._checked: tuple[str, int, str] = ("", -(1 << 63), "")
        # A store that is garbage-collected closes its connections, too.
        self._closed = finalize(self, self._connections.close)
        try:
            self._tables = Tables.prepare(self._connections, address, create=create)
        except BaseException:
            self.close()
            raise
        self._schema = address.schema

    # Reading a thread.

    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""
        sql = (
            f"SELECT EXISTS (SELECT 1 FROM {self._schema}.thread WHERE id = %s) "
            f"OR EXISTS (SELECT 1 FROM {self._schema}.run WHERE thread = %s)"
        )
        ((exists,),) = self._rows(sql, encode_key(thread), encode_key(thread))
        return bool(exists)

    def position(self, thread: str, run_id: str) -> Position | None:
        """Return the position of a run in the thread; None if it is not a run of this thread."""
        found = self._one("id = %s AND thread = %s", encode_key(run_id), encode_key(thread))
        return Position(found.created_at, run_id) if found else None

    def page(
        self, thread: str, limit: int, order: str, after: Position | None = None, before: Position | None = None
    ) -> StoredPage:
        """Return one page of the runs of a thread."""
        backward = before is not None and after is None
        direction = "ASC" if (order == "asc") != backward else "DESC"
        lower, upper = (after, before) if order == "asc" else (before, after)
        where = "thread = %s"
        values: list[Any] = [encode_key(thread)]
        for bound, sign in ((lower, ">"), (upper, "<")):
            if bound is not None:
                where += f" AND (created_at, id) {sign} (%s::bigint, %s)"
                values += [bound.created_at, encode_key(bound.id)]
        rows = self._rows(
            f"SELECT {COLUMNS} FROM {self._schema}.run WHERE {where} "
            f"ORDER BY created_at {direction}, id {direction} LIMIT %s",
            *values,
            limit + 1,
        )
        runs = [self._intact(row) for row in rows[:limit]]
        if backward:
            runs.reverse()
        return StoredPage([StoredRun(run.id, run.text) for run in runs], has_more=len(rows) > limit)

    def run(self, thread: str, run_id: str) -> StoredRun | None:
        """Return a run of the thread; None if the thread does not have it."""
        found = self._one("id = %s AND thread = %s", encode_key(run_id), encode_key(thread))
        return StoredRun(found.id, found.text) if found else None

    def find(self, run_id: str) -> StoredRun | None:
        """Return the run with this id in any thread, or None."""
        found = self._one("id = %s", encode_key(run_id))
        return StoredRun(found.id, found.text) if found else None

    # Reading the whole store.

    def summary(self) -> Summary:
        """Return the number of runs and threads."""
        with self._connections.transaction(SNAPSHOT) as connection:
            connection.execute(b"SET LOCAL enable_seqscan = on")
            sizes = f"SELECT (SELECT count(*) FROM {self._schema}.run), (SELECT count(*) FROM {self._schema}.thread)"
            row = connection.execute(sizes.encode()).fetchone()
            first = connection.execute(f"SELECT thread FROM {self._schema}.run ORDER BY thread LIMIT 1".encode())
            example = first.fetchone()
        assert row is not None
        return Summary(row[0], row[1], decode_key(example[0]) if example else None)

    def thread_ids(self) -> Iterator[str]:
        """Yield the ids of all threads, in the order of code points."""
        for (thread,) in self._stream(f"SELECT id FROM {self._schema}.thread ORDER BY id"):
            yield decode_key(thread)

    def runs(self) -> Iterator[RunRecord]:
        """Yield every run, by thread, time and id, as the store was at one moment."""
        return map(self._intact, self._stream(self._all_runs()))

    def verify(self, progress: Callable[[int], object] = lambda _: None) -> Iterator[Damage]:
        """Read everything, and yield what is damaged."""
        try:
            with self._connections.transaction(SNAPSHOT) as connection:
                yield from self._verify_runs(connection, progress)
                yield from self._verify_keys(connection)
        except StoreDamaged as error:
            yield Damage(str(error))

    def _verify_runs(self, connection: LimitedConnection, progress: Callable[[int], object]) -> Iterator[Damage]:
        seen = 0
        last: tuple[str, int, str] | None = None
        for seen, row in enumerate(_fetched(connection, self._all_runs()), 1):
            run, intact = read_record(row)
            if last is not None and run[:3] <= last:
                yield Damage("The index of the runs has the run in a wrong place.", run.thread, run.id)
            last = run[:3]
            if not intact:
                yield Damage("The checksum of the run is wrong.", run.thread, run_name(run.id.encode(), run.text))
            if seen % PROGRESS_RUNS == 0:
                progress(PROGRESS_RUNS)
        progress(seen % PROGRESS_RUNS)
        # Without the index, by which they were read.
        connection.execute(
            b"SELECT set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true), "
            b"set_config('enable_indexonlyscan', 'off', true)"
        )
        for (runs,) in connection.execute(f"SELECT count(*) FROM {self._schema}.run".encode()):
            if runs != seen:
                yield Damage(f"The index of the runs has {seen} runs, and the table has {runs}.")

    def _verify_keys(self, connection: LimitedConnection) -> Iterator[Damage]:
        repeated = f"SELECT id FROM {self._schema}.run GROUP BY id HAVING count(*) > 1 ORDER BY id"
        for (run_id,) in _fetched(connection, repeated):
            yield Damage("Several threads have a run with this id.", None, decode_key(run_id))
        missing = f"SELECT thread FROM {self._schema}.run EXCEPT SELECT id FROM {self._schema}.thread ORDER BY thread"
        for (thread,) in _fetched(connection, missing):
            yield Damage("The thread has runs and is missing from the table of threads.", decode_key(thread))

    def check(self) -> None:
        """Read the store; ``/healthz`` calls it.

        Each call also verifies some runs, and continues where the last one ended.

        Raises:
            StoreError: It cannot be read, its tables are gone or are others, or a run is damaged.
        """
        found = self._rows(
            f"SELECT identity, EXISTS (SELECT 1 FROM {self._schema}.run), EXISTS (SELECT 1 FROM {self._schema}.thread) "
            f"FROM {self._schema}.store"
        )
        if [row[0] for row in found] != [self._tables.identity]:
            raise StoreError(
                f"Another store has taken the place of that in the database {self.location!r}; start the server anew."
            )
        for thread, run_id in list(self._failed):
            self._failed.discard((thread, run_id))
            self.run(thread, run_id)  # It may have been loaded again since.
        thread, created_at, run_id = self._checked
        rows = self._rows(
            f"SELECT {COLUMNS} FROM {self._schema}.run WHERE (thread, created_at, id) > (%s, %s::bigint, %s) "
            f"ORDER BY thread, created_at, id LIMIT {CHECKED_RUNS}",
            encode_key(thread),
            created_at,
            encode_key(run_id),
        )
        runs = [self._intact(row) for row in rows]
        self._checked = runs[-1][:3] if len(runs) == CHECKED_RUNS else ("", -(1 << 63), "")

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
        with self._writing() as connection:
            writer = Writer(connection, self._schema, replace=replace, report=report, counts=counts)
            writer.add_threads(threads)
            writer.write(given)
            yield counts

    def replace(self, run: Mapping[str, Any]) -> None:
        """Store a run in place of the run with its id, in whatever thread that is."""
        record = RunRecord.of(run)
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {self._schema}.run WHERE id = %s".encode(), (encode_key(record.id),))
            Writer(connection, self._schema, replace=False, report=_raise, counts=LoadCounts()).write([record])

    def add_thread(self, thread: str) -> None:
        """Create a thread, unless it exists."""
        with self.load([], threads=[thread]):
            pass

    def remove(self, run_id: str) -> bool:
        """Delete a run, and return whether it existed; its thread stays."""
        with self._writing() as connection:
            statement = f"DELETE FROM {self._schema}.run WHERE id = %s".encode()
            return bool(connection.execute(statement, (encode_key(run_id),)).rowcount)

    def remove_thread(self, thread: str) -> bool:
        """Delete a thread with its runs, and return whether it existed."""
        values = (encode_key(thread),)
        with self._writing() as connection:
            runs = connection.execute(f"DELETE FROM {self._schema}.run WHERE thread = %s".encode(), values).rowcount
            threads = connection.execute(f"DELETE FROM {self._schema}.thread WHERE id = %s".encode(), values).rowcount
            return runs + threads > 0

    def close(self) -> None:
        """Close the connections; what is stored is kept."""
        self._closed()

    @contextmanager
    def _writing(self) -> Generator[LimitedConnection]:
        with self._connections.transaction() as connection:
            lock(connection, self._schema)
            yield connection

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connections.rows(sql.encode(), values)

    def _one(self, where: str, *values: str) -> RunRecord | None:
        rows = self._rows(f"SELECT {COLUMNS} FROM {self._schema}.run WHERE {where}", *values)
        return self._intact(rows[0]) if rows else None

    def _all_runs(self) -> str:
        return f"SELECT {COLUMNS} FROM {self._schema}.run ORDER BY thread, created_at, id"

    def _intact(self, row: tuple[Any, ...]) -> RunRecord:
        """Return the run of a row; raise RunDamaged if it is not what was stored."""
        run, intact = read_record(row)
        if not intact:
            if len(self._failed) < MAX_FAILED:
                self._failed.add((run.thread, run.id))
            raise RunDamaged(self.location, run.thread, run_name(run.id.encode(), run.text))
        return run

    def _stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query as the store is at its beginning, a few at a time."""
        with self._connections.transaction(SNAPSHOT) as connection:
            yield from _fetched(connection, sql)


def _fetched(connection: LimitedConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query in a transaction, a few at a time."""
    connection.execute(b"DECLARE whole NO SCROLL CURSOR FOR " + sql.encode())
    while rows := connection.execute(b"FETCH %d FROM whole" % READ_RUNS, binary=True).fetchall():
        yield from rows
    connection.execute(b"CLOSE whole")


def _raise(conflict: Conflict) -> None:
    raise StoreError(f"{conflict}.")
