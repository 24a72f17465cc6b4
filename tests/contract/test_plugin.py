"""The fixture for tests of servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.servers import FIVE, KEY
from threadruns.contract.plugin import check_contract  # noqa: F401
from threadruns.contract.verdict import Report, Verdict
from threadruns.testing import serve


def test_the_fixture_passes_a_correct_server(check_contract: Callable[..., Report]) -> None:  # noqa: F811
    """The fixture returns the report of a server that conforms."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
        assert check_contract(server.url, KEY, list(FIVE)).verdict is Verdict.CONFORMS


def test_the_fixture_fails_for_a_departure(check_contract: Callable[..., Report]) -> None:  # noqa: F811
    """The fixture fails the test, with the rule and what was observed."""
    with (
        serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true"]) as server,
        pytest.raises(pytest.fail.Exception, match=r"has_more\..*\n.*has_more is True, expected False"),
    ):
        check_contract(server.url, KEY, list(FIVE), fail_fast=True)
