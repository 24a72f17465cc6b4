"""Databases that are hostile, damaged or gone: an error that says so, and a reaction that is bounded."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import client
from tests.support.store import sqlite_only
from threadruns.server.store import open_store, sqlite_database
from threadruns.server.store.errors import StoreError
from threadruns.testing import new_run, serve

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with a run."""
    path = tmp_path / "runs.db"
    store = open_store(path)
    store.add([new_run("run_1", "thread_1")])
    store.close()
    return path


@sqlite_only
@pytest.mark.parametrize(
    "statement",
    [
        f"DROP TABLE run; CREATE VIEW run AS {ENDLESS} 'thread_1' thread, x created_at, x id, '' body FROM n",
        "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run; END",
        "CREATE TABLE other (x)",
        "DROP TABLE thread",
        "DROP TABLE thread; CREATE VIRTUAL TABLE thread USING fts5(id)",
    ],
)
def test_other_contents_are_refused(database: Path, statement: str) -> None:
    """A database with views, triggers or other tables is refused before it is read."""
    connection = sqlite3.connect(database)
    connection.executescript(statement)
    connection.close()
    with pytest.raises(StoreError, match="other tables, indexes, views or triggers"):
        open_store(database)


@sqlite_only
def test_analysed_database_is_accepted(database: Path) -> None:
    """A file with the tables of SQLite's own statistics is accepted."""
    connection = sqlite3.connect(database)
    connection.execute("ANALYZE")
    connection.close()
    open_store(database).close()


@sqlite_only
def test_endless_read_ends(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that never ends and appears while the server runs costs a request a bounded time, and gives a 500."""
    monkeypatch.setattr(sqlite_database, "READ_SECONDS", 0.3)
    with serve(db=str(database)) as server, client(server) as http:
        connection = sqlite3.connect(database)
        connection.executescript(
            f"DROP TABLE run; CREATE VIEW run AS {ENDLESS} 'thread_1' thread, x created_at, x id, '' body, 0 checksum "
            "FROM n"
        )
        connection.close()
        started = time.monotonic()
        assert http.get("/threads/thread_1/runs").status_code == 500
        assert time.monotonic() - started < 5
        for _ in range(40):  # Only the first of them takes so long.
            assert http.get("/threads/thread_1/runs?after=run_x").status_code == 500
        assert time.monotonic() - started < 7
        assert httpx.get(f"{server.url.removesuffix('/v1')}/docs").status_code == 200


@sqlite_only
@pytest.mark.parametrize("replaced", [False, True])
def test_health_notices_a_file_that_is_gone(database: Path, replaced: bool) -> None:
    """The health check is 503 if the database file is removed or replaced, and 200 before."""
    with serve(db=str(database)) as server:
        root = server.url.removesuffix("/v1")
        assert httpx.get(f"{root}/healthz").status_code == 200
        os.rename(database, database.with_suffix(".old"))
        if replaced:
            open_store(database).close()
        response = httpx.get(f"{root}/healthz")
        assert (response.status_code, response.text) == (503, "The store of runs cannot be read.\n")


@sqlite_only
def test_new_files_belong_to_their_owner(database: Path) -> None:
    """A new database, and the files beside it, can be read only by their owner."""
    store = open_store(database)
    store.add([new_run("run_2", "thread_1")])
    modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    store.close()
    assert modes == dict.fromkeys(("runs.db", "runs.db-wal", "runs.db-shm"), 0o600)


@sqlite_only
@pytest.mark.parametrize("kind", ["fifo", "zero", "folder"])
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    """A pipe, a device and a folder are refused at once."""
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(StoreError, match="not a regular file"):
        open_store("/dev/zero" if kind == "zero" else path)


@sqlite_only
@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("mysql://u:hunter2@h/db", "has the scheme 'mysql'"),
        ("postgresql+psycopg://u:hunter2@h/db", "has the scheme 'postgresql.psycopg'"),
        ("  mysql://u:hunter2@h/db", "has the scheme 'mysql'"),
        ("u:hunter2@h://db", "an unknown scheme"),
        ("POSTGRESQL://u:hunter2@127.0.0.1:1/db", "Cannot use the database 'postgresql://u@127.0.0.1:1/db'"),
        (" Postgres://u:hunter2@127.0.0.1:1/db\n", "Cannot use the database 'postgresql://u@127.0.0.1:1/db'"),
        ("host=h password=hunter2", "must be given as a URL"),
        ("dbname=x PASSWORD = 'hunter2'", "must be given as a URL"),
        ("host=hunter2", "must be given as a URL"),
        ("postgresql:/u:hunter2@h/db", "has no scheme"),
        ("postgresql:u", "has no scheme"),
        ("u:hunter2@h/db", "has no scheme"),
        ("postgresql//u:hunter2@h/db", "has no scheme"),
        ("//u:hunter2@h/db", "has no scheme"),
    ],
)
def test_location_with_a_password_is_not_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, words: str
) -> None:
    """A misspelt URL and a keyword string of libpq are refused without their password, and no file is created."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=words) as raised:
        open_store(location)
    assert "hunter2" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@sqlite_only
@pytest.mark.parametrize("location", ["a:b.db", "./u:x@h.db", "port.db", "password.db"])
def test_unusual_names_of_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    """A name with a colon, or with a word of a URL, is the name of a file."""
    monkeypatch.chdir(tmp_path)
    open_store(location).close()
    assert (tmp_path / location).exists()
