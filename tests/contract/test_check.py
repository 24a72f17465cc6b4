"""The check as a whole: verdicts, limits, and the requests that it must not send."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from random import Random
from typing import Any

import pytest

from tests.contract.servers import ERROR, FIVE, KEY, THREADS, check_all, reply, serve_all, serve_script
from tests.support.limits import DEFAULT_LIMIT
from threadruns.contract import example
from threadruns.contract.check import CheckInterrupted, check
from threadruns.contract.reports import as_junit
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Outcome, Report, Verdict
from threadruns.testing import RunningServer, serve


@pytest.fixture(scope="module")
def conforming() -> tuple[Report, RunningServer]:
    """The report on the correct server, and the server with the requests that it received."""
    with serve_all() as server:
        return check_all(server), server


def test_a_correct_server_conforms_and_every_rule_is_decided(conforming: tuple[Report, RunningServer]) -> None:
    """With threads of every size, every rule passes, including those that are only advice."""
    report, _ = conforming
    assert report.verdict is Verdict.CONFORMS
    assert {result.rule.id for result in report.results if result.outcome is not Outcome.PASS} == set()


def test_the_default_check_sends_at_most_600_requests(conforming: tuple[Report, RunningServer]) -> None:
    """The server receives at most 600 requests, and the report has their number."""
    report, server = conforming
    assert report.requests == len(server.requests) <= 600


def test_no_request_can_change_a_server(conforming: tuple[Report, RunningServer]) -> None:
    """A method that may write is first sent to a thread that does not exist, and its body is not JSON."""
    _, server = conforming
    writes = [seen for seen in server.requests if seen.method not in ("GET", "HEAD", "OPTIONS", "TRACE")]
    assert {seen.method for seen in writes} == {"PUT", "PATCH", "DELETE", "POST", "PERUSE"}
    for method in ("PUT", "PATCH", "DELETE", "POST", "PERUSE"):
        first = next(seen for seen in writes if seen.method == method)
        assert not any(thread in first.target for thread in THREADS), first
    for seen in writes:
        assert seen.headers.get("content-length", "0") in ("0", "11"), seen


def test_a_seed_repeats_a_check() -> None:
    """The same seed sends the same requests in the same order; another seed does not."""
    sent = []
    for seed in (7, 7, 8):
        with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
            check(server.url, KEY, list(FIVE), seed=seed, max_requests=330)
            sent.append([(seen.method, seen.target) for seen in server.requests])
    assert sent[0] == sent[1]
    assert sent[0] != sent[2]


def test_rules_that_the_threads_cannot_decide_are_undecided() -> None:
    """A server with a thread of five runs conforms, and rules that require more are undecided."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
        report = check(server.url, KEY, list(FIVE))
    undecided = {result.rule.id: result.requires for result in report.of(Outcome.UNDECIDED)}
    assert report.verdict is Verdict.CONFORMS
    assert undecided.keys() >= {"limit.default", "limit.largest", "order.ties", "cursor.foreign", "data.empty"}
    assert undecided["limit.default"] == f"a thread of more than {DEFAULT_LIMIT} runs"
    assert "schema.run" not in undecided
    assert undecided["schema.run-failed"] == "a thread with a run in status failed"
    assert undecided["run.failed-at"] == "a thread with a run in status failed"
    assert report.judged == len(RULES) - len(undecided)


@pytest.mark.parametrize("size", [0, 2, 250, 700])
def test_a_correct_server_conforms_with_a_thread_of_any_size(size: int) -> None:
    """For no size does the check expect something that a correct server rejects."""
    threads = example.threads((size,))
    with serve(runs=next(iter(threads.values())), threads=threads, api_key=KEY) as server:
        report = check(server.url, KEY, list(threads))
    assert report.verdict is Verdict.CONFORMS, report.of(Outcome.FAIL)


def test_an_intermittent_fault_is_found() -> None:
    """A fault in every ninth response only is reported."""
    with serve_all(faults=["has-more-always-true:every=9"]) as server:
        report = check_all(server, fail_fast=True)
    assert report.verdict is Verdict.DEPARTS
    assert {result.rule.group for result in report.of(Outcome.FAIL)} <= {"has_more", "schema"}


