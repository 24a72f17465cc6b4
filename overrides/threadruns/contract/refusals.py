"""Conversations about what a server must refuse: bad parameters, cursors that name nothing, credentials, methods.

Nothing here can change anything on a server. A method other than GET, HEAD and OPTIONS first goes to a thread that
does not exist, with a body that is no JSON; only a server that answers 405 there, and so has no such method, is asked
the same of a thread that exists.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from random import Random
from urllib.parse import quote

from attrs import evolve

from threadruns.contract.exchanges import Exchange, Request
from threadruns.contract.judge import Finding
from threadruns.contract.reads import Conversation
from threadruns.contract.threads import DEFAULT_LIMIT, Query, Thread

NO_JSON = b"{threadruns"
"""A body that no server can take for the description of a run."""

MADE_UP = "PERUSE"
"""A method that there is not."""

FAKE_KEY = "sk-threadruns-check-d41d8cd98f00b204e9800998ecf8427e"
"""A key that is nobody's."""

VOLATILE = re.compile(r"thread_[!-.0-~]+?(?=['\"`\s.]|$)|req_[0-9A-Za-z]+")


def refused(
    rule: str, request: Request, statuses: Collection[int], param: str | None = None, *, names: bool = True
) -> Conversation:
    """Send a request that must be refused.

    Args:
        rule: The rule that it decides.
        request: What to send.
        statuses: The status codes that are right.
        param: What ``error.param`` must name.
        names: Whether to judge ``error.param`` at all.
    """
    exchange = yield request
    return list(_judge_refusal(rule, exchange, statuses, param, names=names))


def _judge_refusal(
    rule: str, exchange: Exchange, statuses: Collection[int], param: str | None, *, names: bool
) -> Iterator[Finding]:
    if exchange.failure is not None:
        return
    right = exchange.status in statuses
    wanted = " or ".join(map(str, sorted(statuses)))
    came = f"{exchange.status}" + (f" with {len(exchange.runs)} runs" if exchange.status == 200 else "")
    yield Finding(rule, None if right else f"{wanted} was expected, and {came} came", exchange)
    if right and names and "param" in exchange.error:
        found = exchange.error["param"]
        named = found == param
        yield Finding("error.param", None if named else f"param is {found!r}, expected {param!r}", exchange)
    if FAKE_KEY[8:] in exchange.body.decode("utf-8", "replace") + str(exchange.headers):
        yield Finding("auth.not-echoed", "the answer repeats the wrong key that was sent", exchange)


def accepted(rule: str, request: Request) -> Conversation:
    """Send a request that must be answered with a page."""
    exchange = yield request
    if exchange.failure is not None or exchange.status >= 500:
        return []
    right = exchange.status == 200
    return [Finding(rule, None if right else f"a page was expected, and {exchange.status} came", exchange)]


