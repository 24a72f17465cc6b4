"""A server that changes while it runs: runs, scripts, threads and faults, from Python and over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import client
from tests.server.test_operation import served
from tests.support.store import sqlite_only
from threadruns._document import validator
from threadruns._run_rules import RUN_RULES
from threadruns.server._lifecycle import changed
from threadruns.server.store import open_store
from threadruns.server.synth import thread
from threadruns.testing import RunConflict, RunningServer, UnknownRun, new_run, serve
from threadruns.testing._schedule import UnknownMutation
from threadruns.testing._scripts import Scripts

KEY = "sk-control"
RUN = "/threads/thread_1/runs/run_1"
STATUSES = ("queued", "in_progress", "requires_action", "cancelling", "cancelled", "failed", "completed", "expired")


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """Start a server with a queued run."""
    with serve([new_run("run_1", "thread_1", functions=["get_weather"])], api_key=KEY) as running:
        yield running


def problems(run: dict[str, Any]) -> list[str]:
    """Return what is wrong with a run, by the document and by the rules of the check."""
    found = [str(error) for error in validator("Run").iter_errors(run)]
    return found + [problem for rule in RUN_RULES if (problem := rule.judge(run))]


def statuses(server: RunningServer, path: str = RUN, times: int = 1) -> list[str]:
    """Read a run, or the first run of a list, several times."""
    with client(server) as http:
        bodies = [http.get(path).json() for _ in range(times)]
    return [(body["data"][0] if body["object"] == "list" else body)["status"] for body in bodies]


@given(st.lists(st.sampled_from(STATUSES), max_size=6), st.sampled_from([0, 1_699_000_000]))
def test_every_way_through_the_statuses_keeps_the_rules(way: list[str], created: int) -> None:
    """A run keeps the document and the rules in each status, whichever came before, and however old it is."""
    run = new_run("run_1", "thread_1", functions=["f"], created_at=created or int(time.time()))
    assert problems(run) == []
    for status in way:
        run = changed(run, {"status": status})
        assert run["status"] == status
        assert problems(run) == []


@pytest.mark.parametrize("status", STATUSES)
def test_runs_of_every_time_keep_the_rules(status: str) -> None:
    """Synthetic runs, with the keys of their time, keep the rules in another status, and get no key of a later time."""
    for seed in range(3):
        for run in thread("thread_1", 16, seed=seed):
            if status == "requires_action" and not any(tool["type"] == "function" for tool in run["tools"]):
                continue
            if run["status"] == "expired" and status == "queued":
                continue  # The synthetic ones start at once.
            moved = changed(run, {"status": status})
            assert problems(moved) == []
            assert set(moved) - set(run) <= {"required_action"}


def test_update_changes_a_run(server: RunningServer) -> None:
    """An update is seen by the next request, in the list and at the path of the run, and fields have the last word."""
    assert statuses(server) == ["queued"]
    run = server.update("run_1", status="completed", usage=None, model="gpt-x")
    assert (run["completed_at"] is not None, run["expires_at"], run["usage"], run["model"]) == (
        True,
        None,
        None,
        "gpt-x",
    )
    assert statuses(server) == statuses(server, "/threads/thread_1/runs") == ["completed"]


def test_reads_move_a_run(server: RunningServer) -> None:
    """A step with reads happens after so many responses that had the run, whether lists or the run itself."""
    server.script("run_1", [{"status": "in_progress", "reads": 2}, {"status": "completed", "reads": 1}])
    assert statuses(server, "/threads/thread_1/runs") + statuses(server, times=3) == [
        *("queued", "queued", "in_progress", "completed")
    ]


def test_time_moves_a_run() -> None:
    """A step with a time happens so many seconds after the step before, however seldom one looks."""
    now = 0.0
    store = open_store()
    store.add([new_run("run_1", "thread_1", functions=["f"])])
    scripts = Scripts(store, clock=lambda: now)

    def status() -> str:
        scripts.advance()
        found = store.find("run_1")
        assert found is not None
        assert problems(found.value()) == []
        return str(found.value()["status"])

    scripts.start(
        "run_1",
        [
            {"status": "in_progress"},
            {"status": "requires_action", "after": 1},
            {"status": "queued", "after": 0.5},
            {"status": "completed", "after": 1},
        ],
    )
    seen = []
    for now in (0.0, 0.9, 1.0, 1.4, 1.5, 2.4, 2.6, 9.0):  # noqa: B007
        seen.append(status())
    store.close()
    assert (
        seen
        == ["in_progress", "in_progress", "requires_action", "requires_action", "queued", "queued"] + ["completed"] * 2
    )


@sqlite_only
def test_only_responses_that_were_sent_are_read(server: RunningServer) -> None:
    """A response that a fault replaced, cut off or did not send had no run, nor has one to HEAD."""
    server.script("run_1", [{"status": "completed", "reads": 1}])
    for fault in ("status-429", "resets-without-response", "closes-within-body", "html-with-status-200"):
        server.set_faults([fault])
        with client(server) as http, suppress(httpx.TransportError):
            http.get(RUN)
    server.set_faults(["status-429:every=2", "status-429:every=2"])
    with client(server) as http:
        assert [http.head(RUN).status_code, http.get(RUN).status_code] == [200, 429]
    server.set_faults()
    assert statuses(server, RUN, 2) == ["queued", "completed"]


def test_script_ends_with_its_thread(server: RunningServer) -> None:
    """A run that gets the id of a removed one does not get its script."""
    server.script("run_1", [{"status": "requires_action", "reads": 1}])
    server.remove_thread("thread_1")
    server.add([new_run("run_1", "thread_1")])
    assert statuses(server, RUN, 3) == ["queued"] * 3


@pytest.mark.parametrize("run_id", ["run a/b", "é", "100%", "run_1?", "\N{WAVING HAND SIGN}"])
def test_path_of_a_run_is_decoded(server: RunningServer, run_id: str) -> None:
    """The id of a run is one segment of the path, percent-decoded once."""
    server.add([new_run(run_id, "thread x/y")])
    with client(server) as http:
        response = http.get(f"/threads/thread%20x%2Fy/runs/{quote(run_id, safe='')}")
    assert response.json()["id"] == run_id


def test_status_follows_the_fields_that_come_with_it(server: RunningServer) -> None:
    """Tools and times of an update are those that its status builds on."""
    server.add([new_run("run_2", "thread_2")])
    tools = [{"type": "code_interpreter"}, {"type": "function", "function": {"name": "f", "parameters": {}}}]
    run = server.update("run_2", status="requires_action", tools=tools, created_at=1_699_000_000)
    assert run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["function"]["name"] == "f"
    assert problems(run) == []
    for tools in (None, "f", [1], [{"type": "function"}], [{"type": "function", "function": {"name": 1}}]):
        with pytest.raises(ValueError, match="has no function among its tools"):
            server.update("run_2", status="requires_action", tools=tools)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"thread_id": ""}, "a string that is not empty"),
        ({"created_at": "x", "status": "queued"}, "an integer of less than 63 bits"),
        ({"metadata": float("inf")}, "not JSON"),
        ({"metadata": "\ud800"}, "not JSON"),
        ({"metadata": {1, 2}}, "not JSON"),
    ],
)
def test_update_refuses_what_cannot_be_stored(server: RunningServer, fields: dict[str, Any], reason: str) -> None:
    """A field that the server cannot store or find again is an error, and changes nothing."""
    with pytest.raises(ValueError, match=reason):
        server.update("run_1", **fields)
    assert statuses(server) == ["queued"]


def test_an_update_ends_a_script(server: RunningServer) -> None:
    """An update, a removal and a reset each end the script of a run."""
    for end in (lambda: server.update("run_1", status="cancelled"), server.reset):
        server.script("run_1", [{"status": "completed", "reads": 1}])
        end()
        assert "completed" not in statuses(server, times=3)


@sqlite_only
def test_reset_restores_everything(server: RunningServer) -> None:
    """Runs, threads, faults and requests are as at the start."""
    server.add([new_run("run_2", "thread_2")])
    server.add_thread("thread_3")
    server.remove("run_1")
    server.set_faults(["status-429"])
    with client(server) as http:
        assert http.get("/threads/thread_1/runs").status_code == 429
        server.reset()
        assert server.requests == []
        assert [run["id"] for run in http.get("/threads/thread_1/runs").json()["data"]] == ["run_1"]
        assert [http.get(f"/threads/thread_{number}/runs").status_code for number in (2, 3)] == [404, 404]


def test_threads_come_and_go(server: RunningServer) -> None:
    """A thread can be created without runs, and removed with them."""
    server.add_thread("thread_2")
    with client(server) as http:
        assert http.get("/threads/thread_2/runs").json()["data"] == []
        server.remove_thread("thread_1")
        server.remove_thread("thread_2")
        assert [http.get(f"/threads/thread_{number}/runs").status_code for number in (1, 2)] == [404, 404]
        server.add([new_run("run_1", "thread_1")])
        assert statuses(server) == ["queued"]


def test_faults_come_and_go(server: RunningServer) -> None:
    """Faults count from where they are set, apply to the path of a run too, and can be removed."""
    with client(server) as http:
        server.set_faults(["status-429:first=2"])
        assert [http.get(RUN).status_code for _ in range(3)] == [429, 429, 200]
        server.set_faults(["status-429:first=1"])
        assert [http.get(RUN).status_code for _ in range(2)] == [429, 200]
        server.set_faults(["bare-array"])
        assert isinstance(http.get("/threads/thread_1/runs").json(), list)
        assert http.get(RUN).json()["id"] == "run_1"
        server.set_faults()
        assert http.get("/threads/thread_1/runs").json()["object"] == "list"
        with pytest.raises(UnknownMutation, match="did you mean"):
            server.set_faults(["status-42"])


@pytest.mark.parametrize("path", ["/threads/thread_1/runs/run_2", "/threads/thread_2/runs/run_1", f"{RUN}/", f"{RUN}x"])
def test_unknown_run_is_a_404(server: RunningServer, path: str) -> None:
    """A run is found only in its thread."""
    server.add([new_run("run_3", "thread_2")])
    with client(server) as http:
        assert http.get(path).status_code == 404


@pytest.mark.parametrize(("headers", "status"), [({"authorization": ""}, 401), ({"openai-beta": "assistants=v2"}, 400)])
def test_path_of_a_run_needs_key_and_beta(server: RunningServer, headers: dict[str, str], status: int) -> None:
    """The path of a run checks what the list checks."""
    with client(server) as http:
        assert http.get(RUN, headers=headers).status_code == status
        assert http.post(RUN).status_code == 405


@pytest.mark.parametrize(
    "steps",
    [
        [{"status": "completed", "after": 1, "reads": 1}],
        [{"status": "completed", "after": -1}],
        [{"status": "completed", "after": "1"}],
        [{"status": "completed", "after": 10**400}],
        [{"status": "completed", "after": float("inf")}],
        [{"status": "completed", "reads": 0}],
        [{"status": "completed", "reads": True}],
        [{"after": 1}],
        [{"id": "run_2"}],
        [{"created_at": "now"}],
        [{"created_at": 1 << 80}],
        [{"metadata": object()}],
        [{"temperature": float("nan")}],
    ],
)
def test_invalid_steps_change_nothing(server: RunningServer, steps: list[dict[str, Any]]) -> None:
    """An invalid step is an error before the script starts."""
    with pytest.raises(ValueError, match=r"."):
        server.script("run_1", [{"status": "in_progress"}, *steps])
    assert statuses(server) == ["queued"]


def test_errors_of_changes(server: RunningServer) -> None:
    """Unknown runs and threads, conflicts, and calls without a function are errors."""
    for change in (
        lambda: server.update("run_x", status="completed"),
        lambda: server.script("run_x", []),
        lambda: server.remove("run_x"),
        lambda: server.remove_thread("thread_x"),
    ):
        with pytest.raises(UnknownRun, match="_x"):
            change()
    with pytest.raises(RunConflict):
        server.add([new_run("run_1", "thread_2")])
    server.add([new_run("run_2", "thread_1")])
    with pytest.raises(ValueError, match="no function"):
        server.update("run_2", status="requires_action")


def test_reset_needs_runs_in_memory(tmp_path: Any) -> None:
    """A database file is changed for good, so a reset is refused."""
    with serve([new_run("run_1", "thread_1")], db=str(tmp_path / "runs.db")) as server:
        server.update("run_1", status="completed")
        with pytest.raises(ValueError, match="in memory only"):
            server.reset()


@sqlite_only
def test_control_over_http(tmp_path: Any) -> None:
    """What tests change from Python can be changed over HTTP, with the key, and errors say what was wrong."""
    (tmp_path / "runs.jsonl").write_text(json.dumps(new_run("run_1", "thread_1")) + "\n")
    with served("--load", str(tmp_path / "runs.jsonl"), "--api-key", KEY, "--control") as (_, url, _):
        root = url.removesuffix("/v1") + "/_control"
        headers = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}
        with httpx.Client(headers=headers, timeout=10) as http:

            def run(number: int) -> Any:
                body = http.get(f"{url}/threads/thread_{number}/runs/run_{number}").json()
                return body.get("status", 404)

            def control(method: str, path: str, body: Any = None) -> int:
                return http.request(method, f"{root}/{path}", json=body).status_code

            assert control("POST", "runs", {"runs": [new_run("run_2", "thread_2")]}) == 204
            assert http.patch(f"{root}/runs/run_2", json={"status": "completed"}).json()["usage"]["total_tokens"] == 30
            assert control("POST", "runs/run_1/script", [{"status": "in_progress", "reads": 1}]) == 204
            assert [run(2), run(1), run(1)] == ["completed", "queued", "in_progress"]
            assert control("PUT", "faults", ["status-429:first=1"]) == 204
            assert http.get(f"{url}/threads/thread_1/runs").status_code == 429
            assert control("PUT", "threads/thread_3") == control("DELETE", "threads/thread_3") == 204
            assert control("DELETE", "runs/run_2") == 204
            assert control("POST", "reset") == 204
            assert [run(2), run(1)] == [404, "queued"]
            assert [
                control(*request)
                for request in (
                    ("POST", "runs", [{"id": "run_3"}]),
                    ("POST", "runs", {"runs": [new_run("run_1", "thread_9")]}),
                    ("POST", "runs", {"runs": [{"id": 1, "thread_id": [], "created_at": 0}]}),
                    ("PATCH", "runs/run_1", {"status": "requires_action"}),
                    ("PATCH", "runs/run_1", {"id": "x"}),
                    ("PATCH", "runs/run_9", {"status": "completed"}),
                    ("PUT", "faults", ["nonsense"]),
                    ("PUT", "reset"),
                    ("POST", "nothing"),
                )
            ] == [400, 409, 400, 400, 400, 404, 400, 405, 404]
            assert control("PATCH", "runs/run_1", {"run_id": "x", "self": 1}) == 200
            for body in (b"{", b"\xff", b"[NaN]", b"[" * 30_000):
                error = http.post(f"{root}/reset", content=body)
                assert error.status_code == 400
                assert error.json()["error"]["message"].startswith("The body is not JSON: ")
            bearer = {"authorization": f"bearer {KEY}"}
            assert http.put(f"{root}/threads/thread_3", headers=bearer).status_code == 204
            assert http.post(f"{root}/reset", headers={"authorization": "Bearer x"}).status_code == 401


def test_runs_have_no_path_without_control(tmp_path: Any) -> None:
    """Without --control, the path of a run and everything below /_control is a 404."""
    with served("--example", "--api-key", KEY) as (_, url, _):
        headers = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}
        for path in (f"{url}/threads/thread_abc123/runs/run_abc123", f"{url.removesuffix('/v1')}/_control/reset"):
            assert httpx.get(path, headers=headers).status_code == 404
