"""Tests that a key which a server sends back is hidden, in whatever form the server wrote it."""

from __future__ import annotations

import html
import json
import logging
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.canned import response, run_canned_server
from tests.support.clients import HTTPX_CLIENTS, exposed_text, open_client
from tests.support.runs import page, run
from threadruns import APIError, APIResponseValidationError
from threadruns._http.secrets import Secret

KEYS = ["sk-Zq/7+xY==", "sk-plainZq7", 'sk-Zq"x\\7<&>']

QUOTED: dict[str, Callable[[str], str]] = {
    "as in Python": json.dumps,
    "as in PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    "as in .NET": lambda text: '"' + "".join(c if c.isalnum() else f"\\u{ord(c):04X}" for c in text) + '"',
    "every character": lambda text: '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"',
    "JSON within JSON": lambda text: json.dumps(json.dumps({"key": text}).replace("/", "\\/")),
}
"""The ways to write a text as JSON."""

BODIES: dict[str, tuple[int, Callable[[str], bytes]]] = {
    "message": (401, lambda key: b'{"error": {"message": %s, "code": "x"}}' % key.encode()),
    "code": (400, lambda key: b'{"error": {"message": "m", "code": %s, "param": %s}}' % (key.encode(), key.encode())),
    "error with status 200": (200, lambda key: b'{"error": {"message": %s}}' % key.encode()),
    "other field of an invalid run": (200, lambda key: written(key, model="KEY", status=5)),
    "field of a wrong type": (200, lambda key: written(key, created_at="KEY")),
    "list of a wrong type": (200, lambda key: b'{"object": "list", "data": %s, "has_more": false}' % key.encode()),
}
"""The places of the key in a body, each with the status."""


def written(key: str, **fields: Any) -> bytes:
    return json.dumps(page([run(1), {**run(0), **fields}])).replace('"KEY"', key).encode()


def forms(text: str) -> list[str]:
    """Return a text as it is, and as a repr shows it."""
    return [text, repr(text)[1:-1], json.dumps(text)[1:-1]]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("form", QUOTED)
@pytest.mark.parametrize("place", BODIES)
def test_key_in_json(place: str, form: str, key: str, caplog: pytest.LogCaptureFixture) -> None:
    """A key in a JSON body is hidden in the error with all its attributes, its pickle and the log."""
    status, body = BODIES[place]
    quoted = QUOTED[form](key)
    with (
        caplog.at_level(logging.DEBUG),
        run_canned_server(response(status, body(quoted), {"content-type": "application/json"})) as server,
        open_client(None, api_key=key, base_url=server.url, max_retries=0) as client,
        pytest.raises(APIError) as caught,
    ):
        client.runs.list("thread_a")
    error = caught.value
    assert error.response is not None
    shown = [exposed_text(error), error.response.text, caplog.text, repr(pickle.loads(pickle.dumps(error)).__dict__)]
    if isinstance(error, APIResponseValidationError):
        shown.append(repr([each.raw for each in error.skipped]) + repr(error.items))
    for text in shown:
        assert not any(form in text for form in forms(key))


@pytest.mark.parametrize("kind", HTTPX_CLIENTS)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("invalid", ["skip", "keep"])
def test_key_in_the_log(invalid: Any, key: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The log of invalid runs that are skipped or kept does not show the key."""
    body = written(json.dumps(key).replace("/", "\\/"), created_at="KEY")
    with (
        caplog.at_level(logging.DEBUG, "threadruns"),
        run_canned_server(response(200, body, {"content-type": "application/json"})) as server,
        open_client(None, kind, api_key=key, base_url=server.url, invalid=invalid) as client,
    ):
        client.runs.list("thread_a")
    assert "created_at: expected an integer" in caplog.text
    assert not any(form in caplog.text for form in forms(key))


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=20),
    st.sampled_from(sorted(QUOTED)),
    st.text(max_size=20),
)
def test_every_key(key: str, form: str, around: str) -> None:
    """A key of any characters is replaced in JSON, in HTML and in URLs."""
    for escaped in (QUOTED[form](key), html.escape(key), quote(key, safe=""), key):
        sent = f"{around}{escaped}{around}".encode("utf-8", "replace")
        assert Secret(key).redact(sent).count(b"[key]") >= 1
