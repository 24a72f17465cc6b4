"""The permissive form, against the requests of test suites of SDKs, and Azure's form."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.server.samples import KEY, THREADS, name, runs
from tests.support.limits import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from threadruns.testing import RunningServer, serve

V1 = {"authorization": "Bearer My API Key", "openai-beta": "assistants=v1"}
V2 = {"authorization": "Bearer My API Key", "openai-beta": "assistants=v2"}

SDK_REQUESTS = [
    # openai-python 1.14: test_runs.py, list, with and without optional parameters, sync and async.
    *[("/threads/string/runs", V1), ("/threads/string/runs?after=string&before=string&limit=0&order=asc", V1)],
    # The newest openai-python.
    *[("/threads/thread_id/runs", V2), ("/threads/thread_id/runs?after=after&before=before&limit=0&order=asc", V2)],
    # openai-node 4.28.
    *[("/threads/string/runs", V1), ("/threads/string/runs?after=string&before=string&limit=0&order=asc", V1)],
]


@pytest.fixture(scope="module")
def permissive() -> Iterator[RunningServer]:
    """Start a permissive server with the sample threads."""
    with serve(runs(), permissive=True) as server:
        yield server


@pytest.fixture(scope="module")
def azure() -> Iterator[RunningServer]:
    """Start a server in Azure's form with the sample threads."""
    with serve(runs(), azure=True, api_key=KEY) as server:
        yield server


@pytest.mark.parametrize("below", ["/v1", ""])
@pytest.mark.parametrize(("path", "headers"), SDK_REQUESTS)
def test_requests_of_sdk_suites_are_answered(
    permissive: RunningServer, below: str, path: str, headers: dict[str, str]
) -> None:
    """The requests of the test suites of SDKs get an empty page, with the base path and without it."""
    response = httpx.get(permissive.url.removesuffix("/v1") + below + path, headers=headers)
    assert response.status_code == 200
    assert response.json() == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("limit=0", MIN_LIMIT),
        ("limit=1000", min(MAX_LIMIT, 45)),
        ("limit=x", DEFAULT_LIMIT),
        ("limit=3&limit=2", 2),
        ("order=foo", DEFAULT_LIMIT),
        ("after=string", DEFAULT_LIMIT),
    ],
)
def test_permissive_reads_what_it_can(permissive: RunningServer, query: str, size: int) -> None:
    """Limits are moved into their bounds, and other invalid values are ignored."""
    page = httpx.get(f"{permissive.url}/threads/{name(45)}/runs?{query}").json()
    assert len(page["data"]) == size


def test_permissive_still_pages(permissive: RunningServer) -> None:
    """Known cursors are used, so that a client reaches the end of the thread."""
    ids, after = [], ""
    while True:
        page = httpx.get(f"{permissive.url}/threads/{name(45)}/runs?limit=10&after={after}").json()
        ids += [run["id"] for run in page["data"]]
        if not page["has_more"]:
            break
        after = page["last_id"]
    assert sorted(ids) == sorted(run["id"] for run in THREADS[name(45)])


def test_permissive_refuses_other_paths_and_methods(permissive: RunningServer) -> None:
    """An unknown path gives 404, and POST gives 405."""
    assert httpx.get(f"{permissive.url}/_stainless_unknown_path").status_code == 404
    assert httpx.post(f"{permissive.url}/threads/string/runs").status_code == 405


def test_azure_lists_with_its_own_path_and_key(azure: RunningServer) -> None:
    """The path is below /openai, the key is in `api-key`, the version is in the query, and no beta header is needed."""
    url = f"{azure.url}/threads/{name(5)}/runs?api-version=2024-02-15-preview&limit=2"
    page = httpx.get(url, headers={"api-key": KEY}).json()
    assert azure.url.endswith("/openai")
    newest_first = sorted(THREADS[name(5)], key=lambda run: (run["created_at"], run["id"]), reverse=True)
    assert [run["id"] for run in page["data"]] == [run["id"] for run in newest_first[:2]]


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        (f"/threads/{name(5)}/runs", KEY, 404),
        ("/threads/thread_nope/runs?api-version=2024-02-15-preview", KEY, 404),
        (f"/threads/{name(5)}/runs?api-version=2024-02-15-preview", "wrong", 401),
        (f"/threads/{name(5)}/runs?api-version=2024-02-15-preview&limit=0", KEY, 400),
    ],
)
def test_azure_errors_have_a_code_and_a_message(azure: RunningServer, path: str, key: str, status: int) -> None:
    """Errors have a code and a message, and a bearer token is not accepted."""
    response = httpx.get(azure.url + path, headers={"api-key": key})
    error = response.json()["error"]
    assert (response.status_code, set(error), error["code"]) == (status, {"code", "message"}, str(status))
    if status == 404:
        assert error["message"] == "Resource not found"
    assert httpx.get(azure.url + path, headers={"authorization": f"Bearer {KEY}"}).status_code in (401, 404)
