"""Probes of what follows from an edit of the document; run in a copy of the checkout, they print what does not.

python -m tests.drill.probes '{"page_size": 50, "rejected": ["limit=51"]}'
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any

import httpx
from click.testing import CliRunner

from threadruns import Client
from threadruns._cli.list import command as list_command
from threadruns._document import beta, parameter, schema, violation
from threadruns.contract.example import threads
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.responses import judge_response
from threadruns.contract.rules.catalogue import RULES
from threadruns.server._lifecycle import new_run
from threadruns.server.synth import synthesize, thread
from threadruns.testing import RunningServer, serve

THREAD = "thread_drill"
KEY = "sk-drill-0123456789abcdef"


def page_size(server: RunningServer, size: int) -> Iterator[str]:
    """A call without a limit asks for the largest page."""
    with Client(api_key=KEY, base_url=server.url) as client:
        found = len(client.runs.list(THREAD).data)
    if found != size:
        yield f"the client's page has {found} runs"


def default_page(server: RunningServer, size: int) -> Iterator[str]:
    """A request without a limit gets the default page."""
    found = len(ask(server, "").json()["data"])
    if found != size:
        yield f"the server's page has {found} runs"


def accepted(server: RunningServer, queries: list[str]) -> Iterator[str]:
    """The server accepts each query."""
    yield from (f"the server rejects {query}" for query in queries if ask(server, query).status_code != 200)


def rejected(server: RunningServer, queries: list[str]) -> Iterator[str]:
    """The server rejects each query."""
    yield from (f"the server accepts {query}" for query in queries if ask(server, query).status_code != 400)


def options(_: RunningServer, texts: list[str]) -> Iterator[str]:
    """The help of ``threadruns list`` has each text."""
    shown = CliRunner().invoke(list_command, ["--help"], terminal_width=200).output
    yield from (f"threadruns list has no {text}" for text in texts if text not in shown)


def arguments(_: RunningServer, names: list[str]) -> Iterator[str]:
    """Both clients' operation has each argument."""
    with Client(api_key=KEY, base_url="http://127.0.0.1:1/v1") as client:
        known = inspect.signature(client.runs.list).parameters
    yield from (f"runs.list has no argument {name}" for name in names if name not in known)


def rules(_: RunningServer, names: list[str]) -> Iterator[str]:
    """The check has each rule."""
    yield from (f"the check has no rule {name}" for name in names if name not in RULES)


def documented(_: RunningServer, statuses: list[int]) -> Iterator[str]:
    """The check takes each status for a documented one."""
    headers = (("content-type", "application/json"),)
    body = b'{"error": {"message": "No.", "type": "invalid_request_error", "param": null, "code": null}}'
    for status in statuses:
        findings = judge_response(Exchange(ProbeRequest(THREAD), status, headers, body))
        yield from (f"{status}: {found.rule}: {found.problem}" for found in findings if found.problem)


def run_fields(server: RunningServer, names: list[str]) -> Iterator[str]:
    """Models and synthetic runs have each field."""
    with Client(api_key=KEY, base_url=server.url) as client:
        runs = client.runs.list(THREAD).data
    for name in names:
        if not any(name in run.to_dict() for run in runs):
            yield f"no synthetic run has {name}"
        if any(name in run.additional_properties for run in runs):
            yield f"{name} is an unknown field of the model"


def made_values(_: RunningServer, wanted: list[str]) -> Iterator[str]:
    """Synthetic runs have a key or a value somewhere below a field."""
    name, text = wanted
    if not any(text in json.dumps(run.get(name)) for run in synthesize(20, 400)):
        yield f"no synthetic run has {text} in {name}"


def invalid_runs(_: RunningServer, pair: list[Any]) -> Iterator[str]:
    """A run with this value is invalid."""
    name, value = pair
    if violation("Run", {**thread(THREAD, 1)[0], name: value}) is None:
        yield f"a run with {name} {value} is valid"


def retrieved(server: RunningServer, status: str) -> Iterator[str]:
    """The client retrieves one run."""
    with Client(api_key=KEY, base_url=server.url) as client:
        run_id = next(run.id for run in client.runs.list(THREAD) if run.status == status)
        found = client.runs.retrieve(THREAD, run_id)  # type: ignore[attr-defined]
    if (found.id, found.status) != (run_id, status):
        yield f"retrieve returns {found!r}"


def made_runs() -> Iterator[str]:
    """Every run that the package makes is valid: synthetic ones, examples, and those of scripts."""
    made = {
        "synthetic": list(synthesize(2, 100)),
        "example": [run for runs in threads().values() for run in runs],
        "new": [new_run("run_1", THREAD, status=status, functions=["f"]) for status in schema("RunStatus")["enum"]],
    }
    for kind, runs in made.items():
        problem = next((problem for run in runs if (problem := violation("Run", run))), None)
        if problem:
            yield f"a run is invalid ({kind}): {problem}"


def ask(server: RunningServer, query: str) -> httpx.Response:
    """Request a page of the thread."""
    headers = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": beta()}
    return httpx.get(f"{server.url}/threads/{THREAD}/runs?{query}", headers=headers)


def main() -> None:
    """Print what does not follow, as a JSON array."""
    expected: dict[str, Any] = json.loads(sys.argv[1])
    problems = list(made_runs())
    runs = thread(THREAD, parameter("limit")["maximum"] + 30)
    with serve(runs=runs, api_key=KEY) as server:
        for name, argument in expected.items():
            problems += globals()[name](server, argument)
    print(json.dumps(problems))


if __name__ == "__main__":
    main()