def test_unknown_fields_are_reported_as_a_variation() -> None:
    """A field that the document does not name is reported, and does not change the verdict."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, variations=["unknown-fields"]) as server:
        report = check(server.url, KEY, list(FIVE))
    assert [result.rule.id for result in report.of(Outcome.FAIL)] == ["schema.unknown-key"]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_response_makes_the_check_raise(seed: int) -> None:
    """The check ends with a verdict for any values in a response."""
    random = Random(seed)
    odd = [None, True, 0, 1.5, "x", [], {}, [[]], {"a": []}, -1]

    def garble(value: Any) -> Any:
        if random.random() < 0.08:
            return random.choice(odd)
        if isinstance(value, dict):
            return {key: garble(member) for key, member in value.items() if random.random() > 0.02}
        return [garble(member) for member in value] if isinstance(value, list) else value

    runs = FIVE["thread_Of5Runs"][::-1]
    page = {"object": "list", "data": runs, "first_id": runs[0]["id"], "last_id": runs[-1]["id"], "has_more": False}

    def respond(one: BaseHTTPRequestHandler) -> None:
        status = random.choice([200, 200, 200, 200, 400, 401, 404])
        body = page if status == 200 else json.loads(ERROR)
        reply(one, status, json.dumps(body if random.random() < 0.3 else garble(body)).encode())

    with serve_script(respond) as (url, _):
        report = check(url, KEY, [*FIVE, "thread_x"], timeout=2, max_requests=200)
    assert report.verdict is Verdict.DEPARTS


def test_a_server_that_stops_during_the_check_is_undecided() -> None:
    """Rules that passed before are reported, the others are not reached, and the verdict is undecided."""
    page = {"object": "list", "data": FIVE["thread_Of5Runs"][::-1], "has_more": False}
    page |= {"first_id": page["data"][0]["id"], "last_id": page["data"][-1]["id"]}
    body = json.dumps(page).encode()

    def stop_after_three(handler: Any) -> None:
        if len(handler.seen) > 2:
            handler.server.socket.close()
            handler.close_connection = True
        else:
            reply(handler, 200, body)

    with serve_script(stop_after_three) as (url, _):
        report = check(url, KEY, list(FIVE), timeout=1)
    assert report.verdict is Verdict.UNDECIDED
    assert "no longer responds" in report.reason
    assert report.of(Outcome.PASS)
    (stopped, *more) = [result for result in report.of(Outcome.ERROR) if result.observed]
    assert not more
    assert stopped.rule.id == "protocol.answers"
    assert stopped.observed.startswith("the server no longer responds")
    assert stopped.reproduce.startswith("curl ")
    rest = [result for result in report.of(Outcome.ERROR) if result is not stopped]
    assert rest
    assert {(result.observed, result.reproduce) for result in rest} == {("", "")}
    assert f"Not reached: {report.reason}" in as_junit(report)


def test_the_limit_on_requests_is_kept() -> None:
    """No more requests are sent than allowed, and rules that were not reached do not pass."""
    with serve_all() as server:
        report = check_all(server, max_requests=50)
        assert len(server.requests) <= 50
    assert report.verdict is Verdict.UNDECIDED
    assert "raise --max-requests" in report.reason


def test_the_limit_on_the_rate_is_kept() -> None:
    """Requests are sent no faster than the rate allows."""
    with serve_all() as server:
        report = check_all(server, rate=100, max_requests=40)
    assert report.seconds >= 0.38


@pytest.mark.parametrize("quick", [0, 20])
def test_the_limit_on_time_is_kept(quick: int) -> None:
    """The check ends within a second of its maximum time, also if a response takes longer than what is left."""
    page = {"object": "list", "data": FIVE["thread_Of5Runs"][::-1], "has_more": False}
    page |= {"first_id": page["data"][0]["id"], "last_id": page["data"][-1]["id"]}
    body = json.dumps(page).encode()
    over = threading.Event()

    def respond(handler: Any) -> None:
        if len(handler.seen) > quick:
            over.wait(20)
            handler.close_connection = True
        else:
            reply(handler, 200, body)

    with serve_script(respond) as (url, _):
        report = check(url, KEY, list(FIVE), timeout=30, max_seconds=2)
        over.set()
    assert report.seconds < 3
    assert "the check has used its maximum time" in report.reason


def test_an_interruption_carries_the_report() -> None:
    """Code that calls the check gets a KeyboardInterrupt, with the report of what was found until then."""

    def interrupt(_: str, sent: int) -> None:
        if sent == 30:
            raise KeyboardInterrupt

    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server, pytest.raises(CheckInterrupted) as caught:
        check(server.url, KEY, list(FIVE), progress=interrupt)
    report = caught.value.report
    assert (report.verdict, report.reason, report.requests) == (Verdict.UNDECIDED, "the check was interrupted", 30)
    assert report.of(Outcome.PASS)


@pytest.mark.parametrize("key", ["", " sk-x", "sk\n", "sk-\u00fc"])
def test_a_key_that_cannot_be_sent_is_refused(key: str) -> None:
    """A key that no header can carry is the mistake of the caller, not of the server."""
    with pytest.raises(ValueError, match="key"):
        check("http://127.0.0.1:9/v1", key, ["thread_x"])
