"""Faults of ``order``: which run comes first, and what may be asked for."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import random
from operator import itemgetter

from attrs import evolve

from tests.mutants.corpus.repeated import RepeatedParameter
from threadruns.server._messages import ListQuery, StoredPage, StoredRun
from threadruns.testing.mutations import (
    Mutation,
    WholeThreadMutation,
    mutate_parameter,
    mutate_query,
    select_page,
)


@mutate_query
def order_always_descending(query: ListQuery) -> ListQuery:
    """The order is descending, whatever was asked for."""
    return evolve(query, order="desc")


@mutate_query
def order_always_ascending(query: ListQuery) -> ListQuery:
    """The order is ascending, whatever was asked for."""
    return evolve(query, order="asc")


@mutate_query
def order_swapped(query: ListQuery) -> ListQuery:
    """`asc` gives descending order and `desc` ascending."""
    return evolve(query, order="asc" if query.order == "desc" else "desc")


class OrderDefaultAscending(Mutation):
    """Without an order, the order is ascending."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        return super().parse_query(pairs if any(name == "order" for name, _ in pairs) else [*pairs, ("order", "asc")])


@mutate_query
def order_forgotten_after(query: ListQuery) -> ListQuery:
    """A page after a cursor is in descending order, whatever was asked for."""
    return evolve(query, order="desc") if query.after else query


@mutate_query
def order_forgotten_before(query: ListQuery) -> ListQuery:
    """A page before a cursor is in descending order, whatever was asked for."""
    return evolve(query, order="desc") if query.before else query


class _Sorted(WholeThreadMutation):
    def rank(self, run: StoredRun) -> object:
        raise NotImplementedError

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, "asc")
        runs.sort(key=self.rank, reverse=order == "desc")  # type: ignore[arg-type]
        return runs


class OrderById(_Sorted):
    """Runs are ordered by id."""

    def rank(self, run: StoredRun) -> object:
        return run.id


class OrderByStatus(_Sorted):
    """Runs are ordered by status first."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["status"], run.value()["created_at"], run.id)


class OrderByStart(_Sorted):
    """Runs are ordered by when they started, those that did not first."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["started_at"] or 0, run.id)


class OrderByCompletion(_Sorted):
    """Runs are ordered by when they completed, those that did not first."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["completed_at"] or 0, run.id)


class OrderByMinute(_Sorted):
    """Runs are ordered by the minute of their creation, and by id within it."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["created_at"] // 60, run.id)


class OrderUnderWayFirst(_Sorted):
    """Runs that are under way come last in ascending and first in descending order."""

    def rank(self, run: StoredRun) -> object:
        value = run.value()
        return (value["expires_at"] is not None, value["created_at"], run.id)


class OrderByTimeAsText(_Sorted):
    """Times are compared from their last digit."""

    def rank(self, run: StoredRun) -> object:
        return (str(run.value()["created_at"])[::-1], run.id)


class TiesAlwaysById(WholeThreadMutation):
    """Runs of one second are in ascending order of id in both directions."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, "asc")
        return sorted(runs, key=lambda run: (-1 if order == "desc" else 1) * run.value()["created_at"])


class TiesRandom(WholeThreadMutation):
    """Runs of one second are in another order each time."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        chance = self.state.setdefault("ties", random.Random(0))
        marked = [(run.value()["created_at"] * (-1 if order == "desc" else 1), chance.random(), run) for run in runs]
        return [run for _, _, run in sorted(marked, key=itemgetter(0, 1))]


class TiesDependOnLimit(WholeThreadMutation):
    """Runs of one second are in another order for limits below 10."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.limit < 10:
            sign = -1 if query.order == "desc" else 1
            runs.reverse()
            runs.sort(key=lambda run: sign * run.value()["created_at"])
        return select_page(runs, query)


class PageShuffled(Mutation):
    """The right runs of a page are in no order."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return evolve(page, runs=random.Random(len(page.runs)).sample(page.runs, len(page.runs)))


class AscendingWithinPage(Mutation):
    """Ascending order takes the newest runs and turns them round."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if query.order == "desc" or query.after or query.before:
            return super().find_page(thread, query)
        page = super().find_page(thread, evolve(query, order="desc"))
        return evolve(page, runs=page.runs[::-1])


class NewestRunLast(WholeThreadMutation):
    """The newest run is at the end of the list in descending order."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        return runs[1:] + runs[:1] if order == "desc" else runs


class NeighboursSwapped(WholeThreadMutation):
    """Deep in a thread, beyond 50 runs, two neighbours are swapped."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        runs[50:52] = runs[50:52][::-1]
        return runs


@mutate_parameter
def order_ignores_case(name: str, value: str) -> str | None:
    """The case of an order does not count."""
    return value.lower() if name == "order" else value


@mutate_parameter
def order_unknown_is_default(name: str, value: str) -> str | None:
    """An order that does not exist counts as none."""
    return None if name == "order" and value not in ("asc", "desc", "") else value


@mutate_parameter
def order_unknown_is_ascending(name: str, value: str) -> str | None:
    """An order that does not exist counts as `asc`."""
    return "asc" if name == "order" and value not in ("asc", "desc", "") else value


@mutate_parameter
def order_empty_is_default(name: str, value: str) -> str | None:
    """An empty order counts as none."""
    return None if (name, value) == ("order", "") else value


@mutate_parameter
def order_in_full(name: str, value: str) -> str | None:
    """An order may be written out, as `ascending` or `descending`."""
    return {"ascending": "asc", "descending": "desc"}.get(value, value) if name == "order" else value


@mutate_parameter
def order_by_prefix(name: str, value: str) -> str | None:
    """An order counts by how it begins, so that `descx` is `desc`."""
    if name != "order":
        return value
    return next((known for known in ("asc", "desc") if value.startswith(known)), value)


@mutate_parameter
def order_numeric(name: str, value: str) -> str | None:
    """An order may be 1 or -1."""
    return {"1": "asc", "-1": "desc"}.get(value, value) if name == "order" else value


@mutate_parameter
def order_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around an order are dropped."""
    return value.strip() if name == "order" else value


class OrderRepeatedFirst(RepeatedParameter):
    """The first of several orders counts."""

    kept = ("order", 0)


class OrderRepeatedLast(RepeatedParameter):
    """The last of several orders counts."""

    kept = ("order", -1)
