"""Mutation test of the contract check: it has to find every fault, and to accept every variation.

    python -m tests.mutants                 every fault, one seed
    python -m tests.mutants --seeds 10      ten seeds
    python -m tests.mutants --sample 4      four faults of each group, drawn by the seed
    python -m tests.mutants --few           with one thread of five runs
    python -m tests.mutants --whole         without an end at the first departure: no rule may stay unreached
    python -m tests.mutants NAME ...        these only, with every rule that found them

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

from tests.mutants.trials import Trial, known, sample, trial
from threadruns.contract.verdict import Verdict

MIN_NAMED_FEW = 0.85


def main() -> int:
    """Run the trials, print the results, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults and variations to try; all by default")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to try (default 1)")
    parser.add_argument("--sample", type=int, metavar="N", help="try only N faults of each group, others for each seed")
    parser.add_argument("--few", action="store_true", help="give the check one thread of five runs")
    parser.add_argument("--whole", action="store_true", help="do not end at the first departure")
    parser.add_argument("--workers", type=int, default=3, help="how many trials run at once (default 3)")
    options = parser.parse_args()
    groups = known()
    unknown = set(options.names) - groups.keys()
    if unknown:
        parser.error(f"no fault or variation is called {', '.join(map(repr, sorted(unknown)))}")
    began = time.monotonic()
    # The server logs errors that faults cause.
    with ProcessPoolExecutor(options.workers, initializer=logging.disable) as pool:
        jobs = []
        for seed in range(options.seeds):
            chosen = {name: groups[name] for name in options.names}
            chosen = chosen or (groups if options.sample is None else sample(options.sample, seed))
            for name, group in chosen.items():
                jobs.append(
                    pool.submit(trial, name, group, seed, few=options.few, whole=options.whole or bool(options.names))
                )
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
    unreached = [one for one in trials if one.unreached]
    for one in unreached:
        print(f"{one.unreached} rules not reached: {one}")
    print(f"{len(alarms)} false alarms on {len(correct)} correct servers")
    requests, seconds = max(one.requests for one in trials), max(one.seconds for one in trials)
    print(f"at most {requests} requests and {seconds:.1f} s for one server; {time.monotonic() - began:.0f} s in all")
    named = sum(one.named for one in faulty)
    return int(bool(alarms or unreached) or named < len(faulty) * (MIN_NAMED_FEW if options.few else 1))


def print_table(faulty: list[Trial]) -> None:
    """Print the number of faults of each group, of those found, and of those found by a rule of their group."""
    print("group      faults  found  named  not to be judged")
    for group in [*sorted({one.group for one in faulty}), *(["all"] if faulty else [])]:
        own = [one for one in faulty if group in (one.group, "all")]
        found, named, unjudged = (sum(getattr(one, what) for one in own) for what in ("found", "named", "unjudged"))
        print(f"{group:<10} {len(own):>6}  {found:>5}  {named:>5}  {unjudged:>16}  {named / len(own):.1%}")


if __name__ == "__main__":
    sys.exit(main())
