"""What the tables share: how much to measure, who takes part, and letting them take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.peers import Unavailable
from benchmarks.processes import Child, Reply, Server, Worker
from benchmarks.report import Row, Target, ratio

T = TypeVar("T")
C = TypeVar("C", bound=Child)

OURS = "threadruns"
OURS_LEARNING = "threadruns, which has seen unknown fields"
ORJSON = "orjson.loads, dicts"
HTTPX = "httpx + orjson, dicts"
AIOHTTP = "aiohttp + orjson, dicts"
STOCK = "stock generated client"
SDK = "official SDK, newest"
OLD_SDK = "official SDK, 1.14"
MSGSPEC = "msgspec Structs"

PARTICIPANTS: dict[str, tuple[str, str | None]] = {
    OURS: ("ours", None),
    OURS_LEARNING: ("ours", None),
    ORJSON: ("httpx_dicts", None),
    HTTPX: ("httpx_dicts", None),
    AIOHTTP: ("aiohttp_dicts", "libraries"),
    MSGSPEC: ("msgspec_structs", "libraries"),
    STOCK: ("stock", "stock"),
    SDK: ("official", "openai"),
    OLD_SDK: ("official", "openai-1.14"),
}
"""The script of each participant, and its environment; None is our own, for the same httpx."""


class Race(Generic[T]):
    """What came of a race: the measurements of those who took part, and why the others did not."""

    def __init__(self) -> None:
        self.measured: dict[str, list[T]] = {}
        self.missing: dict[str, str] = {}

    def best(self, name: str, measure: Callable[[T], float]) -> float | None:
        """Return the least of what one participant measured; None if it did not take part."""
        return min(map(measure, self.measured[name])) if name in self.measured else None


class Bench:
    """A run of the benchmark.

    Args:
        quick: Measure less, for a first impression.
        peers: Whether peers take part that need an environment of their own.
        tell: Is told what is going on.
    """

    def __init__(self, *, quick: bool, peers: bool, tell: Callable[[str], object]) -> None:
        self.quick = quick
        self.tell = tell
        self.versions: dict[str, dict[str, str]] = {}
        self._peers = peers
        self._workers: dict[str, Worker | Unavailable] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def choose(self, full: T, quick: T) -> T:
        """Return one of two amounts, by how much is to be measured."""
        return quick if self.quick else full

    def server(self, database: Path, latency: float = 0.0) -> Server:
        """Return a running server, which is ended with the benchmark."""
        return self.enter(Server(database, latency))

    def enter(self, child: C) -> C:
        """Take charge of a process: it is ended with the benchmark."""
        self._stack.enter_context(child)
        return child

    def demand_peers(self) -> None:
        """Refuse to go on if peers are to be left out.

        Raises:
            Unavailable: They are.
        """
        if not self._peers:
            raise Unavailable("peers were left out on request")

    def worker(self, name: str) -> Worker:
        """Return the worker of a participant, started when it is first asked for.

        Raises:
            Unavailable: It cannot be had.
        """
        if name not in self._workers:
            script, environment = PARTICIPANTS[name]
            try:
                if environment is not None:
                    self.demand_peers()
                self.tell(f"starting {name}")
                worker = self.enter(Worker(script, environment))
                self._workers[name], self.versions[name] = worker, worker.versions
            except Unavailable as reason:
                self._workers[name] = reason
        found = self._workers[name]
        if isinstance(found, Unavailable):
            raise found
        return found

    def race(self, what: str, entrants: Mapping[str, Callable[[], T]], rounds: int) -> Race[T]:
        """Let entrants run in turn, for several rounds.

        Args:
            what: What they do, to tell.
            entrants: What each does in a round; one that raises Unavailable drops out.
            rounds: How many rounds count; one more is run first, to warm up.
        """
        race: Race[T] = Race()
        for turn in range(rounds + 1):
            for name, run in entrants.items():
                if name in race.missing:
                    continue
                self.tell(f"{what}, round {turn} of {rounds}: {name}")
                try:
                    result = run()
                except Unavailable as reason:
                    race.missing[name] = str(reason)
                    race.measured.pop(name, None)
                    continue
                if turn:
                    race.measured.setdefault(name, []).append(result)
        return race


def cpu(measured: Reply) -> float:
    """Return the CPU time of a measurement."""
    return measured.cpu


def wall(measured: Reply) -> float:
    """Return the wall time of a measurement."""
    return measured.wall


class Ranking:
    """Makes the rows of a race.

    Args:
        race: What was measured.
        measure: Which number of a measurement counts.
        scale: What to multiply it with for its unit.
        unit: The unit.
    """

    def __init__(self, race: Race[T], measure: Callable[[T], float], scale: float, unit: str) -> None:
        self._missing = race.missing
        self._best = {name: race.best(name, measure) for name in (*race.measured, *race.missing)}
        self._scale = scale
        self._unit = unit

    def row(self, name: str, what: str = "", *, to: str = "", target: Target | None = None) -> Row:
        """Return the row of a participant.

        Args:
            name: The participant.
            what: What to call the row; the participant's name, if it is empty.
            to: The participant whose number this one is put in relation to.
            target: What the relation is held to.
        """
        best = self._best[name]
        against = ratio(best, self._best.get(to))
        value = None if best is None else best * self._scale
        return Row(what or name, value, self._unit, against, f"x {to}" if to else "", target, self.why(name))

    def why(self, name: str) -> str:
        """Return why a participant has no number."""
        return self._missing.get(name, "")
