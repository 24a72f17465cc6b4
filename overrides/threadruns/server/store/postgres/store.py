"""The store of runs in a PostgreSQL database.

The runs are stored as their original JSON text, because ``jsonb`` would reorder the keys. Ids are ordered by code
points (collation "C"). A page is one range scan of the primary key.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from threadruns.server._messages import Position, StoredPage, StoredRun
from threadruns.server.store.errors import RunDamaged, StoreError
from threadruns.server.store.interface import Store
from threadruns.server.store.postgres.address import Address
from threadruns.server.store.postgres.connections import Connections, LimitedConnection
from threadruns.server.store.postgres.keys import given_key, stored_key
from threadruns.server.store.postgres.tables import Tables, lock
from threadruns.server.store.postgres.writer import Writer, read_record
from threadruns.server.store.records import Conflict, Damage, LoadCounts, RunRecord, Summary

READ_RUNS = 500
"""The number of runs that are fetched at a time when all are read."""

SNAPSHOT = b"REPEATABLE READ READ ONLY"

_RUN = "thread, created_at, id, convert_to(body, 'UTF8'), checksum"


class PostgresStore(Store):
    """Runs in one schema of a PostgreSQL database, which is created if it is missing.

    Args:
        url: The URL of the database; its parameter ``schema`` names the schema.

    Raises:
        StoreError: The database cannot be used.
    """

    remote = True

    def __init__(self, url: str) -> None:
        address = Address.parse(url)
        self.location = address.shown
        self._connections = Connections(address)
        self._damaged: RunDamaged | None = None
        try:
            self._tables = Tables.prepare(self._connections, address)
        except BaseException:
            self._connections.close()
            raise
        self._schema = address.schema

    # Reading a thread.

    def has_thread(self, thread: str) -> bool:
        """Return whether the thread exists."""
        return bool(self._rows(f"SELECT 1 FROM {self._schema}.thread WHERE id = %s", stored_key(thread)))

    def position(self, thread: str, run_id: str) -> Position | None:
        """Return the position of a run in the thread; None if it is not a run of this thread."""
        rows = self._rows(
            f"SELECT created_at FROM {self._schema}.run WHERE id = %s AND thread = %s",
            stored_key(run_id),
            stored_key(thread),
        )
        return Position(rows[0][0], run_id) if rows else None

    def page(
        self, thread: str, limit: int, order: str, after: Position | None = None, before: Position | None = None
    ) -> StoredPage:
        """Return one page of the runs of a thread."""
        backward = before is not None and after is None
        direction = "ASC" if (order == "asc") != backward else "DESC"
        lower, upper = (after, before) if order == "asc" else (before, after)
        where = "thread = %s"
        values: list[Any] = [stored_key(thread)]
        for bound, sign in ((lower, ">"), (upper, "<")):
            if bound is not None:
                where += f" AND (created_at, id) {sign} (%s::bigint, %s)"
                values += [bound.created_at, stored_key(bound.id)]
        rows = self._rows(
            f"SELECT {_RUN} FROM {self._schema}.run WHERE {where} "
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
        return self._one("id = %s AND thread = %s", stored_key(run_id), stored_key(thread))

    def find(self, run_id: str) -> StoredRun | None:
        """Return the run with this id in any thread, or None."""
        return self._one("id = %s", stored_key(run_id))

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
        return Summary(row[0], row[1], given_key(example[0]) if example else None)

    def thread_ids(self) -> Iterator[str]:
        """Yield the ids of all threads, in the order of code points."""
        for (thread,) in self._stream(f"SELECT id FROM {self._schema}.thread ORDER BY id"):
            yield given_key(thread)

    def runs(self) -> Iterator[RunRecord]:
        """Yield every run, by thread, time and id, as the store was at one moment."""
        return map(self._intact, self._stream(self._all_runs()))

    def verify(self, progress: Callable[[int], object] = lambda _: None) -> Iterator[Damage]:
        """Read everything, and yield what is damaged."""
        try:
            for row in self._stream(self._all_runs()):
                try:
                    self._intact(row)
                except RunDamaged as error:
                    yield Damage("the run differs from its checksum", error.thread, error.run_id)
                progress(1)
            yield from self._verify_keys()
        except StoreError as error:
            yield Damage(str(error))

    def _verify_keys(self) -> Iterator[Damage]:
        repeated = f"SELECT id FROM {self._schema}.run GROUP BY id HAVING count(*) > 1 ORDER BY id"
        for (run_id,) in self._stream(repeated):
            yield Damage("several threads have a run with this id", None, given_key(run_id))
        missing = f"SELECT thread FROM {self._schema}.run EXCEPT SELECT id FROM {self._schema}.thread ORDER BY thread"
        for (thread,) in self._stream(missing):
            yield Damage("the thread has runs, and is missing in the list of threads", given_key(thread))

    def check(self) -> None:
        """Read the store.

        Raises:
            StoreError: It cannot be read, its tables are gone or are others, or a damaged run was found earlier.
        """
        found = self._rows(
            f"SELECT identity, EXISTS (SELECT 1 FROM {self._schema}.run), EXISTS (SELECT 1 FROM {self._schema}.thread) "
            f"FROM {self._schema}.store"
        )
        if [row[0] for row in found] != [self._tables.identity]:
            raise StoreError(
                f"Another store has taken the place of that in the database {self.location!r}; start the server anew."
            )
        if self._damaged is not None:
            raise self._damaged

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
        with self._writing() as connection:
            writer = Writer(connection, self._schema, replace=replace, report=report, counts=counts)
            writer.add_threads(threads)
            writer.write(runs)
            yield counts

    def replace(self, run: Mapping[str, Any]) -> None:
        """Store a run in place of the run with its id, in whatever thread that is."""
        record = RunRecord.of(run)
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {self._schema}.run WHERE id = %s".encode(), (stored_key(record.id),))
            Writer(connection, self._schema, replace=False, report=_raise, counts=LoadCounts()).write([record])

    def add_thread(self, thread: str) -> None:
        """Create a thread, unless it exists."""
        with self.load([], threads=[thread]):
            pass

    def remove(self, run_id: str) -> bool:
        """Delete a run, and return whether it existed; its thread stays."""
        with self._writing() as connection:
            statement = f"DELETE FROM {self._schema}.run WHERE id = %s".encode()
            return bool(connection.execute(statement, (stored_key(run_id),)).rowcount)

    def remove_thread(self, thread: str) -> bool:
        """Delete a thread with its runs, and return whether it existed."""
        values = (stored_key(thread),)
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {self._schema}.run WHERE thread = %s".encode(), values)
            return bool(
                connection.execute(f"DELETE FROM {self._schema}.thread WHERE id = %s".encode(), values).rowcount
            )

    def close(self) -> None:
        """Close the connections; what is stored is kept."""
        self._connections.close()

    @contextmanager
    def _writing(self) -> Generator[LimitedConnection]:
        with self._connections.transaction() as connection:
            lock(connection, self._schema)
            yield connection

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connections.rows(sql.encode(), values)

    def _one(self, where: str, *values: str) -> StoredRun | None:
        rows = self._rows(f"SELECT {_RUN} FROM {self._schema}.run WHERE {where}", *values)
        if not rows:
            return None
        run = self._intact(rows[0])
        return StoredRun(run.id, run.text)

    def _all_runs(self) -> str:
        return f"SELECT {_RUN} FROM {self._schema}.run ORDER BY thread, created_at, id"

    def _intact(self, row: tuple[Any, ...]) -> RunRecord:
        """Return the run of a row; raise RunDamaged if it is not what was stored."""
        run = read_record(row[:4])
        if run.checksum != row[4]:
            self._damaged = RunDamaged(self.location, run.thread, run.id)
            raise self._damaged
        return run

    def _stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query as the store is at its beginning, a few at a time."""
        with self._connections.transaction(SNAPSHOT) as connection:
            connection.execute(b"DECLARE whole NO SCROLL CURSOR FOR " + sql.encode())
            while rows := connection.execute(b"FETCH %d FROM whole" % READ_RUNS, binary=True).fetchall():
                yield from rows


def _raise(conflict: Conflict) -> None:
    raise StoreError(f"{conflict}.")
