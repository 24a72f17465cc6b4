"""The judgement of a response by itself."""

from __future__ import annotations

import json

import pytest

from tests.support.limits import MAX_LIMIT
from threadruns.contract import example
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.responses import judge_response, retry_after_problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, None),
        ("0", None),
        ("20", None),
        ("0.05", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("soon", "expected seconds or an HTTP date"),
        ("-1", "expected seconds"),
        ("", "expected seconds"),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, problem: str | None) -> None:
    """Retry-After is a number of seconds or a date, or is absent."""
    headers = () if value is None else (("retry-after", value),)
    found = retry_after_problem(Exchange(ProbeRequest("t"), 429, headers))
    assert found is None if problem is None else problem in str(found)


def test_the_examples_are_valid_runs() -> None:
    """A page with the runs of any example thread passes every rule that judges a response by itself."""
    threads = example.threads()
    assert [len(runs) for runs in threads.values()] == list(example.SIZES)
    for runs in threads.values():
        body = {"object": "list", "data": runs[:MAX_LIMIT], "first_id": None, "last_id": None, "has_more": False}
        if runs:
            body |= {"first_id": runs[0]["id"], "last_id": runs[:MAX_LIMIT][-1]["id"]}
        exchange = Exchange(
            ProbeRequest("t"), 200, (("content-type", "application/json"),), json.dumps(body).encode("utf-8")
        )
        assert [finding.problem for finding in judge_response(exchange) if finding.problem] == []
