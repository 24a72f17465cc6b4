"""Tests of the settings of a client and the options of calls."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

import threadruns
from tests.support.clients import CLIENTS, WALKS, open_client, run_ids
from tests.support.limits import MAX_LIMIT, MIN_LIMIT
from tests.support.runs import ids, run, runs
from threadruns import APITimeoutError, ArgumentError, BadRequestError, Client, NotFoundError
from threadruns._options import Options
from threadruns._wire import CallOptions, operations
from threadruns.testing import serve


def test_options_match_the_operations() -> None:
    """The client accepts the options of the generated operations, and no others."""
    assert set(Options._fields) == set(CallOptions.__annotations__)


def test_signature_of_a_bound_operation() -> None:
    """A bound operation has the parameters of the generated function, and all of its docstring."""
    with Client(api_key="sk", base_url="http://h/v1") as client:
        assert inspect.signature(client.runs.list).parameters == inspect.signature(operations.list_runs).parameters
        shown, generated = inspect.getdoc(client.runs.list) or "", inspect.getdoc(operations.list_runs) or ""
        assert {*generated.splitlines()} <= {*shown.splitlines()}
        assert "list" in dict(inspect.getmembers(type(client.runs)))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", "5"),
        ("timeout", True),
        ("timeout", float("nan")),
        ("deadline", 0),
        ("max_retries", -1),
        ("max_retries", 1.5),
        ("max_retries", None),
        ("max_retry_after", -1),
        ("max_body_bytes", 0),
        ("max_items", -1),
        ("prefetch", 1),
        ("concurrency", 0),
        ("invalid", "ignore"),
        ("extra_query", {"a": 1}),
        ("extra_headers", [("a", "b")]),
        ("extra_headers", None),
        ("timeout", float("inf")),
        ("timeout", 1e300),
        ("deadline", float("nan")),
        ("max_retry_after", float("inf")),
        ("max_body_bytes", 10**30),
        ("concurrency", 10**30),
        ("concurrency", None),
        ("prefetch", None),
        ("invalid", None),
    ],
)
@pytest.mark.parametrize("kind", WALKS)
def test_invalid_options(option: str, value: Any, kind: str) -> None:
    """An invalid option is rejected with its name, by the client and by a call."""
    options: Any = {option: value}
    with pytest.raises(ArgumentError, match=option):
        CLIENTS[kind](api_key="sk", base_url="http://h/v1", **options)
    with open_client(None, kind, api_key="sk", base_url="http://h/v1") as client:
        with pytest.raises(ArgumentError, match=option):
            client.with_options(**options)
        with pytest.raises(ArgumentError, match=option):
            client.runs.list("thread_a", **options)


@pytest.mark.parametrize("kind", WALKS)
def test_largest_options(kind: str) -> None:
    """The largest permitted values work."""
    with serve(runs=runs(3)) as server, open_client(server, kind, timeout=1e8, max_body_bytes=2**53) as client:
        page = client.runs.list("thread_a", deadline=1e8, max_items=2**53, max_retry_after=1e8, max_retries=2**53)
        assert run_ids(list(page)) == ids(3)
        assert [name for name, _ in client.runs.list.many(["thread_a"], concurrency=2**53)] == ["thread_a"] * 2


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"after": ""}, "after is ''"),
        ({"before": b"run_a"}, "before is b'run_a'"),
        ({"limit": float("nan")}, "limit is nan"),
        ({"limit": {}}, "limit is {}"),
        ({"thread_id": None}, "thread_id must be one path segment.* got None"),
        ({"thread_id": b"x"}, "thread_id must be"),
        ({"thread_id": "\ud800"}, "thread_id must be"),
    ],
)
def test_invalid_parameters(params: dict[str, Any], message: str, kind: str) -> None:
    """A parameter that would be sent as another value, such as the string None, is rejected."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with pytest.raises(ArgumentError, match=message):
            client.runs.list(**{"thread_id": "thread_a", **params})
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("param", "value"), [("limit", MIN_LIMIT - 1), ("limit", MAX_LIMIT + 1), ("limit", -1), ("order", "up")]
)
def test_parameters_out_of_range(param: str, value: Any, kind: str) -> None:
    """A parameter that the server rejects raises an error with its name; only extra_query can send it."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with pytest.raises(BadRequestError, match="400 Bad Request: Invalid") as caught:
            client.runs.list("thread_a", extra_query={param: str(value)})
        assert caught.value.param == param


@pytest.mark.parametrize("kind", WALKS)
def test_ids_with_odd_characters(kind: str) -> None:
    """Ids with any characters arrive unchanged, in the path and as a cursor."""
    odd = "thread_ü ?#%&+=;:@!$'()*,~\N{GRINNING FACE}"
    with serve(runs=[{**run(n, thread=odd), "id": f"run {n}/ü&?"} for n in range(5)], permissive=True) as server:
        assert len(WALKS[kind](server, odd, limit=2)) == 5


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("root", "azure", "hint"),
    [
        ("", None, " The base URL 'http://127.0.0.1:[0-9]+' has no path; most servers expect '/v1'"),
        ("/", None, "most servers expect '/v1'"),
        ("", "2024-02-15-preview", "most servers expect '/openai'"),
        ("/v1", None, "^((?!base URL).)*$"),
    ],
)
def test_base_url_without_its_path(root: str, azure: str | None, hint: str, kind: str) -> None:
    """If the base URL has no path, a 404 names the path that may be missing; otherwise it does not."""
    with serve(runs=runs(3)) as server:
        url = server.url.removesuffix("/v1") + root
        settings: dict[str, Any] = {"base_url": url, "azure_api_version": azure}
        with open_client(server, kind, **settings) as client, pytest.raises(NotFoundError, match=hint):
            client.runs.list("thread_none")


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("api_key", 5),
        ("api_key", b"sk"),
        ("base_url", 5),
        ("base_url", b"http://h/v1"),
        ("beta", ""),
        ("beta", " "),
        ("beta", 2),
        ("azure_api_version", ""),
        ("azure_api_version", 5),
        ("azure_api_version", "2024\n"),
        ("max_rate", 0),
        ("max_rate", float("nan")),
        ("max_rate", "5"),
        ("max_rate", 1e-300),
        ("verify", "ca.pem"),
        ("verify", None),
        ("http_client", "x"),
        ("proxy", 5),
    ],
)
def test_invalid_settings(setting: str, value: Any, kind: Any) -> None:
    """A setting of the wrong type or without a meaning is rejected with a message."""
    with pytest.raises(ArgumentError, match=rf"{setting}|API key|base URL|proxy"):
        kind(**{"api_key": "sk", "base_url": "http://h/v1", setting: value})


def test_httpx_timeout_is_rejected() -> None:
    """A timeout per phase is rejected with a message, because the timeout applies to the whole attempt."""
    options: Any = {"timeout": httpx.Timeout(5, connect=1)}
    with pytest.raises(ArgumentError, match=r"timeout is Timeout\(.*\); it must be a number .* for the whole attempt"):
        Client(api_key="sk", base_url="http://h/v1", **options)


def test_default_timeout_and_retries() -> None:
    """By default an attempt may take a minute, and two retries follow."""
    assert (Options().timeout, Options().max_retries) == (60, 2)


@pytest.mark.parametrize("kind", WALKS)
def test_default_timeout_ends_a_call(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default timeout ends a call to a silent server."""
    monkeypatch.setattr(Options.__new__, "__defaults__", (0.2, *Options()[1:]))
    with serve(runs=runs(3), faults=["no-response"]) as server, open_client(server, kind, max_retries=0) as client:
        with pytest.raises(APITimeoutError, match=r"no complete response within 0\.\d s; raise timeout"):
            client.runs.list("thread_a")
        assert len(server.requests) == 1


