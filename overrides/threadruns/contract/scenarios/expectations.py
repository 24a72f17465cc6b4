"""Scenarios of one request that must be rejected, or that must return a page."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.pages import count_runs
from threadruns.contract.scenarios import Scenario

WRONG_KEY = "sk-threadruns-check-d41d8cd98f00b204e9800998ecf8427e"
"""A key that is not valid on any server."""


def expect_rejection(
    rule: str, request: ProbeRequest, statuses: Collection[int], param: str | None = None, *, judge_param: bool = True
) -> Scenario:
    """Send a request that must be rejected.

    Args:
        rule: The rule that it decides.
        request: The request.
        statuses: The correct status codes.
        param: The expected ``param`` of the error.
        judge_param: Whether to judge ``param``.
    """
    exchange = yield request
    return list(judge_rejection(rule, exchange, statuses, param, judge_param=judge_param))


def judge_rejection(
    rule: str, exchange: Exchange, statuses: Collection[int], param: str | None, *, judge_param: bool
) -> Iterator[Finding]:
    """Judge the response to a request that must be rejected."""
    if exchange.failure is not None:
        return
    right = exchange.status in statuses
    expected = " or ".join(map(str, sorted(statuses)))
    got = f"{exchange.status}" + (f" with {count_runs(exchange.ids)}" if exchange.status == 200 else "")
    yield Finding(rule, None if right else f"expected {expected}, got {got}", exchange)
    if right and judge_param and "param" in exchange.error:
        found = exchange.error["param"]
        named = found == param
        yield Finding("error.param", None if named else f"param is {found!r}, expected {param!r}", exchange)
    if WRONG_KEY[8:] in exchange.body.decode("utf-8", "replace") + str(exchange.headers):
        yield Finding("auth.not-echoed", "the response contains the wrong key that was sent", exchange)


def expect_page(rule: str, request: ProbeRequest) -> Scenario:
    """Send a request that must return a page."""
    exchange = yield request
    if exchange.failure is not None or exchange.status >= 500:
        return []
    right = exchange.status == 200
    return [Finding(rule, None if right else f"expected a page, got {exchange.status}", exchange)]
