"""Scenarios that compare pages with the known runs of a thread.

Runs may be created during the check. Before a page is judged wrong, its thread is read again: the page is right if it
fits the thread in any state between the two readings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.pages import (
    compare_page,
    count_runs,
    expected_page,
    first_difference,
    is_sorted,
)
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.known_thread import KnownThread

EXTRA_PAGES = 3
"""Pages beyond the expected number after which a walk counts as endless."""


def read_page(
    thread: KnownThread, query: PageQuery, is_settled: Callable[[list[Finding]], bool], *, also: str | None = None
) -> Scenario:
    """Request a page and compare it with the expected one.

    Args:
        thread: A thread that was read.
        query: The query; its cursors must be ids of the thread.
        is_settled: Tells whether findings are final, so that the thread need not be read again.
        also: A further rule that the page decides, besides the rules of its parameters.
    """
    before = thread.newest_first
    exchange = yield thread.request(query)
    page = expected_page(before, query, unread=thread.unread)
    if page is None:
        return []
    problems = compare_page(page, query, exchange, thread.runs)

    def findings() -> list[Finding]:
        found = [Finding(rule, problem, exchange) for rule, problem in problems.items()]
        if also is not None:
            found.append(Finding(also, next(filter(None, problems.values()), None), exchange))
        return found

    if not is_settled(findings()):
        yield from thread.read_all()
        for ids in thread.possible_states(before):
            page = expected_page(ids, query, unread=thread.unread) or page
            again = compare_page(page, query, exchange, thread.runs)
            if not any(again.values()):
                problems = again
                break
    return findings()


def compare_reads(rule: str, plain: ProbeRequest, other: ProbeRequest) -> Scenario:
    """Send two requests that must return the same page.

    Args:
        rule: The rule that they decide.
        plain: The request to compare with, sent before and after the other one.
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
        problem = f"unlike the plain request: {first_difference(before.ids, exchange.ids)}"
        if exchange.status != 200:
            problem = f"expected the page of the plain request, got {exchange.status}"
    return [Finding(rule, problem, exchange, before)]


def compare_orders(thread: KnownThread) -> Scenario:
    """Read a thread in both orders: one is the exact reverse of the other."""
    from_newest = thread.request(PageQuery(MAX_LIMIT, "desc"))
    from_oldest = thread.request(PageQuery(MAX_LIMIT, "asc"))
    down, up, again = (yield from_newest), (yield from_oldest), (yield from_newest)
    if down.ids != again.ids:
        # Runs may have been created in between.
        down, up, again = again, (yield from_oldest), (yield from_newest)
    findings: list[Finding] = []
    if down.status == up.status == 200 and 1 < len(down.ids) <= MAX_LIMIT:
        ends = down.members.get("has_more") is not True is not up.members.get("has_more")
        whole = (len(down.ids) < MAX_LIMIT and ends) or set(down.ids) == set(up.ids)
        mirrored = down.ids[::-1]
        if whole:
            findings.append(_reverse_finding(down, up) if mirrored != up.ids else Finding("order.reverse", None, up))
    if thread.ties and {down.status, again.status} == {200}:
        changed = sorted(down.ids) == sorted(again.ids) and down.ids != again.ids
        problem = f"on the second reading, {first_difference(down.ids, again.ids)}" if changed else None
        findings.append(Finding("order.ties", problem, again, down))
    return findings


def _reverse_finding(down: Exchange, up: Exchange) -> Finding:
    """Return the finding that two orders are not each other's reverse, with the wrong one as its exchange.

    The page in the order of ``created_at`` is the right one; runs of the same second may have any order.
    """
    right = {order: is_sorted(exchange, order) for order, exchange in (("desc", down), ("asc", up))}
    if sorted(down.ids) != sorted(up.ids):
        reason = (
            f"order=desc gives {count_runs(down.ids)} and order=asc {len(up.ids)}; it cannot be told which is right"
        )
    elif right["desc"] is right["asc"]:
        fits = "both fit" if right["desc"] else "neither fits"
        reason = f"{fits} created_at, so it cannot be told which is wrong"
    else:
        wrong = "asc" if right["desc"] else "desc"
        reason = f"order={wrong} does not fit created_at, unlike order={'desc' if wrong == 'asc' else 'asc'}"
    difference = first_difference(down.ids[::-1], up.ids)
    wrong_one, other = (down, up) if right["asc"] and not right["desc"] else (up, down)
    return Finding(
        "order.reverse", f"order=asc is not the reverse of order=desc: {difference}; {reason}", wrong_one, other
    )


