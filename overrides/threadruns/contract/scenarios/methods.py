"""Other methods than GET, in an order in which none can change anything on a server.

A method other than GET, HEAD and OPTIONS first goes to a thread that does not exist, with a body that is not JSON.
Only where the server answers 405 is the same sent to a thread that exists.
"""

from __future__ import annotations

from attrs import evolve

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.known_thread import KnownThread

INVALID_JSON = b"{threadruns"
"""A body that no server can take for the description of a run."""


UNKNOWN_METHOD = "PERUSE"
"""A method that there is not."""


def compare_head(request: ProbeRequest) -> Scenario:
    """Send a request as GET and as HEAD: status and headers must agree."""
    get = yield request
    answer = yield evolve(request, method="HEAD")
    again = yield request
    if get.failure or answer.failure or again.failure or max(get.status, again.status) >= 500:
        return []
    problem = None
    if answer.status not in (get.status, again.status):
        problem = f"GET is answered {get.status}, HEAD {answer.status}"
    elif answer.header("content-type") not in (None, get.header("content-type")):
        problem = f"Content-Type of GET is {get.header('content-type')!r}, of HEAD {answer.header('content-type')!r}"
    elif get.body == again.body and answer.header("content-length") not in (None, get.header("content-length")):
        if get.header("content-length") is not None:
            problem = (
                f"Content-Length of GET is {get.header('content-length')}, of HEAD {answer.header('content-length')}"
            )
    elif get.status == 401 and not answer.header("www-authenticate") and get.header("www-authenticate"):
        problem = "HEAD has no WWW-Authenticate, and GET has"
    return [Finding("method.head", problem, answer)]


def try_other_methods(thread: KnownThread, unknown: str) -> Scenario:
    """Try the methods that the operation does not have, in a way that can change nothing."""
    findings: list[Finding] = []
    answers: dict[str, set[int]] = {}
    allows: dict[str, set[str]] = {}

    def judge(method: str, exchange: Exchange) -> None:
        if exchange.failure is not None:
            return
        if exchange.status >= 500:
            if (exchange.status, method) != (501, "TRACE"):
                findings.append(Finding("method.refused", f"{method} is answered {exchange.status}", exchange))
            return
        answers.setdefault(method, set()).add(exchange.status)
        if exchange.status == 405:
            allow = exchange.header("allow")
            names = {name.strip().upper() for name in (allow or "").split(",")} - {""}
            allows[method] = names
            problem = None if "GET" in names else f"Allow is {allow!r} in the answer to {method}"
            findings.append(Finding("method.allow", problem, exchange))
            if method in names:
                findings.append(Finding("method.allow-truth", f"Allow names {method}, which is answered 405", exchange))
        if method == "OPTIONS":
            if exchange.runs:
                findings.append(Finding("method.refused", "OPTIONS is answered with a page of runs", exchange))
            # A server may describe itself there, or answer the preflight of a browser.
            right = exchange.status in (200, 204, 400, 401, 403, 404, 405)
            problem = None if right else f"{method} is answered {exchange.status}"
            findings.append(Finding("method.refused", problem, exchange))
        elif method == "POST":
            # The API has a POST here that creates runs: a server may have it too.
            problem = None if 400 <= exchange.status < 500 else f"a POST without JSON is answered {exchange.status}"
            findings.append(Finding("method.post", problem, exchange))
        else:
            problem = None if exchange.status == 405 else f"{method} is answered {exchange.status}, expected 405"
            findings.append(Finding("method.refused", problem, exchange))

    for method in ("OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST"):
        body = INVALID_JSON if method in ("PUT", "PATCH", "POST") else None
        headers = (("Content-Type", "application/json"),) if body else ()
        for segment in (unknown, thread.segment):
            exchange = yield ProbeRequest(segment, method=method, body=body, headers=headers)
            judge(method, exchange)
            if exchange.status != 405 and method != "OPTIONS":
                break
    # A method that nobody has a meaning for can do nothing but read.
    for segment in (unknown, thread.segment):
        exchange = yield ProbeRequest(segment, method=UNKNOWN_METHOD)
        if exchange.failure is None:
            problem = None if exchange.status >= 400 else f"{UNKNOWN_METHOD} is answered {exchange.status}"
            findings.append(Finding("method.refused", problem, exchange))
    # A server that creates runs here looks at the body, one that takes POST for GET at the query.
    like_get = ProbeRequest(unknown, (("limit", "0"),), method="POST", body=INVALID_JSON)
    exchange = yield like_get
    if exchange.status == 400 and exchange.error.get("param") == "limit":
        findings.append(Finding("method.post", "a POST is answered as if it were GET", exchange))
    if answers.get("POST") == {405}:
        exchange = yield evolve(like_get, query=(), headers=(("X-HTTP-Method-Override", "GET"),))
        problem = None if exchange.status == 405 else f"a POST that claims to be GET is answered {exchange.status}"
        findings.append(Finding("method.post", problem, exchange))
    promised = {name for names in allows.values() for name in names} - {"GET", "OPTIONS"}
    for method in promised & answers.keys():
        if answers[method] == {405}:
            problem = f"Allow names {method}, which is answered 405"
            findings.append(Finding("method.allow-truth", problem, exchange))
    if allows:
        kept = not any(finding.rule == "method.allow-truth" for finding in findings)
        if kept:
            findings.append(Finding("method.allow-truth", None, exchange))
        headed = yield ProbeRequest(thread.segment, method="HEAD")
        if "HEAD" in promised and headed.status == 405:
            findings.append(Finding("method.allow-truth", "Allow names HEAD, which is answered 405", headed))
    return findings
