"""The parts that all tables share: the participants, the number of rounds, and races between participants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.peers import Unavailable
from benchmarks.processes import Child, Cost, ReferenceServer, Worker
from benchmarks.report import Row, Target, ratio

T = TypeVar("T")
C = TypeVar("C", bound=Child)

OURS = "threadruns"
ORJSON = "orjson.loads, dicts"
HTTPX = "httpx + orjson, dicts"
HTTPX2 = "httpx2 + orjson, dicts"
AIOHTTP = "aiohttp + orjson, dicts"
HTTP_CLIENT = "http.client + orjson, dicts"
PYCURL = "pycurl + orjson, dicts"
PYREQWEST = "pyreqwest + orjson, dicts"
PYDANTIC = "httpx + pydantic, own models"
OURS_PYREQWEST = "threadruns over pyreqwest"
OURS_AIOHTTP = "threadruns over httpx-aiohttp"
STOCK = "stock generated client"
SDK = "official SDK, newest"
OLD_SDK = "official SDK, 1.14"
MSGSPEC = "msgspec Structs"

PARTICIPANTS: dict[str, tuple[str, str | None]] = {
    OURS: ("ours", None),
    ORJSON: ("httpx_dicts", None),
    HTTPX: ("httpx_dicts", None),
    HTTPX2: ("httpx_dicts httpx2", "libraries"),
    AIOHTTP: ("aiohttp_dicts", "libraries"),
    HTTP_CLIENT: ("http_client_dicts", "libraries"),
    PYCURL: ("pycurl_dicts", "libraries"),
    PYREQWEST: ("pyreqwest_dicts", "libraries"),
    PYDANTIC: ("pydantic_models", "libraries"),
    OURS_PYREQWEST: ("ours pyreqwest", None),
    OURS_AIOHTTP: ("ours aiohttp", None),
    MSGSPEC: ("msgspec_structs", "libraries"),
    STOCK: ("stock", "stock"),
    SDK: ("official", "openai"),
    OLD_SDK: ("official", "openai-1.14"),
}
"""The script and the environment of each participant; None is the environment of threadruns, with the same httpx."""

_DICTS = "no types, no retries, no deadline"
OMITS: dict[str, str] = {
    ORJSON: "no types",
    **dict.fromkeys((HTTPX, HTTPX2, AIOHTTP, PYCURL, PYREQWEST), _DICTS),
    HTTP_CLIENT: f"{_DICTS}, no new connection",
    PYDANTIC: "absent and null are the same, no retries, no deadline",
    MSGSPEC: "drops unknown fields",
    STOCK: "no retries, no deadline; types are not checked",
    SDK: "types are not checked, no deadline",
    OLD_SDK: "types are not checked, no deadline",
}
"""What a peer does not do that threadruns does, apart from removing duplicates, which none of them does."""


class Race(Generic[T]):
    """The measurements of a race, and the reason for each participant that is missing."""

    def __init__(self) -> None:
        self.measured: dict[str, list[T]] = {}
        self.missing: dict[str, str] = {}

    def best(self, name: str, measure: Callable[[T], float]) -> float | None:
        """Return the lowest measurement of a participant; None if it is missing."""
        return min(map(measure, self.measured[name])) if name in self.measured else None


class Bench:
    """A run of the benchmark.

    Args:
        quick: Run fewer rounds.
        peers: Include the peers that need their own environment.
        progress: Receives a description of each step.
    """

    def __init__(self, *, quick: bool, peers: bool, progress: Callable[[str], object]) -> None:
        self.quick = quick
        self.progress = progress
        self.versions: dict[str, dict[str, str]] = {}
        self.peers = peers
        self._workers: dict[str, Worker | Unavailable] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def choose(self, full: T, quick: T) -> T:
        """Return the first value for a full benchmark, the second for a quick one."""
        return quick if self.quick else full

    def server(self, database: Path | str, latency: float = 0.0) -> ReferenceServer:
        """Start a server; it is stopped at the end of the benchmark."""
        return self.enter(ReferenceServer(database, latency))

    def enter(self, child: C) -> C:
        """Register a process; it is stopped at the end of the benchmark."""
        self._stack.enter_context(child)
        return child

    def require_peers(self) -> None:
        """Raise an error if peers are left out.

        Raises:
            Unavailable: Peers are left out.
        """
        if not self.peers:
            raise Unavailable("peers were left out on request")

    def worker(self, name: str) -> Worker:
        """Return the worker of a participant, started on the first call.

        Raises:
            Unavailable: The worker could not be started.
        """
        if name not in self._workers:
            script, environment = PARTICIPANTS[name]
            try:
                if environment is not None:
                    self.require_peers()
                self.progress(f"starting {name}")
                worker = self.enter(Worker(script, environment))
                self._workers[name], self.versions[name] = worker, worker.versions
            except Unavailable as reason:
                self._workers[name] = reason
        found = self._workers[name]
        if isinstance(found, Unavailable):
            raise found
        return found

    def race(self, title: str, entrants: Mapping[str, Callable[[], T]], rounds: int) -> Race[T]:
        """Run functions in turn, for several rounds.

        Args:
            title: The description to show as progress.
            entrants: The function of each participant. After it raises Unavailable, the participant is missing.
            rounds: The number of measured rounds; one more is run first, to warm up.
        """
        race: Race[T] = Race()
        for number in range(rounds + 1):
            for name, run in entrants.items():
                if name in race.missing:
                    continue
                self.progress(f"{title}, round {number} of {rounds}: {name}")
                try:
                    result = run()
                except Unavailable as reason:
                    race.missing[name] = str(reason)
                    race.measured.pop(name, None)
                    continue
                if number:
                    race.measured.setdefault(name, []).append(result)
        return race


def cpu(measured: Cost) -> float:
    """Return the CPU time of a measurement."""
    return measured.cpu


def wall(measured: Cost) -> float:
    """Return the wall time of a measurement."""
    return measured.wall


class Ranking:
    """The rows of a race.

    Args:
        race: The measurements.
        measure: Returns the number to compare from a measurement.
        scale: The factor that converts the number to its unit.
        unit: The unit.
    """

    def __init__(self, race: Race[T], measure: Callable[[T], float], scale: float, unit: str) -> None:
        self._missing = race.missing
        self._best = {name: race.best(name, measure) for name in (*race.measured, *race.missing)}
        self._scale = scale
        self._unit = unit

    def row(self, name: str, *, to: str = "", target: Target | None = None) -> Row:
        """Return the row of a participant.

        Args:
            name: The participant.
            to: The participant that the ratio is relative to.
            target: The target of the ratio.
        """
        best = self._best[name]
        against = ratio(best, self._best.get(to))
        value = None if best is None else best * self._scale
        base = f"x {to}" if to else ""
        return Row(name, value, self._unit, against, base, target, self._missing.get(name, ""), OMITS.get(name, ""))
