"""Who asks, and what becomes of a suspicion: nothing is reported that did not come again when it was asked again.

A suspicion that does not come again is remembered; a second one under the same rule makes it a fault that comes and
goes. A rule under which nothing was found in its favour either is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from attrs import define, field, frozen

from threadruns.contract import judge
from threadruns.contract.exchanges import Exchange, Request
from threadruns.contract.judge import Finding
from threadruns.contract.probe import CannotJudge, Probe
from threadruns.contract.reads import Conversation
from threadruns.contract.rules import RULES, Rule, Severity


class Departed(Exception):
    """A departure was found, and the first was to end the check."""


AGAIN = 2
"""How often a suspicion is asked again at most."""


class Outcome(StrEnum):
    """What became of a rule."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"


class Verdict(StrEnum):
    """What became of the whole."""

    CONFORMS = "conforms"
    DEPARTS = "departs"
    UNDECIDED = "undecided"


@frozen
class Result:
    """One rule and its outcome.

    Attributes:
        rule: The rule.
        outcome: What became of it.
        detail: What was expected and what came, or what would decide the rule; empty if it passed.
        request: The curl command that shows it; empty if there is none, as for a rule that was not reached.
    """

    rule: Rule
    outcome: Outcome
    detail: str = ""
    request: str = ""


