"""Checks of samples: the output, the reported failure, and the request."""

from __future__ import annotations

import importlib
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from _documentation.operations import Operation
from _documentation.samples import Sample
from tests.document.samples.toolchains import GRAMMARS, Toolchain
from threadruns.server.synth import thread
from threadruns.testing import serve

RUNS = 45
"""How many runs the thread has, which makes three pages of the documented size."""
PRINTS_PAGES = {"Shell", "Java", "HTTP", "C", "OCaml"}
"""The languages without JSON in their libraries: they print the first page as it came."""


class WrongSampleError(Exception):
    """A sample does not behave as required; the message has the reason."""


@contextmanager
def recording_server() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str], str]]]]:
    """Answer every request with 201; yield the base URL and the requests: method, target, headers and body."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(201)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    worker = threading.Thread(target=server.serve_forever)
    worker.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", requests
    finally:
        server.shutdown()
        worker.join()
        server.server_close()


def run(toolchain: Toolchain, sample: Sample, url: str, key: str, *, fails: bool = False) -> tuple[str, str]:
    """Run a sample; return what it wrote to standard output and standard error.

    Raises:
        WrongSampleError: Its exit code is not what it should be.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = toolchain.run(sample, Path(folder), {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key})
    # A client of .http files shows the status, and has no program that could fail.
    if (done.returncode != 0) != (fails and sample.language.name != "HTTP"):
        raise WrongSampleError(f"exit code {done.returncode}: {done.stdout[-500:]}{done.stderr[-1000:]}")
    return done.stdout, done.stderr


def check_answers(toolchain: Toolchain, sample: Sample) -> str:
    """Run a sample against the reference server, then with a wrong key; return what it printed, in short.

    Raises:
        WrongSampleError: It printed or told something else than it should.
    """
    runs = thread("thread_abc123", RUNS)
    newest_first = [run["id"] for run in sorted(runs, key=itemgetter("created_at", "id"), reverse=True)]
    with serve(runs=runs) as server:
        out, _ = run(toolchain, sample, server.url, server.api_key)
        if sample.language.name in PRINTS_PAGES:
            page, _ = json.JSONDecoder().raw_decode(out[out.index("{") :])
            printed, expected = [item["id"] for item in page["data"]], newest_first[:20]
        else:
            printed, expected = out.split(), newest_first
        if printed != expected:
            raise WrongSampleError(f"printed {out[:500]!r}, not the ids of {len(expected)} runs")
        shown = f"{len(printed)} runs in order"
        out, err = run(toolchain, sample, server.url, "sk-wrong", fails=True)
        if "401" not in out + err or "sk-wrong" in out + err:
            raise WrongSampleError(f"told a wrong key with {out + err!r}")
    return f"{shown}, 401 {'shown' if sample.language.name == 'HTTP' else 'told'}"


def check_whole(toolchain: Toolchain, sample: Sample) -> None:
    """Run the sample of an operation without a cursor, or of a list whose items need no id.

    Raises:
        WrongSampleError: It printed something else than the runs of the first page, or of all, as they came.
    """
    runs = thread("thread_abc123", RUNS)
    with serve(runs=runs) as server:
        out, _ = run(toolchain, sample, server.url, server.api_key)
    printed = [entry for entry in runs if entry["id"] in out and entry["assistant_id"] in out]
    if len(printed) not in (20, RUNS):
        raise WrongSampleError(f"printed {out[:500]!r}, which has {len(printed)} runs")


def check_request(toolchain: Toolchain, sample: Sample, operation: Operation) -> str:
    """Run a sample against a server that records what arrives; return a word on it.

    Raises:
        WrongSampleError: It sent something else than the operation's document has.
    """
    with recording_server() as (url, requests):
        run(toolchain, sample, url, "sk-demo")
    ((method, target, headers, body),) = requests
    path, _, query = target.partition("?")
    expected_path, _, expected_query = operation.target.partition("?")
    sent = {
        "method": (method, operation.method),
        "path": (unquote(path), "/v1" + unquote(expected_path)),
        "query": (parse_qsl(query), parse_qsl(expected_query)),
        "key": (headers["authorization"], "Bearer sk-demo"),
        "body": (json.loads(body), json.loads(operation.body or "null")),
    }
    for header in operation.headers:
        sent[header.name] = (headers.get(header.name.lower(), "").partition("; charset")[0], header.value)
    for part, (came, meant) in sent.items():
        if came != meant:
            raise WrongSampleError(f"sent the {part} {came!r}, not {meant!r}")
    return "nasty values sent whole"


def parse(sample: Sample) -> str:
    """Parse a sample with the grammar of its language.

    Raises:
        ImportError: The grammar is not installed.
        WrongSampleError: It has a syntax error.
    """
    import tree_sitter

    grammar = importlib.import_module(GRAMMARS[sample.language.label])
    tree = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(sample.source.encode())
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            raise WrongSampleError(f"syntax error in line {node.start_point[0] + 1}: {node.text[:100]!r}")
        waiting.extend(node.children)
    return f"{tree.root_node.descendant_count} nodes, no syntax error"
