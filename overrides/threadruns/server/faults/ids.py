"""Faults of ``first_id`` and ``last_id``: which runs a page says that it begins and ends with."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from threadruns.server._deviations import Json, on_body
from threadruns.server._exchange import Page, Query, Stored
from threadruns.server.faults import Fault


@on_body
def ids_swapped(page: Json, _: Query) -> None:
    """`first_id` and `last_id` are swapped."""
    page["first_id"], page["last_id"] = page["last_id"], page["first_id"]


@on_body
def ids_null(page: Json, _: Query) -> None:
    """`first_id` and `last_id` are always null."""
    page |= {"first_id": None, "last_id": None}


@on_body
def ids_missing(page: Json, _: Query) -> None:
    """The page has no `first_id` and no `last_id`."""
    del page["first_id"], page["last_id"]


@on_body
def ids_missing_when_empty(page: Json, _: Query) -> None:
    """An empty page has no `first_id` and no `last_id`."""
    if not page["data"]:
        del page["first_id"], page["last_id"]


@on_body
def ids_empty_text(page: Json, _: Query) -> None:
    """`first_id` and `last_id` of an empty page are empty strings."""
    page |= {"first_id": page["first_id"] or "", "last_id": page["last_id"] or ""}


@on_body
def last_id_null_at_end(page: Json, _: Query) -> None:
    """`last_id` is null on the last page."""
    if not page["has_more"]:
        page["last_id"] = None


@on_body
def first_id_missing(page: Json, _: Query) -> None:
    """The page has no `first_id`."""
    del page["first_id"]


@on_body
def last_id_one_early(page: Json, _: Query) -> None:
    """`last_id` is the id of the last run but one."""
    if len(page["data"]) > 1:
        page["last_id"] = page["data"][-2]["id"]


@on_body
def first_id_is_cursor(page: Json, query: Query) -> None:
    """`first_id` of a page after a cursor is the cursor."""
    if query.after and page["data"]:
        page["first_id"] = query.after


@on_body
def last_id_is_cursor(page: Json, query: Query) -> None:
    """`last_id` of an empty page after a cursor is the cursor."""
    if query.after and not page["data"]:
        page["last_id"] = query.after


@on_body
def last_id_is_before(page: Json, query: Query) -> None:
    """`last_id` of a page before a cursor is the cursor."""
    if query.before and page["data"]:
        page["last_id"] = query.before


@on_body
def ids_null_after(page: Json, query: Query) -> None:
    """`first_id` and `last_id` are null on every page but the first."""
    if query.after:
        page |= {"first_id": None, "last_id": None}


@on_body
def ids_of_threads(page: Json, _: Query) -> None:
    """`first_id` and `last_id` are ids of the thread, not of runs."""
    if page["data"]:
        page |= {"first_id": page["data"][0]["thread_id"], "last_id": page["data"][-1]["thread_id"]}


@on_body
def ids_always_descending(page: Json, query: Query) -> None:
    """`first_id` is the newest and `last_id` the oldest run, also in ascending order."""
    if query.order == "asc":
        page["first_id"], page["last_id"] = page["last_id"], page["first_id"]


@on_body
def ids_by_alphabet(page: Json, _: Query) -> None:
    """`first_id` and `last_id` are the least and the greatest id of the page."""
    ids = sorted(run["id"] for run in page["data"])
    if ids:
        page |= {"first_id": ids[0], "last_id": ids[-1]}


@on_body
def ids_upper_case(page: Json, _: Query) -> None:
    """`last_id` is in capitals."""
    if page["data"]:
        page["last_id"] = "run_" + page["last_id"].removeprefix("run_").upper()


class _OfThread(Fault):
    """Base of faults that name runs of the whole thread."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        whole = self.store.page(thread, 1_000_000, query.order).runs
        self.memory["ends"] = (whole[0].id, whole[-1].id) if whole else (None, None)
        return page


class FirstIdOfThread(_OfThread):
    """`first_id` is the first run of the thread, on every page."""

    def ids(self, runs: list[Stored]) -> tuple[str | None, str | None]:
        return self.memory["ends"][0] if runs else None, super().ids(runs)[1]


class LastIdOfThread(_OfThread):
    """`last_id` is the last run of the thread, on every page."""

    def ids(self, runs: list[Stored]) -> tuple[str | None, str | None]:
        return super().ids(runs)[0], self.memory["ends"][1] if runs else None


class IdsOfPageBefore(Fault):
    """`first_id` and `last_id` are those of the page that was served before."""

    def ids(self, runs: list[Stored]) -> tuple[str | None, str | None]:
        now: tuple[str | None, str | None] = super().ids(runs)
        last: tuple[str | None, str | None] = self.memory.get("ids", now)
        self.memory["ids"] = now
        return last
