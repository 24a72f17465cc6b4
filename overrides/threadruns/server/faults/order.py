"""Faults of ``order``: which run comes first, and what may be asked for."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import random
from operator import itemgetter

from threadruns.server._deviations import Listed, RepeatedTaken, cut, on_query, on_value
from threadruns.server._exchange import Page, Query, Stored, evolve
from threadruns.server.faults import Fault


@on_query
def order_always_descending(query: Query) -> Query:
    """The order is descending, whatever was asked for."""
    return evolve(query, order="desc")


@on_query
def order_always_ascending(query: Query) -> Query:
    """The order is ascending, whatever was asked for."""
    return evolve(query, order="asc")


@on_query
def order_swapped(query: Query) -> Query:
    """`asc` gives descending order and `desc` ascending."""
    return evolve(query, order="asc" if query.order == "desc" else "desc")


class OrderDefaultAscending(Fault):
    """Without an order, the order is ascending."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        return super().parse(pairs if any(name == "order" for name, _ in pairs) else [*pairs, ("order", "asc")])


@on_query
def order_forgotten_after(query: Query) -> Query:
    """A page after a cursor is in descending order, whatever was asked for."""
    return evolve(query, order="desc") if query.after else query


@on_query
def order_forgotten_before(query: Query) -> Query:
    """A page before a cursor is in descending order, whatever was asked for."""
    return evolve(query, order="desc") if query.before else query


class _Sorted(Listed):
    def rank(self, run: Stored) -> object:
        raise NotImplementedError

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, "asc")
        runs.sort(key=self.rank, reverse=order == "desc")  # type: ignore[arg-type]
        return runs


class OrderById(_Sorted):
    """Runs are ordered by id."""

    def rank(self, run: Stored) -> object:
        return run.id


class OrderByStatus(_Sorted):
    """Runs are ordered by status first."""

    def rank(self, run: Stored) -> object:
        return (run.value()["status"], run.value()["created_at"], run.id)


class OrderByStart(_Sorted):
    """Runs are ordered by when they started, those that did not first."""

    def rank(self, run: Stored) -> object:
        return (run.value()["started_at"] or 0, run.id)


class OrderByCompletion(_Sorted):
    """Runs are ordered by when they completed, those that did not first."""

    def rank(self, run: Stored) -> object:
        return (run.value()["completed_at"] or 0, run.id)


class OrderByMinute(_Sorted):
    """Runs are ordered by the minute of their creation, and by id within it."""

    def rank(self, run: Stored) -> object:
        return (run.value()["created_at"] // 60, run.id)


class OrderUnderWayFirst(_Sorted):
    """Runs that are under way come last in ascending and first in descending order."""

    def rank(self, run: Stored) -> object:
        value = run.value()
        return (value["expires_at"] is not None, value["created_at"], run.id)


class OrderByTimeAsText(_Sorted):
    """Times are compared from their last digit."""

    def rank(self, run: Stored) -> object:
        return (str(run.value()["created_at"])[::-1], run.id)


class TiesAlwaysById(Listed):
    """Runs of one second are in ascending order of id in both directions."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, "asc")
        return sorted(runs, key=lambda run: (-1 if order == "desc" else 1) * run.value()["created_at"])


class TiesRandom(Listed):
    """Runs of one second are in another order each time."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, order)
        chance = self.memory.setdefault("ties", random.Random(0))
        marked = [(run.value()["created_at"] * (-1 if order == "desc" else 1), chance.random(), run) for run in runs]
        return [run for _, _, run in sorted(marked, key=itemgetter(0, 1))]


class TiesDependOnLimit(Listed):
    """Runs of one second are in another order for limits below 10."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if query.limit < 10:
            sign = -1 if query.order == "desc" else 1
            runs.reverse()
            runs.sort(key=lambda run: sign * run.value()["created_at"])
        return cut(runs, query)


class PageReversed(Fault):
    """The right runs of a page are in the reverse of the order asked for."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        return evolve(page, runs=page.runs[::-1])


class PageShuffled(Fault):
    """The right runs of a page are in no order."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        return evolve(page, runs=random.Random(len(page.runs)).sample(page.runs, len(page.runs)))


class AscendingWithinPage(Fault):
    """Ascending order takes the newest runs and turns them round."""

    def select(self, thread: str, query: Query) -> Page:
        if query.order == "desc" or query.after or query.before:
            return super().select(thread, query)
        page = super().select(thread, evolve(query, order="desc"))
        return evolve(page, runs=page.runs[::-1])


class NewestRunLast(Listed):
    """The newest run is at the end of the list in descending order."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, order)
        return runs[1:] + runs[:1] if order == "desc" else runs


class NeighboursSwapped(Listed):
    """Deep in a thread, beyond 50 runs, two neighbours are swapped."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, order)
        runs[50:52] = runs[50:52][::-1]
        return runs


@on_value
def order_ignores_case(name: str, value: str) -> str | None:
    """The case of an order does not count."""
    return value.lower() if name == "order" else value


@on_value
def order_unknown_is_default(name: str, value: str) -> str | None:
    """An order that does not exist counts as none."""
    return None if name == "order" and value not in ("asc", "desc", "") else value


@on_value
def order_unknown_is_ascending(name: str, value: str) -> str | None:
    """An order that does not exist counts as `asc`."""
    return "asc" if name == "order" and value not in ("asc", "desc", "") else value


@on_value
def order_empty_is_default(name: str, value: str) -> str | None:
    """An empty order counts as none."""
    return None if (name, value) == ("order", "") else value


@on_value
def order_in_full(name: str, value: str) -> str | None:
    """An order may be written out, as `ascending` or `descending`."""
    return {"ascending": "asc", "descending": "desc"}.get(value, value) if name == "order" else value


@on_value
def order_by_prefix(name: str, value: str) -> str | None:
    """An order counts by how it begins, so that `descx` is `desc`."""
    if name != "order":
        return value
    return next((known for known in ("asc", "desc") if value.startswith(known)), value)


@on_value
def order_numeric(name: str, value: str) -> str | None:
    """An order may be 1 or -1."""
    return {"1": "asc", "-1": "desc"}.get(value, value) if name == "order" else value


@on_value
def order_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around an order are dropped."""
    return value.strip() if name == "order" else value


class OrderRepeatedFirst(RepeatedTaken):
    """The first of several orders counts."""

    taken = ("order", 0)


class OrderRepeatedLast(RepeatedTaken):
    """The last of several orders counts."""

    taken = ("order", -1)
