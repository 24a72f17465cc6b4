"""Mutation test of the contract check: every fault of the reference server must be found, every variation pass.

    python tests/contract/mutants.py                 every fault, one seed
    python tests/contract/mutants.py --seeds 10      ten seeds
    python tests/contract/mutants.py --sample 4      four faults of each group, drawn by the seed
    python tests/contract/mutants.py --few           with one thread of five runs
    python tests/contract/mutants.py NAME ...        these only, with all the rules that found them

A fault is *found* if the server departs, and *named* if a rule of its own kind says so. One that leaves nothing to
judge is found if the server cannot be judged, and named if the check stopped at the rule that is listed here. Prints
both for each group, the survivors by name, and the false alarms; exits 1 if there are any of either (with --few, if
fewer than 85 % are named).
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from random import Random
from typing import NamedTuple

from threadruns.contract import example
from threadruns.contract.check import check
from threadruns.contract.rules.rule import Severity
from threadruns.contract.verdict import Outcome, Verdict
from threadruns.server.faults import catalogue as faults
from threadruns.server.variations import catalogue as variations
from threadruns.testing import serve

FEW_SUFFICE = 0.85

SHOWN_BY: dict[str, dict[str, str]] = {
    "cursor": {"protocol": "that %75 is u holds for ids in a cursor as in a path"},
    "data": {
        "error": "a thread that is not there, or that something like its id finds, is judged by the error that was due",
        **dict.fromkeys(
            ("cursor", "limit", "order"), "a cache that forgets a parameter shows as a parameter that is ignored"
        ),
    },
    "error": {
        "protocol": "an error that is no JSON, or a 500, breaks what holds for every response",
        **dict.fromkeys(
            ("auth", "beta", "cursor", "limit", "method", "order"),
            "an error with a wrong status breaks the rule of what should have been refused",
        ),
    },
    "order": {"cursor": "an order that is forgotten beside a cursor shows in the page of that cursor"},
    "protocol": {
        "schema": "a body that is JSON, but not the page, has another shape",
        "error": "a path that is taken apart wrongly names an odd thread",
    },
    "schema": {"run": "fields that contradict each other are judged by the rules of a run, each kept by the schema"},
    "transport": {
        "protocol": "a response that is cut_page, coded or moved, or an error that is not documented",
        "auth": "a response that repeats the key",
        **dict.fromkeys(("cursor", "data", "has_more"), "pages that lead nowhere"),
    },
}
"""Besides its own, the groups of rules that name a fault of a group, each with the reason."""

NOTHING_TO_JUDGE: dict[str, str] = {
    # No response, or none that ends.
    **dict.fromkeys(("resets-unanswered", "closes-unanswered", "headers-without-end", "not-http"), "protocol.answers"),
    **dict.fromkeys(("stays-silent", "drips-body", "drips-headers", "answers-late", "body-vast"), "protocol.answers"),
    # Every request is one too many.
    **dict.fromkeys(("limited", "limited-shortly", "limited-for-an-hour", "limited-until-date"), "protocol.answers"),
    # What a gateway says of a server that is down.
    **dict.fromkeys(("status-502-html", "status-520-bare"), "protocol.server-error"),
    # What a server says of a wrong key, an unknown thread, another beta header, or a URL that is not its own.
    **dict.fromkeys(("status-400-passing", "status-403", "status-404-azure"), "data.given"),
    # What another site says.
    "html-with-status-200": "protocol.content-type",
    "key-echoed-in-page": "auth.not-echoed",
    "redirected-elsewhere": "protocol.status",
}
"""Faults by which a server cannot be told from another one, from none at all, or from a mistake of its user.

