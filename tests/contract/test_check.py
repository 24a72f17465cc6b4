"""The check as a whole, over sockets: verdicts, bounds, what it must not do, and what it says when it cannot judge."""

from __future__ import annotations

import gzip
import json
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tests.mutants.corpus import FAULTS
from threadruns._cli.check import command
from threadruns.contract import example
from threadruns.contract.check import check
from threadruns.contract.plugin import check_contract  # noqa: F401
from threadruns.contract.reports import as_json, as_junit
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Outcome, Report, Verdict
from threadruns.testing import RunningServer, serve

KEY = "sk-check-tests-0f4b7a21"
THREADS = example.threads()
RUNS = [run for runs in THREADS.values() for run in runs]
FIVE = example.threads((5,))


@contextmanager
def served(**options: Any) -> Iterator[RunningServer]:
    """Serve the example threads of every size."""
    with serve(runs=RUNS, threads=THREADS, api_key=KEY, **options) as server:
        yield server


def checked(server: RunningServer, **options: Any) -> Report:
    """Check a server on the example threads of every size."""
    return check(server.url, server.api_key, list(THREADS), **options)


@pytest.fixture(scope="module")
def conforming() -> tuple[Report, RunningServer]:
    """The report on the correct server, and the server with the requests that it saw."""
    with served() as server:
        return checked(server), server


def test_a_correct_server_conforms_and_every_rule_is_decided(conforming: tuple[Report, RunningServer]) -> None:
    """With threads of every size nothing is left undecided, and nothing fails, not even as advice."""
    report, _ = conforming
    assert report.verdict is Verdict.CONFORMS
    assert {result.rule.id for result in report.results if result.outcome is not Outcome.PASS} == set()


def test_the_default_check_stays_within_its_bounds(conforming: tuple[Report, RunningServer]) -> None:
    """At most 600 requests go out, and as many as the report says."""
    report, server = conforming
    assert report.requests == len(server.requests) <= 600


def test_nothing_is_asked_that_could_change_a_server(conforming: tuple[Report, RunningServer]) -> None:
    """A method that may write goes first to a thread that does not exist, and its body is never JSON."""
    _, server = conforming
    writes = [seen for seen in server.requests if seen.method not in ("GET", "HEAD", "OPTIONS", "TRACE")]
    assert {seen.method for seen in writes} == {"PUT", "PATCH", "DELETE", "POST", "PERUSE"}
    for method in ("PUT", "PATCH", "DELETE", "POST", "PERUSE"):
        first = next(seen for seen in writes if seen.method == method)
        assert not any(thread in first.target for thread in THREADS), first
    for seen in writes:
        assert seen.headers.get("content-length", "0") in ("0", "11"), seen


def test_a_seed_repeats_a_check() -> None:
    """The same seed sends the same requests in the same order; another one does not."""
    sent = []
    for seed in (7, 7, 8):
        with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
            check(server.url, KEY, list(FIVE), seed=seed, max_requests=330)
            sent.append([(seen.method, seen.target) for seen in server.requests])
    assert sent[0] == sent[1]
    assert sent[0] != sent[2]


def test_rules_that_a_thread_cannot_prove_are_undecided() -> None:
    """A thread of five runs conforms, and the rules that need more say what would decide them."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
        report = check(server.url, KEY, list(FIVE))
    undecided = {result.rule.id: result.detail for result in report.of(Outcome.UNDECIDED)}
    assert report.verdict is Verdict.CONFORMS
    assert undecided.keys() >= {"limit.default", "limit.largest", "order.ties", "cursor.foreign", "data.empty"}
    assert undecided["limit.default"] == "give a thread of more than 20 runs to decide it"


@pytest.mark.parametrize("size", [0, 2, 250, 700])
def test_a_correct_server_conforms_whatever_the_size_of_its_thread(size: int) -> None:
    """No size makes the check ask for something that a correct server must refuse."""
    threads = example.threads((size,))
    with serve(runs=next(iter(threads.values())), threads=threads, api_key=KEY) as server:
        report = check(server.url, KEY, list(threads))
    assert report.verdict is Verdict.CONFORMS, report.of(Outcome.FAIL)


def test_a_fault_now_and_then_is_found() -> None:
    """What is wrong in every ninth answer only is no doubt that is let go."""
    with served(faults=["has-more-always-true:every=9"]) as server:
        report = checked(server, fail_fast=True)
    assert report.verdict is Verdict.DEPARTS
    assert {result.rule.group for result in report.of(Outcome.FAIL)} <= {"has_more", "schema"}


def test_unknown_fields_are_reported_as_a_variation() -> None:
    """A field that the document does not know is told, and changes no verdict."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, variations=["unknown-fields"]) as server:
        report = check(server.url, KEY, list(FIVE))
    assert [result.rule.id for result in report.of(Outcome.FAIL)] == ["schema.unknown-key"]


