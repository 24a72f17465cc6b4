"""Tests of error bodies that do not follow the contract."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.canned import response, run_canned_server
from tests.support.clients import WALKS, exposed_text, open_client
from threadruns import APIConnectionError, APIResponseValidationError, APIStatusError, ThreadrunsError
from threadruns._error_body import read_error_body
from threadruns._errors import status_error
from threadruns._response import RawResponse

KEY = "sk-secret-of-the-test"


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        ({"detail": "Thread not found"}, "Thread not found", None),
        (
            {"detail": [{"loc": ["query", "limit"], "msg": "Input should be less than 101", "type": "less_than"}]},
            "query.limit: Input should be less than 101",
            "limit",
        ),
        (
            {"detail": [{"loc": ["query", "limit"], "msg": "a"}, {"loc": ["query", "order"], "msg": "b"}]},
            "query.limit: a; query.order: b",
            "limit",
        ),
        ({"detail": [{"msg": str(n)} for n in range(9)]}, "0; 1; 2; ...", None),
        ({"detail": {"error": {"message": "nested", "param": "after"}}}, "nested", "after"),
        ({"detail": {"message": "in an object"}}, "in an object", None),
        ({"detail": ["plain text"]}, "plain text", None),
        ({"type": "about:blank", "title": "Not found", "detail": "No such thread"}, "No such thread", None),
        ({"title": "Not found"}, "Not found", None),
        (
            {"statusCode": 400, "message": ["limit must be a number"], "error": "Bad Request"},
            "limit must be a number",
            None,
        ),
        ({"error": "invalid_token", "error_description": "The token expired"}, "The token expired", None),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, "first; second", None),
        ({"error": {"message": None, "code": 500}}, None, None),
        ({"detail": None}, None, None),
        ({"detail": []}, None, None),
        ({"detail": [{"loc": "query", "msg": 3}]}, None, None),
    ],
)
def test_forms_of_error_bodies(body: Any, message: str | None, param: str | None) -> None:
    """The message and the parameter are found in the error forms of FastAPI, RFC 9457 and other frameworks."""
    found = read_error_body(body)
    assert (found.message, found.param) == (message, param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "loc", "errors", "code", "param", "type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.integers(300, 599), st.text(max_size=8))
def test_any_body_gives_a_printable_error(body: Any, status: int, request_id: str) -> None:
    """Any body and any headers give an error message of one printable line."""
    sent = response(status, body)[response(status, body).index(b"\r\n\r\n") + 4 :]
    headers = [(b"x-request-id", request_id.encode("utf-8", "replace"))]
    error = status_error(RawResponse("GET", "http://h/v1", status, headers, sent), call="GET /x")
    assert str(error).isprintable()


def test_deeply_nested_body() -> None:
    """A body that nests errors very deeply has no message, and does not exhaust the stack."""
    body: Any = "deep"
    for _ in range(500):
        body = {"error": body}
    assert read_error_body(body).message is None


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (404, {"detail": "Not Found"}, "404 Not Found: Not Found"),
        (422, {"detail": [{"loc": ["query", "limit"], "msg": "too large"}]}, "422 .*: query.limit: too large"),
    ],
)
def test_fastapi(status: int, body: Any, text: str, kind: str) -> None:
    """The detail of a FastAPI server is the message of the error."""
    with (
        run_canned_server(response(status, body)) as server,
        open_client(None, kind, api_key=KEY, base_url=server.url) as client,
        pytest.raises(APIStatusError, match=text),
    ):
        client.runs.list("thread_a")


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": {"message": "Rate limit reached", "code": 429}}, "Rate limit reached"),
        ({"error": "upstream failed"}, "upstream failed"),
        ({"error": {"message": "No."}, "data": None}, "No."),
        ({"detail": "not here"}, "not here"),
        ({"error": {"message": f"Wrong key {KEY} \x1b[31m"}}, r"Wrong key \[key\] �\[31m"),
    ],
)
def test_error_with_status_200(body: Any, text: str, kind: str) -> None:
    """An error body with status 200 raises an error with its message, which does not contain the key."""
    with (
        run_canned_server(response(200, body)) as server,
        open_client(None, kind, api_key=KEY, base_url=server.url) as client,
    ):
        with pytest.raises(
            APIResponseValidationError, match=rf"the server answered 200, .* is an error: {text}"
        ) as caught:
            client.runs.list("thread_a", invalid="skip")
        assert KEY not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", WALKS)
def test_not_modified(kind: str) -> None:
    """A 304 is reported as the response to a conditional request, and not as a redirect."""
    with (
        run_canned_server(response(304)) as server,
        open_client(None, kind, api_key=KEY, base_url=server.url) as client,
    ):
        with pytest.raises(APIStatusError, match=r"304 Not Modified: .* remove If-None-Match") as caught:
            client.runs.list("thread_a", extra_headers={"If-None-Match": '"a"'})
        assert "redirect" not in str(caught.value)


@pytest.mark.parametrize("kind", WALKS)
def test_300_without_a_location(kind: str) -> None:
    """A 3xx status without a location is not reported as a redirect."""
    with (
        run_canned_server(response(300, {"detail": "choose"})) as server,
        open_client(None, kind, api_key=KEY, base_url=server.url) as client,
    ):
        with pytest.raises(APIStatusError) as caught:
            client.runs.list("thread_a")
        assert "redirect" not in str(caught.value)


EVIL = "\x1b]0;title\x07\x1b[31m\x9b31m\u202eabc\u2066\x7f"


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    "sent",
    [
        response(400, {"error": {"message": EVIL}}),
        response(400, {"detail": EVIL}),
        response(400, EVIL.encode()),
        response(400, b"<p>" + EVIL.encode() + b"</p>"),
        response(200, EVIL.encode()),
        response(200, {"error": EVIL}),
        response(200, {"object": EVIL, "data": [{"id": "run_1", "metadata": {EVIL: 1}}], "has_more": 3}),
        response(400, b"", {"x-request-id": "\x1b[31m\x9b"}),
        response(302, b"", {"location": "http://h/\x1b[31m\x9b"}),
        response(200, b"", {"content-type": "\x1b[31m\x9b"}),
        response(200, b"", {"content-encoding": "\x1b[31m\x9b"}),
        b"HTTP/1.1 abc \x1b[31m\x9b\r\n\r\n",
        b"\x1b[31m\x9b\r\n\r\n",
    ],
)
def test_control_characters_are_escaped(sent: bytes, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Control characters and bidirectional overrides of a server appear in neither the error nor the log."""
    caplog.set_level(logging.DEBUG, "threadruns")
    with run_canned_server(sent) as server:
        with (
            open_client(None, kind, api_key=KEY, base_url=server.url, max_retries=0) as client,
            pytest.raises(ThreadrunsError) as caught,
        ):
            client.runs.list("thread_a")
        assert str(caught.value).isprintable()
        assert all(record.getMessage().isprintable() for record in caplog.records if record.name == "threadruns")


def test_control_characters_of_a_proxy_are_escaped() -> None:
    """The reason phrase of a proxy is made printable too."""
    with run_canned_server(response(407, b"", reason="\x1b[31mGo away")) as proxy:
        with (
            open_client(
                None, proxy=proxy.url.removesuffix("/v1"), api_key=KEY, base_url="https://h/v1", max_retries=0
            ) as client,
            pytest.raises(APIConnectionError, match="Go away") as caught,
        ):
            client.runs.list("thread_a")
        assert str(caught.value).isprintable()
