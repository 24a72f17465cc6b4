"""Cursors that name no run of the thread, and a percent-encoded cursor that names one."""

from __future__ import annotations

from collections.abc import Iterator

from threadruns.contract.bounds import MAX_LIMIT
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.scenarios.known_thread import KnownThread


def invalid_cursors(
    thread: KnownThread, other: KnownThread | None, unknown_run: str
) -> Iterator[tuple[str, ProbeRequest, str, set[int]]]:
    """Yield requests whose cursor names no run: the rule, the request, the parameter and the correct status codes.

    Args:
        thread: The thread to read.
        other: Another thread with runs, if there is one.
        unknown_run: A well-formed id that names no run.
    """
    either = {400, 404}
    foreign_ids = [run_id for run_id in other.newest_first if run_id not in thread.runs] if other is not None else []
    foreign_ids = foreign_ids[:1] + foreign_ids[-1:]

    def request(name: str, value: str, order: str | None = None) -> ProbeRequest:
        return ProbeRequest(thread.segment, (*PageQuery(order=order).pairs(), (name, value)))

    for name in ("after", "before"):
        yield "cursor.unknown", request(name, unknown_run), name, either
        yield "cursor.unknown", request(name, unknown_run, "asc"), name, either
        yield "cursor.unknown", request(name, "run_%"), name, either
        yield "cursor.unknown", request(name, "run_" + "a" * 300), name, either
        yield "cursor.unknown", request(name, "run_1'OR'1'='1"), name, either
        yield "cursor.empty", request(name, ""), name, {400}
        namesake = "run_" + thread.id.removeprefix("thread_")
        if namesake not in thread.newest_first and not thread.unread:
            yield "cursor.unknown", request(name, namesake), name, either
        for malformed in ("not a run", "thread_abc", "\u00fcber", "1700000000", "3"):
            yield "cursor.malformed", request(name, malformed), name, {400}
        for borderline in ("run_", "run_ ", "null"):
            yield "cursor.unknown", request(name, borderline), name, either
        for foreign in dict.fromkeys(foreign_ids):
            yield "cursor.foreign", request(name, foreign), name, either
        for foreign in foreign_ids[:1]:
            yield "cursor.foreign", request(name, foreign, "asc"), name, either
        known = set(thread.newest_first)
        if known:
            one = thread.newest_first[len(known) // 2]
            # In SQL, % and _ are wildcards.
            variants = [one[:-1], one + "x", one[:4] + one[4:].swapcase(), one + "%", one[:-1] + "_"]
            for variant in (*variants, one + ",", one + ";x", one[4:]):
                # A run that was not read may have this id.
                if variant not in known and not thread.unread:
                    yield "cursor.whole", request(name, variant), name, either
            yield "cursor.whole", request(name, one + " "), name, either
            yield "cursor.whole", request(name, " " + one), name, either
            yield "cursor.whole", request(name, one + "\x00"), name, either
            yield "cursor.repeated", ProbeRequest(thread.segment, ((name, one), (name, one))), name, {400}
    if thread.newest_first:
        one = thread.newest_first[0]

        def both(after: str, before: str) -> ProbeRequest:
            return thread.request(PageQuery(after=after, before=before))

        yield "cursor.unknown", both(one, unknown_run), "before", either
        yield "cursor.unknown", both(unknown_run, one), "after", either
        yield "cursor.malformed", both("abc", one), "after", {400}
        yield "cursor.malformed", both(one, "abc"), "before", {400}
        for foreign in foreign_ids[:1]:
            yield "cursor.foreign", both(one, foreign), "before", either
            yield "cursor.foreign", both(foreign, one), "after", either


def empty_thread_requests(thread: KnownThread, unknown_run: str) -> Iterator[tuple[str, ProbeRequest, str, set[int]]]:
    """Yield invalid requests for a thread without runs, for which a server may skip the validation.

    Args:
        thread: The thread without runs.
        unknown_run: A well-formed id that names no run.
    """
    yield "limit.range", ProbeRequest(thread.segment, (("limit", str(MAX_LIMIT + 1)),)), "limit", {400}
    yield "order.values", ProbeRequest(thread.segment, (("order", "foo"),)), "order", {400}
    yield "cursor.unknown", ProbeRequest(thread.segment, (("after", unknown_run),)), "after", {400, 404}
    yield "cursor.malformed", ProbeRequest(thread.segment, (("before", "abc"),)), "before", {400}


def encoded_cursor(thread: KnownThread) -> tuple[ProbeRequest, ProbeRequest] | None:
    """Return the request for the page after a run, plain and with the cursor percent-encoded; None without runs."""
    if not thread.newest_first:
        return None
    cursor = thread.newest_first[0]
    escaped = "".join(f"%{byte:02X}" for byte in cursor.encode())
    return thread.request(PageQuery(after=cursor)), ProbeRequest(thread.segment, secret_query=(("after", escaped),))
