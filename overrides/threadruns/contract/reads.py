"""Conversations about pages: what each read must show, given the runs that the thread is known to have.

A conversation is a generator: it yields requests, is sent their exchanges, and returns findings. A read that does not
fit what is known reads the thread again before it says so, and is right if it fits the thread as it was at any moment
in between: runs appear while one looks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from random import Random

from threadruns.contract.exchanges import Exchange, Request
from threadruns.contract.judge import Finding
from threadruns.contract.threads import DEFAULT_LIMIT, LARGEST_LIMIT, Page, Query, Thread, expected

Conversation = Generator[Request, Exchange, list[Finding]]

BEYOND = 3
"""How many more pages than needed a walk may take before it counts as endless."""


def read(thread: Thread, query: Query, *, also: str | None = None) -> Conversation:
    """Read one page and compare it with what it must show.

    Args:
        thread: A thread that was learnt.
        query: What to ask for; cursors must be ids of the thread.
        also: A rule that this read decides beside those that its parameters touch.
    """
    before = thread.newest_first
    exchange = yield thread.request(query)
    page = expected(before, query, unread=thread.unread)
    if page is None:
        return []
    problems = _compare(page, query, exchange)
    if any(problems.values()):
        yield from thread.learn()
        for ids in thread.moments(before):
            page = expected(ids, query, unread=thread.unread) or page
            again = _compare(page, query, exchange)
            if not any(again.values()):
                problems = again
                break
    findings = [Finding(rule, problem, exchange) for rule, problem in problems.items()]
    if also is not None:
        findings.append(Finding(also, next(filter(None, problems.values()), None), exchange))
    return findings


def same(rule: str, plain: Request, other: Request) -> Conversation:
    """Send two requests that mean the same: they must show the same page.

    Args:
        rule: The rule that it decides.
        plain: The request to compare with, sent before and after the other.
        other: The request to judge.
    """
    before = yield plain
    exchange = yield other
    after = yield plain
    if exchange.failure or not 200 == before.status == after.status:
        return []
    pages = [(one.status, one.ids, one.members.get("has_more")) for one in (before, exchange, after)]
    problem = None
    if pages[1] not in (pages[0], pages[2]) and pages[0] == pages[2]:
        came = f"{len(exchange.ids)} runs" if exchange.status == 200 else str(exchange.status)
        problem = f"the page of {len(before.ids)} runs was expected that the plain read shows, and {came} came"
        if exchange.status == 200 and len(exchange.ids) == len(before.ids):
            problem = f"the page differs from that of the plain read: {_around(before.ids, exchange.ids)}"
    return [Finding(rule, problem, exchange)]


def _compare(page: Page, query: Query, exchange: Exchange) -> dict[str, str | None]:
    if exchange.failure is not None or exchange.status >= 500 or (exchange.status == 200 and exchange.json is None):
        return {}  # judged as what it is: an answer that never came, or that nobody can read
    cursors = [query.after, query.before]
    limit = DEFAULT_LIMIT if query.limit is None else query.limit
    place = _rule_of_place(page, query)
    if exchange.status != 200:
        return {place: f"a page was expected, and {exchange.status} came"}
    ids = exchange.ids
    problems: dict[str, str | None] = {place: None}
    size = "limit.respected" if len(ids) > limit else "limit.filled"
    if query.limit is None and cursors == [None, None] and len(page.ids) == limit:
        size = "limit.default"
    elif query.limit == LARGEST_LIMIT and len(page.ids) == LARGEST_LIMIT:
        size = "limit.largest"
    problems[size] = None
    if page.has_more:
        problems["limit.respected"] = None
    if set(cursors) & set(ids):
        problems["cursor.exclusive"] = (
            f"the page holds {next(c for c in cursors if c in ids)!r}, which its cursor names"
        )
    elif cursors != [None, None]:
        problems["cursor.exclusive"] = None
    if ids == page.ids:
        problems[_rule_of_more(page, query, limit)] = _more(page, exchange)
        return problems
    if cursors != [None, None] and page.ids and not ids:
        return {**problems, place: f"{len(page.ids)} runs were expected, and none came"}
    if len(ids) > limit or (len(ids) < len(page.ids) and ids == page.ids[: len(ids)]):
        problems[size] = f"{len(page.ids)} runs were expected, and {len(ids)} came"
        return problems
    if sorted(ids) == sorted(page.ids) and _sorted(exchange, query.order):
        return {**problems, "order.ties": f"the runs of one second are in another order: {_around(page.ids, ids)}"}
    problems[place] = f"the page should hold {_around(page.ids, ids)}"
    return problems


def _rule_of_place(page: Page, query: Query) -> str:
    ascending = "-ascending" if query.order == "asc" else ""
    if query.after is not None and query.before is not None:
        return "cursor.both" if page.ids else "cursor.reversed"
    if query.after is not None or query.before is not None:
        cursor = "after" if query.after is not None else "before"
        return f"cursor.{cursor}{ascending}" if page.ids else "cursor.end"
    return {None: "order.default", "desc": "order.descending"}.get(query.order, "order.ascending")


def _rule_of_more(page: Page, query: Query, limit: int) -> str:
    if not page.ids:
        return "has_more.empty"
    if query.before is not None:
        return "has_more.both" if query.after is not None else "has_more.before"
    if len(page.ids) == limit and not page.has_more:
        return "has_more.exact"
    return "has_more.first" if query.after is None else "has_more.after"


def _more(page: Page, exchange: Exchange) -> str | None:
    found = exchange.members.get("has_more")
    if found is page.has_more:
        return None
    return f"has_more is {found!r}, expected {page.has_more}"


def _sorted(exchange: Exchange, order: str | None) -> bool:
    created = [run.get("created_at") for run in exchange.runs]
    if not all(isinstance(at, int | float) for at in created):
        return False
    return created == sorted(created, key=lambda at: at or 0, reverse=order != "asc")


def _around(expected_ids: Sequence[str], ids: Sequence[str]) -> str:
    place = next((n for n, pair in enumerate(zip(expected_ids, ids, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        return f"{len(expected_ids)} runs, and {len(ids)} came"
    return (
        f"{len(expected_ids)} runs with {expected_ids[place]!r} in place {place}, and {len(ids)} runs with "
        f"{ids[place]!r} there came"
    )


def reverse(thread: Thread) -> Conversation:
    """Read a thread from both ends and compare: one order is the exact reverse of the other."""
    from_newest = thread.request(Query(LARGEST_LIMIT, "desc"))
    from_oldest = thread.request(Query(LARGEST_LIMIT, "asc"))
    down, up, again = (yield from_newest), (yield from_oldest), (yield from_newest)
    if down.ids != again.ids:
        # Runs may have appeared in between.
        down, up, again = again, (yield from_oldest), (yield from_newest)
    findings: list[Finding] = []
    if down.status == up.status == 200 and 1 < len(down.ids) <= LARGEST_LIMIT:
        whole = len(down.ids) < LARGEST_LIMIT or set(down.ids) == set(up.ids)
        mirrored = down.ids[::-1]
        problem = None
        if whole and mirrored != up.ids:
            problem = f"in ascending order the thread should show {_around(mirrored, up.ids)}"
        if whole:
            findings.append(Finding("order.reverse", problem, up))
    if thread.ties and {down.status, again.status} == {200}:
        changed = sorted(down.ids) == sorted(again.ids) and down.ids != again.ids
        findings.append(
            Finding(
                "order.ties", f"read twice, a page shows {_around(down.ids, again.ids)}" if changed else None, again
            )
        )
    return findings


def walk(thread: Thread, limit: int | None, order: str | None, *, back: bool = False) -> Conversation:
    """Walk a thread page by page, as clients do, and compare what came with what is known of it.

    Args:
        thread: A thread that was learnt.
        limit: The size of the pages; None for the default.
        order: The order to ask for; None for the default.
        back: Whether to walk backwards with ``before``, from the last run.
    """
    rule = "data.walk-back" if back else "data.walk"
    known = thread.ordered(order)
    before = thread.newest_first
    size = limit or DEFAULT_LIMIT
    cursor = known[-1] if back else None
    came: list[str] = [known[-1]] if back else []
    problem = None
    exchange = None
    for _ in range(len(known) // size + BEYOND):
        query = Query(limit, order, before=cursor) if back else Query(limit, order, after=cursor)
        exchange = yield thread.request(query)
        if exchange.status != 200:
            problem = f"a page of the walk was answered {exchange.status}"
            break
        came = [*exchange.ids, *came] if back else [*came, *exchange.ids]
        if exchange.members.get("has_more") is not True or not exchange.ids:
            break
        cursor = exchange.ids[0] if back else exchange.ids[-1]
    else:
        problem = f"the walk has not ended after {len(came)} runs of a thread of {len(known)}"
    problem = problem or _walked(came, known)
    if problem:
        yield from thread.learn()
        if thread.newest_first != before and _walked([run for run in came if run in known], known) is None:
            problem = None
    assert exchange is not None
    findings = [Finding(rule, problem and f"pages of {size}, order {order or 'desc'}: {problem}", exchange)]
    # All that came is right, and the last page says that it is the last: no other rule is broken.
    right = known[-len(came) :] if back else known[: len(came)]
    if problem and exchange.ids and tuple(came) == tuple(right):
        cursors = {"before": "has_more.before", "after": "has_more.after"}
        more = next((cursors[name] for name, _ in exchange.request.query if name in cursors), "has_more.first")
        said = exchange.members.get("has_more")
        findings.append(Finding(more, f"has_more is {said!r} with {len(known) - len(came)} runs left", exchange))
    return findings


def _walked(came: Sequence[str], known: Sequence[str]) -> str | None:
    if tuple(came) == tuple(known):
        return None
    missing = [run for run in known if run not in set(came)]
    twice = [run for run in dict.fromkeys(came) if list(came).count(run) > 1]
    strange = [run for run in came if run not in set(known)]
    if missing:
        return f"{len(missing)} of {len(known)} runs never came, such as {missing[0]!r}"
    if twice:
        return f"{len(twice)} runs came more than once, such as {twice[0]!r}"
    if strange:
        return f"runs came that the thread does not show when it is read in larger pages, such as {strange[0]!r}"
    return f"the runs came in another order: {_around(known, came)}"


def edges(thread: Thread, orders: Sequence[str | None] = (None, "asc")) -> Iterator[Query]:
    """Yield the queries at the edges of a thread: each cursor at both ends, both cursors, reversed, exact limits."""
    for order in orders:
        ids = thread.ordered(order)
        if thread.unread and order == "asc":
            continue
        count = len(ids)
        if not count:
            yield Query(order=order)
            continue
        first, last = ids[0], ids[-1]
        yield Query(order=order)
        yield Query(order=order or "desc")
        largest = {LARGEST_LIMIT} if count > LARGEST_LIMIT else set[int]()
        for limit in sorted({1, count - 1, count, count + 1} & set(range(1, LARGEST_LIMIT + 1)) | largest):
            yield Query(limit, order)
        yield Query(order=order, after=last)
        yield Query(order=order, before=first)
        if count < 2:
            continue
        middle = ids[count // 2]
        yield Query(2, order, before=last)
        yield Query(LARGEST_LIMIT, order, before=last) if order == "asc" else Query(LARGEST_LIMIT, order, after=first)
        yield Query(order=order, after=first)
        yield Query(1, order, after=ids[-2])
        yield Query(1, order, before=ids[1])
        yield Query(order=order, before=middle)
        yield Query(min(max(1, count - 1 - count // 2), LARGEST_LIMIT), order, after=middle)
        yield Query(min(count // 2, LARGEST_LIMIT), order, before=middle)
        yield Query(min(count // 2 + 1, LARGEST_LIMIT), order, before=middle)
        yield Query(order=order, after=first, before=last)
        yield Query(order=order, after=last, before=first)
        yield Query(order=order, after=middle, before=middle)
        if count > 3:
            yield Query(1, order, after=first, before=last)
            yield Query(count - 2, order, after=first, before=last) if count <= LARGEST_LIMIT else Query(1, order)


def anywhere(thread: Thread, random: Random) -> Query:
    """Draw a query of a thread: any order, any cursors, limits with a taste for edges."""
    ids = thread.newest_first
    count = len(ids)
    limit = random.choice(
        [None, 1, 2, random.randint(1, LARGEST_LIMIT), max(1, min(LARGEST_LIMIT, count // 3)), 19, 21]
    )
    order = random.choice([None, "desc"] if thread.unread else [None, "asc", "desc", "asc"])
    cursors = random.choice(["after", "before", "both", "both", "neither"]) if count else "neither"
    after = random.choice(ids) if cursors in ("after", "both") else None
    before = random.choice(ids) if cursors in ("before", "both") else None
    if after and before and random.random() < 0.75 and ids.index(after) > ids.index(before):
        after, before = before, after
    if order == "asc" and after and before:
        after, before = before, after
    return Query(limit, order, after, before)