def walk_pages(
    thread: KnownThread,
    limit: int | None,
    order: str | None,
    is_settled: Callable[[list[Finding]], bool],
    *,
    back: bool = False,
) -> Scenario:
    """Walk a thread page by page, as clients do, and compare the runs with the known ones.

    Args:
        thread: A thread that was read.
        limit: The size of the pages; None for the default.
        order: The order of the walk; None for the default.
        is_settled: Tells whether findings are final, so that the thread need not be read again.
        back: Whether to walk backwards with ``before``, from the last run.
    """
    rule = "data.walk-back" if back else "data.walk"
    known = thread.ordered(order)
    before = thread.newest_first
    size = limit or DEFAULT_LIMIT
    cursor = known[-1] if back else None
    received: list[str] = [known[-1]] if back else []
    problem = None
    exchange = None
    first_wrong = None
    for _ in range(len(known) // size + EXTRA_PAGES):
        query = PageQuery(limit, order, before=cursor) if back else PageQuery(limit, order, after=cursor)
        exchange = yield thread.request(query)
        if exchange.status != 200:
            problem = f"expected a page, got {exchange.status}"
            break
        right = expected_page(before, query, unread=thread.unread)
        if first_wrong is None and right is not None and exchange.ids != right.ids:
            first_wrong = exchange
        received = [*exchange.ids, *received] if back else [*received, *exchange.ids]
        if exchange.members.get("has_more") is not True or not exchange.ids:
            break
        cursor = exchange.ids[0] if back else exchange.ids[-1]
    else:
        problem = f"the walk did not end after {count_runs(received)} of a thread of {len(known)}"
    problem = problem or _walk_problem(received, known)
    assert exchange is not None
    shown = first_wrong or exchange
    if not is_settled([Finding(rule, problem, shown)]):
        yield from thread.read_all()
        if thread.newest_first != before and _walk_problem([run for run in received if run in known], known) is None:
            problem = None
    findings = [Finding(rule, problem and f"pages of {size}, order {order or 'desc'}: {problem}", shown)]
    # All received runs are right, but has_more was false before the end; no other scenario detects such a has_more.
    beginning = known[-len(received) :] if back else known[: len(received)]
    if problem and exchange.ids and tuple(received) == tuple(beginning):
        cursors = {"before": "has_more.before", "after": "has_more.after"}
        more_rule = next((cursors[name] for name, _ in exchange.request.query if name in cursors), "has_more.first")
        has_more, left = exchange.members.get("has_more"), len(known) - len(received)
        verb = "follows" if left == 1 else "follow"
        findings.append(
            Finding(
                more_rule, f"has_more is {has_more!r}, expected True: {left} of {count_runs(known)} {verb}", exchange
            )
        )
    return findings


def _walk_problem(received: Sequence[str], known: Sequence[str]) -> str | None:
    if tuple(received) == tuple(known):
        return None
    missing = [run for run in known if run not in set(received)]
    repeated = [run for run in dict.fromkeys(received) if list(received).count(run) > 1]
    extra = [run for run in received if run not in set(known)]
    if missing:
        return f"{len(missing)} of {count_runs(known)} {_be(missing)} missing, such as {missing[0]!r}"
    if repeated:
        return f"{count_runs(repeated)} {_be(repeated)} on more than one page, such as {repeated[0]!r}"
    if extra:
        return f"{count_runs(extra)} {_be(extra)} not in the larger pages of the thread, such as {extra[0]!r}"
    return f"the runs are in another order: {first_difference(known, received)}"


def _be(ids: Sequence[str]) -> str:
    return "is" if len(ids) == 1 else "are"
