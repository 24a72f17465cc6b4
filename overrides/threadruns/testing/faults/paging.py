"""Faults of paging: cursor loops, repeated runs, and a wrong ``has_more``, ``limit`` or order."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from attrs import evolve

from threadruns._document import parameter
from threadruns.server._messages import ListQuery, StoredPage, StoredRun
from threadruns.testing.mutations import (
    Json,
    Mutation,
    WholeThreadMutation,
    mutate_page,
    mutate_query,
    select_page,
)


class CursorLoop(Mutation):
    """After the second page, the first page is sent again."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        self.state["turn"] = self.state.get("turn", 0) + 1
        page = super().find_page(thread, query)
        if self.state["turn"] % 3 == 0 and query.after:
            page = super().find_page(thread, evolve(query, after=None))
        return evolve(page, has_more=True)


class EmptyPageWithMore(Mutation):
    """A page after a cursor is empty, and `has_more` is true."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return StoredPage([], True) if query.after or query.before else page


@mutate_query
def after_ignored(query: ListQuery) -> ListQuery:
    """`after` is ignored."""
    return evolve(query, after=None)


class AfterInclusive(WholeThreadMutation):
    """A page after a cursor starts with the run of the cursor."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        ids = [run.id for run in runs]
        if query.after is None:
            return select_page(runs, query)
        start = ids.index(query.after)
        return (
            select_page(runs, evolve(query, after=ids[start - 1]))
            if start
            else select_page(runs, evolve(query, after=None))
        )


@mutate_page
def has_more_always_true(page: Json, _: ListQuery) -> None:
    """`has_more` is always true."""
    page["has_more"] = True


@mutate_page
def has_more_always_false(page: Json, _: ListQuery) -> None:
    """`has_more` is always false."""
    page["has_more"] = False


@mutate_page
def has_more_false_after(page: Json, query: ListQuery) -> None:
    """`has_more` is false on every page after a cursor."""
    page["has_more"] = page["has_more"] and not query.after


@mutate_page
def has_more_missing(page: Json, _: ListQuery) -> None:
    """A page lacks `has_more`."""
    del page["has_more"]


class RepeatsLastRun(Mutation):
    """A page after a cursor starts with the last run of the previous page and lacks its own last run."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if query.after and not query.before and page.runs:
            whole = self.store.page(thread, 1_000_000, query.order).runs
            cursor = next(run for run in whole if run.id == query.after)
            return evolve(page, runs=[cursor, *page.runs[:-1]])
        return page


@mutate_page
def duplicate_run_on_page(page: Json, _: ListQuery) -> None:
    """The last run of a page also replaces the one before it."""
    if len(page["data"]) > 2:
        page["data"][-2] = page["data"][-1]


@mutate_page
def ids_null(page: Json, _: ListQuery) -> None:
    """`first_id` and `last_id` are always null."""
    page |= {"first_id": None, "last_id": None}


class PageReversed(Mutation):
    """The runs of a page are in reverse order."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return evolve(page, runs=page.runs[::-1])


@mutate_query
def limit_ignored(query: ListQuery) -> ListQuery:
    """A page has up to the default number of runs, whatever the limit."""
    return evolve(query, limit=parameter("limit")["default"])
