"""Copying runs between stores and JSON lines."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.test_operation import COMMAND, run
from tests.server.test_stores import everything, fill, record
from tests.support.postgres import needs_postgres
from tests.support.store import sqlite_only
from threadruns.server.store import Store, open_store

pytestmark = sqlite_only  # They name each store that they use.

RUNS = [
    record("run_1", usage={"b": 1.0, "a": 1}),
    record("run_2", text="é🙂\\\t\u2028", created_at=7),
    record("run_é", "thread_🙂", number=10**40),
]

KINDS = ["sqlite", pytest.param("postgres", marks=needs_postgres)]
Locate = Callable[[str, str], str]


@pytest.fixture
def locate(request: pytest.FixtureRequest, tmp_path: Path) -> Locate:
    """Return a function from a kind and a name to the location of a store."""

    def find(kind: str, name: str) -> str:
        if kind == "sqlite":
            return str(tmp_path / f"{name}.db")
        return f"{request.getfixturevalue('postgres_url')}?schema={name}"

    return find


def filled(location: str) -> Store:
    """Return a store with runs, and a thread without runs."""
    store = open_store(location)
    fill(store, *RUNS, threads=("thread_empty",))
    return store


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_stores_are_copied_byte_for_byte(locate: Locate, source: str, target: str) -> None:
    """A copy has the same texts, keys and threads, and copying again changes nothing."""
    places = locate(source, "one"), locate(target, "two")
    store = filled(places[0])
    outcome = run("convert", *places)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith(": 3 runs of 3 threads, 3 new, 0 unchanged\n")
    assert run("convert", *places).stdout.endswith("0 new, 3 unchanged\n")
    other = open_store(places[1])
    assert everything(other) == everything(store)
    assert list(other.verify()) == []
    store.close()
    other.close()


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_the_stored_texts(locate: Locate, kind: str, tmp_path: Path) -> None:
    """JSON lines have the text of each run, in order; a thread without runs is left out with a sentence."""
    place, file = locate(kind, "one"), tmp_path / "runs.jsonl"
    filled(place).close()
    written = run("convert", place, str(file))
    assert (written.returncode, written.stderr) == (
        0,
        "1 thread without runs left out, because JSON lines hold runs only.\n",
    )
    assert written.stdout.endswith("runs.jsonl: 3 runs of 2 threads\n")
    assert file.read_bytes() == b"".join(run.text + b"\n" for run in RUNS)
    assert run("convert", place, "-").stdout == file.read_text()
    assert list(tmp_path.glob(".threadruns-*")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_lines_come_back(locate: Locate, kind: str, tmp_path: Path) -> None:
    """JSON lines that are stored and written again are the same bytes, also of runs that break the document."""
    place, file = locate(kind, "one"), tmp_path / "runs.jsonl"
    file.write_bytes(b"".join(run.text + b"\n" for run in RUNS))
    stored = run("convert", str(file), place)
    assert stored.returncode == 0
    assert stored.stdout.endswith("3 new, 0 unchanged, 0 skipped\n")
    assert run("convert", place, "-").stdout == file.read_text()
    assert run("convert", place, str(tmp_path / "again.ndjson")).returncode == 0
    assert (tmp_path / "again.ndjson").read_bytes() == file.read_bytes()


def test_damaged_run_stops_the_copy(tmp_path: Path) -> None:
    """A damaged run is one sentence that names it, and nothing is written."""
    one, file, two = (tmp_path / name for name in ("one.db", "runs.jsonl", "two.db"))
    filled(str(one)).close()
    with closing(sqlite3.connect(one)) as connection, connection:
        connection.execute("UPDATE run SET body = replace(body, '10', '11') WHERE thread = 'thread_🙂'")
    for target in (file, two):
        outcome = run("convert", str(one), str(target))
        assert outcome.returncode == 4
        assert "'run_é' of the thread" in outcome.stderr
        assert outcome.stderr.count("\n") == 1
    assert not file.exists()
    assert list(tmp_path.glob(".threadruns-*")) == []
    with closing(open_store(two)) as store:
        assert everything(store) == ([], [])


def test_conflict_copies_nothing(tmp_path: Path) -> None:
    """A run that the target has with other content is named, and nothing is copied."""
    one, two = (str(tmp_path / name) for name in ("one.db", "two.db"))
    filled(one).close()
    store = open_store(two)
    fill(store, record("run_2", other=True))
    before = everything(store)
    outcome = run("convert", one, two)
    assert outcome.returncode == 1
    assert "'run_2' is already stored" in outcome.stderr
    assert "1 run cannot be stored" in outcome.stderr
    assert "nothing was copied" in outcome.stderr
    assert everything(store) == before
    store.close()


@pytest.mark.parametrize(
    ("places", "code", "words"),
    [
        (("no.db", "two.db"), 4, "Cannot read 'no.db': No such file"),
        (("-", "two.jsonl"), 2, "one of them must be a database"),
        (("one.db", "two.jsonl.gz"), 2, "write to - and compress that"),
        (("one.db", "taken.jsonl"), 4, "'taken.jsonl' exists"),
        (("one.db", ":memory:"), 2, "ends with the command"),
        ((":memory:", "-"), 2, "ends with the command"),
        (("mysql://u:secret@h/runs.jsonl", "two.db"), 4, "has the scheme 'mysql'"),
        (("one.db", "password=secret"), 4, "must be given as a URL"),
        (("one.db", "no/such/folder.jsonl"), 4, "Cannot write 'no/such/folder.jsonl': No such file"),
        (("one.db", "postgresql://u:secret:x@y@z/d"), 4, "percent-encode special characters"),
    ],
)
def test_errors_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: tuple[str, str], code: int, words: str
) -> None:
    """A place that cannot be used gives one sentence, and changes nothing."""
    monkeypatch.chdir(tmp_path)
    filled("one.db").close()
    Path("taken.jsonl").write_text("{}\n")
    outcome = run("convert", *places)
    assert outcome.returncode == code
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "secret" not in outcome.stderr
    assert Path("taken.jsonl").read_text() == "{}\n"


def test_lines_are_read_from_a_pipe(tmp_path: Path) -> None:
    """No run is lost if FROM is a pipe that can be read only once."""
    place = str(tmp_path / "two.db")
    text = b"".join(run.text + b"\n" for run in RUNS)
    stored = subprocess.run([*COMMAND, "convert", "/dev/stdin", place], input=text, capture_output=True, timeout=30)
    assert stored.returncode == 0
    assert b"3 new, 0 unchanged" in stored.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["pipe", "pipe.jsonl"])
def test_target_cannot_be_a_pipe(tmp_path: Path, name: str) -> None:
    """A named pipe as TO is refused at once, without waiting for a process at its other end."""
    one, pipe = str(tmp_path / "one.db"), str(tmp_path / name)
    filled(one).close()
    os.mkfifo(pipe)
    outcome = run("convert", one, pipe)
    assert outcome.returncode == 4
    assert "give the name of another file" in outcome.stderr
