"""Mutation test of the contract check: every fault of the reference server must be found, every variation pass.

    python tests/contract/mutants.py                 every fault, one seed
    python tests/contract/mutants.py --seeds 10      ten seeds
    python tests/contract/mutants.py --few           with one thread of five runs
    python tests/contract/mutants.py NAME ...        these only, with the rules that found them

Prints the kill rate of each group, the survivors by name, and the false alarms; exits 1 if there are any of either
(with --few, if fewer than 85 % are found).
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import NamedTuple

from threadruns.contract import example
from threadruns.contract.check import check
from threadruns.contract.docket import Outcome, Verdict
from threadruns.contract.rules import Severity
from threadruns.server.faults import catalogue as faults
from threadruns.server.variations import catalogue as variations
from threadruns.testing import serve

FEW_SUFFICE = 0.85

PERMITTED = {"limit-spaces-trimmed", "limit-plus-sign"}
"""Faults of our own server's strictness: others may read " 5" and "+5" as the number that they spell."""

UNJUDGEABLE = {"transport", "protocol"}
"""Groups with faults that leave nothing to judge, such as silence: there a verdict of undecided is the right one."""


class Trial(NamedTuple):
    """One deviation and what the check made of it."""

    name: str
    group: str
    seed: int
    verdict: Verdict
    rules: list[str]
    reason: str
    requests: int
    seconds: float

    @property
    def found(self) -> bool:
        """Whether the verdict is right for a fault."""
        allowed = {Verdict.DEPARTS, Verdict.UNDECIDED} if self.group in UNJUDGEABLE else {Verdict.DEPARTS}
        return self.verdict in allowed


def trial(name: str, group: str, seed: int, few: bool, fail_fast: bool) -> Trial:
    """Serve one deviation, the correct server if the name is empty, and check it."""
    logging.disable()  # the server logs what a fault makes of it
    threads = example.threads((5,) if few else example.SIZES)
    deviation = {"variations" if group == "variations" else "faults": [name] if name else []}
    runs = [run for thread in threads.values() for run in thread]
    with serve(runs=runs, threads=threads, api_key="sk-mutants-5b1c9d", seed=seed, **deviation) as server:
        report = check(
            server.url, server.api_key, list(threads), seed=seed, timeout=3, max_seconds=60, fail_fast=fail_fast
        )
    failed = report.of(Outcome.FAIL, severity=Severity.DEPARTURE)
    found = [f"{result.rule.id}: {result.detail}" for result in failed]
    return Trial(name, group, seed, report.verdict, found, report.reason, report.requests, report.seconds)


def main() -> int:
    """Run the trials, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults and variations to try; all by default")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to try (default 1)")
    parser.add_argument("--few", action="store_true", help="give the check one thread of five runs")
    parser.add_argument("--workers", type=int, default=2, help="how many trials run at once (default 2)")
    options = parser.parse_args()
    began = time.monotonic()
    known = {name: fault.group for name, fault in faults().items() if name not in PERMITTED} | dict.fromkeys(
        variations(), "variations"
    )
    unknown = set(options.names) - known.keys()
    if unknown:
        parser.error(f"no fault or variation is called {', '.join(map(repr, sorted(unknown)))}")
    chosen = {name: known[name] for name in options.names} or {"": "variations", **known}
    with ProcessPoolExecutor(options.workers) as pool:
        jobs = [
            pool.submit(trial, name, group, seed, options.few, not options.names)
            for seed in range(options.seeds)
            for name, group in chosen.items()
        ]
        for number, job in enumerate(as_completed(jobs), 1):
            one = job.result()
            print(f"{number}/{len(jobs)} {one.name} {one.verdict} {one.seconds:.1f} s", file=sys.stderr, flush=True)
        trials = [job.result() for job in jobs]
    faulty = [one for one in trials if one.group != "variations"]
    killed = Counter(one.group for one in faulty if one.found)
    print("group      found  faults")
    for group, count in sorted(Counter(one.group for one in faulty).items()):
        print(f"{group:<10} {killed[group]:>5}  {count:>6}")
    found, total = killed.total(), len(faulty)
    print(f"{'all':<10} {found:>5}  {total:>6}  ({found / max(total, 1):.1%})")
    unjudged = [one.name for one in faulty if one.found and one.verdict is Verdict.UNDECIDED]
    print(f"of these, {len(unjudged)} leave nothing to judge: {', '.join(unjudged) or 'none'}")
    for one in faulty:
        if not one.found:
            print(f"survivor: {one.name} ({one.group}, seed {one.seed}): {one.verdict}. {one.reason}")
    correct = [one for one in trials if one.group == "variations"]
    alarms = [one for one in correct if one.verdict is not Verdict.CONFORMS]
    for one in alarms:
        print(
            f"false alarm: {one.name or 'the correct server'} (seed {one.seed}): {one.verdict}. {one.reason}",
            *one.rules,
        )
    if options.names:
        for one in trials:
            print(f"{one.name}:", *one.rules, sep="\n  ")
    print(f"{len(alarms)} false alarms on {len(correct)} correct servers")
    requests, seconds = max(one.requests for one in trials), max(one.seconds for one in trials)
    print(f"at most {requests} requests and {seconds:.1f} s for one server; {time.monotonic() - began:.0f} s in all")
    return int(bool(alarms) or found < total * (FEW_SUFFICE if options.few else 1))


if __name__ == "__main__":
    sys.exit(main())
