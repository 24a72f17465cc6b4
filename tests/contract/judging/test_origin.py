"""The origin of a response: the server, or an intermediary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.origin import KnownOrigin, may_be_refused_earlier

ERROR = {"error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": None}}


def respond(request: ProbeRequest, status: int, value: object = None, text: bytes = b"", **headers: str) -> Exchange:
    """Return an exchange with a JSON body, or with a text."""
    body = json.dumps(value).encode() if value is not None else text
    return Exchange(request, status, (("date", "x"), *headers.items()), body)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, False),
        ({"method": "HEAD"}, False),
        ({"query": (("limit", "0"), ("after", "run_check0123"))}, False),
        ({"authorization": None}, False),
        ({"method": "TRACE"}, True),
        ({"thread": "thread_x%00"}, True),
        ({"thread": "thread_" + "a" * 4000}, True),
        ({"thread": "thread_%27"}, False),
        ({"query": (("after", "run_\0"),)}, True),
        ({"query": (("after", "run_1'OR'1"),)}, True),
        ({"headers": (("Authorization", "x"), ("authorization", "y"))}, True),
    ],
)
def test_unusual_requests_may_be_refused_before_the_server_gets_them(changes: dict[str, Any], refused: bool) -> None:
    """Methods, characters, long targets and repeated headers count, but not in the id of a thread that was given."""
    request = ProbeRequest(**{"thread": "thread_x", **changes})
    assert may_be_refused_earlier(request, {"thread_%27"}) is refused


@pytest.mark.parametrize(
    ("status", "body", "headers", "proves"),
    [
        (405, ERROR, {"x-own": "1"}, True),
        (200, {"data": []}, {}, True),
        (405, ERROR, {}, False),
        (405, {"message": "No."}, {"x-own": "1"}, False),
        (405, {"error": {"message": "No."}}, {"x-own": "1"}, False),
        (405, None, {"x-own": "1"}, False),
        (501, None, {}, False),
        (200, None, {"content-type": "message/http"}, False),
    ],
)
def test_an_unusual_request_proves_something_in_the_form_of_the_server(
    status: int, body: object, headers: dict[str, str], proves: bool
) -> None:
    """A response counts if it is a page, or an error like others of the server, with the headers that these have."""
    origin = KnownOrigin()
    origin.learn(respond(ProbeRequest("thread_x"), 200, {"data": []}, **{"x-own": "1"}))
    origin.learn(respond(ProbeRequest("thread_x", (("limit", "0"),)), 400, ERROR, **{"x-own": "2"}))
    odd = ProbeRequest("thread_x", method="TRACE")
    assert origin.proves(respond(odd, status, body, b"<html>", **headers)) is proves
    assert origin.proves(respond(ProbeRequest("thread_x"), 400, None, b"<html>"))


@pytest.mark.parametrize(
    ("method", "proves"), [("DELETE", True), ("PERUSE", True), ("OPTIONS", False), ("TRACE", False)]
)
def test_a_method_that_succeeds_was_carried_out_by_the_server(method: str, proves: bool) -> None:
    """An intermediary refuses methods, or answers OPTIONS and TRACE itself; it does not report success for others."""
    request = ProbeRequest("thread_x", method=method)
    assert KnownOrigin().proves(respond(request, 200, {}, **{"content-type": "application/json"})) is proves


def test_the_errors_of_a_gateway_have_its_own_form() -> None:
    """A 503 in HTML may be that of a gateway; one in the form of the server is not."""
    origin = KnownOrigin()
    origin.learn(respond(ProbeRequest("thread_x", (("limit", "0"),)), 400, ERROR))
    assert origin.is_gateway_error(respond(ProbeRequest("thread_x"), 503, None, b"<html>"))
    assert not origin.is_gateway_error(respond(ProbeRequest("thread_x"), 503, ERROR))
    assert not origin.is_gateway_error(respond(ProbeRequest("thread_x"), 500, None, b"Internal Server Error"))


def test_a_long_request_proves_something_only_in_the_form_of_the_server() -> None:
    """A proxy may refuse a request whose key makes it longer than its limit."""
    origin = KnownOrigin()
    origin.learn(respond(ProbeRequest("thread_x", (("limit", "0"),)), 400, ERROR))
    refused = Exchange(ProbeRequest("thread_x"), 414, (("date", "x"),), b"<html>", size=9000)
    assert not origin.proves(refused)
    assert origin.proves(
        Exchange(ProbeRequest("thread_x"), 401, (("date", "x"),), json.dumps(ERROR).encode(), size=9000)
    )
