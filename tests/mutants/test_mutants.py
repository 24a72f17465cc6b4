"""The check against a sample of the faults of each group, and against every sixth variation.

``tox -e mutants`` tries all of them.
"""

from __future__ import annotations

import pytest

from tests.mutants.trials import NOTHING_TO_JUDGE, SHOWN_BY, known, sample, trial
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Verdict

SAMPLED = sample(2)
TRUNCATED = ["truncated-body", "length-too-small"]
"""Truncated bodies, which are faults and must not count as a server that cannot be judged."""


@pytest.mark.parametrize("name", [*(name for name, group in SAMPLED.items() if group != "variations"), *TRUNCATED])
def test_a_fault_is_found_by_a_rule_of_its_kind(name: str) -> None:
    """The check finds the fault by a rule of its group, or stops at the rule in NOTHING_TO_JUDGE."""
    tried = trial(name, known()[name])
    assert tried.named, tried


@pytest.mark.parametrize("name", [name for name, group in known().items() if group == "variations"][::6])
def test_a_correct_server_conforms_however_it_differs(name: str) -> None:
    """The check accepts a correct server with a variation."""
    tried = trial(name, "variations")
    assert tried.verdict is Verdict.CONFORMS, tried


def test_exceptions_exist() -> None:
    """The exceptions name faults, groups and rules that exist."""
    groups = known()
    assert NOTHING_TO_JUDGE.keys() <= groups.keys()
    assert SHOWN_BY.keys() <= set(groups.values())
    assert {group for kinds in SHOWN_BY.values() for group in kinds} <= {rule.group for rule in RULES.values()}
    assert set(NOTHING_TO_JUDGE.values()) <= RULES.keys()
    assert {groups[name] for name in NOTHING_TO_JUDGE} == {"transport", "protocol", "data"}