def test_unknown_option_is_named() -> None:
    """An unknown option is rejected, with the nearest known one."""
    options: Any = {"timout": 5}
    with pytest.raises(ArgumentError, match="no option 'timout'; did you mean 'timeout'"):
        Client(api_key="sk", base_url="http://h/v1", **options)
    options = {"x": 1}
    with pytest.raises(ArgumentError, match="the options are timeout, deadline"):
        Client(api_key="sk", base_url="http://h/v1", **options)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("127.0.0.1:8000/v1", "does not start with http:// or https://"),
        ("ftp://h/v1", "does not start with http:// or https://"),
        ("http:///v1", "does not start with http:// or https://"),
        ("http://h:x/v1", "cannot be read"),
        ("http://[::1/v1", "cannot be read"),
        ("http://h/v1?x=1", "must end before its query"),
        ("http://h/v 1", "spaces or control characters"),
        ("http://h..x/v1", "no valid host name"),
        (f"http://{'a' * 70}/v1", "no valid host name"),
        ("http://h:99999/v1", "cannot be read"),
    ],
)
@pytest.mark.parametrize("kind", CLIENTS.values())
def test_invalid_base_url(url: str, message: str, kind: Any) -> None:
    """An invalid base URL is rejected with an example of a valid one."""
    with pytest.raises(ArgumentError, match=message):
        kind(api_key="sk", base_url=url)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://h/v1/", "http://h/v1"),
        ("http://h", "http://h"),
        ("HTTP://H:80/a b".replace(" ", "%20"), "http://h:80/a%20b"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
    ],
)
def test_base_url_is_normalized(given: str, kept: str) -> None:
    """A base URL may end in a slash, and may have an IPv6 address or an international host name."""
    assert Client(api_key="sk", base_url=given).base_url == kept


