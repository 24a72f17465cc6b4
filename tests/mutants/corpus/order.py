"""Faults of ``order``: wrong orders, and values that are wrongly accepted."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

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
    """The order is always descending."""
    return evolve(query, order="desc")


@mutate_query
def order_always_ascending(query: ListQuery) -> ListQuery:
    """The order is always ascending."""
    return evolve(query, order="asc")


@mutate_query
def order_swapped(query: ListQuery) -> ListQuery:
    """`asc` and `desc` are swapped."""
    return evolve(query, order="asc" if query.order == "desc" else "desc")


class OrderDefaultAscending(Mutation):
    """The default order is ascending."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        return super().parse_query(pairs if any(name == "order" for name, _ in pairs) else [*pairs, ("order", "asc")])


@mutate_query
def order_forgotten_after(query: ListQuery) -> ListQuery:
    """A page after a cursor is always in descending order."""
    return evolve(query, order="desc") if query.after else query


@mutate_query
def order_forgotten_before(query: ListQuery) -> ListQuery:
    """A page before a cursor is always in descending order."""
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
    """Runs are ordered by status."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["status"], run.value()["created_at"], run.id)


class OrderByStart(_Sorted):
    """Runs are ordered by `started_at`, null first."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["started_at"] or 0, run.id)


class OrderByCompletion(_Sorted):
    """Runs are ordered by `completed_at`, null first."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["completed_at"] or 0, run.id)


class OrderByMinute(_Sorted):
    """Runs are ordered by the minute of `created_at`, then by id."""

    def rank(self, run: StoredRun) -> object:
        return (run.value()["created_at"] // 60, run.id)


class OrderInProgressFirst(_Sorted):
    """Runs in progress come last in ascending order and first in descending order."""

    def rank(self, run: StoredRun) -> object:
        value = run.value()
        return (value["expires_at"] is not None, value["created_at"], run.id)


class OrderByTimeAsText(_Sorted):
    """`created_at` is compared as text, from the last digit."""

    def rank(self, run: StoredRun) -> object:
        return (str(run.value()["created_at"])[::-1], run.id)


class TiesAlwaysById(WholeThreadMutation):
    """Runs with the same `created_at` are in ascending order of id in both directions."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, "asc")
        return sorted(runs, key=lambda run: (-1 if order == "desc" else 1) * run.value()["created_at"])


class TiesRandom(WholeThreadMutation):
    """Runs with the same `created_at` are in random order."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        chance = self.state.setdefault("ties", random.Random(0))
        marked = [(run.value()["created_at"] * (-1 if order == "desc" else 1), chance.random(), run) for run in runs]
        return [run for _, _, run in sorted(marked, key=itemgetter(0, 1))]


class TiesDependOnLimit(WholeThreadMutation):
    """Runs with the same `created_at` are in another order for limits below 10."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.limit < 10:
            sign = -1 if query.order == "desc" else 1
            runs.reverse()
            runs.sort(key=lambda run: sign * run.value()["created_at"])
        return select_page(runs, query)


class PageShuffled(Mutation):
    """The runs of a page are shuffled."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return evolve(page, runs=random.Random(len(page.runs)).sample(page.runs, len(page.runs)))


class AscendingNewestPage(Mutation):
    """The first ascending page has the newest runs instead of the oldest."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if query.order == "desc" or query.after or query.before:
            return super().find_page(thread, query)
        page = super().find_page(thread, evolve(query, order="desc"))
        return evolve(page, runs=page.runs[::-1])


class NewestRunLast(WholeThreadMutation):
    """The newest run is the last one in descending order."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        return runs[1:] + runs[:1] if order == "desc" else runs


class NeighboursSwapped(WholeThreadMutation):
    """Two adjacent runs are swapped after the first fifty."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        runs[50:52] = runs[50:52][::-1]
        return runs


@mutate_parameter
def order_ignores_case(name: str, value: str) -> str | None:
    """`order` is compared without case."""
    return value.lower() if name == "order" else value


@mutate_parameter
def order_unknown_is_default(name: str, value: str) -> str | None:
    """An unknown order is read as the default."""
    return None if name == "order" and value not in ("asc", "desc", "") else value


@mutate_parameter
def order_unknown_is_ascending(name: str, value: str) -> str | None:
    """An unknown order is read as `asc`."""
    return "asc" if name == "order" and value not in ("asc", "desc", "") else value


@mutate_parameter
def order_empty_is_default(name: str, value: str) -> str | None:
    """An empty order is read as the default."""
    return None if (name, value) == ("order", "") else value


@mutate_parameter
def order_in_full(name: str, value: str) -> str | None:
    """`ascending` and `descending` are accepted."""
    return {"ascending": "asc", "descending": "desc"}.get(value, value) if name == "order" else value


@mutate_parameter
def order_by_prefix(name: str, value: str) -> str | None:
    """`order` is read by its prefix: `descx` is `desc`."""
    if name != "order":
        return value
    return next((known for known in ("asc", "desc") if value.startswith(known)), value)


@mutate_parameter
def order_numeric(name: str, value: str) -> str | None:
    """1 and -1 are accepted as orders."""
    return {"1": "asc", "-1": "desc"}.get(value, value) if name == "order" else value


@mutate_parameter
def order_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around an order are ignored."""
    return value.strip() if name == "order" else value


class OrderRepeatedFirst(RepeatedParameter):
    """The first of several orders is used."""

    kept = ("order", 0)


class OrderRepeatedLast(RepeatedParameter):
    """The last of several orders is used."""

    kept = ("order", -1)