# What cannot be judged


def script(answer: Callable[[BaseHTTPRequestHandler], None]) -> Any:
    """Return a handler that answers every request in one way and notes what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write an answer: two would wait for each other
        seen: list[str] = []

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def do_GET(self) -> None:
            self.seen.append(str(self.headers))
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def scripted(answer: Callable[[BaseHTTPRequestHandler], None], tls: tuple[Path, Path] | None = None) -> Iterator[Any]:
    """Serve a scripted answer; gives the base URL and the handler."""
    handler = script(answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/v1", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(one: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/json", **more: str) -> None:
    """Send an answer whole."""
    one.send_response(status)
    one.send_header("Content-Type", kind)
    one.send_header("Content-Length", str(len(body)))
    for name, value in more.items():
        one.send_header(name, value)
    one.end_headers()
    one.wfile.write(body)


def hang(handler: BaseHTTPRequestHandler) -> None:
    """Send nothing for longer than the check waits."""
    time.sleep(1.2)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a header line now and then, without end."""
    handler.close_connection = True
    for number in range(40):
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nx-{number}: x\r\n".encode())
        handler.wfile.flush()
        time.sleep(0.1)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send a body that does not end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(b" " * 1_000_000)


ERROR = b'{"error": {"message": "No.", "type": "invalid_request_error", "param": null, "code": null}}'


def echo(one: BaseHTTPRequestHandler) -> None:
    """Send back what was sent, in HTML."""
    reply(one, 200, f"<pre>{one.headers}</pre>".encode(), "text/html")


NOT_JUDGED: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str, str]] = {
    "html": (
        lambda one: reply(one, 200, b"<html>Hello", "text/html"),
        "protocol.content-type",
        "is no list of runs (Content-Type 'text/html')",
    ),
    "other-api": (
        lambda one: reply(one, 200, b'{"items": []}'),
        "schema.envelope",
        "is no list of runs (Content-Type 'application/json')",
    ),
    "other-api-refuses": (
        lambda one: reply(one, 422, b'{"detail": "No."}'),
        "protocol.status",
        "answers 422 to a plain read",
    ),
    "echo": (echo, "auth.not-echoed", "the body repeats the key, so send it there no more"),
    "wrong-key": (lambda one: reply(one, 401, ERROR), "data.given", "refuses the key with 401"),
    "forbidden": (lambda one: reply(one, 403, ERROR), "data.given", "refuses the key with 403"),
    "unknown-thread": (lambda one: reply(one, 404, ERROR), "data.given", "answers 404 for 'thread_x'"),
    "beta": (lambda one: reply(one, 400, ERROR), "data.given", "give --beta"),
    "gateway": (
        lambda one: reply(one, 502, b"<html>Bad Gateway", "text/html"),
        "protocol.server-error",
        "fails with 502",
    ),
    "login": (
        lambda one: reply(one, 301, b"", Location="/login"),
        "protocol.status",
        "redirects to '/login' (301), where no runs are listed",
    ),
    "limited": (lambda one: reply(one, 429, ERROR), "protocol.answers", "answers 429 again and again"),
    "limited-for-long": (
        lambda one: reply(one, 429, ERROR, **{"Retry-After": "3600"}),
        "protocol.answers",
        "asks to wait 3600 s",
    ),
    "hanging": (hang, "protocol.answers", "no whole answer came in 0.5 s"),
    "dripping": (drip, "protocol.answers", "no whole answer came in 0.5 s"),
    "endless": (endless, "protocol.answers", "more than 32 MiB in one answer"),
}


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_a_server_that_cannot_be_judged_is_no_failure(name: str) -> None:
    """The verdict is undecided, with the reason and the rule at which the check stopped, and without the key."""
    answer, rule, reason = NOT_JUDGED[name]
    with scripted(answer) as (url, _):
        report = check(url, KEY, ["thread_x"], timeout=5 if answer is endless else 0.5)
    assert report.verdict is Verdict.UNDECIDED
    assert reason in report.reason
    assert report.seconds < 20
    assert not report.of(Outcome.PASS) + report.of(Outcome.FAIL)
    (stopped,) = [result for result in report.of(Outcome.ERROR) if not result.detail.startswith("not reached")]
    assert stopped.rule.id == rule
    assert stopped.request.startswith(f'curl -i -g "{url}/threads/thread_x/runs"')
    assert KEY not in json.dumps(as_json(report)) + as_junit(report)


OWN_FORM: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str, str]] = {
    "failing": (lambda one: reply(one, 500, ERROR), "protocol.server-error", "the server failed with 500"),
    "undocumented": (lambda one: reply(one, 418, ERROR), "protocol.status", "the status is 418"),
    "limited-until-nonsense": (
        lambda one: reply(one, 429, ERROR, **{"Retry-After": "soon"}),
        "protocol.headers",
        "Retry-After is 'soon'",
    ),
    "no-json": (lambda one: reply(one, 200, b"[" * 100_000), "protocol.json", "nested deeper than JSON is read"),
}


