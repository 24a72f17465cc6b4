"""Tests of the error classes and their attributes."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import threadruns
from tests.mutants.corpus import FAULTS
from tests.support.clients import WALKS, open_client, run_ids
from tests.support.runs import run, runs
from tests.support.unknown import FIELD, VALUE
from threadruns import (
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    DecodeError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    ThreadrunsError,
    UnknownVariant,
)
from threadruns._errors import status_error
from threadruns._http.call import Call
from threadruns._options import Options
from threadruns._paging.decoding import decode
from threadruns._response import RawResponse
from threadruns._wire import operations
from threadruns.testing import serve


def raw_response(status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})) -> RawResponse:
    """Return a response as a server could send it."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return RawResponse("GET", "http://h/v1/threads/t/runs", status, named, body)


def test_error_hierarchy() -> None:
    """Every exception of the package has the same base class, except the ValueError of the models."""
    errors = [
        value
        for name in threadruns.__all__
        if isinstance(value := getattr(threadruns, name), type) and issubclass(value, Exception)
    ]
    assert len(errors) > 15
    assert [error for error in errors if not issubclass(error, ThreadrunsError)] == [DecodeError]
    assert issubclass(APIResponseValidationError, DecodeError)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (520, "InternalServerError"),
        (999, "InternalServerError"),
        (418, "APIStatusError"),
        (302, "APIStatusError"),
    ],
)
def test_class_by_status(status: int, name: str) -> None:
    """The status determines the class of the error, also for statuses outside the standard."""
    assert type(status_error(raw_response(status), call="GET /x")).__name__ == name


@pytest.mark.parametrize(
    ("body", "message", "code", "param", "kind"),
    [
        (b'{"error":{"message":"No.","type":"t","param":"limit","code":"c"}}', "No.", "c", "limit", "t"),
        (b'{"error":{"code":"404","message":"Resource not found"}}', "Resource not found", "404", None, None),
        (b'{"error":{"code":404,"message":"gone"}}', "gone", "404", None, None),
        (b'{"message":"Forbidden"}', "Forbidden", None, None, None),
        (b'{"error":"a string"}', "a string", None, None, None),
        (b'["a list"]', "a list", None, None, None),
        (b"[17]", "the server gave no reason.", None, None, None),
        (b'{"error":null}', "the server gave no reason.", None, None, None),
        (b"", "the server gave no reason.", None, None, None),
        (b"<html><title>502</title><script>x<y</script><p>Bad  gateway", "502 Bad gateway", None, None, None),
        (b"plain \xff text", "plain \ufffd text", None, None, None),
        (
            b'{"error":{"message":"Wanted <= 100, got 200 > 100."}}',
            "Wanted <= 100, got 200 > 100.",
            None,
            None,
            None,
        ),
        (b"x" * 10_000, "x" * 200 + "...", None, None, None),
    ],
)
def test_message_of_any_body(body: bytes, message: str, code: str | None, param: str | None, kind: str | None) -> None:
    """Every form of body gives a message: the contract's, Azure's, HTML, text, or none; a long one is shortened."""
    error = status_error(raw_response(404, body), call="GET /x")
    assert str(error) == f"GET /x: 404 Not Found: {message}"
    assert (error.code, error.param, error.type) == (code, param, kind)


