"""First contact: whether what answers at the URL is a server that can be judged at all, and if not, why.

Whoever mistypes a URL, a key or an id must not be told that a server departs. So a refusal of the first read is a
departure only if it cannot have another reason: if it comes in the API's own form of an error, which other servers do
not have, with a status that this API does not give.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from threadruns import _document
from threadruns.contract.docket import Docket
from threadruns.contract.exchanges import Exchange
from threadruns.contract.judge import Finding
from threadruns.contract.probe import MALFORMED, SILENCE, CannotJudge
from threadruns.contract.threads import Thread

REFUSALS = (400, 401, 403, 404)
"""What a server may say of a key, a thread or a beta header that its user has got wrong; 403 is not documented."""


class Unreadable(NamedTuple):
    """Why nothing can be judged by an answer to the first read.

    Attributes:
        reason: Why, and what to do about it, as a sentence.
        rule: The rule that it left undecided.
        came: What came instead, in the words of that rule.
    """

    reason: str
    rule: str
    came: str


def contact(docket: Docket, threads: Sequence[Thread]) -> list[Thread]:
    """Read each thread once and return those that can be judged by what came.

    Raises:
        CannotJudge: There is none.
    """
    readable: list[Thread] = []
    refusals: list[tuple[Unreadable, Exchange]] = []
    for thread in threads:
        exchange = _read(docket, thread, patient=not refusals)
        refusal = unreadable(exchange, docket.probe.beta)
        if refusal is None:
            readable.append(thread)
            continue
        refusals.append((refusal, exchange))
        if exchange.failure is not None and not readable:
            # A server that is not there for one thread is not there for the others.
            break
    if readable:
        docket.pulse = readable[0].request()
        return readable
    refusal, exchange = refusals[0]
    if MALFORMED in (exchange.failure or ""):
        docket.confirm({"protocol.answers": Finding("protocol.answers", exchange.failure, exchange)})
    elif in_own_form(exchange) and exchange.status not in REFUSALS:
        docket.ask(exchange.request)
    leak = docket.probe.leaks(exchange)
    if leak is not None and docket.open("auth.not-echoed"):
        # Whatever server it is, its user should know.
        refusal = Unreadable(f"{refusal.reason}; {leak}, so send it there no more", "auth.not-echoed", leak)
    raise CannotJudge(refusal.reason, refusal.rule, exchange, refusal.came)


def _read(docket: Docket, thread: Thread, *, patient: bool) -> Exchange:
    """Read a thread; if the server fails or drops the connection, ask again, a moment later if there is patience."""
    exchange = docket.send(thread.request())
    for turn in range(2 if patient else 0):
        if SILENCE in (exchange.failure or "") or (exchange.failure is None and exchange.status < 500):
            break
        time.sleep(docket.probe.pause(turn) if exchange.status else 0)
        exchange = docket.send(thread.request())
    return exchange


def in_own_form(exchange: Exchange) -> bool:
    """Whether an answer is an error in the form of this API, with all of its four keys."""
    return bool(exchange.error) and _document.violation("ErrorResponse", exchange.json) is None


def unreadable(exchange: Exchange, beta: str) -> Unreadable | None:
    """Say why nothing can be judged by the answer to a plain read; None if something can.

    Args:
        exchange: The read and what came.
        beta: The value of the beta header that was sent.
    """
    thread, status = unquote(exchange.request.thread), exchange.status
    if status == 0 or SILENCE in (exchange.failure or ""):
        return Unreadable(
            f"the server does not answer: {exchange.failure}", "protocol.answers", exchange.failure or "no answer came"
        )
    where = exchange.header("location") or ""
    if 300 <= status < 400 and where:
        to, came = urlsplit(where), f"{status} came, to {where!r}"
        if not to.path.rstrip("/").endswith(f"/{exchange.request.thread}/runs"):
            reason = f"the server redirects to {where!r} ({status}), where no runs are listed; check the base URL"
            return Unreadable(reason, "protocol.status", came)
        if to.netloc:
            reason = f"the server redirects to {where!r} ({status}); check that URL itself, the key is not sent there"
            return Unreadable(reason, "protocol.status", came)
    came = f"a page was expected, and {status} came"
    if status in (401, 403):
        return Unreadable(
            f"the server refuses the key with {status}; give one that may read {thread!r}", "data.given", came
        )
    if status == 404:
        return Unreadable(
            f"the server answers 404 for {thread!r}; check the id of the thread and the base URL", "data.given", came
        )
    if status == 400:
        reason = f"the server refuses a plain read of {thread!r} with 400; if it wants another beta header than "
        return Unreadable(f"{reason}{beta!r}, give --beta", "data.given", came)
    if status >= 500:
        return Unreadable(f"the server fails with {status}", "protocol.server-error", came)
    if status >= 400:
        return Unreadable(f"the server answers {status} to a plain read of {thread!r}", "protocol.status", came)
    if status != 200 or meant_as_page(exchange):
        return None
    kind = exchange.header("content-type")
    reason = f"what the server answers for {thread!r} is no list of runs (Content-Type {kind!r}); check the base URL"
    if _is_json(exchange):
        return Unreadable(reason, "schema.envelope", f"JSON came that is no page: {exchange.raw[:60]!r}")
    return Unreadable(reason, "protocol.content-type", f"Content-Type is {kind!r}, and the body begins "
                      f"{exchange.raw[:60]!r}")  # fmt: skip


def meant_as_page(exchange: Exchange) -> bool:
    """Whether a body was meant to be a page: a broken page is a departure, HTML or another API is another server."""
    if exchange.failure is not None or not exchange.raw:
        return True
    if exchange.members.keys() & {"data", "has_more", "first_id", "last_id"} or isinstance(exchange.json, list):
        return True
    if _is_json(exchange) and (exchange.decoded[1] is not None or exchange.json is None):
        return True
    text = exchange.raw.replace(b"\0", b"")
    return any(name in text for name in (b"has_more", b"first_id", b"thread.run"))


def _is_json(exchange: Exchange) -> bool:
    declared = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
    return declared == "application/json"
