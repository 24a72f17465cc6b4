"""Loading files: their forms, bad runs, repeated runs, and failures."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.document import bodies
from tests.server.conftest import client
from tests.server.samples import THREADS, name, runs
from tests.server.test_operation import COMMAND
from tests.support.store import sqlite_only
from tests.support.unknown import FIELD
from threadruns.server.store import Store, open_store, reading
from threadruns.server.store.errors import StoreError
from threadruns.server.store.loading import FileRejected, LoadResult, load
from threadruns.server.store.reading import BadRun, ParsedValue, read
from threadruns.testing import serve

RUNS = THREADS[name(21)]
THREAD = name(21)


def lines(runs: list[dict[str, Any]]) -> str:
    """Return runs as JSON lines."""
    return "".join(json.dumps(run) + "\n" for run in runs)


def body(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return runs as the body of a page."""
    return {"object": "list", "data": runs, "first_id": "run_a", "last_id": "run_b", "has_more": False}


FORMS = {
    "lines": lines(RUNS),
    "lines-without-end": lines(RUNS).rstrip("\n"),
    "array": json.dumps(RUNS),
    "indented-array": json.dumps(RUNS, indent=2),
    "body": json.dumps(body(RUNS)),
    "indented-body": json.dumps(body(RUNS), indent=2),
    "body-with-data-last": json.dumps(dict(reversed(body(RUNS).items()))),
    "bodies": json.dumps(body(RUNS[:9])) + "\n" + json.dumps(body(RUNS[9:])),
    "array-of-bodies": json.dumps([body(RUNS[:9]), body(RUNS[9:])]),
    "mixed": lines(RUNS[:5]) + json.dumps(RUNS[5:9]) + json.dumps(body(RUNS[9:])),
    "indented-runs": "\n".join(json.dumps(run, indent=2) for run in RUNS),
    "byte-order-mark": "\ufeff" + lines(RUNS),
    "carriage-returns": lines(RUNS).replace("\n", "\r\n"),
}


@pytest.fixture
def store() -> Store:
    """Return an empty store."""
    return open_store()


def stored(store: Store, thread: str = THREAD) -> list[dict[str, Any]]:
    """Return the runs of a thread, oldest first."""
    return [run.value() for run in store.page(thread, 1000, "asc").runs]


