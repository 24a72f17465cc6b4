"""Who asks, and what becomes of a suspicion: nothing is reported that did not come again when it was asked again.

A suspicion that does not come again is remembered; a second one under the same rule makes it a fault that comes and
goes. A rule under which nothing was found in its favour either is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import define, field

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.probe import CheckAborted, Probe
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.readings import compare_readings
from threadruns.contract.judging.responses import judge_response, retry_after_problem
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.scenarios import Scenario
from threadruns.contract.verdict import Outcome, Result


class FirstFailure(Exception):
    """A departure was found, and the first was to end the check."""


CONFIRMATIONS = 2
"""How often a suspicion is asked again at most."""


@define
class CheckSession:
    """Asks, collects what is found, and decides.

    Attributes:
        probe: What sends the requests.
        health_request: A plain read, to tell a server that is gone from one that does not answer a particular request.
        fail_fast: Whether the first departure ends the check.
    """

    probe: Probe
    health_request: ProbeRequest
    fail_fast: bool = False
    _failures: dict[str, Finding] = field(factory=dict[str, Finding], init=False)
    _passed: set[str] = field(factory=set[str], init=False)
    _unconfirmed: dict[str, list[Finding]] = field(factory=dict[str, list[Finding]], init=False)
    _runs_seen: dict[str, tuple[str, dict[str, Any]]] = field(factory=dict[str, tuple[str, dict[str, Any]]], init=False)
    _changing_runs: set[str] = field(factory=set[str], init=False)
    _request_ids: set[str] = field(factory=set[str], init=False)
    _retried: set[tuple[str, ProbeRequest]] = field(factory=set[tuple[str, ProbeRequest]], init=False)
    _bad_retry_after: Finding | None = field(default=None, init=False)
    _drops: int = field(default=0, init=False)

    def run(self, start: Callable[[], Scenario], *, confirmed: bool = False) -> None:
        """Hold a scenario; if it raises a suspicion, hold it again.

        Args:
            start: Starts the scenario, anew each time.
            confirmed: Whether the scenario itself asks again before it says that something is wrong.
        """
        suspected = self._record(self._run_once(start))
        if confirmed:
            self.confirm(suspected)
        for _ in range(CONFIRMATIONS):
            suspected = {rule: finding for rule, finding in suspected.items() if rule not in self._failures}
            if not suspected:
                return
            again = {finding.rule: finding for finding in self._run_once(start) if finding.problem is not None}
            self.confirm({rule: again[rule] for rule in suspected.keys() & again.keys()})
        self._record_unconfirmed(suspected)

    def _run_once(self, start: Callable[[], Scenario]) -> list[Finding]:
        scenario = start()
        try:
            request = next(scenario)
            while True:
                request = scenario.send(self.send_and_judge(request))
        except StopIteration as end:
            found: list[Finding] = end.value or []
            return found

    def send_and_judge(self, request: ProbeRequest) -> Exchange:
        """Send one request and judge its answer by itself."""
        exchange = self._send_or_abort(request)
        suspected = self._record(self._judge(exchange))
        for _ in range(CONFIRMATIONS):
            suspected = {
                rule: finding
                for rule, finding in suspected.items()
                if rule not in self._failures and (rule, request) not in self._retried
            }
            if not suspected:
                return exchange
            again = self._send_or_abort(request)
            findings = {finding.rule: finding for finding in self._judge(again) if finding.problem is not None}
            self.confirm({rule: findings[rule] for rule in suspected.keys() & findings.keys()})
        self._retried |= {(rule, request) for rule in suspected}
        self._record_unconfirmed({rule: finding for rule, finding in suspected.items() if rule not in self._failures})
        return exchange

    def confirm(self, findings: dict[str, Finding]) -> None:
        """Take findings that came more than once, by rule.

        Raises:
            FirstFailure: One of them is a departure, and the first was to end the check.
        """
        self._failures |= findings
        if self.fail_fast and self.departs:
            raise FirstFailure

    def not_failed(self, *rules: str) -> bool:
        """Say whether any of these rules has not failed yet."""
        return any(rule not in self._failures for rule in rules)

    @property
    def departs(self) -> bool:
        """Whether a rule of the severity of a departure has failed."""
        return any(RULES[rule].severity is Severity.DEPARTURE for rule in self._failures)

    def results(self, missing: str | None = None, stopped: CheckAborted | None = None) -> list[Result]:
        """Return the outcome of every rule.

        Args:
            missing: Why the check ended early, if it did.
            stopped: What ended it, if it came from the server.
        """
        results: list[Result] = []
        for rule in RULES.values():
            finding = self._failures.get(rule.id)
            if finding is not None:
                results.append(self._result(rule, Outcome.FAIL, finding.problem or "", finding.exchange))
            elif stopped is not None and stopped.rule == rule.id and stopped.exchange is not None:
                results.append(self._result(rule, Outcome.ERROR, stopped.came, stopped.exchange))
            elif rule.id in self._passed:
                results.append(Result(rule, Outcome.PASS))
            elif missing is not None:
                results.append(Result(rule, Outcome.ERROR, f"not reached: {self.probe.mask(missing)}"))
            else:
                results.append(Result(rule, Outcome.UNDECIDED, f"give {rule.needs} to decide it"))
        return results

    def _result(self, rule: Rule, outcome: Outcome, came: str, exchange: Exchange) -> Result:
        curl = exchange.request.curl(self.probe.base_url, self.probe.beta)
        return Result(rule, outcome, self.probe.mask(came), self.probe.mask(curl))

    def _record(self, findings: Iterable[Finding]) -> dict[str, Finding]:
        suspected: dict[str, Finding] = {}
        for finding in findings:
            if finding.problem is None:
                self._passed.add(RULES[finding.rule].id)
            elif finding.rule not in self._failures:
                suspected.setdefault(finding.rule, finding)
        return suspected

    def _record_unconfirmed(self, suspected: dict[str, Finding]) -> None:
        for rule, finding in suspected.items():
            unconfirmed = self._unconfirmed.setdefault(rule, [])
            unconfirmed.append(finding)
            if len(unconfirmed) > 1:
                self.confirm({rule: Finding(rule, f"now and then, {finding.problem}", finding.exchange)})

    def _judge(self, exchange: Exchange) -> list[Finding]:
        findings = [Finding("auth.not-echoed", self.probe.find_key(exchange), exchange)]
        if exchange.status == 200 and exchange.request.method == "GET" and exchange.runs:
            findings.extend(self._compare_with_earlier(exchange))
        findings.extend(judge_response(exchange, self._changing_runs))
        request_id = exchange.header("x-request-id")
        if request_id is not None:
            twice = f"{request_id!r} came twice" if request_id in self._request_ids else None
            findings.append(Finding("protocol.request-id", twice, exchange))
            self._request_ids.add(request_id)
        return findings

    def _compare_with_earlier(self, exchange: Exchange) -> Iterable[Finding]:
        asked = exchange.request.thread
        for run in exchange.runs:
            run_id = str(run.get("id"))
            thread, before = self._runs_seen.setdefault(run_id, (asked, run))
            yield Finding("data.same-run", compare_readings(before, run), exchange)
            if before.get("status") != run.get("status"):
                self._changing_runs.add(run_id)
            if before.get("status") != run.get("status") or before.get("metadata") != run.get("metadata"):
                # Callers may change the metadata of a run at any time; only metadata that comes and goes is a fault.
                self._runs_seen[run_id] = (thread, run)
            problem = None
            if "%" not in asked and run.get("thread_id") != asked:
                problem = f"{run_id!r} has thread_id {run.get('thread_id')!r} on a page of {asked!r}"
            elif "%" not in asked and "%" not in thread and thread != asked:
                problem = f"{run_id!r} stands on pages of two threads, {thread!r} and {asked!r}"
            yield Finding("data.own-thread", problem, exchange)

    def send(self, request: ProbeRequest) -> Exchange:
        """Send one request without judging its answer, only what came before it: dropped connections, and 429s."""
        try:
            exchange = self.probe.send(request)
        finally:
            for rate_limited in self.probe.rate_limited:
                self._judge_retry_after(rate_limited)
            self.probe.rate_limited.clear()
        self._drops += exchange.dropped and exchange.failure is None
        if self._drops > 1 and self.not_failed("protocol.answers"):
            came = "now and then, a fresh connection is dropped without an answer"
            self.confirm({"protocol.answers": Finding("protocol.answers", came, exchange)})
        return exchange

    def _judge_retry_after(self, exchange: Exchange) -> None:
        problem = retry_after_problem(exchange)
        if problem is None:
            return
        # No answer that asks to wait is asked for again, so the next one has to confirm it.
        finding = Finding("protocol.headers", problem, exchange)
        if self._bad_retry_after is not None and self.not_failed(finding.rule):
            self.confirm({finding.rule: finding})
        self._bad_retry_after = finding

    def _send_or_abort(self, request: ProbeRequest) -> Exchange:
        exchange = self.send(request)
        if exchange.failure is None or exchange.status:
            return exchange
        # One request that is not answered may be the server's fault; a server that is gone cannot be judged.
        health_request = self.send(self.health_request)
        if health_request.failure is not None:
            health_request = self.send(self.health_request)
        if health_request.failure is not None:
            came = f"the server no longer answers: {health_request.failure}"
            raise CheckAborted(came, "protocol.answers", health_request)
        return exchange