@pytest.mark.parametrize("name", OWN_FORM)
def test_a_server_that_refuses_in_its_own_form_departs(name: str) -> None:
    """What no mistake of its user explains is a departure, though nothing else can be judged."""
    answer, rule, came = OWN_FORM[name]
    with scripted(answer) as (url, _):
        report = check(url, KEY, ["thread_x"], timeout=0.5, fail_fast=True)
    (failed,) = report.of(Outcome.FAIL)
    assert report.verdict is Verdict.DEPARTS
    assert failed.rule.id == rule
    assert came in failed.detail


def test_a_body_that_inflates_without_measure_is_named() -> None:
    """A small body that inflates beyond any page is told by its coding, and costs no memory."""
    bomb = gzip.compress(b" " * 50_000_000)
    with scripted(lambda one: reply(one, 200, bomb, **{"Content-Encoding": "gzip"})) as (url, _):
        report = check(url, KEY, ["thread_x"], fail_fast=True)
    assert [(one.rule.id, one.detail) for one in report.of(Outcome.FAIL)] == [
        ("protocol.coding", f"{len(bomb)} bytes of gzip inflate to more than 32 MiB")
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_answer_makes_the_check_fail_itself(seed: int) -> None:
    """Whatever stands where in an answer, the check ends with a verdict."""
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

    def answer(one: BaseHTTPRequestHandler) -> None:
        status = random.choice([200, 200, 200, 200, 400, 401, 404])
        body = page if status == 200 else json.loads(ERROR)
        reply(one, status, json.dumps(body if random.random() < 0.3 else garble(body)).encode())

    with scripted(answer) as (url, _):
        report = check(url, KEY, [*FIVE, "thread_x"], timeout=2, max_requests=200)
    assert report.verdict is Verdict.DEPARTS


def test_nothing_listens() -> None:
    """A port that nothing listens on is said to be one, and so is one that does not speak TLS."""
    report = check("http://127.0.0.1:9/v1", KEY, ["thread_x"])
    assert report.verdict is Verdict.UNDECIDED
    assert "no connection could be made" in report.reason
    with scripted(lambda one: reply(one, 200, b"{}")) as (url, _):
        assert "nothing there speaks TLS" in check(url.replace("http:", "https:"), KEY, ["thread_x"]).reason


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else() -> None:
    """The place that a server redirects to is named and never asked."""
    with (
        scripted(lambda one: reply(one, 200, b"{}")) as (elsewhere, other),
        scripted(lambda one: reply(one, 307, b"", Location=f"{elsewhere}/threads/x/runs")) as (url, _),
    ):
        report = check(url, KEY, ["thread_x"])
    assert report.verdict is Verdict.UNDECIDED
    assert f"redirects to '{elsewhere}" in report.reason
    assert other.seen == []


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    """TLS trouble is told as such; a bundle that vouches for the server mends it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    with scripted(lambda one: reply(one, 401, ERROR), tls=(certificate, key)) as (url, _):
        untrusted = check(url, KEY, ["thread_x"])
        trusted = check(url, KEY, ["thread_x"], verify=str(certificate))
    assert "TLS failed" in untrusted.reason
    assert "refuses the key" in trusted.reason


def test_a_server_that_dies_half_way() -> None:
    """What was learnt until then is reported; the rest is not reached, and the verdict is undecided."""
    page = {"object": "list", "data": FIVE["thread_Of5Runs"][::-1], "has_more": False}
    page |= {"first_id": page["data"][0]["id"], "last_id": page["data"][-1]["id"]}
    body = json.dumps(page).encode()

    def dying(handler: Any) -> None:
        if len(handler.seen) > 2:
            handler.server.socket.close()
            handler.close_connection = True
        else:
            reply(handler, 200, body)

    with scripted(dying) as (url, _):
        report = check(url, KEY, list(FIVE), timeout=1)
    assert report.verdict is Verdict.UNDECIDED
    assert "no longer answers" in report.reason
    assert report.of(Outcome.PASS)
    stopped = {result.rule.id: result.detail[:27] for result in report.of(Outcome.ERROR) if result.request}
    assert stopped == {"protocol.answers": "the server no longer answer"}
    rest = [result for result in report.of(Outcome.ERROR) if not result.request]
    assert {result.detail[:11] for result in rest} == {"not reached"}


def test_more_requests_than_allowed_are_not_sent() -> None:
    """The bound on requests holds, and what it left out is not a pass."""
    with served() as server:
        report = checked(server, max_requests=50)
        assert len(server.requests) <= 50
    assert report.verdict is Verdict.UNDECIDED
    assert "raise --max-requests" in report.reason


def test_the_rate_is_kept() -> None:
    """Requests leave no faster than the rate allows."""
    with served() as server:
        report = checked(server, rate=100, max_requests=40)
    assert report.seconds >= 0.38


# The command


def run(*arguments: str, **environment: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(command, arguments, env={"OPENAI_API_KEY": None, **environment})


def test_the_command_prints_json_whose_keys_are_stable() -> None:
    """The JSON of a server that conforms has the documented keys and values, and exit code 0."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
        result = run(server.url, "--thread", "thread_Of5Runs", "--format", "json", OPENAI_API_KEY=KEY)
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(report) == ["url", "verdict", "reason", "rules", "threads", "requests", "seconds", "seed"]
    assert report["verdict"] == "conforms"
    assert {tuple(rule) for rule in report["rules"]} == {
        ("id", "severity", "outcome", "says", "detail", "request", "source")
    }
    assert [rule["id"] for rule in report["rules"]] == list(RULES)


def test_the_command_reports_departures_without_the_key(tmp_path: Path) -> None:
    """Exit code 1; table and JUnit XML name rule, source and a curl command, and neither holds the key."""
    file = tmp_path / "report.xml"
    options = ["--thread", "thread_Of5Runs", "--api-key", KEY, "--report", str(file)]
    with serve(
        runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true", "key-given-away"], catalogue=FAULTS
    ) as server:
        result = run(server.url, *options)
    suite = ElementTree.parse(file).getroot()
    failures = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert result.exit_code == 1
    assert "has_more.first" in failures
    assert '-H "Authorization: Bearer $OPENAI_API_KEY"' in result.stdout
    assert KEY not in result.output + file.read_text()
    assert int(suite.attrib["failures"]) == len(failures)


def test_the_curl_command_repeats_the_request() -> None:
    """The command of a failure, run in a shell with the key in its variable, shows what the report says."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true"]) as server:
        report = check(server.url, KEY, list(FIVE), fail_fast=True)
        failed = report.of(Outcome.FAIL)[0]
        done = subprocess.run(
            ["bash", "-c", failed.request + " -s"], env={"OPENAI_API_KEY": KEY}, capture_output=True, text=True
        )
    assert "200 OK" in done.stdout
    assert '"has_more":true' in done.stdout


def test_the_command_says_when_it_could_not_judge() -> None:
    """Exit code 3, and one sentence with the reason."""
    result = run("http://127.0.0.1:9/v1", "--thread", "thread_x", "--api-key", KEY)
    assert result.exit_code == 3
    assert "could not be judged: the server does not answer" in result.stdout
    assert "protocol.answers (the check had to stop here)" in result.stdout


NOWHERE = ["http://127.0.0.1:9/v1", "--api-key", "k", "--thread", "t"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "No URL was given"),
        (["http://127.0.0.1:9/v1", "--thread", "thread_x"], "No API key was given"),
        (["http://127.0.0.1:9/v1", "--api-key", "k"], "No thread was given"),
        (["ftp://127.0.0.1", "--api-key", "k", "--thread", "t"], "is no http or https URL"),
        (["http://127.0.0.1:9/v1", "--api-key", "a\nb", "--thread", "t"], "characters that a header cannot carry"),
        (["http://127.0.0.1:9/v1", "--rate", "0"], "Invalid value for '--rate'"),
        ([*NOWHERE, "--ca-bundle", __file__], "holds no certificate authorities that can be read"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments: list[str], says: str) -> None:
    """Exit code 2, and a sentence that says what to give."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_the_rules_are_listed_with_what_they_rest_on() -> None:
    """Every rule has a sentence, a source and a group, and is listed."""
    result = run("--list", "--format", "json")
    listed = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [rule["id"] for rule in listed] == list(RULES)
    for rule in listed:
        assert re.fullmatch(r"[a-z_]+\.[a-z-]+", rule["id"])
        assert rule["says"].endswith(".")
        assert rule["source"]
        assert rule["needs"]
    assert set(RULES) <= set(re.findall(r"[a-z_]+\.[a-z-]+", run("--list").stdout))


# As a library


def test_the_fixture_passes_a_correct_server(check_contract: Callable[..., Report]) -> None:  # noqa: F811
    """The fixture returns the report of a server that conforms."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
        assert check_contract(server.url, KEY, list(FIVE)).verdict is Verdict.CONFORMS


def test_the_fixture_fails_for_a_departure(check_contract: Callable[..., Report]) -> None:  # noqa: F811
    """The fixture fails the test, with the rule and what came."""
    with (
        serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true"]) as server,
        pytest.raises(pytest.fail.Exception, match=r"has_more\..*\n.*has_more is True, expected False"),
    ):
        check_contract(server.url, KEY, list(FIVE), fail_fast=True)
