"""The runs of a thread, as read from the server: the basis on which its pages are judged.

The thread is read in both orders, and the runs of both readings are sorted by ``created_at``. Runs created in the same
second keep the order of the server.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from attrs import define, field

from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import FIRST_PAGE, PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario

MAX_PAGES = 6
"""Maximum number of pages read of a thread; the runs that follow them are not judged."""


@define(eq=False)
class KnownThread:
    """A thread with its known runs.

    Attributes:
        id: The id of the thread.
        runs: The runs by id, as they were first read.
        newest_first: The ids of the runs, newest first.
        unread: Whether the thread has more runs than were read.
        largest: The limit with which it is read; None for the default, if the server rejects the largest.
        reads: The ids of the last reading in each order; empty if the thread was never read.
    """

    id: str
    runs: dict[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]], repr=False)
    newest_first: tuple[str, ...] = field(default=(), repr=False)
    unread: bool = False
    largest: int | None = MAX_LIMIT
    reads: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]], repr=False)

    @property
    def segment(self) -> str:
        """The id as a path segment."""
        return quote(self.id, safe="!$&'()*+,;=:@")

    def request(self, query: PageQuery = FIRST_PAGE, **changes: Any) -> ProbeRequest:
        """Return the request for a page of this thread."""
        return ProbeRequest(self.segment, query.pairs(), **changes)

    def ordered(self, order: str | None = None) -> tuple[str, ...]:
        """Return the ids in an order; the default is newest first."""
        return self.newest_first[::-1] if order == "asc" else self.newest_first

    @property
    def ties(self) -> tuple[str, ...]:
        """The ids of the largest group of runs created in the same second; empty if no two were."""
        groups: dict[str, list[str]] = {}
        for run_id in self.newest_first:
            groups.setdefault(str(self.runs[run_id].get("created_at")), []).append(run_id)
        largest = max(groups.values(), key=len, default=list[str]())
        return tuple(largest) if len(largest) > 1 else ()

    def read_all(self) -> Generator[ProbeRequest, Exchange, list[Exchange]]:
        """Read the thread from both ends in the largest pages, and merge the runs of both readings."""
        exchanges: list[Exchange] = []
        found: dict[str, dict[str, Any]] = {}
        down = yield from self._walk("desc", found, exchanges)
        if exchanges[0].status == 400 and self.largest:
            # A server that rejects the largest pages may still serve default ones.
            self.largest = None
            down = yield from self._walk("desc", found, exchanges)
        up: list[str] = []
        if not self.unread:
            up = yield from self._walk("asc", found, exchanges, stop_at=down)
        self.runs = {**found, **{run_id: run for run_id, run in self.runs.items() if run_id in found}}
        self.newest_first = _merge_orders(found, down, up[::-1])
        self.reads = {"desc": tuple(down), "asc": tuple(up)}
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

    def possible_states(self, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield each state that the thread may have had between ``before`` and now."""
        yield before
        now = self.newest_first
        added = [run_id for run_id in now if run_id not in set(before)]
        for count in range(len(added) + 1):
            missing = set(added[:count])
            yield tuple(run_id for run_id in now if run_id not in missing)


def _merge_orders(found: dict[str, dict[str, Any]], *readings: Sequence[str]) -> tuple[str, ...]:
    positions: dict[str, float] = {}
    for reading in readings:
        for position, run_id in enumerate(reading):
            positions.setdefault(run_id, position)

    def created(run_id: str) -> float:
        at = found[run_id].get("created_at")
        return float(at) if isinstance(at, int | float) and not isinstance(at, bool) else 0.0

    return tuple(sorted(found, key=lambda run_id: (-created(run_id), positions.get(run_id, 0.0))))


def choose_threads(threads: Sequence[KnownThread]) -> dict[str, KnownThread | None]:
    """Choose the threads that decide the most: the largest, one with many ties, an empty one, one with few runs."""
    by_size = sorted(threads, key=lambda thread: len(thread.newest_first))
    few = [thread for thread in by_size if 3 <= len(thread.newest_first) <= DEFAULT_LIMIT]
    return {
        "largest": by_size[-1] if by_size and by_size[-1].newest_first else None,
        "ties": max((thread for thread in threads if thread.ties), key=lambda thread: len(thread.ties), default=None),
        "empty": next((thread for thread in by_size if not thread.newest_first), None),
        "few": few[0] if few else None,
    }


def read_thread(thread: KnownThread) -> Scenario:
    """Read a thread in full."""
    exchanges = yield from thread.read_all()
    findings = [Finding("data.given", None, exchanges[-1])]
    if thread.largest is None and exchanges[-1].status == 200:
        largest = yield thread.request(PageQuery(limit=MAX_LIMIT))
        problem = None if largest.status == 200 else f"expected a page, got {largest.status}"
        findings.append(Finding("limit.largest", problem, largest))
    return findings


def read_missing_thread(thread: KnownThread) -> Scenario:
    """Read a thread that failed the preflight with other queries: if one of them gives a page, the thread exists."""
    plain = yield thread.request()
    for query in (PageQuery(order="asc"), PageQuery(limit=MAX_LIMIT)):
        other = yield thread.request(query)
        if other.status == 200 != plain.status and "data" in other.members:
            got = plain.failure or str(plain.status)
            problem = f"expected a page of the thread {thread.id!r}, as for a query with parameters, got {got}"
            return [Finding("data.given", problem, plain, other)]
    return []
