"""What is known of a thread, learnt from the server itself, and what any page of it must therefore hold.

The truth of a thread is the union of what its reads from both ends show, ordered by ``created_at``; ties stay as the
server put them. A live server adds runs while one looks, so a page is right if it fits the thread as it was at any
moment between two reads.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from attrs import define, field

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import FIRST_PAGE, PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.pages import DEFAULT_LIMIT, MAX_LIMIT
from threadruns.contract.scenarios import Scenario

MAX_PAGES = 6
"""How many of the largest pages of a thread are read; what lies deeper is not judged."""


@define
class KnownThread:
    """A thread and what is known of it.

    Attributes:
        id: The id of the thread.
        runs: The runs by id, as they were first read.
        newest_first: The ids in their order.
        unread: Whether there are more runs than were read.
        largest: The limit that it is learnt with; None, which is the default, if the largest is refused.
        states: Every order of ids that was the truth at some time, oldest first.
        reads: What the last walks in each order showed.
    """

    id: str
    runs: dict[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]], repr=False)
    newest_first: tuple[str, ...] = field(default=(), repr=False)
    unread: bool = False
    largest: int | None = MAX_LIMIT
    states: list[tuple[str, ...]] = field(factory=list[tuple[str, ...]], repr=False)
    reads: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]], repr=False)

    @property
    def segment(self) -> str:
        """The id as a segment of a path."""
        return quote(self.id, safe="!$&'()*+,;=:@")

    def request(self, query: PageQuery = FIRST_PAGE, **changes: Any) -> ProbeRequest:
        """Return the request for a page of this thread."""
        return ProbeRequest(self.segment, query.pairs(), **changes)

    def ordered(self, order: str | None = None) -> tuple[str, ...]:
        """Return the ids in an order, newest first by default."""
        return self.newest_first[::-1] if order == "asc" else self.newest_first

    @property
    def ties(self) -> tuple[str, ...]:
        """The ids of the largest group of runs that were created in one second; fewer than two are none."""
        groups: dict[str, list[str]] = {}
        for run_id in self.newest_first:
            groups.setdefault(str(self.runs[run_id].get("created_at")), []).append(run_id)
        largest = max(groups.values(), key=len, default=list[str]())
        return tuple(largest) if len(largest) > 1 else ()

    def learn(self) -> Generator[ProbeRequest, Exchange, list[Exchange]]:
        """Read the thread from both ends in the largest pages and take what they show together as the truth."""
        exchanges: list[Exchange] = []
        found: dict[str, dict[str, Any]] = {}
        down = yield from self._walk("desc", found, exchanges)
        if exchanges[0].status == 400 and self.largest:
            # A server that refuses the largest pages can still be learnt in the default ones.
            self.largest = None
            down = yield from self._walk("desc", found, exchanges)
        up: list[str] = []
        if not self.unread:
            up = yield from self._walk("asc", found, exchanges, stop_at=down)
        self.runs = {**found, **{run_id: run for run_id, run in self.runs.items() if run_id in found}}
        self.newest_first = _merge_orders(found, down, up[::-1])
        self.reads = {"desc": tuple(down), "asc": tuple(up)}
        if not self.states or self.states[-1] != self.newest_first:
            self.states.append(self.newest_first)
        return exchanges

    def _walk(
        self, order: str, found: dict[str, dict[str, Any]], exchanges: list[Exchange], stop_at: Iterable[str] = ()
    ) -> Generator[ProbeRequest, Exchange, list[str]]:
        ids: list[str] = []
        known = set(stop_at)
        after = None
        for _ in range(MAX_PAGES):
            exchange = yield self.request(PageQuery(limit=self.largest, order=order, after=after))
            exchanges.append(exchange)
            fresh = [run for run in exchange.runs if isinstance(run.get("id"), str) and run["id"] not in set(ids)]
            for run in fresh:
                found.setdefault(run["id"], run)
            ids.extend(dict.fromkeys(run["id"] for run in fresh))
            more = exchange.members.get("has_more") is True
            if not more or not fresh or known & {run["id"] for run in fresh}:
                if order == "desc":
                    self.unread = False
                return ids
            after = ids[-1]
        if order == "desc":
            self.unread = True
        return ids

    def moments(self, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield each state that the thread can have had between an earlier one and now."""
        yield before
        now = self.newest_first
        added = [run_id for run_id in now if run_id not in set(before)]
        for left_out in range(len(added) + 1):
            missing = set(added[:left_out])
            yield tuple(run_id for run_id in now if run_id not in missing)


def _merge_orders(found: dict[str, dict[str, Any]], *readings: Sequence[str]) -> tuple[str, ...]:
    place: dict[str, float] = {}
    for reading in readings:
        for position, run_id in enumerate(reading):
            place.setdefault(run_id, position)

    def created(run_id: str) -> float:
        at = found[run_id].get("created_at")
        return float(at) if isinstance(at, int | float) and not isinstance(at, bool) else 0.0

    return tuple(sorted(found, key=lambda run_id: (-created(run_id), place.get(run_id, 0.0))))


def choose_threads(threads: Sequence[KnownThread]) -> dict[str, KnownThread | None]:
    """Pick the threads that prove the most: the largest, the one with most ties, an empty one, one of a few runs."""
    by_size = sorted(threads, key=lambda thread: len(thread.newest_first))
    few = [thread for thread in by_size if 3 <= len(thread.newest_first) <= DEFAULT_LIMIT]
    return {
        "largest": by_size[-1] if by_size and by_size[-1].newest_first else None,
        "ties": max((thread for thread in threads if thread.ties), key=lambda thread: len(thread.ties), default=None),
        "empty": next((thread for thread in by_size if not thread.newest_first), None),
        "few": few[0] if few else None,
    }


def learn_thread(thread: KnownThread) -> Scenario:
    """Read a thread whole; that it can be read decides ``data.given``."""
    exchanges = yield from thread.learn()
    findings = [Finding("data.given", None, exchanges[-1])]
    if thread.largest is None and exchanges[-1].status == 200:
        largest = yield thread.request(PageQuery(limit=MAX_LIMIT))
        problem = None if largest.status == 200 else f"a limit of {MAX_LIMIT} is answered {largest.status}"
        findings.append(Finding("limit.largest", problem, largest))
    return findings


def read_missing_thread(thread: KnownThread) -> Scenario:
    """Read a thread that could not be read in the preflight, for ``data.given``."""
    exchange = yield thread.request()
    came = exchange.failure or str(exchange.status)
    problem = f"{thread.id!r} was given as a thread that exists, and {came} came; is the id right?"
    return [Finding("data.given", None if exchange.status == 200 else problem, exchange)]
