"""Property tests of a live server against the document: schemathesis with all its phases and all its checks.

The server is the reference server, or the one that THREADRUNS_CONTRACT_URL, THREADRUNS_CONTRACT_KEY and
THREADRUNS_CONTRACT_THREAD name; THREADRUNS_CONTRACT_EXAMPLES sets how many requests each phase may draw.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.limits import MAX_LIMIT
from threadruns.contract import example
from threadruns.testing import serve

URL, KEY, THREAD = "THREADRUNS_CONTRACT_URL", "THREADRUNS_CONTRACT_KEY", "THREADRUNS_CONTRACT_THREAD"
DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
EXAMPLES = int(os.environ.get("THREADRUNS_CONTRACT_EXAMPLES", "50"))
MIN_SHARE_WITH_DATA = 0.3

CONFIG = """
seed = {seed}
headers = {{ Authorization = "Bearer ${{THREADRUNS_CONTRACT_KEY}}" }}
max-redirects = 0

[cache]
# Results of one run would change the next.
enabled = false

[generation]
max-examples = {examples}
database = "none"

[dictionaries]
threads.values = {threads}
newer.values = {newer}
older.values = {older}

[parameters]
# The remaining ids are generated, so that some threads and cursors are unknown.
"path.thread_id" = {{ dictionary = "threads", probability = 0.95 }}
"query.after" = {{ dictionary = "newer", probability = 0.85 }}
"query.before" = {{ dictionary = "older", probability = 0.85 }}

[phases.coverage]
# Other people's servers get no request that could change them.
unexpected-methods = {methods}

[checks.positive_data_acceptance]
# The status for a well-formed cursor that names no run may be 400 or 404.
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]
"""


class ServerUnderTest(NamedTuple):
    """The server under test."""

    url: str
    key: str
    threads: tuple[str, ...]
    runs: tuple[str, ...]
    """The ids of the runs, newest first."""
    ours: bool


class SchemathesisRun(NamedTuple):
    """The results of one run of schemathesis."""

    code: int
    output: str
    statuses: list[int]
    with_data: int
    links: int
    phases: dict[str, str]


@pytest.fixture(scope="module")
def target() -> Iterator[ServerUnderTest]:
    """The server that the environment names, or else the reference server with a few threads."""
    if URL in os.environ:
        url, key, thread = (os.environ[name] for name in (URL, KEY, THREAD))
        answer = httpx.get(
            f"{url.rstrip('/')}/threads/{thread}/runs?limit={MAX_LIMIT}",
            headers={"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"},
        )
        ids = tuple(run["id"] for run in answer.raise_for_status().json()["data"])
        yield ServerUnderTest(url, key, (thread,), ids, ours=False)
        return
    ((thread, runs),) = example.threads(sizes=(MAX_LIMIT + 37,)).items()
    with serve(runs=runs, api_key="sk-contract-tests-f3a1") as server:
        ids = tuple(run["id"] for run in reversed(runs))
        yield ServerUnderTest(server.url, server.api_key, (thread,), ids, ours=True)


@pytest.fixture(scope="module")
def finished(target: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> SchemathesisRun:
    """Run schemathesis once against the target, in an empty folder."""
    folder = tmp_path_factory.mktemp("schemathesis")
    config = CONFIG.format(
        seed=2024,
        examples=EXAMPLES,
        threads=json.dumps(target.threads),
        newer=json.dumps(target.runs[: (len(target.runs) + 1) // 2]),
        older=json.dumps(target.runs[len(target.runs) // 2 :]),
        methods=json.dumps(["PUT", "POST", "DELETE", "PATCH", "TRACE"] if target.ours else ["TRACE"]),
    )
    (folder / "schemathesis.toml").write_text(config)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", str(DOCUMENT)),
            *("--url", target.url, "--report-ndjson-path", "events.ndjson"),
        ],
        cwd=folder,
        env={**os.environ, "THREADRUNS_CONTRACT_KEY": target.key, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    statuses, with_data, links = [], 0, 0
    phases: dict[str, str] = {}
    for event in _events(folder / "events.ndjson"):
        if "PhaseFinished" in event:
            phases[event["PhaseFinished"]["phase"]["name"]] = event["PhaseFinished"]["status"]
        recorder = event.get("ScenarioFinished", {}).get("recorder", {})
        for case_id, interaction in recorder.get("interactions", {}).items():
            response = interaction.get("response")
            if response is None:
                continue
            statuses.append(response["status_code"])
            has_data = response["status_code"] == 200 and bool(_json(response).get("data"))
            with_data += has_data
            links += has_data and _follows_link(recorder["cases"][case_id])
    share = f"{with_data} of {len(statuses)} responses had data"
    print(f"\nschemathesis, seed 2024: {share}, {links} followed a link to more of it")  # shown with -s
    return SchemathesisRun(done.returncode, done.stdout + done.stderr, statuses, with_data, links, phases)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text().splitlines():
            yield json.loads(line)


def _json(response: dict[str, Any]) -> dict[str, Any]:
    content = response.get("content") or {}
    try:
        body = json.loads(base64.b64decode(content.get("$base64", "")))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _follows_link(case: dict[str, Any]) -> bool:
    """Tell whether the case has the value that its link took from the response before; generation may override it."""
    extracted = (case.get("transition") or {}).get("parameters", {}).get("query", {})
    query = case["value"].get("query") or {}
    return any(query.get(name) == found["value"] for name, found in extracted.items() if found.get("value"))


def test_no_check_of_any_phase_fails(finished: SchemathesisRun) -> None:
    """Every check of every phase passes, and every phase ran."""
    assert finished.code == 0, finished.output
    ran = {"examples", "coverage", "fuzzing", "stateful_testing", "stateful"} & finished.phases.keys()
    assert len(ran) == 4, finished.phases
    assert {finished.phases[phase] for phase in ran} == {"success"}, finished.output


def test_enough_responses_have_data(finished: SchemathesisRun) -> None:
    """At least 30 % of the responses are pages with runs, so that the checks judge pages."""
    share = finished.with_data / len(finished.statuses)
    assert share >= MIN_SHARE_WITH_DATA, (
        f"{finished.with_data} of {len(finished.statuses)} responses have data ({share:.0%})"
    )


def test_links_are_followed(finished: SchemathesisRun) -> None:
    """A page is requested with the cursor of the page before it."""
    assert finished.links > 0, f"no link was followed to a page with runs in {len(finished.statuses)} requests"


def test_the_key_is_not_shown(finished: SchemathesisRun, target: ServerUnderTest) -> None:
    """The output of the run does not contain the key."""
    assert target.key not in finished.output
