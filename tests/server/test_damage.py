"""Databases with flipped bits, of the older layout, on read-only media, and changed under a running server."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import client
from tests.support.store import sqlite_only
from threadruns._cli.convert import command as convert
from threadruns._cli.verify import command
from threadruns.server.store import Store, open_store, records
from threadruns.server.store.errors import RunDamaged, StoreDamaged, StoreError
from threadruns.server.store.loading import load
from threadruns.server.store.records import PRIME, RunRecord, first_damaged, run_checksum, thread_checksum
from threadruns.server.store.sqlite_database import TABLES_1
from threadruns.server.synth import synthesize, thread
from threadruns.testing import serve

pytestmark = sqlite_only

FLIPS = int(os.environ.get("THREADRUNS_FLIPS", "60"))
"""The number of flipped bits that are tried; 400 take ten seconds."""

RUNS = [run for _, run in zip(range(300), synthesize(8, 300, 5), strict=True)]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with runs of eight threads, and a thread without runs."""
    path = tmp_path / "runs.db"
    with closing(open_store(path)) as store:
        store.add(RUNS)
        store.add_thread("thread_empty")
    return path


def pages(store: Store) -> list[Any]:
    """Return the pages of all threads, read with a cursor as by a client."""
    found: list[Any] = []
    for thread_id in sorted({run["thread_id"] for run in RUNS}):
        assert store.has_thread(thread_id)
        after = None
        while True:
            page = store.page(thread_id, 20, "desc", after)
            found.append(page)
            if not page.has_more:
                break
            after = store.position(thread_id, page.runs[-1].id)
            assert after is not None
    return found


def test_no_flipped_bit_is_served(database: Path, tmp_path: Path) -> None:
    """After a flip of any bit, pages are as they were or an error, and verify finds what made the difference."""
    with closing(open_store(database)) as store:
        whole = pages(store)
        ids = {run.id for run in store.runs()}
    data, damaged, chance = database.read_bytes(), tmp_path / "damaged.db", random.Random(7)
    named = 0
    for _ in range(FLIPS):
        flipped, bit = bytearray(data), chance.randrange(len(data) * 8)
        flipped[bit // 8] ^= 1 << bit % 8
        damaged.write_bytes(flipped)
        try:
            with closing(open_store(damaged)) as store:
                assert pages(store) == whole
                continue
        except StoreError as error:
            named += isinstance(error, RunDamaged) and error.run_id in ids
            assert str(damaged) in str(error)
            code = 1 if isinstance(error, StoreDamaged) else 4  # A file with other tables or ids is not opened at all.
        assert CliRunner().invoke(command, ["--db", str(damaged)]).exit_code == code
    assert named > FLIPS / 2


def flip(path: Path, text: bytes) -> None:
    """Flip a bit in the only place of a file that has a text."""
    data = path.read_bytes()
    assert data.count(text) == 1
    path.write_bytes(data.replace(text, bytes([text[0] ^ 1]) + text[1:]))


def test_damaged_run_is_a_500_that_names_it(tmp_path: Path) -> None:
    """A page with a damaged run and a cursor at it are a 500 with its id, the health check is 503; others are served.

    Once the run is loaded again in place of the damaged one, everything is as before.
    """
    path, again = tmp_path / "runs.db", tmp_path / "again"
    good, bad = thread("thread_a", 3), thread("thread_b", 3)
    bad[1]["metadata"] = {"mark": "a mark to find the run"}
    with closing(open_store(path)) as store:
        store.add(good + bad)
    flip(path, b"a mark to find")
    with serve(db=str(path)) as server, client(server) as http:
        health = server.url.removesuffix("/v1") + "/healthz"
        for query in ("", f"?after={bad[1]['id']}"):
            response = http.get(f"/threads/thread_b/runs{query}")
            assert response.status_code == 500
            assert response.json()["error"]["type"] == "server_error"
            assert f"'{bad[1]['id']}' of thread 'thread_b' is damaged" in response.json()["error"]["message"]
            assert str(path) not in response.text
        assert http.get("/threads/thread_a/runs").status_code == 200
        assert httpx.get(health).status_code == 503
        result = CliRunner().invoke(command, ["--db", str(path), "--json"])
        (found,) = map(json.loads, result.stdout.splitlines())
        assert (result.exit_code, found["thread"], found["run_id"]) == (1, "thread_b", bad[1]["id"])
        again.write_text("".join(json.dumps(run) + "\n" for run in bad))
        assert load(server.store, again, replace=True).replaced == 1
        assert http.get("/threads/thread_b/runs").status_code == 200
        assert httpx.get(health).status_code == 200
    assert CliRunner().invoke(command, ["--db", str(path)]).output == f"{path}: 6 runs, no damage\n"


def test_health_check_finds_damage_that_nobody_read(database: Path) -> None:
    """Repeated health checks verify every run of the store."""
    data = database.read_bytes()
    at = data.index(b'"id":"' + RUNS[150]["id"].encode()) + 10
    database.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])

    def check_often(store: Store) -> None:
        for _ in range(1000):
            store.check()

    with closing(open_store(database)) as store, pytest.raises(StoreDamaged):
        check_often(store)


