"""The server against recorded responses of the real one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server.samples import KEY, THREADS, name
from tests.support.limits import DEFAULT_LIMIT, MAX_LIMIT
from threadruns.testing import RunningServer

RUN = THREADS[name(21)][10]["id"]
INVALID = "invalid_request_error"


def error(message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Return the body of an error as the real server wrote it."""
    return {"error": {"message": message, "type": INVALID, "param": param, "code": code}}


RECORDED: list[tuple[str, dict[str, str | None], int, dict[str, Any]]] = [
    (
        "/threads/thread_Of0/runs",
        {},
        200,
        {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False},
    ),
    ("/threads/thread_nope/runs", {}, 404, error("No thread found with id 'thread_nope'.")),
    (
        "/threads/thread_Of5/runs",
        {"OpenAI-Beta": None},
        400,
        error(
            "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the "
            "header 'OpenAI-Beta: assistants=v1'.",
            code="invalid_beta",
        ),
    ),
    (
        "/threads/thread_Of5/runs",
        {"Authorization": "Bearer sk-abcdefghijklmnopqrstuvwxyz"},
        401,
        error("Incorrect API key provided: sk-ab****wxyz.", code="invalid_api_key"),
    ),
    (
        "/threads/thread_Of5/runs",
        {"Authorization": None},
        401,
        error(
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY)."
        ),
    ),
    (
        "/threads/thread_Of5/runs?limit=1000",
        {},
        400,
        error(
            f"Invalid 'limit': integer above maximum value. Expected a value <= {MAX_LIMIT}, but got 1000 instead.",
            param="limit",
            code="integer_above_max_value",
        ),
    ),
    (
        "/threads/thread_Of5/runs?limit=0",
        {},
        400,
        error(
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            param="limit",
            code="integer_below_min_value",
        ),
    ),
    (
        "/threads/thread_Of5/runs?order=foo",
        {},
        400,
        error("Invalid value: 'foo'. Supported values are: 'asc' and 'desc'.", param="order", code="invalid_value"),
    ),
    (
        "/threads/thread_Of5/runs?after=run_nope",
        {},
        404,
        error("No run found with id 'run_nope' in thread 'thread_Of5'.", param="after"),
    ),
]


@pytest.mark.parametrize(("path", "headers", "status", "body"), RECORDED)
def test_answers_like_the_recordings(
    http: httpx.Client, path: str, headers: dict[str, str | None], status: int, body: dict[str, Any]
) -> None:
    """Status and body are those of the recorded response."""
    request = http.build_request("GET", path)
    for header, value in headers.items():
        del request.headers[header]
        if value is not None:
            request.headers[header] = value
    response = http.send(request)
    assert (response.status_code, response.json()) == (status, body)


@pytest.mark.parametrize(
    "path", ["/threads/thread_Of5/runs", "/threads/thread_nope/runs", "/threads/thread_Of5/runs?limit=0"]
)
def test_every_answer_has_the_recorded_headers(http: httpx.Client, path: str) -> None:
    """Pages and errors have the vendor's headers, each with its own request id."""
    answers = [http.get(path) for _ in range(2)]
    for response in answers:
        assert response.headers["content-type"] == "application/json"
        assert response.headers["openai-version"] == "2020-10-01"
        assert response.headers["openai-organization"]
        assert response.headers["openai-processing-ms"].isdecimal()
    assert len({response.headers["x-request-id"] for response in answers}) == 2


def test_page_is_in_the_recorded_envelope(http: httpx.Client) -> None:
    """A page has first_id and last_id, starts with the newest run, and has the default number of runs."""
    page = http.get(f"/threads/{name(DEFAULT_LIMIT + 1)}/runs").json()
    newest_first = THREADS[name(DEFAULT_LIMIT + 1)][::-1]
    assert page == {
        "object": "list",
        "data": page["data"],
        "first_id": page["data"][0]["id"],
        "last_id": page["data"][-1]["id"],
        "has_more": True,
    }
    assert [run["created_at"] for run in page["data"]] == [run["created_at"] for run in newest_first[:DEFAULT_LIMIT]]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"method": "POST", "authorization": None}, 405),
        ({"authorization": None, "beta": None}, 401),
        ({"beta": None, "query": "limit=0"}, 400),
        ({"thread": "thread_nope", "query": "limit=0"}, 400),
        ({"thread": "thread_nope", "query": f"after={RUN}"}, 404),
        ({"query": "after=run_nope"}, 404),
    ],
)
def test_checks_come_in_the_recorded_order(server: RunningServer, change: dict[str, str | None], status: int) -> None:
    """Method, credentials, beta header, query, thread and cursor are validated in this order."""
    good: dict[str, str | None] = {"method": "GET", "authorization": f"Bearer {KEY}", "beta": "assistants=v1"}
    given = good | {"thread": "thread_Of5", "query": ""} | change
    headers = {"authorization": given["authorization"], "openai-beta": given["beta"]}
    response = httpx.request(
        str(given["method"]),
        f"{server.url}/threads/{given['thread']}/runs?{given['query']}",
        headers={header: value for header, value in headers.items() if value is not None},
    )
    assert response.status_code == status
    if status == 404:
        assert response.json()["error"]["param"] == (None if "thread" in change else "after")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "?limit=0"])
def test_the_content_type_of_a_request_makes_no_difference(http: httpx.Client, method: str, query: str) -> None:
    """A request that declares a content type for the body that it has not gets the response that it gets without."""
    responses = [
        http.request(method, f"/threads/thread_Of5/runs{query}", headers=headers)
        for headers in ({}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"})
    ]
    assert len({(response.status_code, response.content) for response in responses}) == 1