@define
class Docket:
    """Asks, collects what is found, and decides.

    Attributes:
        probe: What sends the requests.
        pulse: A plain read, to tell a server that is gone from one that does not answer a particular request.
        fail_fast: Whether the first departure ends the check.
    """

    probe: Probe
    pulse: Request
    fail_fast: bool = False
    _found: dict[str, Finding] = field(factory=dict[str, Finding], init=False)
    _kept: set[str] = field(factory=set[str], init=False)
    _fleeting: dict[str, list[Finding]] = field(factory=dict[str, list[Finding]], init=False)
    _seen: dict[str, tuple[str, dict[str, Any]]] = field(factory=dict[str, tuple[str, dict[str, Any]]], init=False)
    _changed: set[str] = field(factory=set[str], init=False)
    _request_ids: set[str] = field(factory=set[str], init=False)
    _rechecked: set[tuple[str, Request]] = field(factory=set[tuple[str, Request]], init=False)
    _unclear: Finding | None = field(default=None, init=False)
    _dropped: int = field(default=0, init=False)

    def converse(self, start: Callable[[], Conversation], *, sure: bool = False) -> None:
        """Hold a conversation; if it raises a suspicion, hold it again.

        Args:
            start: Starts the conversation, anew each time.
            sure: Whether the conversation itself asks again before it says that something is wrong.
        """
        suspicions = self._record(self._hold(start))
        if sure:
            self.confirm(suspicions)
        for _ in range(AGAIN):
            suspicions = {rule: finding for rule, finding in suspicions.items() if rule not in self._found}
            if not suspicions:
                return
            again = {finding.rule: finding for finding in self._hold(start) if finding.problem is not None}
            self.confirm({rule: again[rule] for rule in suspicions.keys() & again.keys()})
        self._let_go(suspicions)

    def _hold(self, start: Callable[[], Conversation]) -> list[Finding]:
        conversation = start()
        try:
            request = next(conversation)
            while True:
                request = conversation.send(self.ask(request))
        except StopIteration as end:
            found: list[Finding] = end.value or []
            return found

    def ask(self, request: Request) -> Exchange:
        """Send one request and judge its answer by itself."""
        exchange = self._answered(request)
        suspicions = self._record(self._judged(exchange))
        for _ in range(AGAIN):
            suspicions = {
                rule: finding
                for rule, finding in suspicions.items()
                if rule not in self._found and (rule, request) not in self._rechecked
            }
            if not suspicions:
                return exchange
            again = self._answered(request)
            findings = {finding.rule: finding for finding in self._judged(again) if finding.problem is not None}
            self.confirm({rule: findings[rule] for rule in suspicions.keys() & findings.keys()})
        self._rechecked |= {(rule, request) for rule in suspicions}
        self._let_go({rule: finding for rule, finding in suspicions.items() if rule not in self._found})
        return exchange

    def confirm(self, findings: dict[str, Finding]) -> None:
        """Take findings that came more than once, by rule.

        Raises:
            Departed: One of them is a departure, and the first was to end the check.
        """
        self._found |= findings
        if self.fail_fast and self.departs:
            raise Departed

    def open(self, *rules: str) -> bool:
        """Say whether any of these rules has not failed yet."""
        return any(rule not in self._found for rule in rules)

    @property
    def departs(self) -> bool:
        """Whether a rule of the severity of a departure has failed."""
        return any(RULES[rule].severity is Severity.DEPARTURE for rule in self._found)

    def results(self, missing: str | None = None, stopped: CannotJudge | None = None) -> list[Result]:
        """Return the outcome of every rule.

        Args:
            missing: Why the check ended early, if it did.
            stopped: What ended it, if it came from the server.
        """
        results: list[Result] = []
        for rule in RULES.values():
            finding = self._found.get(rule.id)
            if finding is not None:
                results.append(self._shown(rule, Outcome.FAIL, finding.problem or "", finding.exchange))
            elif stopped is not None and stopped.rule == rule.id and stopped.exchange is not None:
                results.append(self._shown(rule, Outcome.ERROR, stopped.came, stopped.exchange))
            elif rule.id in self._kept:
                results.append(Result(rule, Outcome.PASS))
            elif missing is not None:
                results.append(Result(rule, Outcome.ERROR, f"not reached: {self.probe.mask(missing)}"))
            else:
                results.append(Result(rule, Outcome.UNDECIDED, f"give {rule.needs} to decide it"))
        return results

    def _shown(self, rule: Rule, outcome: Outcome, came: str, exchange: Exchange) -> Result:
        curl = exchange.request.curl(self.probe.base_url, self.probe.beta)
        return Result(rule, outcome, self.probe.mask(came), self.probe.mask(curl))

    def _record(self, findings: Iterable[Finding]) -> dict[str, Finding]:
        suspicions: dict[str, Finding] = {}
        for finding in findings:
            if finding.problem is None:
                self._kept.add(RULES[finding.rule].id)
            elif finding.rule not in self._found:
                suspicions.setdefault(finding.rule, finding)
        return suspicions

    def _let_go(self, suspicions: dict[str, Finding]) -> None:
        for rule, finding in suspicions.items():
            fleeting = self._fleeting.setdefault(rule, [])
            fleeting.append(finding)
            if len(fleeting) > 1:
                self.confirm({rule: Finding(rule, f"now and then, {finding.problem}", finding.exchange)})

    def _judged(self, exchange: Exchange) -> list[Finding]:
        findings = [Finding("auth.not-echoed", self.probe.leaks(exchange), exchange)]
        if exchange.status == 200 and exchange.request.method == "GET" and exchange.runs:
            findings.extend(self._against_earlier(exchange))
        findings.extend(judge.answer(exchange, self._changed))
        request_id = exchange.header("x-request-id")
        if request_id is not None:
            twice = f"{request_id!r} came twice" if request_id in self._request_ids else None
            findings.append(Finding("protocol.request-id", twice, exchange))
            self._request_ids.add(request_id)
        return findings

    def _against_earlier(self, exchange: Exchange) -> Iterable[Finding]:
        asked = exchange.request.thread
        for run in exchange.runs:
            run_id = str(run.get("id"))
            thread, before = self._seen.setdefault(run_id, (asked, run))
            yield Finding("data.same-run", judge.same_run(before, run), exchange)
            if before.get("status") != run.get("status"):
                self._changed.add(run_id)
            if before.get("status") != run.get("status") or before.get("metadata") != run.get("metadata"):
                # Callers may change the metadata of a run at any time; only metadata that comes and goes is a fault.
                self._seen[run_id] = (thread, run)
            problem = None
            if "%" not in asked and run.get("thread_id") != asked:
                problem = f"{run_id!r} has thread_id {run.get('thread_id')!r} on a page of {asked!r}"
            elif "%" not in asked and "%" not in thread and thread != asked:
                problem = f"{run_id!r} stands on pages of two threads, {thread!r} and {asked!r}"
            yield Finding("data.own-thread", problem, exchange)

    def send(self, request: Request) -> Exchange:
        """Send one request without judging its answer, only what came before it: dropped connections, and 429s."""
        try:
            exchange = self.probe.send(request)
        finally:
            for limited in self.probe.limited:
                self._heed(limited)
            self.probe.limited.clear()
        self._dropped += exchange.dropped and exchange.failure is None
        if self._dropped > 1 and self.open("protocol.answers"):
            came = "now and then, a fresh connection is dropped without an answer"
            self.confirm({"protocol.answers": Finding("protocol.answers", came, exchange)})
        return exchange

    def _heed(self, exchange: Exchange) -> None:
        problem = judge.retry_after(exchange)
        if problem is None:
            return
        # No answer that asks to wait is asked for again, so the next one has to confirm it.
        finding = Finding("protocol.headers", problem, exchange)
        if self._unclear is not None and self.open(finding.rule):
            self.confirm({finding.rule: finding})
        self._unclear = finding

    def _answered(self, request: Request) -> Exchange:
        exchange = self.send(request)
        if exchange.failure is None or exchange.status:
            return exchange
        # One request that is not answered may be the server's fault; a server that is gone cannot be judged.
        pulse = self.send(self.pulse)
        if pulse.failure is not None:
            pulse = self.send(self.pulse)
        if pulse.failure is not None:
            came = f"the server no longer answers: {pulse.failure}"
            raise CannotJudge(came, "protocol.answers", pulse)
        return exchange