There *undecided* is right, with the rule at which the check has to stop.
"""

TIMEOUTS = {"answers-late": 0.1}
"""Timeouts in seconds that differ from the usual one: a server that is merely slow conforms."""


class Trial(NamedTuple):
    """One mutation and what the check made of it."""

    name: str
    group: str
    seed: int
    verdict: Verdict
    rules: dict[str, str]
    """What came, by the id of the rule that failed."""
    stopped: str
    """The rule at which the check had to stop; empty if it ended by itself."""
    reason: str
    requests: int
    seconds: float

    @property
    def unjudged(self) -> bool:
        """Whether the fault leaves nothing to judge, and the check says so by the right rule."""
        return self.verdict is Verdict.UNDECIDED and NOTHING_TO_JUDGE.get(self.name) == self.stopped

    @property
    def found(self) -> bool:
        """Whether the verdict is right for a fault."""
        return self.verdict is Verdict.DEPARTS or self.unjudged

    @property
    def named(self) -> bool:
        """Whether the verdict is right for a fault, and rests on a rule of its kind."""
        kinds = {self.group, *SHOWN_BY.get(self.group, ())}
        return self.unjudged or (self.found and any(rule.partition(".")[0] in kinds for rule in self.rules))

    def __str__(self) -> str:
        rules = ", ".join(self.rules) or self.stopped or "no rule"
        name = self.name or "the correct server"
        cost = f"{self.requests} requests, {self.seconds:.1f} s"
        return f"{name} ({self.group}, seed {self.seed}; {cost}): {self.verdict} by {rules}. {self.reason}"


def trial(name: str, group: str, seed: int = 0, *, few: bool = False, whole: bool = False) -> Trial:
    """Serve one mutation, the correct server if the name is empty, and check it.

    Args:
        name: The fault or variation.
        group: Its group; "variations" if it is none of the faults.
        seed: The seed of server and check.
        few: Whether to serve one thread of five runs only.
        whole: Whether to try every rule even once one of the right kind has failed.
    """
    threads = example.thread_ids((5,) if few else example.SIZES)
    mutation = {"variations" if group == "variations" else "faults": [name] if name else []}
    # What ends at the first departure is the beginning of the whole check: if it names the fault, so does the whole.
    for fail_fast in (True, False) if group != "variations" and not whole else (False,):
        runs = [run for thread in threads.values() for run in thread]
        with serve(runs=runs, threads=threads, api_key="sk-mutants-5b1c9d", seed=seed, **mutation) as server:
            report = check(
                server.url, server.api_key, list(threads), seed=seed, timeout=TIMEOUTS.get(name, 3.0), max_seconds=60,
                fail_fast=fail_fast,
            )  # fmt: skip
        rules = {found.rule.id: found.detail for found in report.of(Outcome.FAIL, severity=Severity.DEPARTURE)}
        stopped = next((result.rule.id for result in report.of(Outcome.ERROR) if result.request), "")
        tried = Trial(name, group, seed, report.verdict, rules, stopped, report.reason, report.requests, report.seconds)
        if tried.named or tried.stopped:
            break
    return tried


def known() -> dict[str, str]:
    """Return the group of every fault and variation by name; the correct server, first, is a variation without one."""
    groups = {name: fault.group for name, fault in faults().items()}
    return {"": "variations", **dict.fromkeys(variations(), "variations"), **groups}


def sample(size: int, seed: int = 0) -> dict[str, str]:
    """Return every variation, and so many faults of each group, drawn by the seed."""
    groups = known()
    drawn = [name for name, group in groups.items() if group == "variations"]
    for group in sorted(set(groups.values()) - {"variations"}):
        names = sorted(name for name in groups if groups[name] == group)
        drawn += Random(f"{group} {seed}").sample(names, min(size, len(names)))
    return {name: groups[name] for name in drawn}


def main() -> int:
    """Run the trials, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults and variations to try; all by default")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to try (default 1)")
    parser.add_argument("--sample", type=int, metavar="N", help="try only N faults of each group, others for each seed")
    parser.add_argument("--few", action="store_true", help="give the check one thread of five runs")
    parser.add_argument("--workers", type=int, default=3, help="how many trials run at once (default 3)")
    options = parser.parse_args()
    groups = known()
    unknown = set(options.names) - groups.keys()
    if unknown:
        parser.error(f"no fault or variation is called {', '.join(map(repr, sorted(unknown)))}")
    began = time.monotonic()
    # The server logs what a fault makes of it.
    with ProcessPoolExecutor(options.workers, initializer=logging.disable) as pool:
        jobs = []
        for seed in range(options.seeds):
            chosen = {name: groups[name] for name in options.names}
            chosen = chosen or (groups if options.sample is None else sample(options.sample, seed))
            for name, group in chosen.items():
                jobs.append(pool.submit(trial, name, group, seed, few=options.few, whole=bool(options.names)))
        for number, job in enumerate(as_completed(jobs), 1):
            print(f"{number}/{len(jobs)} {job.result()}", file=sys.stderr, flush=True)
        trials = [job.result() for job in jobs]
    faulty = [one for one in trials if one.group != "variations"]
    correct = [one for one in trials if one.group == "variations"]
    alarms = [one for one in correct if one.verdict is not Verdict.CONFORMS]
    print_table(faulty)
    for one in faulty:
        if not one.named:
            print(f"survivor{', though found' if one.found else ''}: {one}")
    for one in alarms:
        print(f"false alarm: {one}")
    if options.names:
        for one in trials:
            print(f"{one.name}:", *(f"{rule}: {came}" for rule, came in one.rules.items()), sep="\n  ")
    print(f"{len(alarms)} false alarms on {len(correct)} correct servers")
    requests, seconds = max(one.requests for one in trials), max(one.seconds for one in trials)
    print(f"at most {requests} requests and {seconds:.1f} s for one server; {time.monotonic() - began:.0f} s in all")
    named = sum(one.named for one in faulty)
    return int(bool(alarms) or named < len(faulty) * (FEW_SUFFICE if options.few else 1))


def print_table(faulty: list[Trial]) -> None:
    """Print how many faults of each group were found, and how many of them by a rule of their kind."""
    print("group      faults  found  named  not to be judged")
    for group in [*sorted({one.group for one in faulty}), *(["all"] if faulty else [])]:
        own = [one for one in faulty if group in (one.group, "all")]
        found, named, unjudged = (sum(getattr(one, what) for one in own) for what in ("found", "named", "unjudged"))
        print(f"{group:<10} {len(own):>6}  {found:>5}  {named:>5}  {unjudged:>16}  {named / len(own):.1%}")


if __name__ == "__main__":
    sys.exit(main())
