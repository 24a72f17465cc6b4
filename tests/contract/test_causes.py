"""The causes under which a report lists failures, and what they save."""

from __future__ import annotations

import pytest

from tests.contract.servers import FIVE, KEY, THREADS, check_all, serve_all
from tests.mutants.corpus import FAULTS
from threadruns.contract.check import check
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.causes import cause_of
from threadruns.contract.judging.finding import Finding
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Outcome, Report
from threadruns.testing import serve


def check_faulty(*faults: str) -> Report:
    """Check a server with faults on a thread of five runs."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=faults, catalogue=FAULTS) as server:
        return check(server.url, KEY, list(FIVE))


@pytest.mark.parametrize(
    ("faults", "cause", "rules"),
    [
        (
            ["key-not-checked"],
            "no-authentication",
            {"auth.required", "auth.every-read", "auth.wrong-key", "auth.scheme"},
        ),
        (["after-ignored"], "cursors-ignored", {"cursor.after", "cursor.exclusive", "data.walk"}),
        (["order-default-ascending"], "another-order", {"order.default", "cursor.after", "cursor.before", "data.walk"}),
        (["before-reversed"], "cursors-ignored", {"cursor.before", "data.walk-back"}),
        (["has-more-always-true"], "wrong-has-more", {"has_more.first", "has_more.exact", "has_more.empty"}),
    ],
)
def test_failures_of_one_cause_are_one_finding(faults: list[str], cause: str, rules: set[str]) -> None:
    """The report has one cause with all the rules that it breaks."""
    report = check_faulty(*faults)
    (found,) = report.causes
    assert found.id == cause
    assert {result.rule.id for result in found.results} >= rules
    assert set(found.results) == set(report.of(Outcome.FAIL))


def test_pages_that_are_too_short_have_one_cause() -> None:
    """A server whose pages have at most 50 runs serves them in the right order, and uses its cursors."""
    with serve_all(faults=["largest-page-fifty"], catalogue=FAULTS) as server:
        report = check_all(server)
    assert [cause.id for cause in report.causes] == ["limit-ignored"]


def test_different_causes_are_listed_worst_first() -> None:
    """Credentials come before pages, pages before errors, and every failure belongs to one cause."""
    report = check_faulty("key-not-checked", "limit-ignored", "errors-in-html", "beta-not-checked")
    assert [cause.id for cause in report.causes] == [
        *("no-authentication", "limit-ignored", "beta-header-ignored", "other-errors"),
    ]
    listed = [result for cause in report.causes for result in cause.results]
    assert sorted(result.rule.id for result in listed) == sorted(one.rule.id for one in report.of(Outcome.FAIL))


@pytest.mark.parametrize(
    "faults",
    [
        ["has-more-always-true", "page-reversed"],
        ["key-not-checked", "after-ignored", "before-ignored", "limit-ignored", "errors-in-html", "order-by-status"],
    ],
)
def test_on_a_faulty_server_every_rule_is_reached(faults: list[str]) -> None:
    """Confirmations stop once a cause is established, so that the default number of requests is enough."""
    with serve_all(faults=faults, catalogue=FAULTS) as server:
        report = check_all(server)
    assert report.of(Outcome.ERROR) == []
    assert report.requests <= 600
    assert len(report.threads) == len(THREADS)


def finding(rule: str, status: int, **request: str | None) -> Finding:
    """Return a failure with a response of this status."""
    return Finding(rule, "x", Exchange(ProbeRequest("t", **request), status))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("confirmed", "also", "cause"),
    [
        (
            finding("auth.required", 403),
            finding("protocol.status", 403, authorization=None),
            "status-of-wrong-credentials",
        ),
        (finding("auth.required", 200), finding("auth.whole-key", 200), "no-authentication"),
        (finding("auth.wrong-key", 200), finding("auth.whole-key", 200), "any-key"),
        (finding("auth.required", 200), finding("auth.scheme-case", 401), None),
        (finding("limit.integer", 422), finding("order.values", 422), "status-of-invalid-parameters"),
        (finding("limit.integer", 422), finding("order.values", 200), None),
        (finding("cursor.unknown", 500), finding("protocol.server-error", 500), "server-errors"),
        (finding("cursor.after", 200), finding("cursor.after", 404), None),
        (finding("beta.required", 200), finding("beta.whole", 200), "beta-header-ignored"),
    ],
)
def test_a_cause_explains_failures_of_its_kind(confirmed: Finding, also: Finding, cause: str | None) -> None:
    """A failure of another kind is not explained, and has to be confirmed by itself."""
    found = cause_of(also, [confirmed])
    assert (found and found.id) == cause


def test_every_rule_can_fail_alone() -> None:
    """A failure that no cause explains has the name of its rule as its cause."""
    report = check_faulty("scheme-upper-case-refused")
    assert [cause.id for cause in report.causes] == ["auth.scheme-case"]
    assert report.causes[0].description == RULES["auth.scheme-case"].description
