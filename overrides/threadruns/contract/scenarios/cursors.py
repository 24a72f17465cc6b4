"""Cursors that name no run of the thread."""

from __future__ import annotations

from collections.abc import Iterator

from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.scenarios.known_thread import KnownThread


def invalid_cursors(
    thread: KnownThread, other: KnownThread | None, unknown_run: str
) -> Iterator[tuple[str, ProbeRequest, str, set[int]]]:
    """Yield requests whose cursor names no run: the rule, the request, the parameter and the right status codes.

    Args:
        thread: The thread to read.
        other: A thread whose runs are foreign to it, if there is one.
        unknown_run: An id of the form of a run's that names none.
    """
    either = {400, 404}

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
        if namesake not in thread.newest_first:
            yield "cursor.unknown", request(name, namesake), name, either
        for malformed in ("not a run", "thread_abc", "\u00fcber", "1700000000", "3"):
            yield "cursor.malformed", request(name, malformed), name, {400}
        for borderline in ("run_", "run_ ", "null"):
            yield "cursor.unknown", request(name, borderline), name, either
        if other is not None and other.newest_first:
            for foreign in dict.fromkeys((other.newest_first[0], other.newest_first[-1])):
                yield "cursor.foreign", request(name, foreign), name, either
            yield "cursor.foreign", request(name, other.newest_first[0], "asc"), name, either
        known = set(thread.newest_first)
        if known:
            one = thread.newest_first[len(known) // 2]
            wildcard = one[:-1] + "_"
            for near in (
                one[:-1],
                one + "x",
                one[:4] + one[4:].swapcase(),
                one + "%",
                wildcard,
                one + ",",
                one + ";x",
                one[4:],
            ):
                if near not in known:
                    yield "cursor.whole", request(name, near), name, either
            yield "cursor.whole", request(name, one + " "), name, either
            yield "cursor.whole", request(name, " " + one), name, either
            yield "cursor.whole", request(name, one + "\x00"), name, either
            yield "cursor.repeated", ProbeRequest(thread.segment, ((name, one), (name, one))), name, {400}
    if thread.newest_first:
        one = thread.newest_first[0]
        yield (
            "cursor.unknown",
            ProbeRequest(thread.segment, (("after", one), ("before", unknown_run))),
            "before",
            either,
        )
        yield "cursor.unknown", ProbeRequest(thread.segment, (("after", unknown_run), ("before", one))), "after", either
        yield "cursor.malformed", ProbeRequest(thread.segment, (("after", "abc"), ("before", one))), "after", {400}
        yield "cursor.malformed", ProbeRequest(thread.segment, (("after", one), ("before", "abc"))), "before", {400}
        for foreign in other.newest_first[:1] if other is not None else ():
            yield (
                "cursor.foreign",
                ProbeRequest(thread.segment, (("after", one), ("before", foreign))),
                "before",
                either,
            )
            yield "cursor.foreign", ProbeRequest(thread.segment, (("after", foreign), ("before", one))), "after", either


def empty_thread_requests(thread: KnownThread, unknown_run: str) -> Iterator[tuple[str, ProbeRequest, str, set[int]]]:
    """Yield bad requests to a thread that has no runs, which a careless server answers before it looks at them.

    Args:
        thread: The thread without runs.
        unknown_run: An id of the form of a run's that names none.
    """
    yield "limit.range", ProbeRequest(thread.segment, (("limit", "101"),)), "limit", {400}
    yield "order.values", ProbeRequest(thread.segment, (("order", "foo"),)), "order", {400}
    yield "cursor.unknown", ProbeRequest(thread.segment, (("after", unknown_run),)), "after", {400, 404}
    yield "cursor.malformed", ProbeRequest(thread.segment, (("before", "abc"),)), "before", {400}


def encoded_cursor(thread: KnownThread) -> tuple[ProbeRequest, ProbeRequest] | None:
    """Return a read after a cursor, plain and with every byte of the cursor percent-encoded; None without a run."""
    if not thread.newest_first:
        return None
    cursor = thread.newest_first[0]
    escaped = "".join(f"%{byte:02X}" for byte in cursor.encode())
    return thread.request(PageQuery(after=cursor)), ProbeRequest(thread.segment, secret_query=(("after", escaped),))
