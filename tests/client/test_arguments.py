"""Tests of the arguments of calls."""

from __future__ import annotations

import enum
import inspect
import pydoc
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.canned import response, run_canned_server
from tests.support.clients import CLIENTS, WALKS, open_client, run_ids
from tests.support.limits import MAX_LIMIT, MIN_LIMIT
from tests.support.runs import ids, runs
from threadruns import (
    UNSET,
    APIResponseValidationError,
    APIStatusError,
    ArgumentError,
    AsyncClient,
    Client,
)
from threadruns._client.arguments import check_arguments, largest_page
from threadruns._document import parameter, query_parameters
from threadruns._wire import operations
from threadruns.testing import serve

BOUNDS = f"from {MIN_LIMIT} to {MAX_LIMIT}"


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("absent", [None, UNSET])
@pytest.mark.parametrize("name", ["after", "before", "limit", "order"])
def test_none_is_absence(name: str, absent: Any, kind: str) -> None:
    """A parameter that is None is not sent."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        assert run_ids(client.runs.list("thread_a", **{name: absent}).data) == ids(3)
        assert server.requests[0].target == f"/v1/threads/thread_a/runs?limit={MAX_LIMIT}"


@pytest.mark.parametrize("kind", WALKS)
def test_all_none(kind: str) -> None:
    """The defaults of an argument parser can be passed on unchanged, also to many and resume."""
    parsed: dict[str, Any] = dict.fromkeys(["after", "before", "limit", "order"])
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", **parsed))
        next(walk)
        assert run_ids(client.runs.list.resume(walk.token).data) == ids(3)[1:]
        assert next(name for name, _ in client.runs.list.many(["thread_a"], **parsed)) == "thread_a"


class Order(str, enum.Enum):  # noqa: UP042 (its str() is not its value)
    """An enum of the caller."""

    UP = "asc"


@pytest.mark.parametrize("kind", WALKS)
def test_enum_of_the_caller(kind: str) -> None:
    """An enum member is sent as its value."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        assert run_ids(client.runs.list("thread_a", order=Order.UP).data) == ids(3)[::-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"limit": MAX_LIMIT + 1}, f"limit is {MAX_LIMIT + 1}; it must be an integer {BOUNDS}"),
        ({"limit": MIN_LIMIT - 1}, f"limit is {MIN_LIMIT - 1}; it must be an integer {BOUNDS}"),
        ({"limit": -1}, f"limit is -1; it must be an integer {BOUNDS}"),
        ({"limit": 10**30}, f"limit is 1000.*; it must be an integer {BOUNDS}"),
        ({"limit": "1000"}, "limit is '1000'; it must be an integer"),
        ({"limit": 2.5}, "limit is 2.5; it must be an integer"),
        ({"limit": True}, "limit is True; it must be an integer"),
        ({"limit": float("nan")}, "limit is nan; it must be an integer"),
        ({"order": "up"}, "order is 'up'; it must be 'asc' or 'desc'"),
        ({"order": "ASC"}, "order is 'ASC'; it must be 'asc' or 'desc'"),
        ({"order": ""}, "order is ''; it must be 'asc' or 'desc'"),
        ({"order": []}, r"order is \[\]; it must be 'asc' or 'desc'"),
        ({"after": ""}, "after is ''; it must be a string that is not empty"),
        ({"before": b"run_1"}, "before is b'run_1'; it must be a string"),
        ({"after": 5}, "after is 5; it must be a string"),
    ],
)
def test_invalid_arguments_are_not_sent(given: dict[str, Any], says: str, kind: str) -> None:
    """Arguments that the document does not permit are rejected with a message, and nothing is sent."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with pytest.raises(ArgumentError, match=says):
            list(client.runs.list("thread_a", **given))
        assert not server.requests


@given(st.integers(-300, 300))
def test_limit_has_the_bounds_of_the_document(limit: int) -> None:
    """Exactly the limits that the document permits are sent."""
    schema = parameter("limit")
    if schema["minimum"] <= limit <= schema["maximum"]:
        check_arguments(operations.list_runs, {"limit": limit})
    else:
        with pytest.raises(ArgumentError, match="limit"):
            check_arguments(operations.list_runs, {"limit": limit})


def test_default_page_size_is_the_largest() -> None:
    """Without a limit, a call requests the largest page that the document permits."""
    assert largest_page(operations.list_runs) == {"limit": str(parameter("limit")["maximum"])}


def test_operation_outside_the_document() -> None:
    """A function that the document does not describe has no parameters to check and no page size."""
    assert query_parameters("list_nothing") == {}


@pytest.mark.parametrize("kind", WALKS)
def test_elapsed(kind: str) -> None:
    """A page has the duration of its request, like a response of httpx."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        assert timedelta(0) < client.runs.list("thread_a").response.elapsed < timedelta(seconds=60)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (response(404, {"error": {"message": "No."}}), APIStatusError),
        (response(200, b"text"), APIResponseValidationError),
        (response(200, b"text", {"content-encoding": "gzip"}), APIResponseValidationError),
        (response(200, b"text", {"content-encoding": "br"}), APIResponseValidationError),
    ],
)
def test_elapsed_of_an_error(sent: bytes, error: Any, kind: str) -> None:
    """An error with a response has the duration of its request too."""
    with (
        run_canned_server(sent) as server,
        open_client(None, kind, api_key="sk", base_url=server.url) as client,
        pytest.raises(error) as caught,
    ):
        client.runs.list("thread_a")
    assert caught.value.response.elapsed > timedelta(0)


@pytest.mark.parametrize(("kind", "returned"), [("sync", "Page[Run]"), ("async", "Pager[Run]")])
def test_signature(kind: str, returned: str) -> None:
    """inspect and help show the parameters and the result of a call."""
    listing = CLIENTS[kind](api_key="sk", base_url="http://h/v1").runs.list
    signature = inspect.signature(listing)
    assert signature.return_annotation == returned
    names = [*signature.parameters]
    assert names[:5] == ["thread_id", "limit", "order", "after", "before"]
    assert names[-1] == "options"
    assert set(names) >= set(query_parameters("list_runs"))
    shown = pydoc.render_doc(listing, renderer=pydoc.plaintext)
    assert f"-> {returned}" in shown
    assert "Returns:" in shown
    assert "limit: The maximum number of runs" in shown


def test_signature_of_the_class() -> None:
    """The classes of bound operations keep their own signatures and docstrings."""
    for client in (Client, AsyncClient):
        kind = type(client(api_key="sk", base_url="http://h/v1").runs.list)
        assert "sender" in inspect.signature(kind).parameters
        assert (kind.__doc__ or "").startswith("A list operation of ")
