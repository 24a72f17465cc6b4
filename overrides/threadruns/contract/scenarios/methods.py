"""Methods other than GET, in an order in which none can change anything on a server.

A method other than HEAD and OPTIONS is first sent to a thread that does not exist, with a body that is not JSON. It is
sent to an existing thread only if the server responds 405 there.
"""

from __future__ import annotations

from attrs import evolve

from threadruns.contract.bounds import MIN_LIMIT
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.known_thread import KnownThread

INVALID_JSON = b"{threadruns"
"""A body that no server can read as a run to create."""

UNKNOWN_METHOD = "PERUSE"
"""A method that no standard defines."""


def compare_head(request: ProbeRequest) -> Scenario:
    """Send a request as GET and as HEAD: the status and the headers must be the same."""
    get = yield request
    head = yield evolve(request, method="HEAD")
    again = yield request
    if get.failure or head.failure or again.failure or max(get.status, again.status) >= 500:
        return []
    problem = None
    if head.status not in (get.status, again.status):
        problem = f"the status of GET is {get.status}, of HEAD {head.status}"
    elif head.header("content-type") not in (None, get.header("content-type")):
        problem = f"Content-Type of GET is {get.header('content-type')!r}, of HEAD {head.header('content-type')!r}"
    elif get.body == again.body and head.header("content-length") not in (None, get.header("content-length")):
        if get.header("content-length") is not None:
            lengths = f"{get.header('content-length')}, of HEAD {head.header('content-length')}"
            problem = f"Content-Length of GET is {lengths}"
    elif get.status == 401 and not head.header("www-authenticate") and get.header("www-authenticate"):
        problem = "the response to HEAD has no WWW-Authenticate, unlike that to GET"
    return [Finding("method.head", problem, head)]


def try_other_methods(thread: KnownThread, unknown: str) -> Scenario:
    """Send the methods that the operation does not have, in a way that changes nothing."""
    findings: list[Finding] = []
    statuses: dict[str, set[int]] = {}
    allowed: dict[str, set[str]] = {}

    def judge(method: str, exchange: Exchange) -> None:
        if exchange.failure is not None:
            return
        if exchange.status >= 500:
            if (exchange.status, method) != (501, "TRACE"):
                findings.append(Finding("method.refused", f"{method} causes {exchange.status}", exchange))
            return
        statuses.setdefault(method, set()).add(exchange.status)
        if exchange.status == 405:
            allow = exchange.header("allow")
            names = {name.strip().upper() for name in (allow or "").split(",")} - {""}
            allowed[method] = names
            problem = None if "GET" in names else f"Allow is {allow!r} in the response to {method}, expected GET in it"
            findings.append(Finding("method.allow", problem, exchange))
            if method in names:
                findings.append(
                    Finding("method.allow-truth", f"Allow lists {method}, which is rejected with 405", exchange)
                )
        if method == "OPTIONS":
            if exchange.runs:
                findings.append(Finding("method.refused", "the response to OPTIONS is a page of runs", exchange))
            # A server may describe itself, or respond to the preflight request of a browser.
            right = exchange.status in (200, 204, 400, 401, 403, 404, 405)
            problem = None if right else f"OPTIONS got {exchange.status}"
            findings.append(Finding("method.refused", problem, exchange))
        elif method == "POST":
            # POST creates runs in the original API, so a server may implement it.
            problem = (
                None
                if 400 <= exchange.status < 500
                else f"expected a client error for a POST with invalid JSON, got {exchange.status}"
            )
            findings.append(Finding("method.post", problem, exchange))
        else:
            problem = None if exchange.status == 405 else f"expected 405 for {method}, got {exchange.status}"
            findings.append(Finding("method.refused", problem, exchange))

    for method in ("OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST"):
        body = INVALID_JSON if method in ("PUT", "PATCH", "POST") else None
        headers = (("Content-Type", "application/json"),) if body else ()
        for segment in (unknown, thread.segment):
            exchange = yield ProbeRequest(segment, method=method, body=body, headers=headers)
            judge(method, exchange)
            if exchange.status != 405 and method != "OPTIONS":
                break
    # No server gives a meaning to this method, so it is safe on an existing thread.
    for segment in (unknown, thread.segment):
        exchange = yield ProbeRequest(segment, method=UNKNOWN_METHOD)
        if exchange.failure is None:
            problem = (
                None if exchange.status >= 400 else f"expected an error for {UNKNOWN_METHOD}, got {exchange.status}"
            )
            findings.append(Finding("method.refused", problem, exchange))
    # A server that creates runs validates the body; one that treats POST as GET validates the query.
    like_get = ProbeRequest(unknown, (("limit", str(MIN_LIMIT - 1)),), method="POST", body=INVALID_JSON)
    exchange = yield like_get
    if exchange.status == 400 and exchange.error.get("param") == "limit":
        findings.append(Finding("method.post", "POST is treated as GET", exchange))
    if statuses.get("POST") == {405}:
        exchange = yield evolve(like_get, query=(), headers=(("X-HTTP-Method-Override", "GET"),))
        problem = (
            None
            if exchange.status == 405
            else f"expected 405 for a POST with X-HTTP-Method-Override: GET, got {exchange.status}"
        )
        findings.append(Finding("method.post", problem, exchange))
    listed = {name for names in allowed.values() for name in names} - {"GET", "OPTIONS"}
    for method in listed & statuses.keys():
        if statuses[method] == {405}:
            problem = f"Allow lists {method}, which is rejected with 405"
            findings.append(Finding("method.allow-truth", problem, exchange))
    if allowed:
        if not any(finding.rule == "method.allow-truth" for finding in findings):
            findings.append(Finding("method.allow-truth", None, exchange))
        head = yield ProbeRequest(thread.segment, method="HEAD")
        if "HEAD" in listed and head.status == 405:
            findings.append(Finding("method.allow-truth", "Allow lists HEAD, which is rejected with 405", head))
    return findings
