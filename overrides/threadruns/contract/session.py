"""Sends the requests of scenarios, confirms failures, and collects the outcome of every rule.

Only a failure that repeats is reported. One that does not repeat is remembered; a second one under the same rule is
reported as intermittent. A rule that neither failed nor passed is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import define, field

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.probe import CheckAborted, Probe
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.causes import cause_of
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.origin import KnownOrigin
from threadruns.contract.judging.readings import compare_readings, metadata_returned
from threadruns.contract.judging.responses import judge_response, retry_after_problem
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.needs import ALL_NEEDS, NEEDS, Need
from threadruns.contract.rules.rule import Severity
from threadruns.contract.scenarios import Scenario


class FirstFailure(Exception):
    """The first departure, found by a check that was to end there."""


CONFIRMATIONS = 2
"""The number of times that a scenario or request is repeated to confirm a failure."""


@define
class CheckSession:
    """The requests of one check, and the findings so far.

    Attributes:
        probe: The sender of the requests.
        health_request: A plain read, sent after a request without a response, to learn whether the server is down.
        fail_fast: Whether the first departure ends the check.
        origin: What tells the responses of the server from those of an intermediary.
    """

    probe: Probe
    health_request: ProbeRequest
    fail_fast: bool = False
    origin: KnownOrigin = field(factory=KnownOrigin)
    _failures: dict[str, Finding] = field(factory=dict[str, Finding], init=False)
    _passed: set[str] = field(factory=set[str], init=False)
    _needs_met: set[Need] = field(factory=set[Need], init=False)
    _unconfirmed: set[str] = field(factory=set[str], init=False)
    _runs_seen: dict[str, tuple[Exchange, dict[str, Any]]] = field(
        factory=dict[str, tuple[Exchange, dict[str, Any]]], init=False
    )
    _former_metadata: dict[str, list[Any]] = field(factory=dict[str, list[Any]], init=False)
    _changing_runs: set[str] = field(factory=set[str], init=False)
    _request_ids: set[str] = field(factory=set[str], init=False)
    _retried: set[tuple[str, ProbeRequest]] = field(factory=set[tuple[str, ProbeRequest]], init=False)
    _bad_retry_after: bool = field(default=False, init=False)
    _drops: int = field(default=0, init=False)

    def run(self, start: Callable[[], Scenario], *, confirmed: bool = False) -> None:
        """Run a scenario, and run it again to confirm its failures.

        Args:
            start: Returns the scenario, a new one each time.
            confirmed: Whether the scenario confirms its failures itself.
        """
        suspected = self._record(self._run_once(start))
        self.confirm({rule: one for rule, one in suspected.items() if confirmed or self.is_explained(one)})
        for _ in range(CONFIRMATIONS):
            suspected = {rule: finding for rule, finding in suspected.items() if self.not_failed(rule)}
            if not suspected:
                return
            again = self._problems(self._run_once(start))
            self.confirm({rule: again[rule] for rule in suspected.keys() & again.keys()})
        self._record_unconfirmed(suspected)

    def _run_once(self, start: Callable[[], Scenario]) -> list[Finding]:
        scenario = start()
        try:
            request = next(scenario)
            while True:
                request = scenario.send(self.send_and_judge(request))
        except StopIteration as end:
            findings: list[Finding] = end.value or []
            return findings

    def send_and_judge(self, request: ProbeRequest) -> Exchange:
        """Send a request and judge its response by itself."""
        exchange = self._send_or_abort(request)
        suspected = self._record(self._judge(exchange))
        self.confirm({rule: one for rule, one in suspected.items() if self.is_explained(one)})
        for _ in range(CONFIRMATIONS):
            suspected = {
                rule: finding
                for rule, finding in suspected.items()
                if self.not_failed(rule) and (rule, request) not in self._retried
            }
            if not suspected:
                return exchange
            again = self._send_or_abort(request)
            findings = self._problems(self._judge(again))
            self.confirm({rule: findings[rule] for rule in suspected.keys() & findings.keys()})
        self._retried |= {(rule, request) for rule in suspected}
        self._record_unconfirmed({rule: finding for rule, finding in suspected.items() if self.not_failed(rule)})
        return exchange

    def confirm(self, findings: dict[str, Finding]) -> None:
        """Record failures that repeated, by rule.

        Raises:
            FirstFailure: One of them is a departure, and the first departure ends the check.
        """
        self._failures |= findings
        if self.fail_fast and self.departs:
            raise FirstFailure

    def is_explained(self, finding: Finding) -> bool:
        """Tell whether a failure needs no confirmation, because a cause that is established explains it."""
        if self.origin.is_gateway_error(finding.exchange):
            return False
        return cause_of(finding, self._failures.values()) is not None

    def is_settled(self, findings: Iterable[Finding]) -> bool:
        """Tell whether no failure among the findings needs a further look: its rule failed before, or is explained."""
        return all(
            finding.problem is None or not self.not_failed(finding.rule) or self.is_explained(finding)
            for finding in findings
        )

    def not_failed(self, rule: str) -> bool:
        """Tell whether a rule has not failed so far."""
        return rule not in self._failures

    @property
    def departs(self) -> bool:
        """True once a rule has failed whose failure is a departure."""
        return any(RULES[rule].severity is Severity.DEPARTURE for rule in self._failures)

    @property
    def failures(self) -> dict[str, Finding]:
        """The confirmed failures, by rule."""
        return self._failures

    def passed(self, rule: str) -> bool:
        """Tell whether a rule passed, on runs of every kind that it needs."""
        return rule in self._passed and not self.unmet_needs(rule)

    def unmet_needs(self, rule: str) -> tuple[Need, ...]:
        """Return the kinds of runs that decide a rule and were not there."""
        return tuple(need for need in NEEDS.get(rule, ()) if need not in self._needs_met)

    def _record(self, findings: Iterable[Finding]) -> dict[str, Finding]:
        suspected: dict[str, Finding] = {}
        for finding in findings:
            if not self.origin.proves(finding.exchange):
                continue
            if finding.problem is None:
                self._passed.add(RULES[finding.rule].id)
            elif self.not_failed(finding.rule):
                suspected.setdefault(finding.rule, finding)
        return suspected

    def _problems(self, findings: Iterable[Finding]) -> dict[str, Finding]:
        return {
            finding.rule: finding
            for finding in findings
            if finding.problem is not None and self.origin.proves(finding.exchange)
        }

    def _record_unconfirmed(self, suspected: dict[str, Finding]) -> None:
        for rule, finding in suspected.items():
            if self.origin.is_gateway_error(finding.exchange):
                continue
            if rule in self._unconfirmed:
                self.confirm({rule: Finding(rule, f"intermittently, {finding.problem}", finding.exchange)})
            self._unconfirmed.add(rule)

    def _judge(self, exchange: Exchange) -> list[Finding]:
        findings: list[Finding] = []
        if self.probe.can_find_key(exchange.request):
            findings.append(Finding("auth.not-echoed", self.probe.find_key(exchange), exchange))
        if exchange.status == 200 and exchange.request.method == "GET" and exchange.runs:
            findings.extend(self._compare_with_earlier(exchange))
        findings.extend(judge_response(exchange, self._changing_runs))
        request_id = exchange.header("x-request-id")
        if request_id is not None:
            problem = f"two responses have the id {request_id!r}" if request_id in self._request_ids else None
            findings.append(Finding("protocol.request-id", problem, exchange))
            self._request_ids.add(request_id)
        return findings

    def _compare_with_earlier(self, exchange: Exchange) -> Iterable[Finding]:
        requested = exchange.request.thread
        for run in exchange.runs:
            run_id = str(run.get("id"))
            self._needs_met |= {need for need in ALL_NEEDS - self._needs_met if need.is_met(run)}
            earlier, before = self._runs_seen.setdefault(run_id, (exchange, run))
            thread = earlier.request.thread
            former = self._former_metadata.setdefault(run_id, [])
            metadata = before.get("metadata"), run.get("metadata")
            changed = compare_readings(before, run) or metadata_returned(run_id, former, *metadata)
            yield Finding("data.same-run", changed, exchange, earlier)
            if metadata[0] != metadata[1]:
                former.append(metadata[0])
            if before.get("status") != run.get("status"):
                self._changing_runs.add(run_id)
            if before.get("status") != run.get("status") or metadata[0] != metadata[1]:
                # Callers may change the metadata of a run at any time: only metadata that changes back is a fault.
                self._runs_seen[run_id] = (exchange if thread == requested else earlier, run)
            problem, other = None, None
            if "%" not in requested and run.get("thread_id") != requested:
                problem = f"{run_id!r} has thread_id {run.get('thread_id')!r} on a page of {requested!r}"
            elif "%" not in requested and "%" not in thread and thread != requested:
                problem = f"{run_id!r} is on pages of two threads, {thread!r} and {requested!r}"
                other = earlier
            yield Finding("data.own-thread", problem, exchange, other)

    def send(self, request: ProbeRequest) -> Exchange:
        """Send a request without judging its response, except for dropped connections and earlier 429 responses."""
        try:
            exchange = self.probe.send(request)
            self.origin.learn(exchange)
        finally:
            for rate_limited in self.probe.rate_limited:
                self._judge_retry_after(rate_limited)
                self._judge_overload(rate_limited)
            self.probe.rate_limited.clear()
        self._drops += exchange.dropped and exchange.failure is None and self.origin.proves(exchange)
        if self._drops > 1 and self.not_failed("protocol.answers"):
            problem = "intermittently, the server closes a new connection without a response"
            self.confirm({"protocol.answers": Finding("protocol.answers", problem, exchange)})
        return exchange

    def _judge_overload(self, exchange: Exchange) -> None:
        if (
            exchange.status == 503
            and exchange.header("retry-after") is None
            and self.not_failed("protocol.server-error")
        ):
            finding = Finding("protocol.server-error", "the server failed with 503", exchange)
            self._record_unconfirmed({finding.rule: finding})

    def _judge_retry_after(self, exchange: Exchange) -> None:
        problem = retry_after_problem(exchange)
        if problem is None:
            return
        # A rate-limited request is not repeated to confirm a failure, so the next such response confirms it.
        if self._bad_retry_after and self.not_failed("protocol.headers"):
            self.confirm({"protocol.headers": Finding("protocol.headers", problem, exchange)})
        self._bad_retry_after = True

    def _send_or_abort(self, request: ProbeRequest) -> Exchange:
        exchange = self.send(request)
        if exchange.failure is None or exchange.status:
            return exchange
        # A single request without a response may be a fault of the server; a server that is down cannot be judged.
        health = self.send(self.health_request)
        if health.failure is not None:
            health = self.send(self.health_request)
        if health.failure is not None:
            raise CheckAborted(f"the server no longer responds: {health.failure}", "protocol.answers", health)
        return exchange
