"""The queries for pages of a thread: those at its edges, and random ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from threadruns.contract.bounds import MAX_LIMIT
from threadruns.contract.http.request import PageQuery
from threadruns.contract.scenarios.known_thread import KnownThread


def edge_queries(thread: KnownThread, orders: Sequence[str | None] = (None, "asc")) -> Iterator[PageQuery]:
    """Yield queries at the edges: cursors at both ends, two cursors in either order, limits near the number of runs."""
    for order in orders:
        ids = thread.ordered(order)
        if thread.unread and order == "asc":
            continue
        count = len(ids)
        if not count:
            yield PageQuery(order=order)
            continue
        first, last = ids[0], ids[-1]
        yield PageQuery(order=order)
        yield PageQuery(order=order or "desc")
        largest = {MAX_LIMIT} if count > MAX_LIMIT else set[int]()
        for limit in sorted({1, count - 1, count, count + 1} & set(range(1, MAX_LIMIT + 1)) | largest):
            yield PageQuery(limit, order)
        yield PageQuery(order=order, after=last)
        yield PageQuery(order=order, before=first)
        if count < 2:
            continue
        middle = ids[count // 2]
        yield PageQuery(2, order, before=last)
        yield PageQuery(MAX_LIMIT, order, before=last) if order == "asc" else PageQuery(MAX_LIMIT, order, after=first)
        yield PageQuery(order=order, after=first)
        yield PageQuery(1, order, after=ids[-2])
        yield PageQuery(1, order, before=ids[1])
        yield PageQuery(order=order, before=middle)
        yield PageQuery(min(max(1, count - 1 - count // 2), MAX_LIMIT), order, after=middle)
        yield PageQuery(min(count // 2, MAX_LIMIT), order, before=middle)
        yield PageQuery(min(count // 2 + 1, MAX_LIMIT), order, before=middle)
        yield PageQuery(order=order, after=first, before=last)
        yield PageQuery(order=order, after=last, before=first)
        yield PageQuery(order=order, after=middle, before=middle)
        if count > 3:
            yield PageQuery(1, order, after=first, before=last)
            yield PageQuery(count - 2, order, after=first, before=last) if count <= MAX_LIMIT else PageQuery(1, order)


def random_query(thread: KnownThread, random: Random) -> PageQuery:
    """Choose a random query: any order, any cursors, often a limit at an edge."""
    ids = thread.newest_first
    count = len(ids)
    limit = random.choice([None, 1, 2, random.randint(1, MAX_LIMIT), max(1, min(MAX_LIMIT, count // 3)), 19, 21])
    order = random.choice([None, "desc"] if thread.unread else [None, "asc", "desc", "asc"])
    cursors = random.choice(["after", "before", "both", "both", "neither"]) if count else "neither"
    after = random.choice(ids) if cursors in ("after", "both") else None
    before = random.choice(ids) if cursors in ("before", "both") else None
    if after and before and random.random() < 0.75 and ids.index(after) > ids.index(before):
        after, before = before, after
    if order == "asc" and after and before:
        after, before = before, after
    return PageQuery(limit, order, after, before)