def parameters(thread: Thread) -> Iterator[tuple[str, Request, str]]:
    """Yield requests with bad limits and orders: the rule, the request and the parameter at fault."""
    for value in ("0", "-1", "101", "1000", "-100", "4294967297", "18446744073709551617", "9" * 30):
        yield "limit.range", Request(thread.segment, (("limit", value),)), "limit"
    for value in ("abc", "1.5", "", "1e1", "5abc", "0x10", "null", "true", "[5]", "NaN", "5,6"):
        yield "limit.integer", Request(thread.segment, (("limit", value),)), "limit"
    yield "limit.repeated", Request(thread.segment, (("limit", "1"), ("limit", "2"))), "limit"
    yield "limit.repeated", Request(thread.segment, (("limit", "2"), ("limit", "2"))), "limit"
    for value in ("DESC", "Asc", "foo", "", "ascending", "descending", "asc ", "desc,asc", "-1", "null"):
        yield "order.values", Request(thread.segment, (("order", value),)), "order"
    yield "order.repeated", Request(thread.segment, (("order", "asc"), ("order", "desc"))), "order"
    if thread.newest_first:
        cursor = thread.newest_first[len(thread.newest_first) // 2]
        yield "limit.range", Request(thread.segment, (("limit", "0"), ("after", cursor))), "limit"
        yield "limit.range", Request(thread.segment, (("limit", "101"), ("before", cursor), ("order", "asc"))), "limit"
        yield "order.values", Request(thread.segment, (("order", "ASC"), ("after", cursor))), "order"


def spelled(thread: Thread, value: str, number: int) -> Conversation:
    """Send a limit in a spelling that some readers of numbers take: it must be refused, or read as that number."""
    exchange = yield Request(thread.segment, (("limit", value),))
    if exchange.failure is not None or exchange.status >= 500:
        return []
    wanted = min(number, len(thread.newest_first))
    problem = None
    if exchange.status not in (200, 400) or (exchange.status == 200 and len(exchange.ids) < wanted):
        problem = f"400 or {wanted} runs were expected, and {exchange.status} with {len(exchange.ids)} runs came"
    elif exchange.status == 200 and len(exchange.ids) > number:
        problem = f"400 or {wanted} runs were expected, and {len(exchange.ids)} runs came"
    return [Finding("limit.spelling", problem, exchange)]


def cursors(thread: Thread, other: Thread | None, stranger: str) -> Iterator[tuple[str, Request, str, set[int]]]:
    """Yield requests whose cursor names no run: the rule, the request, the parameter and the right status codes.

    Args:
        thread: The thread to read.
        other: A thread whose runs are foreign to it, if there is one.
        stranger: An id of the form of a run's that names none.
    """
    either = {400, 404}

    def request(name: str, value: str, order: str | None = None) -> Request:
        return Request(thread.segment, (*Query(order=order).pairs(), (name, value)))

    for name in ("after", "before"):
        yield "cursor.unknown", request(name, stranger), name, either
        yield "cursor.unknown", request(name, stranger, "asc"), name, either
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
            yield "cursor.repeated", Request(thread.segment, ((name, one), (name, one))), name, {400}
    if thread.newest_first:
        one = thread.newest_first[0]
        yield "cursor.unknown", Request(thread.segment, (("after", one), ("before", stranger))), "before", either
        yield "cursor.unknown", Request(thread.segment, (("after", stranger), ("before", one))), "after", either
        yield "cursor.malformed", Request(thread.segment, (("after", "abc"), ("before", one))), "after", {400}
        yield "cursor.malformed", Request(thread.segment, (("after", one), ("before", "abc"))), "before", {400}
        for foreign in other.newest_first[:1] if other is not None else ():
            yield "cursor.foreign", Request(thread.segment, (("after", one), ("before", foreign))), "before", either
            yield "cursor.foreign", Request(thread.segment, (("after", foreign), ("before", one))), "after", either


def without_runs(thread: Thread, stranger: str) -> Iterator[tuple[str, Request, str, set[int]]]:
    """Yield bad requests to a thread that has no runs, which a careless server answers before it looks at them.

    Args:
        thread: The thread without runs.
        stranger: An id of the form of a run's that names none.
    """
    yield "limit.range", Request(thread.segment, (("limit", "101"),)), "limit", {400}
    yield "order.values", Request(thread.segment, (("order", "foo"),)), "order", {400}
    yield "cursor.unknown", Request(thread.segment, (("after", stranger),)), "after", {400, 404}
    yield "cursor.malformed", Request(thread.segment, (("before", "abc"),)), "before", {400}


def odd_threads(thread: Thread, stranger: str) -> Iterator[Request]:
    """Yield requests for threads that do not exist, by ids that a careless server takes for others."""
    names = [
        thread.id + "x", thread.id[:-1], thread.id[:7] + thread.id[7:].swapcase(), thread.id + " ", thread.id + "%",
        thread.id[:-1] + "_", thread.id + "\x00", "thread_%", "thread_", "thread_1' OR '1'='1",
        "thread_\u00e9\U0001f600",
        "thread_" + "a" * 300, "thread_" + "a" * 4000, stranger + '"<&>\\', "null", "thread_*", "thread_a;b",
    ]  # fmt: skip
    for name in names:
        if name != thread.id:
            yield Request(quote(name, safe=""))
    yield Request("thread_%FF%FE")
    yield Request(thread.segment + "%2Fx")


def unauthorized(thread: Thread, unknown: str) -> Iterator[tuple[str, Request]]:
    """Yield requests whose credentials must not be accepted."""
    plain = Request(thread.segment)
    cursor = thread.newest_first[0] if thread.newest_first else None
    yield "auth.required", evolve(plain, authorization=None)
    yield "auth.required", evolve(plain, authorization="")
    yield "auth.required", evolve(plain, authorization="Bearer")
    reads = [Query(limit=1), Query(order="asc"), Query(limit=100)]
    if cursor is not None:
        reads += [Query(after=cursor), Query(before=cursor), Query(after=cursor, before=thread.newest_first[-1])]
    for query in reads:
        yield "auth.every-read", evolve(plain, query=query.pairs(), authorization=None)
    yield "auth.every-read", evolve(plain, query=Query(limit=1).pairs(), authorization=f"Bearer {FAKE_KEY}")
    yield "auth.required", Request(unknown, authorization=None)
    yield "auth.wrong-key", Request(unknown, authorization=f"Bearer {FAKE_KEY}")
    for wrong in (FAKE_KEY, "sk-test-wrong", "null", "undefined", "x", "*", "My API Key"):
        yield "auth.wrong-key", evolve(plain, authorization=f"Bearer {wrong}")
    near = [
        "{key.shorter}",
        "{key}x",
        "{key.beheaded}",
        "{key.otherwise}",
        "{key.sibling}",
        "{key.prefix}",
        "{key.escaped}",
        "{key}{key}",
    ]
    near += ["{key} x", "x {key}", "{key},", '"{key}"']
    for template in near:
        yield "auth.whole-key", evolve(plain, authorization=f"Bearer {template}")
    for template in (
        "Basic {key.encoded}",
        "Basic {key}",
        "BearerX {key}",
        "Token {key}",
        "{key}",
        "Key {key}",
        "Bearer:{key}",
        "Bearer{key}",
    ):
        yield "auth.scheme", evolve(plain, authorization=template)
    yield "auth.scheme", evolve(plain, authorization="Bearer Bearer {key}")
    names = (
        "api-key",
        "X-API-Key",
        "X-Authorization",
        "Proxy-Authorization",
        "OpenAI-API-Key",
        "X-Auth-Token",
        "Token",
    )
    everywhere = tuple((name, "Bearer {key}" if "uth" in name else "{key}") for name in names)
    bare = evolve(plain, authorization=None)
    yield "auth.elsewhere", evolve(bare, secret_headers=everywhere)
    yield "auth.elsewhere", evolve(bare, secret_headers=tuple((name, "{key}") for name in names))
    places = ("api_key", "api-key", "apikey", "key", "token", "access_token", "authorization")
    yield "auth.elsewhere", evolve(bare, secret_query=tuple((name, "{key}") for name in places))
    cookie = "; ".join(f"{name}={{key}}" for name in (*places, "session", "secret_key", "Authorization"))
    yield "auth.elsewhere", evolve(bare, secret_headers=(("Cookie", cookie),))
    yield "auth.elsewhere", evolve(plain, authorization="Bearer x", secret_headers=everywhere)
    local = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP")
    yield "auth.required", evolve(bare, headers=tuple((name, "127.0.0.1") for name in local))


def outsider(thread: Thread, unknown: str, authorization: str | None) -> Conversation:
    """Ask for a known and an unknown thread without a right key: the answers must be the same."""
    known = yield Request(thread.segment, authorization=authorization)
    other = yield Request(unknown, authorization=authorization)
    if known.failure or other.failure or max(known.status, other.status) >= 500:
        return []
    problem = None
    if known.status != other.status:
        problem = f"a known thread is answered {known.status}, an unknown one {other.status}"
    elif _blurred(known) != _blurred(other):
        problem = "the errors of a known and of an unknown thread differ"
    return [Finding("auth.unknown-thread", problem, other)]


def _blurred(exchange: Exchange) -> object:
    return {
        name: VOLATILE.sub("…", value) if isinstance(value, str) else value for name, value in exchange.error.items()
    }


def betas(thread: Thread, beta: str) -> Iterator[tuple[str, Request]]:
    """Yield requests with a beta header that must not be accepted.

    Args:
        thread: A thread that exists.
        beta: The value that the server accepts.
    """
    plain = Request(thread.segment)
    yield "beta.required", evolve(plain, beta=None)
    yield "beta.required", evolve(plain, beta="")
    if thread.newest_first:
        after = Query(limit=1, after=thread.newest_first[0])
        yield "beta.required", evolve(plain, beta=None, query=after.pairs())
    yield "beta.required", evolve(plain, beta=None, query=Query(order="asc").pairs())
    places = ("OpenAI-Beta", "openai-beta", "openai_beta", "beta")
    yield "beta.required", evolve(plain, beta=None, query=tuple((place, beta) for place in places))
    name, _, version = beta.rpartition("=")
    other = f"{name}=v2" if version == "v1" else f"{name}=v1"
    for value in (other, f"{name}=v0", "threads=v1", f"{name}=v999"):
        yield "beta.version", evolve(plain, beta=value)
    whole = (f"{beta}x", f"x{beta}", f"{beta}0", f"{beta}.1", beta.upper(), beta.title(), version, name, f"{name}=")
    for value in (
        *whole,
        f"{beta}, {other}",
        f"{other},{beta}",
        f"{beta} {other}",
        f'"{beta}"',
        f"{name} = {version}",
        f"{beta};",
    ):
        yield "beta.whole", evolve(plain, beta=value)


def lenient_headers(thread: Thread, beta: str) -> Iterator[tuple[str, Request]]:
    """Yield requests that differ from the plain one in ways that must not matter."""
    plain = Request(thread.segment)
    for scheme in ("bearer", "BEARER", "bEaReR"):
        yield "auth.scheme-case", evolve(plain, authorization=scheme + " {key}")
    yield "beta.name-case", evolve(plain, beta=None, headers=(("openai-beta", beta),))
    yield "beta.name-case", evolve(plain, beta=None, headers=(("OPENAI-BETA", beta),))
    yield "beta.name-case", evolve(plain, authorization=None, secret_headers=(("authorization", "Bearer {key}"),))
    yield "protocol.conditional", evolve(plain, headers=(("If-None-Match", '"threadruns-never-was"'),))
    yield "protocol.connections", evolve(plain, headers=(("Connection", "close"),))
    yield "protocol.connections", evolve(plain, headers=(("Accept", "application/json"),))
    yield "protocol.coding", evolve(plain, headers=(("Accept-Encoding", "gzip"),))
    yield "protocol.accept", evolve(plain, headers=(("Accept", "text/html, */*;q=0.1"),))


def ignored(thread: Thread) -> Iterator[tuple[Request, Request]]:
    """Yield plain reads, each with the same read among parameters that the document does not know."""
    run = thread.newest_first[0] if thread.newest_first else "run_x"
    strange = (
        ("foo", "bar"), ("Limit", "1"), ("LIMIT", "0"), ("Order", "asc"), ("page", "2"), ("offset", "1"),
        ("cursor", run), ("starting_after", run), ("After", run), ("status", "failed"), ("sort", "asc"),
        ("include[]", "x"), ("q", ""), ("limit[]", "1"), ("\u00fc", "\U0001f600"),
    )  # fmt: skip
    for query in (Query(), Query(limit=2, order="asc")):
        plain = thread.request(query)
        yield plain, Request(thread.segment, strange + query.pairs())
    yield plain, Request(thread.segment, (*query.pairs(), ("api-version", "1"), ("api_key", "x")))


def encoded(thread: Thread) -> Request:
    """Return the plain read of a thread, by an id that is percent-encoded throughout."""
    return Request("".join(f"%{byte:02X}" for byte in thread.id.encode()))


def encoded_name(thread: Thread) -> Request:
    """Return a read of one run whose parameter has a name that is percent-encoded in part."""
    return Request(thread.segment, secret_query=(("%6Cimit", "1"),))


def encoded_cursor(thread: Thread) -> tuple[Request, Request] | None:
    """Return a read after a cursor, plain and with every byte of the cursor percent-encoded; None without a run."""
    if not thread.newest_first:
        return None
    cursor = thread.newest_first[0]
    escaped = "".join(f"%{byte:02X}" for byte in cursor.encode())
    return thread.request(Query(after=cursor)), Request(thread.segment, secret_query=(("after", escaped),))


def unknown_thread(unknown: str, query: Query) -> Conversation:
    """Ask for a thread that does not exist."""
    exchange = yield Request(unknown, query.pairs())
    findings = list(_judge_refusal("error.unknown-thread", exchange, {404}, None, names=True))
    if exchange.status == 404 and exchange.error:
        named = unknown in str(exchange.error.get("message"))
        findings.append(Finding("error.message", None if named else "the message does not name the thread", exchange))
    return findings


def codes(thread: Thread) -> Conversation:
    """Ask with a wrong key and without the beta header, for the codes that clients tell these by."""
    wrong = yield Request(thread.segment, authorization=f"Bearer {FAKE_KEY}")
    bare = yield Request(thread.segment, Query(limit=1).pairs(), beta=None)
    findings: list[Finding] = []
    if bare.status == 400 and "param" in bare.error:
        param = bare.error["param"]
        right = param is None or str(param).lower() == "openai-beta"
        problem = None if right else f"param is {param!r} for a missing beta header, expected null"
        findings.append(Finding("error.param", problem, bare))
    for exchange, status, code in ((wrong, 401, "invalid_api_key"), (bare, 400, "invalid_beta")):
        if exchange.status == status and exchange.error:
            found = exchange.error.get("code")
            findings.append(
                Finding("error.code", None if found == code else f"code is {found!r}, expected {code!r}", exchange)
            )
    return findings


def head(request: Request) -> Conversation:
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


def methods(thread: Thread, unknown: str) -> Conversation:
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
        body = NO_JSON if method in ("PUT", "PATCH", "POST") else None
        headers = (("Content-Type", "application/json"),) if body else ()
        for segment in (unknown, thread.segment):
            exchange = yield Request(segment, method=method, body=body, headers=headers)
            judge(method, exchange)
            if exchange.status != 405 and method != "OPTIONS":
                break
    # A method that nobody has a meaning for can do nothing but read.
    for segment in (unknown, thread.segment):
        exchange = yield Request(segment, method=MADE_UP)
        if exchange.failure is None:
            problem = None if exchange.status >= 400 else f"{MADE_UP} is answered {exchange.status}"
            findings.append(Finding("method.refused", problem, exchange))
    # A server that creates runs here looks at the body, one that takes POST for GET at the query.
    like_get = Request(unknown, (("limit", "0"),), method="POST", body=NO_JSON)
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
        headed = yield Request(thread.segment, method="HEAD")
        if "HEAD" in promised and headed.status == 405:
            findings.append(Finding("method.allow-truth", "Allow names HEAD, which is answered 405", headed))
    return findings


def spellings(random: Random) -> list[tuple[str, int]]:
    """Return unusual spellings of small limits and the numbers that they stand for."""
    number = random.randint(1, min(9, DEFAULT_LIMIT))
    return [(f"+{number}", number), (f" {number}", number), (f"0{number}", number), (f"{number}.0", number),
            (f"{number} ", number), ("\u0663", 3), ("1_0", 10), ("010", 10)]  # fmt: skip