@pytest.mark.parametrize("kind", WALKS)
def test_attributes_of_an_error(kind: str) -> None:
    """An error of the server has status, code, param, type, request id, body, headers, response and attempts."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with pytest.raises(NotFoundError) as caught:
            client.runs.list("thread_a", after="run_none")
        error = caught.value
        assert (error.status_code, error.param, error.type, error.code) == (404, "after", "invalid_request_error", None)
        assert error.request_id is not None
        assert error.request_id.startswith("req_")
        assert error.header("OpenAI-Version") == "2020-10-01"
        assert error.response is not None
        assert error.response.status_code == 404
        assert error.response.json() == error.body
        assert [attempt.outcome for attempt in error.attempts] == ["404"]
        assert str(error) == (
            "GET /threads/thread_a/runs: 404 Not Found: No run found with id 'run_none' in thread 'thread_a'. "
            f"(request id {error.request_id})"
        )


@pytest.mark.parametrize("kind", WALKS)
def test_attempts_of_an_error(kind: str) -> None:
    """The error lists each attempt with its duration and the delay after it."""
    with (
        serve(runs=runs(3), faults=["retry-after-short:first=1", "status-500"]) as server,
        open_client(server, kind) as client,
    ):
        with pytest.raises(InternalServerError, match=r"3 attempts in .* s: 429, 500, 500\)") as caught:
            client.runs.list("thread_a")
        first, second, last = caught.value.attempts
        assert (first.outcome, first.waited) == ("429", 0.05)
        assert second.waited is not None
        assert 0.75 <= second.waited <= 1.0
        assert (last.outcome, last.waited) == ("500", None)


@pytest.mark.parametrize("kind", WALKS)
def test_wrong_field_is_named(kind: str) -> None:
    """A field of the wrong type raises an error with status, request id, and the path of the field."""
    bad = run(1, usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": "7"})
    with serve(runs=[run(0), bad, run(2)]) as server:
        with pytest.raises(APIResponseValidationError) as caught:
            WALKS[kind](server)
        error = caught.value
        assert error.path == ("data", 1, "usage", "total_tokens")
        assert error.problem == "expected an integer, got '7'"
        assert error.status_code == 200
        assert error.request_id is not None
        assert "1 of 3 items of the page cannot be decoded, the first at data[1].usage.total_tokens" in str(error)
        assert run_ids(error.items) == ["run_a0002", "run_a0000"]
        assert error.skipped[0].raw == bad


@pytest.mark.parametrize("kind", WALKS)
def test_unknown_values_are_kept(kind: str) -> None:
    """Unknown values, variants and fields are decoded and encoded unchanged."""
    odd = run(
        0,
        status=VALUE,
        tools=[{"type": "web_browser", "engine": {"name": "x"}}],
        last_error={"code": "gremlins", "message": "m", "hint": 1},
        **{FIELD: None},
    )
    with serve(runs=[odd, run(3)], permissive=True) as server:
        _, got = WALKS[kind](server)
    assert got.to_dict() == odd
    assert (got.status, got.tools) == (VALUE, [UnknownVariant(odd["tools"][0])])


@pytest.mark.parametrize("kind", WALKS)
def test_invalid_runs_can_be_skipped(kind: str) -> None:
    """With invalid="skip", invalid runs are left out and the iteration continues."""
    mixed = [run(number, model=None if number in (0, 4, 5, 9, 10, 19) else "gpt-4") for number in range(20)]
    with serve(runs=mixed) as server:
        got = run_ids(WALKS[kind](server, limit=5, invalid="skip"))
        assert got == [raw["id"] for raw in reversed(mixed) if raw["model"]]


@pytest.mark.parametrize("kind", WALKS)
def test_skipped_runs_are_reported(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Skipped runs are available on their page, counted by the iterator, and logged."""
    with (
        serve(runs=[run(0), run(1, tools=None), run(2)]) as server,
        open_client(server, kind, invalid="skip") as client,
    ):
        page = client.runs.list("thread_a")
        (skipped,) = page.skipped
        assert skipped.path == ("data", 1, "tools")
        assert skipped.raw["id"] == "run_a0001"
        walk = iter(page)
        assert len(list(walk)) == 2
        assert walk.skipped == 1
        assert "1 of 3 items of the page cannot be decoded" in caplog.text


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("fault", ["ids-missing", "bare-array", "has-more-string"])
def test_invalid_page_cannot_be_skipped(fault: str, kind: str) -> None:
    """A page that is invalid as a whole raises an error, even with invalid="skip"."""
    with (
        serve(runs=runs(3), faults=[fault], catalogue=FAULTS) as server,
        open_client(server, kind, invalid="skip") as client,
        pytest.raises(APIResponseValidationError),
    ):
        client.runs.list("thread_a")


@pytest.mark.parametrize("clone", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_copied(clone: Any) -> None:
    """A pickled or copied error has the same class, message and attributes."""
    for error in (
        status_error(
            raw_response(429, b'{"error":{"message":"m","code":"c"}}', {"x-request-id": "req_1"}), call="GET /x"
        ),
        APITimeoutError("late.", call="GET /x"),
        APIResponseValidationError(
            "bad.", call="GET /x", response=raw_response(200), path=("data", 1), field="missing"
        ),
        threadruns.PagingError("circle.", cursor="run_1"),
        threadruns.ArgumentError("no."),
        threadruns.ClientClosedError("closed."),
    ):
        again = clone(error)
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert {k: v for k, v in vars(again).items() if k != "raw_response"} == {
            k: v for k, v in vars(error).items() if k != "raw_response"
        }


@pytest.mark.parametrize("kind", WALKS)
def test_catching_errors_by_class(kind: str) -> None:
    """A caller can catch RateLimitError to wait, and APIError to report."""
    with serve(runs=runs(1), faults=["retry-after-hour"]) as server, open_client(server, kind) as client:
        with pytest.raises(RateLimitError, match=r"asks to wait 3600 s, more than max_retry_after allows") as caught:
            client.runs.list("thread_a")
        assert isinstance(caught.value, APIStatusError)
        assert isinstance(caught.value, APIError)
        assert len(server.requests) == 1


@given(st.lists(st.sampled_from(["good", "bad", "null", "text", "empty"]), max_size=12))
def test_invalid_runs_do_not_affect_others(kinds: list[str]) -> None:
    """In any page, valid runs are decoded in order, and invalid ones are kept as received."""
    shapes: dict[str, Any] = {"bad": run(0, created_at="yesterday"), "null": None, "text": "run", "empty": {}}
    data = [run(place) if kind == "good" else shapes[kind] for place, kind in enumerate(kinds)]
    page = {"object": "list", "data": data, "first_id": None, "last_id": None, "has_more": False}
    request = operations.list_runs("thread_a")
    call = Call(operations.list_runs, {}, request, Options(invalid="skip"), request.params)
    contents = decode(call, raw_response(200, json.dumps(page).encode()))
    assert [item.to_dict() for item in contents.data] == [
        raw for raw, kind in zip(data, kinds, strict=True) if kind == "good"
    ]
    assert [skipped.path[:2] for skipped in contents.skipped] == [
        ("data", place) for place, kind in enumerate(kinds) if kind != "good"
    ]
    assert [skipped.raw for skipped in contents.skipped] == [
        raw for raw, kind in zip(data, kinds, strict=True) if kind != "good"
    ]
