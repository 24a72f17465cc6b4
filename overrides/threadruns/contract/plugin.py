"""A pytest plugin: ``pytest -p threadruns.contract.plugin`` gives the fixture ``check_contract``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from threadruns.contract.check import check
from threadruns.contract.rules.rule import Severity
from threadruns.contract.verdict import Outcome, Report, Verdict


@pytest.fixture(scope="session")
def check_contract() -> Callable[..., Report]:
    """A function that checks a server and fails the test if it departs or cannot be judged.

    It takes what ``threadruns.contract.check`` takes and returns the report::

        def test_contract(my_server, check_contract):
            check_contract(my_server.url, "sk-test", ["thread_abc123"])
    """

    def checked(url: str, api_key: str, threads: list[str], **options: Any) -> Report:
        __tracebackhide__ = True
        report = check(url, api_key, threads, **options)
        if report.verdict is Verdict.UNDECIDED:
            pytest.fail(f"{report.url} could not be judged: {report.reason}", pytrace=False)
        failed = report.of(Outcome.FAIL, severity=Severity.DEPARTURE)
        if failed:
            lines = [f"{one.rule.id}: {one.rule.says}\n    {one.detail}\n    {one.request}" for one in failed]
            pytest.fail(f"{report.url} departs from the contract:\n" + "\n".join(lines), pytrace=False)
        return report

    return checked
