"""The stages of a check: the scenarios in the order in which they are run."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from attrs import evolve

from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import CLOSE, PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import (
    Scenario,
    credentials,
    cursors,
    generated,
    methods,
    pages,
    parameters,
    request_headers,
    thread_ids,
)
from threadruns.contract.scenarios.expectations import WRONG_KEY, expect_page, expect_rejection
from threadruns.contract.scenarios.known_thread import KnownThread, choose_threads, read_missing_thread, read_thread
from threadruns.contract.scenarios.page_queries import edge_queries, random_query
from threadruns.contract.session import CheckSession

RANDOM_READS = 48
"""Number of requests for random pages."""

RESERVED_REQUESTS = 15
"""Number of requests that one read and the confirmation of its failure may take."""

REPEATED_READS = 6
"""Number of times that the same page is read again."""


class CheckPlan:
    """The scenarios of one check.

    Args:
        session: The session that runs them.
        threads: The threads that passed the preflight.
        unreadable: The threads that did not.
        random: The source of the random choices.
        seed: The seed of the generated requests.
    """

    def __init__(
        self,
        session: CheckSession,
        threads: list[KnownThread],
        unreadable: list[KnownThread],
        random: Random,
        seed: int,
    ) -> None:
        self._session = session
        self._unreadable = unreadable
        self._threads = threads
        self._random = random
        self._seed = seed
        token = f"{random.getrandbits(80):020x}"
        self._unknown_thread = f"thread_check{token}"
        self._unknown_run = f"run_check{token}"

    def stages(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the stages by name, in their order."""
        return [
            ("reading the threads", self._read_threads),
            ("pages", self._pages),
            ("cursors and parameters", self._parameters),
            ("credentials", self._credentials),
            ("methods", self._methods),
            ("generated requests", self._generated),
            ("random reads", self._random_reads),
        ]

    def _read_threads(self) -> None:
        for thread in self._threads:
            self._run(read_thread, thread)
        for thread in self._unreadable:
            self._run(read_missing_thread, thread)
        self._chosen = choose_threads(self._threads)
        # A thread with runs decides more rules than one without.
        self._main = self._chosen["few"] or self._chosen["largest"] or self._threads[0]

    def _pages(self) -> None:
        self._decide("limit.range", expect_page, "limit.range", self._main.request(PageQuery(limit=MIN_LIMIT)))
        for thread in self._threads:
            also = None if thread.newest_first else "data.empty"
            for query in dict.fromkeys(self._queries(thread)):
                self._run(pages.read_page, thread, query, self._session.is_settled, also=also)
            if len(thread.newest_first) > 1 and not thread.unread:
                if thread is self._main or thread.ties or thread.reads["asc"] != thread.reads["desc"][::-1]:
                    self._run(pages.compare_orders, thread)
                for limit, order, back in self._walks(thread):
                    self._run(pages.walk_pages, thread, limit, order, self._session.is_settled, back=back)
        for _ in range(REPEATED_READS):
            plain = self._main.request(PageQuery(limit=MAX_LIMIT))
            self._decide("data.stable", pages.compare_reads, "data.stable", plain, plain)

    def _queries(self, thread: KnownThread) -> list[PageQuery]:
        """Choose queries for a thread: all edges for the main thread, one order for two others, few for the rest."""
        if thread is self._main:
            return list(edge_queries(thread))
        if thread in (self._chosen["ties"], self._chosen["largest"]):
            return list(edge_queries(thread, ("asc",) if thread is self._chosen["ties"] else (None,)))
        queries = [query for query in edge_queries(thread, (None,)) if query.after is None and query.before is None]
        queries += [PageQuery(after=run_id) for run_id in thread.newest_first[-1:]]
        if len(thread.newest_first) > DEFAULT_LIMIT and not thread.unread:
            # Exactly one default page follows the cursor, or precedes it.
            queries += [PageQuery(after=thread.newest_first[-1 - DEFAULT_LIMIT])]
            queries += [PageQuery(before=thread.newest_first[DEFAULT_LIMIT])]
        return queries

    def _walks(self, thread: KnownThread) -> list[tuple[int | None, str | None, bool]]:
        """Choose the walks of a thread, as (limit, order, backwards). Some limits divide its number of runs exactly."""
        count = len(thread.newest_first)
        exact = next((size for size in (7, 9, 5, 10, 25, 3, 2) if count % size == 0 and count // size < 10), count)
        third = -(-count // 3)
        if count > MAX_LIMIT:
            return [(None, None, False), (MAX_LIMIT // 2, "asc", False), (min(count // 2 + 1, MAX_LIMIT), "asc", True)]
        if thread in (self._main, self._chosen["ties"]):
            walks: list[tuple[int | None, str | None, bool]] = [(third, None, False), (third, "asc", True)]
            walks += [(exact, "asc", False), (max(MIN_LIMIT, count // 4), None, True)]
            return [*walks, (MIN_LIMIT, None, False)] if count < 7 else walks
        return [(min(exact, MAX_LIMIT), self._random.choice([None, "asc"]), False)]

    def _parameters(self) -> None:
        thread = self._main
        others = [other for other in self._threads if other is not thread and other.newest_first]
        other = max(others, key=lambda candidate: len(candidate.newest_first), default=None)
        for rule, request, param in parameters.invalid_parameters(self._chosen["largest"] or thread):
            self._decide(rule, expect_rejection, rule, request, {400}, param)
        for value, number in parameters.limit_spellings(self._random):
            self._decide(
                "limit.spelling", parameters.read_limit_spelling, self._chosen["largest"] or thread, value, number
            )
        for rule, request, param, statuses in cursors.invalid_cursors(thread, other, self._unknown_run):
            self._decide(rule, expect_rejection, rule, request, statuses, param)
        if self._chosen["empty"] not in (None, thread):
            for rule, request, param, statuses in cursors.empty_thread_requests(
                self._chosen["empty"], self._unknown_run
            ):
                self._decide(rule, expect_rejection, rule, request, statuses, param)
        given = [one.id for one in (*self._threads, *self._unreadable)]
        for request in thread_ids.odd_threads(thread, given, self._unknown_thread):
            self._decide("error.odd-thread", thread_ids.read_odd_thread, thread, request, self._unknown_thread)
        for query in (PageQuery(), PageQuery(limit=MIN_LIMIT, order="asc")):
            self._decide("error.unknown-thread", thread_ids.unknown_thread, self._unknown_thread, query)
        rule = "protocol.unknown-parameters"
        for plain, request in parameters.unknown_parameters(thread):
            self._decide(rule, pages.compare_reads, rule, plain, request)
        rule = "protocol.encoded-path"
        self._decide(rule, pages.compare_reads, rule, thread.request(), thread_ids.encoded_id(thread))
        self._decide(
            rule, pages.compare_reads, rule, thread.request(PageQuery(limit=MIN_LIMIT)), parameters.encoded_name(thread)
        )
        pair = cursors.encoded_cursor(thread)
        if pair is not None:
            self._decide(rule, pages.compare_reads, rule, *pair)

    def _credentials(self) -> None:
        thread = self._main
        for rule, request in credentials.unauthorized(thread, self._unknown_thread):
            if not self._session.probe.is_wrong(request.authorization):
                continue
            if rule == "auth.every-read":
                self._session.send_and_judge(ProbeRequest(request.thread, request.query))
            self._decide(rule, expect_rejection, rule, request, {401})
        for other in filter(None, (self._chosen["empty"], self._chosen["largest"])):
            request = other.request(authorization=None)
            self._decide("auth.required", expect_rejection, "auth.required", request, {401})
        for authorization in (None, f"Bearer {WRONG_KEY}"):
            self._decide(
                "auth.unknown-thread",
                credentials.compare_known_and_unknown_thread,
                thread,
                self._unknown_thread,
                authorization,
            )
        for rule, request in request_headers.invalid_beta_headers(thread, self._session.probe.beta):
            self._decide(rule, expect_rejection, rule, request, {400}, judge_param=False)
        for rule, request in request_headers.equivalent_headers(thread, self._session.probe.beta):
            self._decide(rule, expect_page, rule, request)
        self._decide("error.code", request_headers.compare_error_codes, thread)

    def _methods(self) -> None:
        thread = self._main
        plain = ProbeRequest(thread.segment)
        invalid = ProbeRequest(thread.segment, (("limit", str(MIN_LIMIT - 1)),))
        for request in (
            plain,
            thread.request(PageQuery(limit=MIN_LIMIT, order="asc")),
            ProbeRequest(self._unknown_thread),
            invalid,
        ):
            self._decide("method.head", methods.compare_head, request)
        # A server without HEAD fails the rule above, not these.
        for authorization in (None, f"Bearer {WRONG_KEY}"):
            request = evolve(plain, method="HEAD", authorization=authorization)
            self._decide("auth.head", expect_rejection, "auth.head", request, {401, 405}, judge_param=False)
        request = evolve(plain, method="HEAD", beta=None)
        self._decide("beta.required", expect_rejection, "beta.required", request, {400, 405}, judge_param=False)
        self._decide("method.head-body", self._head_body)
        self._decide("method.refused", methods.try_other_methods, thread, self._unknown_thread)

    def _head_body(self) -> Scenario:
        plain = self._main.request(method="HEAD")
        yield plain
        findings: list[Finding] = []
        invalid = evolve(plain, query=(("limit", str(MIN_LIMIT - 1)),))
        for request in (plain, invalid, evolve(plain, thread=self._unknown_thread), evolve(plain, authorization=None)):
            after = self._session.probe.bytes_after_head(request)
            problem = f"the headers are followed by a body of length {len(after)}" if after else None
            shown = evolve(request, headers=(*request.headers, CLOSE))
            findings.append(Finding("method.head-body", problem, Exchange(shown, 0)))
        return findings

    def _generated(self) -> None:
        self._session.run(
            lambda: generated.run_generated(
                self._threads,
                self._seed,
                lambda: self._session.probe.remaining < RESERVED_REQUESTS,
                self._session.probe.seconds_left,
            ),
            confirmed=True,
        )

    def _random_reads(self) -> None:
        threads = [thread for thread in self._threads if thread.newest_first] or self._threads
        for number in range(RANDOM_READS):
            thread = threads[number % len(threads)]
            # Every rule has been tried by now: random reads only use the requests that remain.
            if self._session.probe.remaining < RESERVED_REQUESTS:
                return
            self._run(pages.read_page, thread, random_query(thread, self._random), self._session.is_settled)

    def _run(self, scenario: Callable[..., Scenario], *args: Any, **options: Any) -> None:
        self._session.run(lambda: scenario(*args, **options))

    def _decide(self, rule: str, scenario: Callable[..., Scenario], *args: Any, **options: Any) -> None:
        """Run the scenario that decides a rule, unless the rule has failed already."""
        if self._session.not_failed(rule):
            self._run(scenario, *args, **options)
