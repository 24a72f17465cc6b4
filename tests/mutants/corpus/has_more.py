"""Faults of ``has_more``: wrong values for some pages or for all."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from attrs import evolve

from threadruns.server._messages import ListQuery, StoredPage, StoredRun
from threadruns.testing.mutations import Json, Mutation, WholeThreadMutation, mutate_page, select_page


@mutate_page
def has_more_inverted(page: Json, _: ListQuery) -> None:
    """`has_more` is inverted."""
    page["has_more"] = not page["has_more"]


@mutate_page
def has_more_if_any(page: Json, _: ListQuery) -> None:
    """`has_more` is true on every page with runs."""
    page["has_more"] = bool(page["data"])


@mutate_page
def has_more_if_full(page: Json, query: ListQuery) -> None:
    """`has_more` is true on every full page, even on the last one."""
    page["has_more"] = len(page["data"]) == query.limit


@mutate_page
def has_more_if_default_full(page: Json, _: ListQuery) -> None:
    """`has_more` is true on every page of 20 runs or more."""
    page["has_more"] = len(page["data"]) >= 20


@mutate_page
def has_more_if_default_full_after(page: Json, query: ListQuery) -> None:
    """`has_more` is true on every full page of 20 runs after a cursor."""
    if query.after and query.limit == len(page["data"]) == 20:
        page["has_more"] = True


@mutate_page
def has_more_false_at_limit_hundred(page: Json, query: ListQuery) -> None:
    """`has_more` is false on pages of 100."""
    page["has_more"] = page["has_more"] and query.limit < 100


@mutate_page
def has_more_false_at_limit_one(page: Json, query: ListQuery) -> None:
    """`has_more` is false on pages of one run."""
    page["has_more"] = page["has_more"] and query.limit > 1


@mutate_page
def has_more_false_before(page: Json, query: ListQuery) -> None:
    """`has_more` is false on every page before a cursor."""
    page["has_more"] = page["has_more"] and not query.before


@mutate_page
def has_more_true_before(page: Json, query: ListQuery) -> None:
    """`has_more` is true on every page before a cursor, because the run of the cursor follows."""
    page["has_more"] = page["has_more"] or bool(query.before and not query.after)


@mutate_page
def has_more_false_ascending(page: Json, query: ListQuery) -> None:
    """`has_more` is false in ascending order."""
    page["has_more"] = page["has_more"] and query.order == "desc"


@mutate_page
def has_more_true_when_empty(page: Json, _: ListQuery) -> None:
    """`has_more` is true on an empty page."""
    page["has_more"] = page["has_more"] or not page["data"]


class _HasMore(WholeThreadMutation):
    """Base class of faults that return the correct page with a wrong `has_more`."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        page = select_page(runs, query)
        return evolve(page, has_more=self.judge([run.id for run in runs], page, query))

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        raise NotImplementedError


class HasMoreOneLeft(_HasMore):
    """`has_more` is false if only one run is left."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        if not page.has_more:
            return False
        backward = query.before and not query.after
        left = ids.index(page.runs[0].id) if backward else len(ids) - 1 - ids.index(page.runs[-1].id)
        return left > 1


class HasMoreOfThread(_HasMore):
    """`has_more` is true on every page of a thread longer than the limit."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        return len(ids) > query.limit


class HasMoreOutsidePage(_HasMore):
    """`has_more` is true on every page that is not the whole thread."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        return len(ids) > len(page.runs)


class HasMoreOtherSide(_HasMore):
    """`has_more` of a page before a cursor refers to the runs after the page."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        if not query.before or query.after or not page.runs:
            return page.has_more
        return page.runs[-1].id != ids[-1]


class HasMoreBeyondWindow(_HasMore):
    """`has_more` of a page between two cursors counts runs beyond `before`."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        if not (query.after and query.before) or not page.runs:
            return page.has_more
        return page.runs[-1].id != ids[-1]


class HasMoreBeforeAtStart(_HasMore):
    """`has_more` of a page before a cursor is true if the page starts with the first run."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        backward = bool(query.before and not query.after and page.runs)
        return page.has_more or (backward and page.runs[0].id == ids[0])


class HasMoreFalseDeep(_HasMore):
    """`has_more` is false after the first hundred runs of a thread."""

    def judge(self, ids: list[str], page: StoredPage, query: ListQuery) -> bool:
        return page.has_more and ids.index(page.runs[-1].id) < 100


class HasMoreFalseOnThirdPage(Mutation):
    """`has_more` is false on the third page of an iteration."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        cursor, pages = self.state.get("walk", (None, 0))
        pages = pages + 1 if query.after and query.after == cursor else 1
        self.state["walk"] = (page.runs[-1].id if page.runs else None, pages)
        return evolve(page, has_more=False) if pages == 3 else page


class HasMoreLags(Mutation):
    """`has_more` is that of the previous response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        last = self.state.get("has_more", page.has_more)
        self.state["has_more"] = page.has_more
        return evolve(page, has_more=last)