@pytest.mark.parametrize("kind", WALKS)
def test_environment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and base URL are taken from the environment by default."""
    with serve(runs=runs(3)) as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with open_client(None, kind) as client:
            assert run_ids(client.runs.list("thread_a").data) == ids(3)


@pytest.mark.parametrize("kind", CLIENTS.values())
def test_empty_key_and_base_url(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty key or base URL is rejected and not replaced by the default or the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://h/v1")
    with pytest.raises(ArgumentError, match="There is no API key"):
        kind(api_key="")
    with pytest.raises(ArgumentError, match="There is no base URL"):
        kind(base_url="")


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize("value", [None, "", " ", "\n"])
def test_no_base_url(value: str | None, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a base URL, or with an empty one, the error asks for one: no service is the default."""
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("OPENAI_BASE_URL", value)
    for given in ({}, {"base_url": value}):
        with pytest.raises(ArgumentError, match="pass base_url, or set the environment variable OPENAI_BASE_URL"):
            kind(api_key="sk", **given)


@pytest.mark.parametrize("kind", WALKS)
def test_request_as_sent(kind: str) -> None:
    """A request has the key, the headers of the document, the caller's headers and query, and a user agent."""
    with (
        serve(runs=runs(3)) as server,
        open_client(server, kind, extra_headers={"x-a": "1", "x-b": "1"}, extra_query={"q": "1"}) as client,
    ):
        client.runs.list("thread_a", extra_headers={"X-B": "2"}, extra_query={"r": "a b"})
        (seen,) = server.requests
        assert seen.target == f"/v1/threads/thread_a/runs?limit={MAX_LIMIT}&q=1&r=a%20b"
        assert seen.headers["authorization"] == f"Bearer {server.api_key}"
        assert seen.headers["openai-beta"] == "assistants=v1"
        assert seen.headers["content-type"] == "application/json"
        assert (seen.headers["x-a"], seen.headers["x-b"]) == ("1", "2")
        assert seen.headers["user-agent"].startswith(f"threadruns/{threadruns.__version__} ")


