"""Finding all damage in an SQLite database of runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from threadruns.server.store.records import (
    Damage,
    first_damaged,
    first_unreadable,
    readable_id,
    run_name,
    thread_checksum,
)

MAX_STRUCTURAL = 1000
"""The largest number of problems of the structure of the file that are reported."""

PROGRESS_RUNS = 1000
"""The number of runs between two reports of the progress."""


def find_damage(connection: sqlite3.Connection, layout: int, progress: Callable[[int], object]) -> Iterator[Damage]:
    """Yield all damage: of the file, of runs, of threads, and runs that only a part of the file has.

    Args:
        connection: A connection in a read transaction.
        layout: The layout of the tables.
        progress: A callback that gets the number of runs read since the last call.
    """
    structural = list(_structure(connection))
    yield from structural
    yield from _runs(connection, layout, progress)
    if layout > 1:
        yield from _threads(connection)
    else:
        yield from _threads_1(connection)
    if structural:
        yield from _lost_runs(connection, layout)


def _structure(connection: sqlite3.Connection) -> Iterator[Damage]:
    try:
        for (problem,) in connection.execute(f"PRAGMA integrity_check({MAX_STRUCTURAL})"):
            if problem != b"ok":
                yield from map(Damage, readable_id(problem).splitlines())
    except sqlite3.DatabaseError as error:
        yield _unreadable("The structure of the file", error)


def _runs(connection: sqlite3.Connection, layout: int, progress: Callable[[int], object]) -> Iterator[Damage]:
    find_first, checksum, problem = (
        (first_damaged, "checksum", "The checksum of the run is wrong.")
        if layout > 1
        else (first_unreadable, "NULL", "The run cannot be read: its time is not a number, or its text is not UTF-8.")
    )
    sql = f"SELECT thread, created_at, id, body, {checksum} FROM run ORDER BY "
    seen = 0
    # After a place that cannot be read, the runs behind it are read from the other end.
    for order in ("thread, created_at, id", "thread DESC, created_at DESC, id DESC"):
        try:
            for row in connection.execute(sql + order):
                if find_first(row[0], [row[1:]]) is not None:
                    yield Damage(problem, readable_id(row[0]), run_name(row[2], row[3]))
                seen += 1
                if seen % PROGRESS_RUNS == 0:
                    progress(PROGRESS_RUNS)
            break
        except sqlite3.DatabaseError as error:
            yield _unreadable("A part of the runs", error)
    progress(seen % PROGRESS_RUNS)


def _threads(connection: sqlite3.Connection) -> Iterator[Damage]:
    try:
        for thread, checksum in connection.execute("SELECT id, checksum FROM thread"):
            if not isinstance(thread, bytes) or thread_checksum(thread) != checksum:
                yield Damage("The checksum of the thread is wrong.", readable_id(thread))
        sql = (
            "SELECT DISTINCT thread FROM run INDEXED BY run_order "
            "WHERE NOT EXISTS (SELECT 1 FROM thread WHERE id = thread)"
        )
        for (thread,) in connection.execute(sql):
            yield Damage("The thread has runs and is missing from the table of threads.", readable_id(thread))
        identities = [identity for (identity,) in connection.execute("SELECT identity FROM archive")]
        if len(identities) != 1 or b"%08x" % thread_checksum(identities[0][:-8]) != identities[0][-8:]:
            yield Damage("The identity of the database is wrong.")
    except (sqlite3.DatabaseError, TypeError) as error:
        yield _unreadable("The table of threads", error)


def _threads_1(connection: sqlite3.Connection) -> Iterator[Damage]:
    try:
        for (thread,) in connection.execute("SELECT id FROM thread"):
            if not isinstance(thread, bytes) or thread.decode("utf-8", "ignore").encode() != thread:
                yield Damage("The id of the thread is not UTF-8.", readable_id(thread))
    except sqlite3.DatabaseError as error:
        yield _unreadable("The table of threads", error)


def _lost_runs(connection: sqlite3.Connection, layout: int) -> Iterator[Damage]:
    """Yield the runs that an index has and the table has not."""
    for index in ("run_id", "run_order")[:layout]:
        sql = (
            f"SELECT known.thread, known.id FROM run AS known INDEXED BY {index} WHERE NOT "
            "EXISTS (SELECT 1 FROM run INDEXED BY sqlite_autoindex_run_1 WHERE thread = known.thread "
            "AND created_at = known.created_at AND id = known.id)"
        )
        try:
            for thread, run_id in connection.execute(sql):
                yield Damage(
                    f"The index {index} has the run, and the table has not.", readable_id(thread), readable_id(run_id)
                )
        except sqlite3.DatabaseError as error:
            yield _unreadable(f"The index {index}", error)


def _unreadable(what: str, error: Exception) -> Damage:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
        raise KeyboardInterrupt from None  # SQLite was interrupted in a long step, because Python received the signal.
    return Damage(f"{what} cannot be read: {error}.")
