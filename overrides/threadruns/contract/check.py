"""The whole check of a server: first contact, what the threads can prove, every conversation, and the verdict.

The check changes nothing on a server and needs no knowledge of it but its URL, a key and threads to read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from attrs import evolve, frozen

from threadruns.contract import generated, reads, refusals
from threadruns.contract.contact import contact
from threadruns.contract.docket import Departed, Docket, Outcome, Result, Verdict
from threadruns.contract.exchanges import Exchange, Request
from threadruns.contract.judge import Finding
from threadruns.contract.probe import CannotJudge, Probe
from threadruns.contract.rules import Severity
from threadruns.contract.threads import DEFAULT_LIMIT, LARGEST_LIMIT, Query, Thread, roles

DRAWN = 48
"""How many reads are drawn at random."""

SPARE = 15
"""How many requests a read may take if it has to be confirmed."""

REPEATS = 6
"""How often one page is read again to see that it stays."""


@frozen
class Report:
    """What a check found.

    Attributes:
        url: The base URL of the server.
        verdict: Whether it conforms.
        reason: Why it could not be judged, or not to the end; empty if it was.
        results: Every rule with its outcome.
        threads: How many runs each thread was found to have; a thread that was not read is left out.
        requests: How many requests were sent.
        seconds: How long it took.
        seed: What repeats the check.
    """

    url: str
    verdict: Verdict
    reason: str
    results: tuple[Result, ...]
    threads: dict[str, int]
    requests: int
    seconds: float
    seed: int

    def of(self, outcome: Outcome, *, severity: Severity | None = None) -> list[Result]:
        """Return the results with this outcome, of one severity if it is given."""
        return [
            result for result in self.results if result.outcome is outcome and severity in (None, result.rule.severity)
        ]


def check(
    url: str,
    api_key: str,
    threads: Sequence[str],
    *,
    beta: str = "assistants=v1",
    seed: int = 0,
    rate: float | None = None,
    timeout: float = 10.0,
    max_requests: int = 600,
    max_seconds: float = 300.0,
    verify: bool | str = True,
    fail_fast: bool = False,
    progress: Callable[[str, int], None] = lambda _stage, _sent: None,
) -> Report:
    """Check a server against the contract.

    Args:
        url: The base URL, up to and without ``/threads``.
        api_key: A key that may read the threads. It is sent to this origin alone and stands in no report.
        threads: The ids of the threads to read. More of different sizes decide more rules.
        beta: The value of the OpenAI-Beta header that the server takes.
        seed: Decides what is drawn at random; the same seed sends the same requests to the same data.
        rate: The most requests a second.
        timeout: The longest that one answer may take, in seconds.
        max_requests: The most requests to send.
        max_seconds: The longest that the check may take, in seconds.
        verify: Whether to verify TLS certificates, or a bundle of authorities to trust.
        fail_fast: Whether to end the check at the first departure.
        progress: Called with the name of the stage and the number of requests so far.

    Returns:
        The report; a server that cannot be judged is a verdict, not an exception.

    Raises:
        ValueError: No thread was given, the URL is none of http or https, or the bundle of authorities is none.
    """
    if not threads:
        raise ValueError("No thread was given: name at least one that the key can read.")
    if not url.startswith(("http://", "https://")):
        raise ValueError(
            f"{url!r} is no http or https URL; give the base URL of the API, such as http://127.0.0.1:8000/v1."
        )
    began = time.monotonic()
    stage = "first contact"
    with Probe(
        url, api_key, beta=beta, timeout=timeout, max_requests=max_requests, max_seconds=max_seconds, rate=rate,
        verify=verify, on_request=lambda sent: progress(stage, sent),
    ) as probe:  # fmt: skip
        known = [Thread(thread_id) for thread_id in dict.fromkeys(threads)]
        docket = Docket(probe, known[0].request(), fail_fast)
        reason: str | None = None
        stopped: CannotJudge | None = None
        try:
            readable = contact(docket, known)
            missing = [thread for thread in known if thread not in readable]
            run = _Run(docket, readable, missing, Random(seed), seed)
            for stage, step in run.stages():
                progress(stage, probe.sent)
                step()
        except Departed:
            reason = "the check was to end at the first departure"
        except CannotJudge as error:
            stopped = error
            reason = probe.mask(str(error))
        results = tuple(docket.results(reason, stopped))
        return Report(
            url=probe.base_url,
            verdict=_verdict(docket, reason),
            reason=reason or "",
            results=results,
            threads={thread.id: len(thread.newest_first) for thread in known if thread.states},
            requests=probe.sent,
            seconds=round(time.monotonic() - began, 3),
            seed=seed,
        )


def _verdict(docket: Docket, reason: str | None) -> Verdict:
    if docket.departs:
        return Verdict.DEPARTS
    return Verdict.CONFORMS if reason is None else Verdict.UNDECIDED


class _Run:
    """The conversations, in the order in which each makes sense after the ones before."""

    def __init__(self, docket: Docket, threads: list[Thread], missing: list[Thread], random: Random, seed: int) -> None:
        self._docket = docket
        self._missing = missing
        self._threads = threads
        self._random = random
        self._seed = seed
        token = f"{random.getrandbits(80):020x}"
        self._unknown = f"thread_check{token}"
        self._stranger = f"run_check{token}"

    def stages(self) -> list[tuple[str, Callable[[], None]]]:
        """Return what is done, by name."""
        return [
            ("learning the threads", self._learn),
            ("pages", self._pages),
            ("cursors and parameters", self._refusals),
            ("credentials", self._credentials),
            ("methods", self._methods),
            ("generated requests", self._generated),
            ("random reads", self._drawn),
        ]

    def _learn(self) -> None:
        for thread in self._threads:
            self._converse(_learnt, thread)
        for thread in self._missing:
            self._converse(_given, thread)
        self._roles = roles(self._threads)
        # Whatever has runs proves more than what has none.
        self._main = self._roles["few"] or self._roles["largest"] or self._threads[0]

    def _pages(self) -> None:
        self._try("limit.range", refusals.accepted, "limit.range", self._main.request(Query(limit=1)))
        for thread in self._threads:
            also = None if thread.newest_first else "data.empty"
            for query in dict.fromkeys(self._queries(thread)):
                self._converse(reads.read, thread, query, also=also)
            if len(thread.newest_first) > 1 and not thread.unread:
                if thread is self._main or thread.ties or thread.reads["asc"] != thread.reads["desc"][::-1]:
                    self._converse(reads.reverse, thread)
                for limit, order, back in self._walks(thread):
                    self._converse(reads.walk, thread, limit, order, back=back)
        for _ in range(REPEATS):
            plain = self._main.request(Query(limit=LARGEST_LIMIT))
            self._try("data.stable", reads.same, "data.stable", plain, plain)

    def _queries(self, thread: Thread) -> list[Query]:
        """Pick the edges to read: all of the main thread, half of those that prove more, few of the others."""
        if thread is self._main:
            return list(reads.edges(thread))
        if thread in (self._roles["ties"], self._roles["largest"]):
            return list(reads.edges(thread, ("asc",) if thread is self._roles["ties"] else (None,)))
        queries = [query for query in reads.edges(thread, (None,)) if query.after is None and query.before is None]
        queries += [Query(after=run_id) for run_id in thread.newest_first[-1:]]
        if len(thread.newest_first) > DEFAULT_LIMIT and not thread.unread:
            # What is left is the default page exactly.
            queries += [Query(after=thread.newest_first[-1 - DEFAULT_LIMIT])]
            queries += [Query(before=thread.newest_first[DEFAULT_LIMIT])]
        return queries

    def _walks(self, thread: Thread) -> list[tuple[int | None, str | None, bool]]:
        """Pick the walks of a thread: limit, order, backwards; limits that divide its size, and that leave one over."""
        count = len(thread.newest_first)
        exact = next((size for size in (7, 9, 5, 10, 25, 3, 2) if count % size == 0 and count // size < 10), count)
        third = -(-count // 3)
        if count > LARGEST_LIMIT:
            return [(None, None, False), (50, "asc", False), (min(count // 2 + 1, LARGEST_LIMIT), "asc", True)]
        if thread in (self._main, self._roles["ties"]):
            walks: list[tuple[int | None, str | None, bool]] = [(third, None, False), (third, "asc", True)]
            walks += [(exact, "asc", False), (max(1, count // 4), None, True)]
            return [*walks, (1, None, False)] if count < 7 else walks
        return [(min(exact, LARGEST_LIMIT), self._random.choice([None, "asc"]), False)]

    def _refusals(self) -> None:
        thread = self._main
        others = [other for other in self._threads if other is not thread and other.newest_first]
        other = max(others, key=lambda candidate: len(candidate.newest_first), default=None)
        for rule, request, param in refusals.parameters(self._roles["largest"] or thread):
            self._try(rule, refusals.refused, rule, request, {400}, param)
        for value, number in refusals.spellings(self._random):
            self._try("limit.spelling", refusals.spelled, self._roles["largest"] or thread, value, number)
        for rule, request, param, statuses in refusals.cursors(thread, other, self._stranger):
            self._try(rule, refusals.refused, rule, request, statuses, param)
        if self._roles["empty"] not in (None, thread):
            for rule, request, param, statuses in refusals.without_runs(self._roles["empty"], self._stranger):
                self._try(rule, refusals.refused, rule, request, statuses, param)
        for request in refusals.odd_threads(thread, self._unknown):
            statuses = {400, 404, 414, 431} if len(request.thread) > 1000 else {400, 404}
            self._try("error.odd-thread", refusals.refused, "error.odd-thread", request, statuses, names=False)
        for query in (Query(), Query(limit=1, order="asc")):
            self._try("error.unknown-thread", refusals.unknown_thread, self._unknown, query)
        rule = "protocol.unknown-parameters"
        for plain, request in refusals.ignored(thread):
            self._try(rule, reads.same, rule, plain, request)
        rule = "protocol.encoded-path"
        self._try(rule, reads.same, rule, thread.request(), refusals.encoded(thread))
        self._try(rule, reads.same, rule, thread.request(Query(limit=1)), refusals.encoded_name(thread))
        pair = refusals.encoded_cursor(thread)
        if pair is not None:
            self._try(rule, reads.same, rule, *pair)

    def _credentials(self) -> None:
        thread = self._main
        for rule, request in refusals.unauthorized(thread, self._unknown):
            if rule == "auth.every-read":
                self._docket.ask(Request(request.thread, request.query))
            self._try(rule, refusals.refused, rule, request, {401})
        for other in filter(None, (self._roles["empty"], self._roles["largest"])):
            request = other.request(authorization=None)
            self._try("auth.required", refusals.refused, "auth.required", request, {401})
        for authorization in (None, f"Bearer {refusals.FAKE_KEY}"):
            self._try("auth.unknown-thread", refusals.outsider, thread, self._unknown, authorization)
        for rule, request in refusals.betas(thread, self._docket.probe.beta):
            self._try(rule, refusals.refused, rule, request, {400}, names=False)
        for rule, request in refusals.lenient_headers(thread, self._docket.probe.beta):
            self._try(rule, refusals.accepted, rule, request)
        self._try("error.code", refusals.codes, thread)

    def _methods(self) -> None:
        thread = self._main
        plain = Request(thread.segment)
        bad = Request(thread.segment, (("limit", "0"),))
        for request in (plain, thread.request(Query(limit=1, order="asc")), Request(self._unknown), bad):
            self._try("method.head", refusals.head, request)
        # That HEAD is refused altogether is judged above.
        for authorization in (None, f"Bearer {refusals.FAKE_KEY}"):
            request = evolve(plain, method="HEAD", authorization=authorization)
            self._try("auth.head", refusals.refused, "auth.head", request, {401, 405}, names=False)
        request = evolve(plain, method="HEAD", beta=None)
        self._try("beta.required", refusals.refused, "beta.required", request, {400, 405}, names=False)
        self._try("method.head-body", self._head_body)
        self._try("method.refused", refusals.methods, thread, self._unknown)

    def _head_body(self) -> reads.Conversation:
        plain = self._main.request(method="HEAD")
        yield plain
        findings: list[Finding] = []
        bad = evolve(plain, query=(("limit", "0"),))
        for request in (plain, bad, evolve(plain, thread=self._unknown), evolve(plain, authorization=None)):
            after = self._docket.probe.after_head(request)
            problem = f"{len(after)} bytes follow the header section" if after else None
            findings.append(Finding("method.head-body", problem, Exchange(request, 0)))
        return findings

    def _generated(self) -> None:
        self._docket.converse(
            lambda: generated.conversation(self._threads, self._seed, lambda: self._docket.probe.spare < SPARE),
            sure=True,
        )

    def _drawn(self) -> None:
        threads = [thread for thread in self._threads if thread.newest_first] or self._threads
        for number in range(DRAWN):
            thread = threads[number % len(threads)]
            # Every rule was reached before: what is left of the bounds goes here.
            if self._docket.probe.spare < SPARE:
                return
            self._converse(reads.read, thread, reads.anywhere(thread, self._random))

    def _converse(self, conversation: Callable[..., reads.Conversation], *args: Any, **options: Any) -> None:
        self._docket.converse(lambda: conversation(*args, **options))

    def _try(self, rule: str, conversation: Callable[..., reads.Conversation], *args: Any, **options: Any) -> None:
        """Hold a conversation, unless its rule has failed already."""
        if self._docket.open(rule):
            self._converse(conversation, *args, **options)


def _learnt(thread: Thread) -> reads.Conversation:
    exchanges = yield from thread.learn()
    findings = [Finding("data.given", None, exchanges[-1])]
    if thread.largest is None and exchanges[-1].status == 200:
        largest = yield thread.request(Query(limit=LARGEST_LIMIT))
        problem = None if largest.status == 200 else f"a limit of {LARGEST_LIMIT} is answered {largest.status}"
        findings.append(Finding("limit.largest", problem, largest))
    return findings


def _given(thread: Thread) -> reads.Conversation:
    exchange = yield thread.request()
    came = exchange.failure or str(exchange.status)
    problem = f"{thread.id!r} was given as a thread that exists, and {came} came; is the id right?"
    return [Finding("data.given", None if exchange.status == 200 else problem, exchange)]
