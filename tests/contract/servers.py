"""Servers for the tests of the check: the reference server with the example threads, and scripted ones."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from threadruns.contract import example
from threadruns.contract.check import check
from threadruns.contract.verdict import Report
from threadruns.testing import RunningServer, serve

KEY = "sk-check-tests-0f4b7a21"


THREADS = example.threads()


RUNS = [run for runs in THREADS.values() for run in runs]


FIVE = example.threads((5,))


@contextmanager
def serve_all(**options: Any) -> Iterator[RunningServer]:
    """Serve the example threads of every size from the reference server."""
    with serve(runs=RUNS, threads=THREADS, api_key=KEY, **options) as server:
        yield server


def check_all(server: RunningServer, **options: Any) -> Report:
    """Check a server on the example threads of every size."""
    return check(server.url, server.api_key, list(THREADS), **options)


def make_handler(respond: Callable[[BaseHTTPRequestHandler], None]) -> Any:
    """Return a handler that responds to every request in one way, and records the headers of the requests."""

    class ScriptedHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write per response: a second one would be delayed
        seen: list[str] = []

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def do_GET(self) -> None:
            self.seen.append(str(self.headers))
            respond(self)

        def log_message(self, *_: object) -> None:
            pass

    return ScriptedHandler


@contextmanager
def serve_script(
    respond: Callable[[BaseHTTPRequestHandler], None], tls: tuple[Path, Path] | None = None
) -> Iterator[Any]:
    """Serve a scripted response; yield the base URL and the handler."""
    handler = make_handler(respond)
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


def reply(
    one: BaseHTTPRequestHandler, status: int, body: bytes, content_type: str = "application/json", **more: str
) -> None:
    """Send a complete response."""
    one.send_response(status)
    one.send_header("Content-Type", content_type)
    one.send_header("Content-Length", str(len(body)))
    for name, value in more.items():
        one.send_header(name, value)
    one.end_headers()
    one.wfile.write(body)


ERROR = b'{"error": {"message": "No.", "type": "invalid_request_error", "param": null, "code": null}}'
