"""Tests of the benchmark itself: measurements, targets and reports. They assert nothing about speed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import data, peers, processes
from benchmarks.__main__ import main
from benchmarks.bench import HTTPX, OURS, STOCK, Bench
from benchmarks.load import load
from benchmarks.peers import Unavailable
from benchmarks.processes import ReferenceServer, Worker
from benchmarks.report import Row, Table, at_least, at_most
from benchmarks.serve import KEY
from benchmarks.tables import decode

HEADERS = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v1"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a cache folder of the test."""
    for module in (peers, data):
        monkeypatch.setattr(module, "CACHE", tmp_path)
    return tmp_path


def test_table_is_measured_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command prints each target with its ratio and the reason for missing peers, and writes the same as JSON."""
    monkeypatch.setattr(decode, "BATCH", 1)
    report = tmp_path / "report.json"
    assert main(["--quick", "--no-peers", "--only", "decode", "--json", str(report)]) == 0
    printed = capsys.readouterr().out
    assert "x orjson.loads, dicts" in printed
    assert "at most 0.8" in printed
    assert "peers were left out on request" in printed
    written = json.loads(report.read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in written["tables"][0]["rows"]}
    assert rows[OURS]["ratio"] > 0
    assert rows[OURS]["target"] == {"bound": 0.8, "kind": "at most"}
    assert rows[STOCK]["value"] is None
    assert rows[STOCK]["met"] is None
    assert written["versions"][OURS]["msgspec"]


def test_unknown_table_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown table is a usage error that lists the tables."""
    with pytest.raises(SystemExit) as caught:
        main(["--only", "decoding"])
    assert caught.value.code == 2
    assert "the table 'decoding' is unknown; the tables are decode, end-to-end" in capsys.readouterr().err


def test_workers_count_every_run() -> None:
    """Each worker that needs no separate environment counts all runs of a server process."""
    database = data.store("tiny", {"thread_a": 150, "thread_b": 50})
    with ReferenceServer(database, latency=0.001) as server:
        for script in ("ours", "ours pyreqwest", "ours aiohttp", "httpx_dicts", "httpx_dicts httpx2"):
            with Worker(script) as worker:
                for call in ("walk", "async_walk"):
                    assert worker.run(call, url=server.url, key=KEY, thread="thread_a").result == 150
                threads = ["thread_a", "thread_b"]
                order = {"url": server.url, "key": KEY, "threads": threads, "concurrency": 2}
                assert worker.run("async_many", **order).result == 200


def test_load_ends_at_an_error_status() -> None:
    """The load generator reports the size of the body, and raises an error for a status other than 200."""
    with ReferenceServer(data.store("tiny", {"thread_a": 3})) as server:
        url = f"{server.url}/threads/thread_a/runs"
        done = load([url, f"{url}?limit=1"], HEADERS, connections=2, requests=5)
        assert done.requests == 5
        assert done.size > 1500
        with pytest.raises(ValueError, match="401"):
            load([url], {}, connections=1, requests=1)


def test_failing_participant_is_reported_as_missing() -> None:
    """If one participant fails, the race has its reason, and the others are still measured."""
    with Bench(quick=True, peers=False, progress=lambda _: None) as bench:
        file = str(data.body("documented"))
        race = bench.race(
            "decode",
            {
                OURS: lambda: bench.worker(OURS).run("decode", file=file),
                HTTPX: lambda: bench.worker(HTTPX).run("decode", file="/missing"),
            },
            rounds=1,
        )
    assert race.best(OURS, lambda reply: reply.cpu) is not None
    assert race.best(HTTPX, lambda reply: reply.cpu) is None
    assert "FileNotFoundError" in race.missing[HTTPX]


def test_silent_worker_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that does not answer in time is stopped and reported."""
    monkeypatch.setattr(processes, "ORDER_SECONDS", 0.05)
    with ReferenceServer(data.store("tiny", {"thread_a": 1}), latency=1) as server, Worker("ours") as worker:
        with pytest.raises(Unavailable, match="sent no line within"):
            worker.run("walk", url=server.url, key=KEY, thread="thread_a")
        with pytest.raises(Unavailable, match="was stopped before"):
            worker.run("decode", file=str(data.body("documented")))


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("a", 3.0, "us", 2.7, "x b", at_most(2.7)), True),
        (Row("a", 3.0, "us", 2.8, "x b", at_most(2.7)), False),
        (Row("a", 3.0, "us", 6.9, "x b", at_least(7)), False),
        (Row("a", 14.0, "ms", target=at_most(15)), True),
        (Row("a", None, "us", None, "x b", at_most(15)), None),
        (Row("a", 14.0, "ms"), None),
    ],
)
def test_target_applies_to_the_ratio_or_the_value(row: Row, met: bool | None) -> None:
    """A number equal to the bound meets the target; without a number or a target the result is None."""
    assert row.met is met
    assert Table("t", "n", [row]).as_json()["rows"][0]["met"] is met
