"""The check against servers that are wrong in one way, and against correct ones that differ: a sample of each group.

``tox -e mutants`` tries all of them.
"""

from __future__ import annotations

import pytest

from tests.mutants.trials import NOTHING_TO_JUDGE, SHOWN_BY, known, sample, trial
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Verdict

DRAWN = sample(2)
CUT = ["truncated-body", "length-too-small"]
"""A body that is cut is a fault that anybody could name; it must never pass for a server that cannot be judged."""


@pytest.mark.parametrize("name", [*(name for name, group in DRAWN.items() if group != "variations"), *CUT])
def test_a_fault_is_found_by_a_rule_of_its_kind(name: str) -> None:
    """The server departs, and a rule of the fault's kind says so; what is listed is undecided by the rule beside it."""
    tried = trial(name, known()[name])
    assert tried.named, tried


@pytest.mark.parametrize("name", [name for name, group in known().items() if group == "variations"])
def test_a_correct_server_conforms_however_it_differs(name: str) -> None:
    """What a server may do differently is no departure, and leaves it no server that cannot be judged."""
    tried = trial(name, "variations")
    assert tried.verdict is Verdict.CONFORMS, tried


def test_what_counts_as_found_names_what_exists() -> None:
    """The exceptions from a fault's own group of rules are faults and groups that there are."""
    groups = known()
    assert NOTHING_TO_JUDGE.keys() <= groups.keys()
    assert SHOWN_BY.keys() <= set(groups.values())
    assert {group for kinds in SHOWN_BY.values() for group in kinds} <= {rule.group for rule in RULES.values()}
    assert set(NOTHING_TO_JUDGE.values()) <= RULES.keys()
    assert {groups[name] for name in NOTHING_TO_JUDGE} == {"transport", "protocol"}