@pytest.mark.parametrize("kind", WALKS)
def test_with_options_does_not_change_the_client(kind: str) -> None:
    """The options of a derived client are added to those of the first, which does not change."""
    with serve(runs=runs(3)) as server, open_client(server, kind, extra_headers={"x-a": "1"}) as client:
        other = client.with_options(extra_headers={"x-b": "2"}, timeout=3)
        other.runs.list("thread_a")
        client.runs.list("thread_a")
        first, second = server.requests
        assert (first.headers["x-a"], first.headers["x-b"]) == ("1", "2")
        assert "x-b" not in second.headers


@pytest.mark.parametrize("kind", WALKS)
def test_beta_header(kind: str) -> None:
    """The value of the beta header can be set; the reference server rejects another one."""
    with serve(runs=runs(3)) as server, open_client(server, kind, beta="assistants=v2") as client:
        with pytest.raises(BadRequestError) as caught:
            client.runs.list("thread_a")
        assert caught.value.code == "invalid_beta"
        assert server.requests[0].headers["openai-beta"] == "assistants=v2"


@pytest.mark.parametrize("kind", WALKS)
def test_azure_requests(kind: str) -> None:
    """With an Azure version the key is sent in api-key and the version in the query, without a beta header."""
    with serve(runs=runs(3), azure=True) as server:
        assert run_ids(WALKS[kind](server, limit=2, client={"azure_api_version": "2024-02-15-preview"})) == ids(3)
        for seen in server.requests:
            assert "api-version=2024-02-15-preview" in seen.target
            assert seen.headers["api-key"] == server.api_key
            assert "authorization" not in seen.headers
            assert "openai-beta" not in seen.headers


@pytest.mark.parametrize("kind", WALKS)
def test_raw_response(kind: str) -> None:
    """A page has its response as an httpx.Response with its body and request."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_a")
        response = page.response
        assert response.status_code == 200
        assert response.json()["data"][0]["id"] == page.first_id
        assert response.headers["x-request-id"] == page.request_id
        assert str(response.request.url) == f"{server.url}/threads/thread_a/runs?limit={MAX_LIMIT}"


@pytest.mark.parametrize("kind", WALKS)
def test_compressed_response(kind: str) -> None:
    """A compressed response is accepted."""
    with serve(runs=runs(3), variations=["gzip"]) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_a")
        assert page.response.json()["object"] == "list"
        assert run_ids(page.data) == ids(3)


def test_import_is_lazy() -> None:
    """Importing the package and creating a client load no module that only a call needs."""
    code = (
        "import sys, threadruns; print('typing' in sys.modules, *[m for m in sys.modules if m.startswith('thr')]);"
        "c = [k(api_key='sk', base_url='http://h/v1') for k in (threadruns.Client, threadruns.AsyncClient)];"
        "print(*[m for m in ('httpx', 'httpcore', 'attrs', 'attr', 'asyncio', 'ssl', 'msgspec', 'logging',"
        " 'inspect', 'rich', 'click', 'threadruns_api.types', 'threadruns_api.models') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, *_ = ran.stdout.split("\n")
    assert {*first.split()[1:]} - {"threading"} == {"threadruns", "threadruns._version"}
    assert second == ""


def test_sync_client_does_not_import_asyncio() -> None:
    """Creating a client does not import httpx, and the first page of a sync client does not import asyncio."""
    with serve(runs=runs(3)) as server:
        code = (
            f"import sys, threadruns; c = threadruns.Client(api_key={server.api_key!r}, base_url={server.url!r});"
            "print(*{'httpx', 'httpcore', 'asyncio'} & {*sys.modules});"
            "print(len(c.runs.list('thread_a').data), *{'asyncio'} & {*sys.modules})"
        )
        plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain)
    assert ran.stdout == "\n3\n"


def test_public_names() -> None:
    """Every public name exists, is listed in order, and has a docstring if it is code."""
    assert threadruns.__all__ == sorted(
        threadruns.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
    for name in threadruns.__all__:
        value = getattr(threadruns, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = threadruns.nothing  # type: ignore[attr-defined]