# The file under a running server.


@pytest.mark.parametrize("change", ["truncated", "emptied", "overwritten", "copied over", "removed", "replaced"])
def test_changed_file_is_reported(database: Path, tmp_path: Path, change: str) -> None:
    """If its file is truncated, overwritten or replaced by another database, every page and the health check fail."""
    other = tmp_path / "other.db"
    open_store(other).close()
    with serve(db=str(database)) as server, client(server) as http:
        listing = f"/threads/{RUNS[0]['thread_id']}/runs"
        assert len(http.get(listing).json()["data"]) == 20
        match change:
            case "truncated":
                os.truncate(database, database.stat().st_size // 2)
            case "emptied":
                os.truncate(database, 0)
            case "overwritten":
                database.write_bytes(bytes(database.stat().st_size))
            case "copied over":
                shutil.copyfile(other, database)
            case "removed":
                database.unlink()
            case _:
                os.replace(other, database)
        for _ in range(2):
            assert http.get(listing).status_code in (500, 503)
            assert http.get("/threads/thread_none/runs").status_code in (500, 503)
            assert httpx.get(server.url.removesuffix("/v1") + "/healthz").status_code == 503


@pytest.mark.parametrize("how", ["load", "end of load", "add_thread"])
def test_file_replaced_during_a_write_is_an_error(database: Path, tmp_path: Path, how: str) -> None:
    """A write whose file is replaced before it is committed is an error, and not reported as stored."""
    other = tmp_path / "other.db"
    open_store(other).close()

    def runs() -> Iterator[RunRecord]:
        yield from map(RunRecord.of, thread("thread_new", 2))
        if how == "load":
            os.replace(other, database)

    def write(store: Store) -> None:
        if how == "add_thread":
            os.replace(other, database)
            store.add_thread("thread_new")
            return
        with store.load(runs()):
            if how == "end of load":
                os.replace(other, database)

    with closing(open_store(database)) as store, pytest.raises(StoreError, match="Another file has taken the place"):
        write(store)
    with closing(open_store(database)) as store:
        assert store.summary().runs == 0


def test_runs_of_another_process_are_served_at_once(database: Path) -> None:
    """What another connection writes is served by the next request, whether it is in the log or in the file."""
    with closing(open_store(database)) as reader:
        for number in range(3):
            with closing(open_store(database)) as writer:
                writer.add(thread(f"thread_new{number}", 2))
                assert len(reader.page(f"thread_new{number}", 9, "asc").runs) == 2
            assert len(reader.page(f"thread_new{number}", 9, "asc").runs) == 2


def test_log_is_truncated_after_a_load(database: Path, tmp_path: Path) -> None:
    """The write-ahead log is empty after a load, although a server has the file open."""
    more = tmp_path / "more"
    more.write_text("".join(json.dumps(run) + "\n" for run in thread("thread_more", 2000)))
    with closing(open_store(database)) as server, closing(open_store(database)) as loader:
        server.page("thread_more", 10, "asc")
        load(loader, more)
        assert (tmp_path / "runs.db-wal").stat().st_size == 0
        assert len(server.page("thread_more", 10, "asc").runs) == 10


def test_load_succeeds_while_another_connection_reads(database: Path) -> None:
    """A load is complete although its log cannot be truncated, because another connection is reading."""
    with closing(open_store(database)) as store, closing(sqlite3.connect(database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM thread").fetchone()
        store.add(thread("thread_more", 3))
        assert len(store.page("thread_more", 9, "asc").runs) == 3


# The older layout, and files that cannot be written.


@pytest.fixture
def layout_1(tmp_path: Path) -> Path:
    """Return a database as it was written before runs had checksums."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;" + TABLES_1)
    rows = [(run["thread_id"], run["created_at"], run["id"], json.dumps(run)) for run in RUNS]
    connection.executemany("INSERT INTO run VALUES (?, ?, ?, ?)", rows)
    threads = {(run["thread_id"],) for run in RUNS} | {("thread_empty",)}
    connection.executemany("INSERT INTO thread VALUES (?)", threads)
    connection.executescript(f"PRAGMA application_id = {0x74727573}; PRAGMA user_version = 1;")
    connection.commit()
    connection.close()
    return path


def test_layout_1_is_converted(layout_1: Path) -> None:
    """A database of layout 1 is converted when it is opened, with a sentence, and loses nothing."""
    told: list[str] = []
    with closing(open_store(layout_1, notify=told.append)) as store:
        assert [json.loads(run.text) for run in store.runs()] == sorted(
            RUNS, key=lambda run: (run["thread_id"], run["created_at"], run["id"])
        )
        assert store.summary().runs == len(RUNS)
        assert store.has_thread("thread_empty")
        assert list(store.verify()) == []
        store.add(thread("thread_new", 2))
    assert told == [f"'{layout_1}' has layout 1; it is converted to layout 2, which has checksums."]
    with closing(open_store(layout_1, notify=told.append)) as store:
        assert list(store.verify()) == []
    assert len(told) == 1


def test_layout_1_is_converted_once(layout_1: Path) -> None:
    """Of several connections that open a database of layout 1 at the same moment, one converts it."""
    told: list[str] = []
    ready = threading.Barrier(6)

    def open_old(_: int) -> int:
        ready.wait(30)
        with closing(open_store(layout_1, notify=told.append)) as store:
            return store.summary().runs

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(open_old, range(6))) == {len(RUNS)}
    assert len(told) == 1


def test_layout_1_can_be_read_without_conversion(layout_1: Path) -> None:
    """verify reads a database of layout 1 as it is, and says that its runs have no checksums."""
    before = layout_1.read_bytes()
    result = CliRunner().invoke(command, ["--db", str(layout_1)])
    assert (result.exit_code, result.stdout) == (0, f"{layout_1}: 300 runs, no damage\n")
    assert "has layout 1, whose runs have no checksums; it is used as it is." in result.stderr
    assert layout_1.read_bytes() == before


@pytest.mark.parametrize(
    "damage", ["thread = CAST(x'ff6f6f' AS TEXT)", "body = CAST(x'7bff7d' AS TEXT)", "created_at = 'late'"]
)
def test_damaged_run_of_layout_1_is_told(layout_1: Path, tmp_path: Path, damage: str) -> None:
    """A run of layout 1 that is not UTF-8, or has no time, stops a copy with one sentence, and verify lists it."""
    with closing(sqlite3.connect(layout_1)) as connection, connection:
        connection.execute(f"UPDATE run SET {damage} WHERE id = ?", (RUNS[7]["id"],))
    for target in (tmp_path / "new.db", tmp_path / "new.jsonl"):
        copied = CliRunner().invoke(convert, [str(layout_1), str(target)])
        assert copied.exit_code == 4
        assert f"Error: The run '{RUNS[7]['id']}' of the thread" in copied.stderr
    result = CliRunner().invoke(command, ["--db", str(layout_1), "--json"])
    assert result.exit_code == 1
    assert RUNS[7]["id"] in [json.loads(line)["run_id"] for line in result.stdout.splitlines()]


def test_damaged_thread_of_layout_1_is_told(layout_1: Path, tmp_path: Path) -> None:
    """The id of a thread without runs that is not UTF-8 stops a copy with one sentence, and verify lists it."""
    with closing(sqlite3.connect(layout_1)) as connection, connection:
        connection.execute("UPDATE thread SET id = CAST(x'ff6f6f' AS TEXT) WHERE id = 'thread_empty'")
    copied = CliRunner().invoke(convert, [str(layout_1), str(tmp_path / "new.db")])
    assert copied.exit_code == 4
    assert "Error: The id of a thread in the database" in copied.stderr
    result = CliRunner().invoke(command, ["--db", str(layout_1), "--json"])
    assert [json.loads(line)["problem"] for line in result.stdout.splitlines()] == [
        "The id of the thread is not UTF-8."
    ]


@contextmanager
def read_only(path: Path) -> Iterator[Path]:
    """Yield a copy of a file in a folder of its own, where this process must not write."""
    # Not below tmp_path, which another user must not enter.
    folder = Path(tempfile.mkdtemp())
    copied = Path(shutil.copy(path, folder))
    copied.chmod(0o444)
    folder.chmod(0o555)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        yield copied
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.skipif(os.name == "nt", reason="uses the permissions of POSIX")
@pytest.mark.parametrize("layout", ["database", "layout_1"])
def test_read_only_file_is_served(layout: str, request: pytest.FixtureRequest) -> None:
    """A file in a folder that cannot be written is served; writing to it is an error that says so."""
    told: list[str] = []
    with read_only(request.getfixturevalue(layout)) as path, closing(open_store(path, notify=told.append)) as store:
        assert sum(len(page.runs) for page in pages(store)) == len(RUNS)
        store.check()
        with pytest.raises(StoreError, match="it is read-only; make the file and its folder writable"):
            store.add_thread("thread_new")
        assert [file.name for file in path.parent.iterdir()] == [path.name]
    old = f"'{path}' has layout 1, whose runs have no checksums; it is used as it is, because it is read-only."
    assert told == ([old] if layout == "layout_1" else [])


@given(
    thread_id=st.binary(max_size=9), created_at=st.integers(-(1 << 62), 1 << 62), run_id=st.binary(), text=st.binary()
)
def test_checksum_is_that_of_zlib(thread_id: bytes, created_at: int, run_id: bytes, text: bytes) -> None:
    """The checksum of a run is the same, by whichever library it is computed."""
    seed = (zlib.crc32(thread_id) + created_at) % PRIME
    checksum = run_checksum(thread_checksum(thread_id), created_at, run_id, text)
    assert checksum == zlib.crc32(text, zlib.crc32(run_id, seed))
    row = (created_at, run_id, text, checksum)
    assert first_damaged(thread_id, [row, row]) is None
    for damaged in ((None, *row[1:]), (created_at + 1, *row[1:]), (*row[:2], text + b"x", checksum), (*row[:3], None)):
        assert first_damaged(thread_id, [row, damaged, row]) is damaged


def test_checksums_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the faster library is not installed, zlib computes the checksums."""
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    assert records._fastest_crc32() is zlib.crc32


def test_runs_of_a_lost_thread_are_served(database: Path) -> None:
    """A thread that has runs and is missing from the table of threads exists; verify tells that it is missing."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM thread")
    with closing(open_store(database)) as store:
        assert store.has_thread(RUNS[0]["thread_id"])
        assert not store.has_thread("thread_empty")
        assert any("missing from the table of threads" in damage.problem for damage in store.verify())
        assert store.remove_thread(RUNS[0]["thread_id"])
        assert not store.has_thread(RUNS[0]["thread_id"])
        assert not store.remove_thread(RUNS[0]["thread_id"])
