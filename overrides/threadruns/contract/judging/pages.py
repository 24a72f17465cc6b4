"""The page that a thread with known runs must have, and the comparison of a response with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import PageQuery


class ExpectedPage(NamedTuple):
    """The ids and the ``has_more`` that a page must have."""

    ids: tuple[str, ...]
    has_more: bool


def expected_page(newest_first: Sequence[str], query: PageQuery, *, unread: bool = False) -> ExpectedPage | None:
    """Return the page that a query must give.

    Args:
        newest_first: The ids of the thread, newest first.
        query: The query.
        unread: Whether the thread has more runs beyond the last of these ids.

    Returns:
        The page; None if it reaches into the unread part, or if a cursor is not one of the ids.
    """
    ids = list(newest_first)
    if query.order == "asc":
        if unread:
            return None
        ids.reverse()
    limit = DEFAULT_LIMIT if query.limit is None else query.limit
    if not {query.after, query.before} <= {None, *ids}:
        return None
    start = ids.index(query.after) + 1 if query.after is not None else 0
    end = ids.index(query.before) if query.before is not None else len(ids)
    window = ids[start:end]
    more = len(window) > limit
    if query.before is not None and query.after is None:
        return ExpectedPage(tuple(window[-limit:]), more)
    if unread and query.before is None and not more:
        return ExpectedPage(tuple(window), True) if len(window) == limit else None
    return ExpectedPage(tuple(window[:limit]), more)


def compare_page(
    page: ExpectedPage, query: PageQuery, exchange: Exchange, runs: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, str | None]:
    """Compare a response with the expected page; return the problem, or None, of every rule that it decides.

    Args:
        page: The expected page.
        query: The query.
        exchange: The response.
        runs: The known runs of the thread by id, whose ``created_at`` tells ties from another order.
    """
    if exchange.failure is not None or exchange.status >= 500 or (exchange.status == 200 and exchange.json is None):
        return {}  # judge_response reports it: a response without a page cannot be compared
    cursors = [query.after, query.before]
    limit = DEFAULT_LIMIT if query.limit is None else query.limit
    place = _placement_rule(page, query)
    if exchange.status != 200:
        return {place: f"expected a page, got {exchange.status}"}
    ids = exchange.ids
    problems: dict[str, str | None] = {place: None}
    size = "limit.respected" if len(ids) > limit else "limit.filled"
    if query.limit is None and cursors == [None, None] and len(page.ids) == limit:
        size = "limit.default"
    elif query.limit == MAX_LIMIT and len(page.ids) == MAX_LIMIT:
        size = "limit.largest"
    problems[size] = None
    if page.has_more:
        problems["limit.respected"] = None
    if set(cursors) & set(ids):
        cursor = next(cursor for cursor in cursors if cursor in ids)
        problems["cursor.exclusive"] = f"the page contains {cursor!r}, which is its cursor"
    elif cursors != [None, None]:
        problems["cursor.exclusive"] = None
    if ids == page.ids:
        problems[_has_more_rule(page, query, limit)] = _has_more_problem(page, exchange)
        return problems
    if cursors != [None, None] and page.ids and not ids:
        return {**problems, place: f"expected {count_runs(page.ids)}, got none"}
    if len(ids) > limit or _is_cut(page, query, exchange):
        problems[size] = f"expected {count_runs(page.ids)}, got {len(ids)}"
        return problems
    same_times = cursors == [None, None] and _created(ids, runs) == _created(page.ids, runs) != []
    if (sorted(ids) == sorted(page.ids) or same_times) and is_sorted(exchange, query.order):
        place, another = "order.ties", "runs created in the same second are in another order: "
    else:
        another = ""
    return {**problems, place: f"{another}{first_difference(page.ids, ids)}"}


def _is_cut(page: ExpectedPage, query: PageQuery, exchange: Exchange) -> bool:
    """Tell whether a page is the expected one, cut at the end at which a walk goes on.

    A page with a cursor that ends the walk has lost runs, for another reason than its limit.
    """
    count = len(exchange.ids)
    if count >= len(page.ids):
        return False
    if query.after is None and query.before is None:
        return exchange.ids == page.ids[:count]
    kept = page.ids[len(page.ids) - count :] if query.after is None else page.ids[:count]
    return exchange.ids == kept and exchange.members.get("has_more") is not False


def _created(ids: Sequence[str], runs: Mapping[str, Mapping[str, Any]] | None) -> list[Any]:
    """Return the times at which runs were created; nothing if one of the runs is not known."""
    return [runs[run_id].get("created_at") for run_id in ids] if runs and runs.keys() >= set(ids) else []


def _placement_rule(page: ExpectedPage, query: PageQuery) -> str:
    ascending = "-ascending" if query.order == "asc" else ""
    if query.after is not None and query.before is not None:
        return "cursor.both" if page.ids else "cursor.reversed"
    if query.after is not None or query.before is not None:
        cursor = "after" if query.after is not None else "before"
        return f"cursor.{cursor}{ascending}" if page.ids else "cursor.end"
    return {None: "order.default", "desc": "order.descending"}.get(query.order, "order.ascending")


def _has_more_rule(page: ExpectedPage, query: PageQuery, limit: int) -> str:
    if not page.ids:
        return "has_more.empty"
    if query.before is not None:
        return "has_more.both" if query.after is not None else "has_more.before"
    if len(page.ids) == limit and not page.has_more:
        return "has_more.exact"
    return "has_more.first" if query.after is None else "has_more.after"


def _has_more_problem(page: ExpectedPage, exchange: Exchange) -> str | None:
    found = exchange.members.get("has_more")
    if found is page.has_more:
        return None
    return f"has_more is {found!r}, expected {page.has_more}"


def is_sorted(exchange: Exchange, order: str | None) -> bool:
    """Tell whether the runs of a page are in the requested order of ``created_at``."""
    created = [run.get("created_at") for run in exchange.runs]
    if not all(isinstance(at, int | float) for at in created):
        return False
    return created == sorted(created, key=lambda at: at or 0, reverse=order != "asc")


def first_difference(expected_ids: Sequence[str], ids: Sequence[str]) -> str:
    """Describe the first position at which two lists of ids differ."""
    at = next((n for n, pair in enumerate(zip(expected_ids, ids, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return f"expected {count_runs(expected_ids)}, got {len(ids)}"
    expected = f"expected {count_runs(expected_ids)} with {expected_ids[at]!r} at index {at}"
    return f"{expected}, got {count_runs(ids)} with {ids[at]!r}"


def count_runs(ids: Sequence[str]) -> str:
    """Return the number of ids, as in ``1 run`` and ``2 runs``."""
    return f"{len(ids)} run" + ("" if len(ids) == 1 else "s")
