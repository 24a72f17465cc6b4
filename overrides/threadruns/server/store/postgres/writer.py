"""Writing many runs in one transaction, batch by batch: each is compared with what is stored, then sent by COPY."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from attrs import frozen

from threadruns.server.store.postgres.connections import LimitedConnection
from threadruns.server.store.postgres.keys import decode_key, encode_key
from threadruns.server.store.records import Conflict, LoadCounts, RunRecord, same_json

COLUMNS = "thread, created_at, id, convert_to(body, 'UTF8'), checksum"
"""The columns of a run; its text is returned as bytes."""

BATCH_RUNS = 2000
"""The largest number of runs of a batch."""

BATCH_THREADS = 10_000
"""The number of threads that are created at a time."""

COPIED_RUNS = 100
"""The number of runs that are sent at a time."""

BATCH_BYTES = 8 << 20
"""The size at which a batch is complete, in bytes of text."""

MAX_KEY_BYTES = 2500
"""The largest size of the ids of a run and of its thread together: an entry of an index is limited to 2,704 bytes."""


@frozen
class UnstorableRun(Conflict):
    """A run that PostgreSQL cannot store."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class Writer:
    """A writer of runs in a transaction of its own, which holds the lock of the store.

    Args:
        connection: The connection with the transaction.
        schema: The schema of the tables.
        replace: Store a run in place of the stored run with its id, thread and ``created_at``.
        report: A callback that gets each conflict.
        counts: The counts to add to.
    """

    def __init__(
        self,
        connection: LimitedConnection,
        schema: str,
        *,
        replace: bool,
        report: Callable[[Conflict], object],
        counts: LoadCounts,
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._replace = replace
        self._report = report
        self._counts = counts
        self._added_threads: set[str] = set()

    def write(self, runs: Iterable[RunRecord]) -> None:
        """Store the runs."""
        for batch in _batches(runs):
            self._write_batch(batch)

    def add_threads(self, threads: Iterable[str]) -> None:
        """Create the threads that do not exist."""
        statement = f"INSERT INTO {self._schema}.thread SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
        keys = map(encode_key, threads)
        while batch := list(islice(keys, BATCH_THREADS)):
            self._connection.execute(statement.encode(), (batch,))

    def _write_batch(self, batch: list[RunRecord]) -> None:
        known, damaged = self._stored(batch)
        added: dict[str, RunRecord] = {}
        replaced: dict[str, RunRecord] = {}
        for run in batch:
            stored = known.get(run.id)
            if (reason := _reason_against(run)) is not None:
                self._refuse(UnstorableRun(run, b"", reason))
            elif stored is None:
                self._counts.new += 1
                known[run.id] = added[run.id] = run
            elif run.id not in damaged and same_json(stored.text, run.text):
                self._counts.unchanged += 1
            elif self._replace and stored[:2] == run[:2]:
                self._counts.replaced += 1
                known[run.id] = run
                damaged.discard(run.id)
                (added if run.id in added else replaced)[run.id] = run
            else:
                self._refuse(Conflict(run, stored.text))
        self._replace_all(replaced.values())
        self._copy(added.values())
        new_threads = {run.thread for run in added.values()} - self._added_threads
        if new_threads:
            self.add_threads(new_threads)
            self._added_threads = new_threads

    def _refuse(self, conflict: Conflict) -> None:
        self._counts.conflicts += 1
        self._report(conflict)

    def _stored(self, batch: list[RunRecord]) -> tuple[dict[str, RunRecord], set[str]]:
        """Return the stored runs that have the ids of these, and the ids of those that are damaged."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM {self._schema}.run WHERE id = ANY(%s)".encode(),
            ([encode_key(run.id) for run in batch],),
            binary=True,
        )
        found = [read_record(row) for row in rows]
        return {run.id: run for run, _ in found}, {run.id for run, intact in found if not intact}

    def _copy(self, runs: Collection[RunRecord]) -> None:
        if not runs:
            return
        lines = map(_line, runs)
        statement = f"COPY {self._schema}.run (thread, created_at, id, body, checksum) FROM STDIN"
        with self._connection.cursor().copy(statement.encode()) as copy:
            # In parts, so that the server stores one while the next is made.
            while data := b"".join(islice(lines, COPIED_RUNS)):
                copy.write(data)

    def _replace_all(self, runs: Collection[RunRecord]) -> None:
        if not runs:
            return
        self._connection.cursor().executemany(
            f"UPDATE {self._schema}.run SET body = %s, checksum = %s WHERE thread = %s AND id = %s".encode(),
            [(run.text.decode(), run.checksum, encode_key(run.thread), encode_key(run.id)) for run in runs],
        )


def read_record(row: Sequence[Any]) -> tuple[RunRecord, bool]:
    """Return the run of a row with ``COLUMNS``, and whether it is what was stored."""
    thread, created_at, run_id, body, checksum = row
    run = RunRecord(decode_key(thread), created_at, decode_key(run_id), bytes(body))
    return run, run.checksum == checksum


def _batches(runs: Iterable[RunRecord]) -> Iterator[list[RunRecord]]:
    batch: list[RunRecord] = []
    size = 0
    for run in runs:
        batch.append(run)
        size += len(run.text)
        if len(batch) == BATCH_RUNS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _line(run: RunRecord) -> bytes:
    """Return a row in the text format of COPY."""
    keys = f"{_escaped(encode_key(run.thread))}\t{run.created_at}\t{_escaped(encode_key(run.id))}\t"
    # JSON texts have no control characters but white space between tokens, and line breaks were removed.
    body = run.text.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b"%b%b\t%d\n" % (keys.encode(), body, run.checksum)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _reason_against(run: RunRecord) -> str | None:
    """Return why PostgreSQL cannot store a run; None if it can."""
    if len(run.thread) + len(run.id) > MAX_KEY_BYTES // 4 and (
        len(encode_key(run.thread).encode()) + len(encode_key(run.id).encode()) > MAX_KEY_BYTES
    ):
        return f"the ids of the run and of its thread have more than {MAX_KEY_BYTES} bytes, too many for PostgreSQL"
    if b"\x00" in run.text:
        return "the text of the run has the character U+0000, which PostgreSQL cannot store"
    return None
