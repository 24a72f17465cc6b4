"""The reference server under load: CPU time and throughput."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import data
from benchmarks.bench import Bench
from benchmarks.load import Load, load
from benchmarks.peers import CACHE, Unavailable
from benchmarks.processes import LoggingServer, Prism, StarletteServer
from benchmarks.report import Row, Table, at_least, at_most, ratio
from benchmarks.serve import KEY
from threadruns._document import document

HEADERS = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v1"}
DEEP = "thread_deep"
DEPTH = 100_000
SMALL = 10_000


def long_thread(runs: int) -> str:
    """Return the name of the thread of ``long_store`` that has this many runs."""
    return DEEP if runs == DEPTH else "thread_long"


def long_store(runs: int) -> Path:
    """Return the database with a thread of 100,000 runs and, if it is another number, one with the given number."""
    return data.store("long", {DEEP: DEPTH, long_thread(runs): runs})


def measure(bench: Bench) -> Iterator[Table]:
    """Yield tables of the CPU time of a request and of requests per second."""
    stored = data.store("small", {DEEP: SMALL})
    for limit in (20, data.PAGE):
        yield _cpu_time(bench, stored, f"the newest page, limit={limit}", [_target(limit)])
    yield _cpu_time(bench, stored, f"another page each time, limit={data.PAGE}", _cursors())
    yield _throughput(bench, bench.server(stored).url)


def _target(limit: int = data.PAGE, cursor: str = "") -> str:
    return f"/threads/{DEEP}/runs?limit={limit}" + (f"&after={cursor}" if cursor else "")


def _cursors() -> list[str]:
    """Return targets with a cursor, whose pages the server does not keep."""
    return [_target(cursor=data.run_id(number)) for number in range(SMALL - 1, data.PAGE, -1)]


def _cpu_time(bench: Bench, stored: Path, pages: str, targets: Sequence[str]) -> Table:
    requests = bench.choose(2000, 200)
    ours, theirs = "threadruns serve", "Starlette, 25 lines"
    servers: dict[str, LoggingServer | StarletteServer] = {ours: bench.enter(LoggingServer(stored, KEY))}
    missing = ""
    try:
        bench.require_peers()
        servers[theirs] = bench.enter(StarletteServer(stored))
    except Unavailable as reason:
        missing = str(reason)

    def measure_cpu(server: LoggingServer | StarletteServer) -> float:
        before = server.cpu_seconds()
        load([server.url + target for target in targets], HEADERS, connections=8, requests=requests)
        return (server.cpu_seconds() - before) / requests

    entrants = {name: lambda server=server: measure_cpu(server) for name, server in servers.items()}
    race = bench.race(f"server, {pages}", entrants, bench.choose(8, 2))
    best = {name: race.best(name, lambda seconds: seconds * 1e6) for name in (ours, theirs)}
    lead = ratio(best[ours], best[theirs])
    return Table(
        f"Server: CPU time of a request, {pages}, 8 connections",
        f"Best batch of {requests}, with httptools, uvloop and an access log in both. The Starlette application reads "
        "the same database and checks the key only.",
        [
            Row(ours, best[ours], "us", lead, f"x {theirs}", at_most(1.6), race.missing.get(ours, "")),
            Row(theirs, best[theirs], "us", reason=missing or race.missing.get(theirs, "")),
        ],
    )


def _throughput(bench: Bench, url: str) -> Table:
    requests = bench.choose(300, 200)
    same, other, theirs = (
        "threadruns serve, the newest page",
        "threadruns serve, another page each time",
        "Prism, static",
    )
    sizes: dict[str, int] = {}

    def entrant(name: str, base: str, targets: Sequence[str]) -> Callable[[], Load]:
        urls = [base + target for target in targets]

        def measure_load() -> Load:
            found = load(urls, HEADERS, connections=8, requests=requests)
            sizes[name] = found.size
            return found

        return measure_load

    entrants = {same: entrant(same, url, [_target()]), other: entrant(other, url, _cursors())}
    missing = ""
    try:
        bench.require_peers()
        bench.progress("starting Prism")
        prism = bench.enter(Prism(_document_with_full_page()))
        entrants[theirs] = entrant(theirs, prism.url, [_target()])
    except Unavailable as reason:
        missing = str(reason)
    race = bench.race("server", entrants, bench.choose(15, 3))
    rates = {name: ratio(1, race.best(name, _seconds_per_request)) for name in (same, other, theirs)}
    table = Table(
        "Server: limit=100, one worker, 8 connections",
        f"Requests a second, best batch of {requests}. Prism answers with a body of the same 100 runs. "
        + ", ".join(f"{name}: {size / 1000:.1f} KB" for name, size in sizes.items()),
    )
    for name, target in ((same, at_least(5)), (other, None)):
        lead = ratio(rates[name], rates[theirs])
        table.rows.append(Row(name, rates[name], "requests/s", lead, f"x {theirs}", target, race.missing.get(name, "")))
    table.rows.append(Row(theirs, rates[theirs], "requests/s", reason=missing or race.missing.get(theirs, "")))
    return table


def _seconds_per_request(load: Load) -> float:
    return load.seconds_per_request


def _document_with_full_page() -> Path:
    """Return a file with the document whose example is a full page."""
    changed = json.loads(json.dumps(document()))
    changed["components"]["examples"]["DocumentedPage"]["value"] = data.page(data.documented_run())
    path = CACHE / "data" / "full-page.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    return path