def in_order(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return runs in the order of the store."""
    return sorted(runs, key=lambda run: (run["created_at"], run["id"]))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_file_is_read(store: Store, tmp_path: Path, form: str, packed: bool) -> None:
    """JSON lines, arrays, list responses and mixtures give the same runs, with or without gzip."""
    data = FORMS[form].encode()
    path = tmp_path / "runs"
    path.write_bytes(gzip.compress(data) if packed else data)
    assert load(store, path).new == len(RUNS)
    assert stored(store) == in_order(RUNS)


@settings(deadline=None)
@given(st.lists(st.sampled_from(RUNS), max_size=12), st.sampled_from(["lines", "array", "body"]), st.integers(30, 5000))
def test_window_may_end_anywhere(runs: list[dict[str, Any]], form: str, size: int) -> None:
    """The runs of a file do not depend on the sizes of the reads."""
    text = {"lines": lines(runs), "array": json.dumps(runs, indent=1), "body": json.dumps(body(runs))}[form]
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert [item.value for item in reading._Reader(iter(chunks)).values() if isinstance(item, ParsedValue)] == runs


@settings(deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_text_is_read_or_reported(text: str) -> None:
    """Any text is read without an exception, and each bad line exists in the text."""
    for item in reading._Reader(iter([text])).values():
        assert 1 <= item.line <= text.count("\n") + 1


def test_run_keeps_its_text(store: Store, tmp_path: Path) -> None:
    """Numbers, unknown keys and the order of keys are returned as they were loaded."""
    text = (
        lines([RUNS[0] | {"zzz": {"big": 1}, "aaa": None}])
        .strip()
        .replace('"big": 1', '"big": 1.0000000000000000000001')
    )
    (tmp_path / "runs").write_text(text.replace(RUNS[0]["model"], "caf\\u00e9"))
    load(store, tmp_path / "runs")
    (run,) = store.page(THREAD, 10, "asc").runs
    assert run.text.decode() == text.replace(RUNS[0]["model"], "caf\\u00e9")


def test_same_file_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    """A second load leaves every run unchanged, even with other white space and another order of keys."""
    (tmp_path / "one").write_text(FORMS["lines"])
    (tmp_path / "two").write_text(json.dumps([dict(reversed(run.items())) for run in RUNS], indent=4))
    load(store, tmp_path / "one")
    before = store.page(THREAD, 100, "asc")
    assert load(store, tmp_path / "two") == LoadResult(str(tmp_path / "two"), unchanged=len(RUNS))
    assert store.page(THREAD, 100, "asc") == before


@pytest.mark.parametrize("run", bodies.RUNS.values(), ids=bodies.RUNS)
def test_run_of_every_period_is_served_as_it_was_loaded(tmp_path: Path, run: dict[str, Any]) -> None:
    """Recorded runs are served byte for byte, with unknown keys and unusual spellings."""
    text = (
        json.dumps(run | {"id": "run_spelled", "instructions": "caf\u00e9 \U0001f600", FIELD: 1})[:-2]
        + r'{"z": [1.0, 1, 1e2, -0, 12345678901234567890, "\u0000\/"], "a": null}}'
    )
    database = tmp_path / "runs.db"
    (tmp_path / "runs").write_text(f"{text}\n{json.dumps(run)}\n")
    store = open_store(database)
    load(store, tmp_path / "runs")
    store.close()
    with serve(db=str(database)) as server, client(server) as http:
        response = http.get(f"/threads/{run['thread_id']}/runs", params={"order": "asc"})
    assert response.content.startswith(b'{"object":"list","data":[%b]' % b",".join(in_bytes(run, text)))


def in_bytes(run: dict[str, Any], text: str) -> list[bytes]:
    """Return the texts of a run and of its copy with unusual spellings, in the order of their ids."""
    return [one.encode() for _, one in sorted([(run["id"], json.dumps(run)), ("run_spelled", text)])]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.0", "1", False),
        ("12345678901234567890123", "12345678901234567890124", False),
        ("1.00000000000000000001", "1.0", False),
        ("1e400", "1e401", False),
        ("true", "1", False),
        ("[" * 900 + "]" * 900, "[" * 901 + "]" * 901, False),
        (r'"\u00e9"', '"é"', True),
        (r'"\ud83d\ude00"', '"😀"', True),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ('{"a": 1, "a": 2}', '{"a": 2}', True),
    ],
)
def test_runs_are_the_same_by_their_json_values(store: Store, tmp_path: Path, one: str, other: str, same: bool) -> None:
    """A run whose id is stored is unchanged if its JSON value is exactly the same, and rejected otherwise."""
    for name_, value in (("one", one), ("other", other)):
        (tmp_path / name_).write_text(f'{json.dumps(RUNS[0])[:-1]}, "{FIELD}": {value}}}')
    load(store, tmp_path / "one")
    if same:
        assert load(store, tmp_path / "other").unchanged == 1
    else:
        with pytest.raises(FileRejected) as caught:
            load(store, tmp_path / "other")
        assert "already stored with other content" in caught.value.loaded.bad.first[0].reason
    (run,) = store.page(THREAD, 10, "asc").runs
    assert run.text.decode() == (tmp_path / "one").read_text()


BAD = {
    "not JSON": ('{"id": "run_1",}\n', "not JSON"),
    "garbage": ("garbage\n", "expected a run"),
    "cut": ('{"id": "run_1"\n', "not JSON"),
    "NaN": ('{"id": NaN}\n', "NaN is not JSON"),
    "number": ("7\n", "expected a run"),
    "missing key": (json.dumps({k: v for k, v in RUNS[3].items() if k != "model"}) + "\n", '"model" is a required'),
    "wrong enum": (json.dumps(RUNS[3] | {"status": "done"}) + "\n", "status"),
    "half a pair": (json.dumps(RUNS[3] | {"instructions": "\ud800"}) + "\n", "a string has a lone surrogate"),
    "deep": ("[" * 100_000 + "\n", "recursion"),
    "other content": (json.dumps(RUNS[0] | {"model": "other"}) + "\n", "already stored"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_run_is_reported_by_line(store: Store, tmp_path: Path, kind: str) -> None:
    """A file with a bad run is rejected with the line and a reason, and nothing of it is stored."""
    text, reason = BAD[kind]
    (tmp_path / "runs").write_text(lines(RUNS[:3]) + "\n" + text + lines(RUNS[4:]))
    with pytest.raises(FileRejected, match="nothing was loaded from it") as caught:
        load(store, tmp_path / "runs", invalid="raise")
    assert caught.value.loaded.bad.first[0].line == 5
    assert reason in caught.value.loaded.bad.first[0].reason
    assert store.summary() == (0, 0, None)


def test_bad_runs_are_skipped_on_demand(store: Store, tmp_path: Path) -> None:
    """With skip_bad the valid runs are loaded, and the bad ones are counted."""
    (tmp_path / "runs").write_bytes(lines(RUNS[:3]).encode() + b'{"id": "\xff"}\nnope\n' + lines(RUNS[3:]).encode())
    loaded = load(store, tmp_path / "runs", skip_bad=True)
    assert (loaded.new, loaded.bad.runs) == (len(RUNS), 2)
    assert [(bad.line, bad.reason[:8]) for bad in loaded.bad.first] == [(4, "the text"), (5, "expected")]


@pytest.mark.parametrize("skip_bad", [False, True])
def test_reading_stops_at_twenty_bad_runs(store: Store, tmp_path: Path, skip_bad: bool) -> None:
    """Reading stops at the twentieth bad run, unless bad runs are skipped."""
    path = tmp_path / "runs"
    path.write_text("nope\n" * 3_000_000)
    reported: list[int] = []
    if skip_bad:
        path.write_text("nope\n" * 30 + lines(RUNS))
        loaded = load(store, path, skip_bad=True)
        assert (loaded.new, loaded.bad.runs, len(loaded.bad.first)) == (len(RUNS), 30, 20)
    else:
        with pytest.raises(FileRejected, match="has at least 20 bad runs; nothing was loaded from it") as caught:
            load(store, path, progress=reported.append)
        assert [bad.line for bad in caught.value.loaded.bad.first] == list(range(1, 21))
        assert sum(reported) < path.stat().st_size / 2


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_reported(store: Store, tmp_path: Path, encoding: str) -> None:
    """A file that is not UTF-8 is rejected with that reason at its first line."""
    (tmp_path / "runs").write_bytes('{"id": "run_é"}\n'.encode(encoding))
    with pytest.raises(FileRejected) as caught:
        load(store, tmp_path / "runs")
    assert caught.value.loaded.bad.first[0] == BadRun(1, "the text is not UTF-8")


@pytest.mark.parametrize("data", [b"", b"\n \r\n", b"\xef\xbb\xbf", b"[]", b"[]\n[]"])
@pytest.mark.parametrize("packed", [False, True])
def test_file_without_runs_is_loaded(store: Store, tmp_path: Path, data: bytes, packed: bool) -> None:
    """A file without runs is loaded without an error, with or without gzip."""
    (tmp_path / "runs").write_bytes(gzip.compress(data) if packed else data)
    assert load(store, tmp_path / "runs") == LoadResult(str(tmp_path / "runs"))


@pytest.mark.parametrize("keep", [0.3, 0.99])
def test_damaged_gzip_is_reported(store: Store, tmp_path: Path, keep: float) -> None:
    """A truncated archive is rejected, and nothing of it is stored."""
    packed = gzip.compress(FORMS["lines"].encode())
    (tmp_path / "runs").write_bytes(packed[: int(len(packed) * keep)])
    with pytest.raises(FileRejected) as caught:
        load(store, tmp_path / "runs")
    assert "damaged or cut off" in caught.value.loaded.bad.first[-1].reason
    assert store.summary()[0] == 0


def test_rest_of_a_broken_array_is_reported(tmp_path: Path) -> None:
    """After an error inside an array, the rest of the file is reported as unreadable."""
    (tmp_path / "runs").write_text("[" + lines(RUNS[:1]).strip() + ",\n{,\n" + lines(RUNS[1:2]) + "]")
    *found, last = read(tmp_path / "runs")
    assert [type(item) for item in found] == [ParsedValue]
    assert isinstance(last, BadRun)
    assert (last.line, "the rest of the file cannot be read" in last.reason) == (2, True)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of a process from /proc")
def test_memory_stays_flat(tmp_path: Path) -> None:
    """A file of 24 MB in one array is loaded with as much memory as one of 6 MB."""
    script = (
        "import re, sys\n"
        "from threadruns.server.store.loading import load\n"
        "from threadruns.server.store import open_store\n"
        "new = load(open_store(sys.argv[1] + '.db'), sys.argv[1]).new\n"
        "print(new, re.search('VmHWM:[^0-9]+([0-9]+)', open('/proc/self/status').read())[1])\n"
    )
    peaks = []
    for factor in (1, 4):
        path = tmp_path / f"{factor}.json"
        runs = (RUNS[0] | {"id": f"run_{number}", "instructions": "x" * 60_000} for number in range(100 * factor))
        with path.open("w") as file:
            file.write('{"object": "list", "data": [')
            file.write(",".join(map(json.dumps, runs)))
            file.write('], "first_id": null, "last_id": null, "has_more": false}')
        output = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, check=True, text=True
        ).stdout
        new, peak = map(int, output.split())
        assert new == 100 * factor
        peaks.append(peak)
    assert peaks[1] < peaks[0] * 1.3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe_is_read_or_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named pipe is read to its end; one that nothing is written to is an error after a while."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    line = f"{json.dumps(bodies.FIRST)}\n"
    with subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'w').write({line!r} * 5000)"]):
        assert sum(isinstance(value, ParsedValue) for value in read(pipe)) == 5000
    monkeypatch.setattr(reading, "PIPE_SECONDS", 0.05)
    with pytest.raises(TimeoutError, match=r"nothing was written to this pipe within 0\.05 seconds"):
        next(read(pipe))


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="needs pipes that do not block")
def test_standard_input_that_does_not_block_is_read(tmp_path: Path) -> None:
    """Standard input that another process has set to not block is read to its end."""
    end, start = os.pipe()
    os.set_blocking(end, False)
    arguments = [*COMMAND, "load", "-", "--db", str(tmp_path / "runs.db")]
    with (
        open(start, "wb") as pipe,
        subprocess.Popen(arguments, stdin=end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        os.close(end)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)  # It waits for a run.
        pipe.write(lines(RUNS).encode())
        pipe.close()
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert f"{len(RUNS)} new" in output


@pytest.mark.parametrize("name", ["id", "thread_id", "created_at"])
def test_deeply_nested_key_is_reported(store: Store, tmp_path: Path, name: str) -> None:
    """A key that is an array of any depth is a bad run with its line."""
    path = tmp_path / "runs"
    for depth in (1, 400, *range(850, 1000)):  # The depth that the parser accepts depends on the stack.
        path.write_text(json.dumps(RUNS[0] | {name: "HERE"}).replace('"HERE"', "[" * depth + "]" * depth) + "\n")
        with pytest.raises(FileRejected) as caught:
            load(store, path)
        (bad,) = caught.value.loaded.bad.first
        assert bad.line == 1
        assert bad.reason.startswith((f"{name} is ", "JSON that cannot be parsed"))


def test_progress_counts_the_file(tmp_path: Path) -> None:
    """The reported progress adds up to the size of the file."""
    path = tmp_path / "runs.gz"
    path.write_bytes(gzip.compress(FORMS["lines"].encode()))
    reported: list[int] = []
    list(read(path, reported.append))
    assert sum(reported) == path.stat().st_size


def test_full_disk_loses_nothing(tmp_path: Path) -> None:
    """A load on a full disk ends with a clear error, and stored runs are kept."""
    database, more = tmp_path / "runs.db", tmp_path / "more"
    more.write_text("".join(lines([run | {"id": f"{run['id']}{n}"}]) for n in range(400) for run in RUNS))
    first = open_store(database)
    first.add(RUNS)
    first.close()
    script = (
        "import resource, sys\n"
        "from threadruns.server.store.loading import load\n"
        "from threadruns.server.store import open_store\n"
        "from threadruns.server.store.errors import StoreError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
        "try: load(open_store(sys.argv[1]), sys.argv[2])\n"
        "except StoreError as error: print(error)\n"
    )
    reported = subprocess.run(
        [sys.executable, "-c", script, str(database), str(more)], capture_output=True, check=True, text=True
    ).stdout
    assert "Cannot use the database" in reported
    after = open_store(database)
    assert stored(after) == in_order(RUNS)
    after.close()


@sqlite_only
def test_damaged_database_is_reported(tmp_path: Path) -> None:
    """A database that is truncated or overwritten anywhere gives an error with its name, and no other exception."""
    whole, damaged, more = (tmp_path / part for part in ("whole.db", "damaged.db", "more"))
    store = open_store(whole)
    store.add(runs())
    store.close()
    more.write_text(lines(RUNS) + lines([RUNS[0] | {"id": "run_new"}]))
    data, chance = whole.read_bytes(), random.Random(3)
    refused = 0
    for _ in range(120):
        at, size = chance.randrange(len(data)), chance.choice((1, 100, 20_000))
        garbage = chance.choice((bytes(size), chance.randbytes(size)))
        damaged.write_bytes(data[:at] if size == 1 else data[:at] + garbage + data[at + size :])
        for use in (Store.summary, lambda store: store.page(THREAD, 100, "asc"), lambda store: load(store, more)):
            try:
                with closing(open_store(damaged)) as store:
                    use(store)
            except StoreError as error:
                assert str(damaged) in str(error)
                refused += 1
            except FileRejected as rejected:
                assert "with other content" in rejected.loaded.bad.first[0].reason
        damaged.unlink()
    assert refused > 100


@sqlite_only
def test_store_error_names_the_file(tmp_path: Path) -> None:
    """A folder, a foreign database, another version and damage each give an error with the name of the file."""
    import sqlite3

    other, version, text, cut = (tmp_path / part for part in ("other.db", "version.db", "text.db", "cut.db"))
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    store = open_store(version)
    store.add(RUNS)
    store.close()
    cut.write_bytes(version.read_bytes()[:20_000])
    with sqlite3.connect(version) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    text.write_text("not a database" * 100)
    for path, words in (
        (tmp_path, "not a regular file"),
        (other, "not a database of runs"),
        (version, "layout 99"),
        (text, "not a database"),
        (cut, "malformed"),
    ):
        with pytest.raises(StoreError, match=words) as caught:
            open_store(path)
        assert str(path) in str(caught.value)
    assert io.BytesIO(version.read_bytes()).read(15) == b"SQLite format 3"
