"""Conversations about pages: what each read must show, given the runs that the thread is known to have.

A conversation is a generator: it yields requests, is sent their exchanges, and returns findings. A read that does not
fit what is known reads the thread again before it says so, and is right if it fits the thread as it was at any moment
in between: runs appear while one looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.pages import DEFAULT_LIMIT, MAX_LIMIT, compare_page, expected_page, first_difference
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.known_thread import KnownThread

EXTRA_PAGES = 3
"""How many more pages than needed a walk may take before it counts as endless."""


def read_page(thread: KnownThread, query: PageQuery, *, also: str | None = None) -> Scenario:
    """Read one page and compare it with what it must show.

    Args:
        thread: A thread that was learnt.
        query: What to ask for; cursors must be ids of the thread.
        also: A rule that this read decides beside those that its parameters touch.
    """
    before = thread.newest_first
    exchange = yield thread.request(query)
    page = expected_page(before, query, unread=thread.unread)
    if page is None:
        return []
    problems = compare_page(page, query, exchange)
    if any(problems.values()):
        yield from thread.learn()
        for ids in thread.moments(before):
            page = expected_page(ids, query, unread=thread.unread) or page
            again = compare_page(page, query, exchange)
            if not any(again.values()):
                problems = again
                break
    findings = [Finding(rule, problem, exchange) for rule, problem in problems.items()]
    if also is not None:
        findings.append(Finding(also, next(filter(None, problems.values()), None), exchange))
    return findings


def compare_reads(rule: str, plain: ProbeRequest, other: ProbeRequest) -> Scenario:
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
            problem = f"the page differs from that of the plain read: {first_difference(before.ids, exchange.ids)}"
    return [Finding(rule, problem, exchange)]


def compare_orders(thread: KnownThread) -> Scenario:
    """Read a thread from both ends and compare: one order is the exact reverse of the other."""
    from_newest = thread.request(PageQuery(MAX_LIMIT, "desc"))
    from_oldest = thread.request(PageQuery(MAX_LIMIT, "asc"))
    down, up, again = (yield from_newest), (yield from_oldest), (yield from_newest)
    if down.ids != again.ids:
        # Runs may have appeared in between.
        down, up, again = again, (yield from_oldest), (yield from_newest)
    findings: list[Finding] = []
    if down.status == up.status == 200 and 1 < len(down.ids) <= MAX_LIMIT:
        whole = len(down.ids) < MAX_LIMIT or set(down.ids) == set(up.ids)
        mirrored = down.ids[::-1]
        problem = None
        if whole and mirrored != up.ids:
            problem = f"in ascending order the thread should show {first_difference(mirrored, up.ids)}"
        if whole:
            findings.append(Finding("order.reverse", problem, up))
    if thread.ties and {down.status, again.status} == {200}:
        changed = sorted(down.ids) == sorted(again.ids) and down.ids != again.ids
        findings.append(
            Finding(
                "order.ties",
                f"read twice, a page shows {first_difference(down.ids, again.ids)}" if changed else None,
                again,
            )
        )
    return findings


def walk_pages(thread: KnownThread, limit: int | None, order: str | None, *, back: bool = False) -> Scenario:
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
    for _ in range(len(known) // size + EXTRA_PAGES):
        query = PageQuery(limit, order, before=cursor) if back else PageQuery(limit, order, after=cursor)
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
    problem = problem or _walk_problem(came, known)
    if problem:
        yield from thread.learn()
        if thread.newest_first != before and _walk_problem([run for run in came if run in known], known) is None:
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


def _walk_problem(came: Sequence[str], known: Sequence[str]) -> str | None:
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
    return f"the runs came in another order: {first_difference(known, came)}"
