"""Faults of ``first_id`` and ``last_id``: wrong ids for some pages or for all."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from threadruns.server._messages import ListQuery, StoredPage, StoredRun
from threadruns.testing.mutations import Json, Mutation, mutate_page


@mutate_page
def ids_swapped(page: Json, _: ListQuery) -> None:
    """`first_id` and `last_id` are swapped."""
    page["first_id"], page["last_id"] = page["last_id"], page["first_id"]


@mutate_page
def ids_missing(page: Json, _: ListQuery) -> None:
    """A page lacks `first_id` and `last_id`."""
    del page["first_id"], page["last_id"]


@mutate_page
def ids_missing_when_empty(page: Json, _: ListQuery) -> None:
    """An empty page lacks `first_id` and `last_id`."""
    if not page["data"]:
        del page["first_id"], page["last_id"]


@mutate_page
def ids_empty_text(page: Json, _: ListQuery) -> None:
    """`first_id` and `last_id` of an empty page are empty strings."""
    page |= {"first_id": page["first_id"] or "", "last_id": page["last_id"] or ""}


@mutate_page
def last_id_null_at_end(page: Json, _: ListQuery) -> None:
    """`last_id` is null on the last page."""
    if not page["has_more"]:
        page["last_id"] = None


@mutate_page
def first_id_missing(page: Json, _: ListQuery) -> None:
    """A page lacks `first_id`."""
    del page["first_id"]


@mutate_page
def last_id_one_early(page: Json, _: ListQuery) -> None:
    """`last_id` is that of the last run but one."""
    if len(page["data"]) > 1:
        page["last_id"] = page["data"][-2]["id"]


@mutate_page
def first_id_is_cursor(page: Json, query: ListQuery) -> None:
    """`first_id` of a page after a cursor is the cursor."""
    if query.after and page["data"]:
        page["first_id"] = query.after


@mutate_page
def last_id_is_cursor(page: Json, query: ListQuery) -> None:
    """`last_id` of an empty page after a cursor is the cursor."""
    if query.after and not page["data"]:
        page["last_id"] = query.after


@mutate_page
def last_id_is_before(page: Json, query: ListQuery) -> None:
    """`last_id` of a page before a cursor is the cursor."""
    if query.before and page["data"]:
        page["last_id"] = query.before


@mutate_page
def ids_null_after(page: Json, query: ListQuery) -> None:
    """`first_id` and `last_id` are null on every page after a cursor."""
    if query.after:
        page |= {"first_id": None, "last_id": None}


@mutate_page
def ids_of_threads(page: Json, _: ListQuery) -> None:
    """`first_id` and `last_id` are ids of threads."""
    if page["data"]:
        page |= {"first_id": page["data"][0]["thread_id"], "last_id": page["data"][-1]["thread_id"]}


@mutate_page
def ids_always_descending(page: Json, query: ListQuery) -> None:
    """`first_id` is the newest and `last_id` the oldest run, even in ascending order."""
    if query.order == "asc":
        page["first_id"], page["last_id"] = page["last_id"], page["first_id"]


@mutate_page
def ids_by_alphabet(page: Json, _: ListQuery) -> None:
    """`first_id` and `last_id` are the first and the last id in alphabetical order."""
    ids = sorted(run["id"] for run in page["data"])
    if ids:
        page |= {"first_id": ids[0], "last_id": ids[-1]}


@mutate_page
def ids_upper_case(page: Json, _: ListQuery) -> None:
    """`last_id` is in upper case."""
    if page["data"]:
        page["last_id"] = "run_" + page["last_id"].removeprefix("run_").upper()


class _OfThread(Mutation):
    """Base class of faults that name runs of the whole thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        whole = self.store.page(thread, 1_000_000, query.order).runs
        self.state["ends"] = (whole[0].id, whole[-1].id) if whole else (None, None)
        return page


class FirstIdOfThread(_OfThread):
    """`first_id` is the first run of the thread on every page."""

    def page_ids(self, runs: list[StoredRun]) -> tuple[str | None, str | None]:
        return self.state["ends"][0] if runs else None, super().page_ids(runs)[1]


class LastIdOfThread(_OfThread):
    """`last_id` is the last run of the thread on every page."""

    def page_ids(self, runs: list[StoredRun]) -> tuple[str | None, str | None]:
        return super().page_ids(runs)[0], self.state["ends"][1] if runs else None


class IdsOfPageBefore(Mutation):
    """`first_id` and `last_id` are those of the previous response."""

    def page_ids(self, runs: list[StoredRun]) -> tuple[str | None, str | None]:
        now: tuple[str | None, str | None] = super().page_ids(runs)
        last: tuple[str | None, str | None] = self.state.get("ids", now)
        self.state["ids"] = now
        return last
