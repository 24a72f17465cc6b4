"""Loading runs that break the document, runs that cannot be stored, and later versions of stored runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import client
from threadruns._cli.load import command
from threadruns._document import violation
from threadruns.server.store import Store, open_store
from threadruns.server.store.loading import FileRejected, load
from threadruns.server.store.records import RunRecord
from threadruns.server.synth import thread
from threadruns.testing import serve

RUN = thread("thread_a", 1)[0]
V2 = {key: value for key, value in RUN.items() if key != "file_ids"} | {
    "status": "incomplete",
    "tools": [{"type": "file_search", "file_search": {"ranking_options": {"ranker": "default_2024_08_21"}}}],
    "reasoning_effort": None,
}
INVALID = {
    "v2": V2,
    "another id": RUN | {"id": "61d9cb05-989b-4b48-b520"},
    "another thread id": RUN | {"thread_id": "a thread/\u00e9"},
    "little": {"id": "run_1", "thread_id": "thread_a", "created_at": 0},
    "status of another type": RUN | {"status": 7},
    "time before 1970": RUN | {"created_at": -5},
    "half a pair": RUN | {"instructions": "\ud800"},
    "half a pair in a key": RUN | {"\udfff": 1},
    "deep": RUN | {"metadata": json.loads('{"a":' * 400 + "1" + "}" * 400)},
}
REFUSED = {
    "no thread": ({key: value for key, value in RUN.items() if key != "thread_id"}, "thread_id is missing"),
    "thread of another type": (RUN | {"thread_id": 7}, "thread_id is 7"),
    "no id": ({key: value for key, value in RUN.items() if key != "id"}, "id is missing"),
    "null as id": (RUN | {"id": None}, "id is null"),
    "empty id": (RUN | {"id": ""}, 'id is ""'),
    "half a pair as id": (RUN | {"id": "run_\ud800"}, "id has a lone surrogate"),
    "no time": ({key: value for key, value in RUN.items() if key != "created_at"}, "created_at is missing"),
    "text as time": (RUN | {"created_at": "1700000000"}, 'created_at is "1700000000"'),
    "true as time": (RUN | {"created_at": True}, "created_at is true"),
    "part of a second": (RUN | {"created_at": 1700000000.5}, "created_at is 1700000000.5"),
    "long time": (RUN | {"created_at": 2**63}, "created_at is 9223372036854775808"),
    "long value": (RUN | {"created_at": "x" * 1000}, "..."),
}


@pytest.fixture
def store() -> Store:
    """Return an empty store."""
    return open_store()


def write(path: Path, *runs: Any) -> Path:
    """Write runs to a file of JSON lines, and return the file."""
    path.write_text("".join(json.dumps(run) + "\n" for run in runs))
    return path


@pytest.mark.parametrize("kind", INVALID)
def test_run_that_breaks_the_document_is_kept_and_served(tmp_path: Path, kind: str) -> None:
    """A run with an id, a thread and a time is stored, reported with its line, and served byte for byte."""
    run = INVALID[kind]
    path = write(tmp_path / "runs", thread("thread_b", 1)[0], run)
    with serve() as server, client(server) as http:
        loaded = load(server.store, path)
        assert (loaded.new, loaded.invalid.runs, loaded.bad.runs) == (2, 1, 0)
        assert [found.line for found in loaded.invalid.first] == [2]
        assert loaded.invalid.first[0].reason
        response = http.get(f"/threads/{quote(run['thread_id'], safe='')}/runs")
        assert response.content.startswith(b'{"object":"list","data":[' + json.dumps(run).encode() + b"]")


@pytest.mark.parametrize("kind", REFUSED)
def test_run_that_cannot_be_stored_is_refused(store: Store, tmp_path: Path, kind: str) -> None:
    """A run without an id, a thread or a time that can be stored is refused with its line and the value."""
    run, reason = REFUSED[kind]
    with pytest.raises(FileRejected) as caught:
        load(store, write(tmp_path / "runs", thread("thread_b", 1)[0], run))
    (bad,) = caught.value.loaded.bad.first
    assert bad.line == 2
    assert reason in bad.reason
    assert len(bad.reason) < 200
    assert store.summary() == (0, 0, None)


def test_integer_with_a_fraction_of_zero_is_a_time(store: Store, tmp_path: Path) -> None:
    """1700000000.0 is an integer of JSON: the run is valid, is ordered by it, and keeps its text."""
    loaded = load(store, write(tmp_path / "runs", RUN | {"created_at": 1700000000.0}))
    assert (loaded.new, loaded.invalid.runs) == (1, 0)
    (run,) = store.page("thread_a", 1, "asc").runs
    assert b'"created_at": 1700000000.0' in run.text
    assert store.position("thread_a", run.id).created_at == 1700000000  # type: ignore[union-attr]


def test_invalid_runs_are_skipped_or_refused_on_demand(store: Store, tmp_path: Path) -> None:
    """With skip, invalid runs are left out and counted; with raise, their file is rejected."""
    path = write(tmp_path / "runs", RUN, V2 | {"id": "run_v2"})
    with pytest.raises(FileRejected, match="1 bad run;") as caught:
        load(store, path, invalid="raise")
    assert caught.value.loaded.bad.first[0].reason == violation("Run", V2 | {"id": "run_v2"})
    skipped = load(store, path, invalid="skip")
    assert (skipped.new, skipped.invalid.runs, skipped.bad.runs) == (1, 1, 0)
    assert load(store, path, invalid="raise", skip_bad=True).unchanged == 1
    assert load(store, path).new == 1


def test_first_invalid_runs_are_reported(store: Store, tmp_path: Path) -> None:
    """All invalid runs are counted, and the first twenty are kept with their lines."""
    loaded = load(store, write(tmp_path / "runs", *(V2 | {"id": f"run_{number}"} for number in range(50))))
    assert (loaded.new, loaded.invalid.runs) == (50, 50)
    assert [found.line for found in loaded.invalid.first] == list(range(1, 21))


LATER = RUN | {"status": "completed"}
EARLIER = RUN | {"status": "queued"}


def test_conflict_names_both_statuses(store: Store, tmp_path: Path) -> None:
    """Another version of a stored run is refused, and the reason has the status of both."""
    load(store, write(tmp_path / "one", EARLIER))
    with pytest.raises(FileRejected) as caught:
        load(store, write(tmp_path / "two", LATER))
    reason = caught.value.loaded.bad.first[0].reason
    assert reason.endswith(
        "is already stored with other content: its status is 'queued', and 'completed' here; "
        "if this is the later version, load it with --replace"
    )
    assert b"queued" in store.page("thread_a", 1, "asc").runs[0].text


def test_later_version_replaces_a_run_on_demand(store: Store, tmp_path: Path) -> None:
    """With replace, the version that was loaded last is stored; the same version again changes nothing."""
    load(store, write(tmp_path / "one", EARLIER, *thread("thread_b", 2)))
    loaded = load(store, write(tmp_path / "two", LATER, *thread("thread_b", 2)), replace=True)
    assert (loaded.new, loaded.unchanged, loaded.replaced) == (0, 2, 1)
    assert [run.value() for run in store.page("thread_a", 9, "asc").runs] == [LATER]
    assert load(store, tmp_path / "two", replace=True).unchanged == 3
    assert list(store.verify()) == []


@pytest.mark.parametrize("changed", [{"thread_id": "thread_z"}, {"created_at": RUN["created_at"] + 1}])
def test_run_of_another_thread_or_time_is_no_later_version(
    store: Store, tmp_path: Path, changed: dict[str, Any]
) -> None:
    """A run whose id is stored in another thread, or with another time, is a conflict with replace, too."""
    load(store, write(tmp_path / "one", EARLIER))
    with pytest.raises(FileRejected) as caught:
        load(store, write(tmp_path / "two", LATER | changed), replace=True)
    assert caught.value.loaded.bad.first[0].reason.endswith("in another thread or with another created_at")
    assert store.summary() == (1, 1, "thread_a")


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["queued", "completed", "failed"])), max_size=30))
def test_last_version_of_each_run_is_stored(versions: list[tuple[int, str]]) -> None:
    """With replace, a sequence of versions leaves the last one of each run, whatever repeats in it."""
    store = open_store()
    runs = [RUN | {"id": f"run_{number}", "thread_id": f"thread_{number % 2}", "status": s} for number, s in versions]
    with store.load(map(RunRecord.of, runs), replace=True) as counts:
        pass
    last = {run["id"]: run for run in runs}
    assert {run.id: json.loads(run.text) for run in store.runs()} == last
    assert (counts.new, counts.conflicts) == (len(last), 0)
    assert counts.new + counts.unchanged + counts.replaced == len(runs)
    store.close()


def test_skipped_conflict_creates_no_thread(store: Store, tmp_path: Path) -> None:
    """A thread of which no run was stored does not exist."""
    load(store, write(tmp_path / "one", EARLIER))
    loaded = load(store, write(tmp_path / "two", LATER | {"thread_id": "thread_z"}), skip_bad=True)
    assert (loaded.new, loaded.bad.runs) == (0, 1)
    assert not store.has_thread("thread_z")


def test_command_reports_kept_runs_and_exits_with_0(tmp_path: Path) -> None:
    """The command names the lines of invalid runs and their number, and succeeds; with --invalid raise it fails."""
    path = write(tmp_path / "runs", RUN, V2 | {"id": "run_v2"})
    arguments = [str(path), "--db", str(tmp_path / "runs.db")]
    refused = CliRunner().invoke(command, [*arguments, "--invalid", "raise"])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"{path} has 1 bad run; nothing was loaded from it." in refused.stderr
    kept = CliRunner().invoke(command, arguments)
    assert (kept.exit_code, kept.stdout) == (0, f"{path}: 2 new, 0 unchanged, 0 skipped\n")
    problem, total = kept.stderr.splitlines()
    assert problem.startswith(f"{path}:2: ")
    assert total == f"{path}: 1 run breaks the document and is kept as it is"
    write(path, RUN | {"status": "expired"}, V2 | {"id": "run_v2"})
    replaced = CliRunner().invoke(command, [*arguments, "--replace"])
    assert (replaced.exit_code, replaced.stdout) == (0, f"{path}: 0 new, 1 unchanged, 1 replaced, 0 skipped\n")
