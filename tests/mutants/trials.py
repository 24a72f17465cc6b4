"""Trials: the contract check against a server with one fault or one variation."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from tests.mutants.corpus import GROUPS, MUTATIONS, VARIATIONS
from threadruns.contract import example
from threadruns.contract.check import check
from threadruns.contract.verdict import Outcome, Verdict
from threadruns.testing import serve

SHOWN_BY: dict[str, dict[str, str]] = {
    "cursor": {"protocol": "percent-decoding has one rule for cursors and for paths"},
    "data": {
        "error": "an unknown thread, or a similar id that is accepted, is found by the missing error",
        **dict.fromkeys(
            ("cursor", "limit", "order"), "a cache without a parameter in its key looks like an ignored parameter"
        ),
    },
    "error": {
        "protocol": "an error that is not JSON, or a 500, breaks a rule for every response",
        **dict.fromkeys(
            ("auth", "beta", "cursor", "limit", "method", "order"),
            "an error with a wrong status breaks the rule for the invalid request",
        ),
    },
    "order": {"cursor": "an order that is ignored with a cursor changes the page after that cursor"},
    "protocol": {
        "schema": "a body that is JSON but not a page breaks the schema",
        "error": "a path that is split wrongly names an unknown thread",
    },
    "schema": {"run": "contradicting fields break the rules of a run, not the schema"},
    "transport": {
        "protocol": "a response that is truncated, encoded or redirected, or an undocumented error",
        "auth": "a response that contains the key",
        **dict.fromkeys(("cursor", "data", "has_more"), "pages that do not lead to the next one"),
    },
}
"""The groups of rules, besides its own, that may find a fault of a group, each with the reason."""

NOTHING_TO_JUDGE: dict[str, str] = {
    # No response, or one without an end.
    **dict.fromkeys(
        ("resets-without-response", "closes-without-response", "closes-within-headers", "not-http"), "protocol.answers"
    ),
    **dict.fromkeys(("no-response", "slow-body", "slow-headers", "slow-response", "huge-body"), "protocol.answers"),
    # Every request is refused as one too many.
    **dict.fromkeys(
        ("status-429", "retry-after-short", "retry-after-hour", "retry-after-past-date"), "protocol.answers"
    ),
    # The errors of a gateway for a server that is down.
    **dict.fromkeys(("status-502-html", "status-520-empty"), "protocol.server-error"),
    # The errors for a wrong key, an unknown thread, another beta header or another URL.
    **dict.fromkeys(("status-400-retry", "status-403", "status-404-azure"), "data.given"),
    # The responses of another site.
    # A thread that is not found may be a mistyped id.
    "empty-thread-unknown": "data.given",
    "html-with-status-200": "protocol.content-type",
    "key-in-html": "auth.not-echoed",
    "redirect-to-other-origin": "protocol.status",
}
"""Faults with which a server looks like another one, like none at all, or like a mistake of its user.

There *undecided* is right, with the rule at which the check has to stop.
"""

TIMEOUTS = {"slow-response": 0.1}
"""Timeouts in seconds that differ from the usual one: a server that is merely slow conforms."""


class Trial(NamedTuple):
    """The result of the check for one mutation."""

    name: str
    group: str
    seed: int
    verdict: Verdict
    rules: dict[str, str]
    """The observed values, by the id of the rule that failed."""
    stopped: str
    """The rule at which the check stopped; empty if it ran to its end."""
    reason: str
    requests: int
    seconds: float
    unreached: int
    """The number of rules that the whole check did not reach; 0 if it was to end at the first departure."""

    @property
    def unjudged(self) -> bool:
        """True if the fault leaves nothing to judge, and the check stopped at the right rule."""
        return self.verdict is Verdict.UNDECIDED and NOTHING_TO_JUDGE.get(self.name) == self.stopped

    @property
    def found(self) -> bool:
        """True if the verdict is right for a fault."""
        return self.verdict is Verdict.DEPARTS or self.unjudged

    @property
    def named(self) -> bool:
        """True if the verdict is right for a fault and rests on a rule of its group."""
        kinds = {self.group, *SHOWN_BY.get(self.group, ())}
        return self.unjudged or (self.found and any(rule.partition(".")[0] in kinds for rule in self.rules))

    def __str__(self) -> str:
        rules = ", ".join(self.rules) or self.stopped or "no rule"
        name = self.name or "the correct server"
        cost = f"{self.requests} requests, {self.seconds:.1f} s"
        return f"{name} ({self.group}, seed {self.seed}; {cost}): {self.verdict} by {rules}. {self.reason}"


def trial(name: str, group: str, seed: int = 0, *, few: bool = False, whole: bool = False) -> Trial:
    """Run the check against a server with one mutation, or against the correct server if the name is empty.

    Args:
        name: The fault or variation.
        group: Its group; "variations" for a variation.
        seed: The seed of server and check.
        few: Whether to serve one thread of five runs only.
        whole: Whether to try every rule even once one of the right kind has failed.
    """
    threads = example.threads((5,) if few else example.SIZES)
    mutation = {"variations" if group == "variations" else "faults": [name] if name else []}
    # The check up to the first departure is the beginning of the whole check: a fault that it finds counts as found.
    for fail_fast in (True, False) if group != "variations" and not whole else (False,):
        runs = [run for thread in threads.values() for run in thread]
        with serve(
            runs=runs, threads=threads, api_key="sk-mutants-5b1c9d", seed=seed, catalogue=MUTATIONS, **mutation
        ) as server:
            report = check(
                server.url, server.api_key, list(threads), seed=seed, timeout=TIMEOUTS.get(name, 3.0), max_seconds=60,
                fail_fast=fail_fast,
            )  # fmt: skip
        rules = {found.rule.id: found.observed for found in report.departures}
        stopped = next((result.rule.id for result in report.of(Outcome.ERROR) if result.observed), "")
        unreached = 0 if fail_fast or stopped else len(report.of(Outcome.ERROR))
        tried = Trial(
            name, group, seed, report.verdict, rules, stopped, report.reason, report.requests, report.seconds, unreached
        )
        if tried.named or tried.stopped:
            break
    return tried


def known() -> dict[str, str]:
    """Return the group of every fault and variation by name; the correct server, first, has an empty name."""
    return {"": "variations", **dict.fromkeys(VARIATIONS, "variations"), **GROUPS}


def sample(size: int, seed: int = 0) -> dict[str, str]:
    """Return every variation, and this number of random faults of each group."""
    groups = known()
    drawn = [name for name, group in groups.items() if group == "variations"]
    for group in sorted(set(groups.values()) - {"variations"}):
        names = sorted(name for name in groups if groups[name] == group)
        drawn += Random(f"{group} {seed}").sample(names, min(size, len(names)))
    return {name: groups[name] for name in drawn}
