"""The preflight: servers that cannot be judged, and servers that depart at the first read."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.contract.servers import ERROR, KEY, reply, serve_script
from threadruns.contract.check import check
from threadruns.contract.reports import as_json, as_junit
from threadruns.contract.verdict import Outcome, Verdict


def send_nothing(handler: BaseHTTPRequestHandler) -> None:
    """Send nothing until after the timeout of the check."""
    time.sleep(1.2)
    handler.close_connection = True


def send_headers_slowly(handler: BaseHTTPRequestHandler) -> None:
    """Send a header line every tenth of a second, beyond the timeout of the check."""
    handler.close_connection = True
    for number in range(40):
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nx-{number}: x\r\n".encode())
        handler.wfile.flush()
        time.sleep(0.1)


def send_endless_body(handler: BaseHTTPRequestHandler) -> None:
    """Send a body without an end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(b" " * 1_000_000)


def echo_headers(one: BaseHTTPRequestHandler) -> None:
    """Send the headers of the request back, as HTML."""
    reply(one, 200, f"<pre>{one.headers}</pre>".encode(), "text/html")


def require_content_type(one: BaseHTTPRequestHandler) -> None:
    """Send a page only to a request with a Content-Type."""
    page = b'{"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false}'
    status, body = (200, page) if one.headers["Content-Type"] == "application/json" else (400, ERROR)
    reply(one, status, body)


NOT_JUDGED: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str, str]] = {
    "html": (
        lambda one: reply(one, 200, b"<html>Hello", "text/html"),
        "protocol.content-type",
        "is not a list of runs (Content-Type 'text/html')",
    ),
    "other-api": (
        lambda one: reply(one, 200, b'{"items": []}'),
        "schema.envelope",
        "is not a list of runs (Content-Type 'application/json')",
    ),
    "other-api-refuses": (
        lambda one: reply(one, 422, b'{"detail": "No."}'),
        "protocol.status",
        "responds 422 to a plain read",
    ),
    "echo": (echo_headers, "auth.not-echoed", "the body contains the key, so do not send the key there again"),
    "wrong-key": (lambda one: reply(one, 401, ERROR), "data.given", "rejects the key with 401"),
    "forbidden": (lambda one: reply(one, 403, ERROR), "data.given", "rejects the key with 403"),
    "unknown-thread": (lambda one: reply(one, 404, ERROR), "data.given", "responds 404 to 'thread_x'"),
    "beta": (lambda one: reply(one, 400, ERROR), "data.given", "give it with --beta"),
    "gateway": (
        lambda one: reply(one, 502, b"<html>Bad Gateway", "text/html"),
        "protocol.server-error",
        "fails with 502",
    ),
    "login": (
        lambda one: reply(one, 301, b"", Location="/login"),
        "protocol.status",
        "redirects to '/login' (301), which does not list runs",
    ),
    "redirects-nowhere": (
        lambda one: reply(one, 302, b"", Location="http://[bad"),
        "protocol.status",
        "redirects to 'http://[bad' (302), which does not list runs",
    ),
    "limited": (lambda one: reply(one, 429, ERROR), "protocol.answers", "responds 429 to every attempt"),
    "limited-for-long": (
        lambda one: reply(one, 429, ERROR, **{"Retry-After": "3600"}),
        "protocol.answers",
        "asks to wait 3600 s",
    ),
    "hanging": (send_nothing, "protocol.answers", "no complete response within 0.5 s"),
    "dripping": (send_headers_slowly, "protocol.answers", "no complete response within 0.5 s"),
    "endless": (send_endless_body, "protocol.answers", "more than 32 MiB in one response"),
}


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_a_server_that_cannot_be_judged_is_undecided(name: str) -> None:
    """The verdict is undecided; the report has the reason and the rule at which the check stopped, but not the key."""
    respond, rule, reason = NOT_JUDGED[name]
    with serve_script(respond) as (url, _):
        report = check(url, KEY, ["thread_x"], timeout=5 if respond is send_endless_body else 0.5)
    assert report.verdict is Verdict.UNDECIDED
    assert reason in report.reason
    assert report.seconds < 20
    assert not report.of(Outcome.PASS) + report.of(Outcome.FAIL)
    (stopped,) = [result for result in report.of(Outcome.ERROR) if result.observed]
    assert stopped.rule.id == rule
    assert stopped.reproduce.startswith(f'curl -i -g "{url}/threads/thread_x/runs"')
    assert KEY not in json.dumps(as_json(report)) + as_junit(report)


