"""Correct servers that a check could take for faulty ones, by their threads or keys, and the proof of departures."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract.another_server import serve_another
from tests.contract.servers import FIVE, KEY
from tests.mutants.corpus import FAULTS, MUTATIONS
from threadruns.contract.check import check
from threadruns.contract.verdict import Outcome, Report, Verdict
from threadruns.testing import RunningServer, serve

(RUNS,) = FIVE.values()


def threads(*ids: str) -> dict[str, list[dict[str, Any]]]:
    """Return threads with these ids, each of another size, the second without runs."""
    return {
        name: [run | {"id": f"{run['id']}t{place}", "thread_id": name} for run in RUNS[: (5, 0, 4, 3)[place]]]
        for place, name in enumerate(ids)
    }


def failures(report: Report) -> list[str]:
    """Return what a report has against a server."""
    return [f"{failed.rule.id}: {failed.observed}" for failed in report.departures] + [report.reason]


@pytest.mark.parametrize(
    ("present", "given"),
    [
        (("thread_1", "thread_12", "thread_120"), ("thread_12",)),
        (("thread_1", "thread_12", "thread_120"), ("thread_120", "thread_1")),
        (("thread_12", "thread_1"), ("thread_12",)),
        (("thread_aB", "thread_Ab", "thread_aBx", "thread_aB_"), ("thread_aB",)),
        (("thread_" + "a" * 300, "thread_" + "a" * 299), ("thread_" + "a" * 300,)),
    ],
)
def test_threads_with_similar_ids_are_told_apart(present: tuple[str, ...], given: tuple[str, ...]) -> None:
    """A thread whose id is the beginning of another one's, or differs in case, may exist without being given."""
    served = threads(*present)
    runs = [run for one in served.values() for run in one]
    with serve(runs=runs, threads=served, api_key=KEY) as server:
        report = check(server.url, KEY, given)
    assert report.verdict is Verdict.CONFORMS, failures(report)


@pytest.mark.parametrize(
    "key",
    [
        *("1234567890", "x", "null", "undefined", "My API Key", "Bearer", "k" * 400, "a%41b%zz+c", "YWJj/GVmZ2g="),
        "thread_Of5Runs",
    ],
)
def test_keys_of_any_form_are_used(key: str) -> None:
    """Whatever the key is, a correct server conforms, and rules that the key cannot prove are undecided."""
    with serve(runs=RUNS, api_key=key) as server:
        report = check(server.url, key, list(FIVE), max_requests=540)
    assert report.verdict is Verdict.CONFORMS, failures(report)
    passed = {result.rule.id for result in report.of(Outcome.PASS)}
    assert {"auth.required", "auth.wrong-key", "auth.scheme"} <= passed
    assert ("auth.whole-key" in passed) is (len(key) >= 8 and key not in ("undefined", "My API Key"))


def test_another_correct_server_conforms() -> None:
    """A server that shares nothing with the reference server, and answers unknown methods in HTML, conforms."""
    served = threads("thread_a", "thread_b")
    with serve_another(served, KEY) as url:
        report = check(url, KEY, list(served))
    assert report.verdict is Verdict.CONFORMS, failures(report)


def test_a_mistyped_id_among_several_is_not_a_departure() -> None:
    """What hangs on the thread could not be judged; all other rules are, and a departure is found."""
    with serve(runs=RUNS, api_key=KEY) as server:
        report = check(server.url, KEY, [*FIVE, "thread_Of5Run"])
    assert report.verdict is Verdict.UNDECIDED
    assert report.reason.startswith("the server responds 404 to 'thread_Of5Run'")
    (stopped,) = report.of(Outcome.ERROR)
    assert stopped.rule.id == "data.given"
    assert "/threads/thread_Of5Run/runs" in stopped.reproduce
    with serve(runs=RUNS, api_key=KEY, faults=["has-more-always-true"]) as server:
        report = check(server.url, KEY, ["thread_Of5Run", *FIVE])
    assert report.verdict is Verdict.DEPARTS
    assert "data.given" not in {failed.rule.id for failed in report.departures}


def test_a_mistyped_id_behind_a_gateway_that_adds_a_slash_is_not_a_departure() -> None:
    """The gateway redirects unknown threads too, so the redirect is followed and the id is at fault."""
    with serve(runs=RUNS, api_key=KEY, variations=["gateway-adds-slash"], catalogue=MUTATIONS) as server:
        report = check(server.url, KEY, ["thread_Of5Run"])
    assert report.verdict is Verdict.UNDECIDED
    assert report.reason.startswith("the server responds 404 to 'thread_Of5Run'")


@pytest.mark.parametrize("key", [KEY, "thread_Of5", 'q"u$o`te\\k', "My API Key"])
def test_every_curl_command_of_a_report_runs(key: str) -> None:
    """Each command, run by a shell with the key in its environment, gets a response."""
    with serve(runs=RUNS, api_key=key, faults=["limit-ignored", "errors-in-html", "has-more-always-true"]) as server:
        report = check(server.url, key, list(FIVE))
        commands = [command for failed in report.of(Outcome.FAIL) for command in failed.reproduce.split("\ncurl")]
        script = "\n".join(f"curl -s {command.removeprefix('curl')} || exit 1; echo" for command in commands)
        done = subprocess.run(
            ["bash", "-c", script],
            env={"OPENAI_API_KEY": key, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert len(commands) > 10
    assert done.stdout.count("HTTP/1.1 ") == len(commands)
    assert key not in " ".join(commands) + " ".join(failed.observed for failed in report.of(Outcome.FAIL))


@pytest.mark.parametrize(
    ("fault", "witness", "reason"),
    [
        ("order-always-descending", "order=asc", "order=asc does not fit created_at, unlike order=desc"),
        ("order-always-ascending", "order=desc", "order=desc does not fit created_at, unlike order=asc"),
    ],
)
def test_of_two_orders_the_wrong_one_is_named(fault: str, witness: str, reason: str) -> None:
    """The report has both requests, and tells which of them the document supports."""
    with serve(runs=RUNS, api_key=KEY, faults=[fault], catalogue=FAULTS) as server:
        report = check(server.url, KEY, list(FIVE))
    (failed,) = [failed for failed in report.departures if failed.rule.id == "order.reverse"]
    assert failed.observed.endswith(reason)
    first, second = failed.reproduce.split("\ncurl")
    assert witness in second
    assert witness not in first


@pytest.mark.parametrize("fault", ["before-from-start", "head-with-body", "order-forgotten-after"])
def test_every_curl_command_shows_the_fault(fault: str) -> None:
    """A correct server answers at least one of the commands of a failure in another way."""

    def responses(command: str, port: int) -> str:
        moved = command.replace(f":{_port(faulty)}/", f":{port}/")
        done = subprocess.run(
            ["bash", "-c", moved],
            env={"OPENAI_API_KEY": KEY, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )
        return re.sub(r"(?im)^(date|x-request-id|openai-processing-ms): .*\n", "", done.stdout)

    with (
        serve(runs=RUNS, api_key=KEY, faults=[fault], catalogue=FAULTS) as faulty,
        serve(runs=RUNS, api_key=KEY) as correct,
    ):
        report = check(faulty.url, KEY, list(FIVE))
        hidden = [
            failed.rule.id
            for failed in report.of(Outcome.FAIL)
            if not any(
                responses(command, _port(faulty)) != responses(command, _port(correct))
                for command in re.split(r"\n(?=curl )", failed.reproduce)
            )
        ]
    assert report.verdict is Verdict.DEPARTS
    assert hidden == []


def _port(server: RunningServer) -> int:
    return urlsplit(server.url).port or 0
