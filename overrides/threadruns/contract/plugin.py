"""A pytest plugin: ``pytest -p threadruns.contract.plugin`` provides the fixture ``check_contract``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from threadruns.contract.check import check
from threadruns.contract.verdict import Report, Verdict


@pytest.fixture(scope="session")
def check_contract() -> Callable[..., Report]:
    """A function that checks a server, and fails the test if the server departs or cannot be judged.

    It takes the arguments of ``threadruns.contract.check`` and returns the report::

        def test_contract(my_server, check_contract):
            check_contract(my_server.url, "sk-test", ["thread_abc123"])
    """

    def check_or_fail(url: str, api_key: str, threads: list[str], **options: Any) -> Report:
        __tracebackhide__ = True
        report = check(url, api_key, threads, **options)
        if report.verdict is Verdict.UNDECIDED:
            pytest.fail(f"{report.url} could not be judged: {report.reason}", pytrace=False)
        if report.departures:
            lines = [
                f"{failed.rule.id}: {failed.rule.description}\n    {failed.observed}\n    {failed.reproduce}"
                for failed in report.departures
            ]
            pytest.fail(f"{report.url} departs from the contract:\n" + "\n".join(lines), pytrace=False)
        return report

    return check_or_fail