DEPARTING: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str, str]] = {
    "content-type-required": (
        require_content_type,
        "protocol.request-type",
        "without Content-Type: application/json, a GET gets 400, with it the page",
    ),
    "failing": (lambda one: reply(one, 500, ERROR), "protocol.server-error", "the server failed with 500"),
    "undocumented": (lambda one: reply(one, 418, ERROR), "protocol.status", "the status 418 is not documented"),
    "limited-until-nonsense": (
        lambda one: reply(one, 429, ERROR, **{"Retry-After": "soon"}),
        "protocol.headers",
        "Retry-After is 'soon'",
    ),
    "no-json": (lambda one: reply(one, 200, b"[" * 100_000), "protocol.json", "nested too deeply to be parsed"),
}


@pytest.mark.parametrize("name", DEPARTING)
def test_a_departure_at_the_first_read_is_reported(name: str) -> None:
    """A response that no mistake of the user explains is a departure, even if nothing else can be judged."""
    respond, rule, observed = DEPARTING[name]
    with serve_script(respond) as (url, _):
        report = check(url, KEY, ["thread_x"], timeout=0.5, fail_fast=True)
    (failed,) = report.of(Outcome.FAIL)
    assert report.verdict is Verdict.DEPARTS
    assert failed.rule.id == rule
    assert observed in failed.observed


def test_a_decompression_bomb_is_a_departure() -> None:
    """A small body that inflates to far more than a page fails the rule of its coding, and is not held in memory."""
    bomb = gzip.compress(b" " * 50_000_000)
    with serve_script(lambda one: reply(one, 200, bomb, **{"Content-Encoding": "gzip"})) as (url, _):
        report = check(url, KEY, ["thread_x"], fail_fast=True)
    assert [(failed.rule.id, failed.observed) for failed in report.of(Outcome.FAIL)] == [
        ("protocol.coding", f"{len(bomb)} bytes of gzip inflate to more than 32 MiB")
    ]


def test_a_port_without_a_server_is_undecided() -> None:
    """The reason names a port without a server, and a server that does not speak TLS."""
    report = check("http://127.0.0.1:9/v1", KEY, ["thread_x"])
    assert report.verdict is Verdict.UNDECIDED
    assert "cannot connect" in report.reason
    with serve_script(lambda one: reply(one, 200, b"{}")) as (url, _):
        assert "does not speak TLS" in check(url.replace("http:", "https:"), KEY, ["thread_x"]).reason


def test_a_redirect_is_not_followed() -> None:
    """The reason names the target of a redirect, which gets no request and no key."""
    with (
        serve_script(lambda one: reply(one, 200, b"{}")) as (elsewhere, other),
        serve_script(lambda one: reply(one, 307, b"", Location=f"{elsewhere}/threads/x/runs")) as (url, _),
    ):
        report = check(url, KEY, ["thread_x"])
    assert report.verdict is Verdict.UNDECIDED
    assert f"redirects to '{elsewhere}" in report.reason
    assert other.seen == []


def test_an_untrusted_certificate_is_undecided(tmp_path: Path) -> None:
    """The reason is the failure of TLS; with a bundle that has the authority, the server can be judged."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    with serve_script(lambda one: reply(one, 401, ERROR), tls=(certificate, key)) as (url, _):
        untrusted = check(url, KEY, ["thread_x"])
        trusted = check(url, KEY, ["thread_x"], verify=str(certificate))
    assert "TLS failed" in untrusted.reason
    assert "rejects the key" in trusted.reason
