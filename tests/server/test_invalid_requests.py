"""Invalid requests: parameters, cursors, credentials, beta header, methods and paths."""

from __future__ import annotations

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import client
from tests.server.samples import KEY, THREADS, get, name
from tests.support.limits import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import ServerRequest
from threadruns.server.store import open_store
from threadruns.testing import RunningServer, serve

RUN = THREADS[name(21)][10]["id"]
PATH = f"/threads/{name(21)}/runs"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "abc",
        "5.0",
        "1e1",
        " 5",
        "+5",
        "5 ",
        "1_0",
        "0x5",
        "\u0665",
        "-1",
        "-0",
        str(MAX_LIMIT + 1),
        "9" * 5000,
        "-" + "9" * 5000,
        "05",
        "5\n",
    ],
)
def test_limit_is_an_integer_within_its_bounds(http: httpx.Client, value: str) -> None:
    """An invalid limit gives 400 with `param` and a short message."""
    response = http.get(PATH, params={"limit": value})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "limit")
    assert len(response.json()["error"]["message"]) < 300


@pytest.mark.parametrize("limit", [MIN_LIMIT, DEFAULT_LIMIT, MAX_LIMIT])
def test_limit_at_its_bounds_is_granted(http: httpx.Client, limit: int) -> None:
    """The smallest and the largest limit are valid, and the page has as many runs."""
    assert len(http.get(f"/threads/{name(MAX_LIMIT + 37)}/runs", params={"limit": limit}).json()["data"]) == limit


@pytest.mark.parametrize("value", ["", "ASC", "Desc", "ascending", " asc", "asc\n", "1"])
def test_order_is_one_of_two_words(http: httpx.Client, value: str) -> None:
    """An invalid order gives 400 with `param`; case counts."""
    response = http.get(PATH, params={"order": value})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "order")


@pytest.mark.parametrize("cursor", ["after", "before"])
@pytest.mark.parametrize(
    "value", ["", "null", "run_", "run_a/b", "run_é", "run_a b", "run_a\n", "thread_Of21", RUN[4:]]
)
def test_malformed_cursor_is_a_400(http: httpx.Client, cursor: str, value: str) -> None:
    """A cursor that does not match the pattern gives 400 with `param`."""
    response = http.get(PATH, params={cursor: value})
    assert (response.status_code, response.json()["error"]["param"]) == (400, cursor)


@pytest.mark.parametrize("cursor", ["after", "before"])
@pytest.mark.parametrize(
    "value", ["run_nope", RUN[:-1], RUN + "x", "run_" + RUN[4:].swapcase(), "run_%", THREADS[name(5)][2]["id"]]
)
def test_cursor_of_no_run_of_the_thread_is_a_404(http: httpx.Client, cursor: str, value: str) -> None:
    """An unknown, truncated, extended or foreign id, or one in another case, gives 404 with `param`."""
    response = http.get(PATH, params={cursor: value})
    assert (response.status_code, response.json()["error"]["param"]) == (404, cursor)


@pytest.mark.parametrize("parameter", ["limit=5", "order=asc", f"after={RUN}", f"before={RUN}"])
def test_repeated_parameter_is_a_400(http: httpx.Client, parameter: str) -> None:
    """A repeated parameter gives 400 with `param`, even with the same value."""
    response = http.get(f"{PATH}?{parameter}&{parameter}")
    assert (response.status_code, response.json()["error"]["param"]) == (400, parameter.partition("=")[0])


def test_unknown_parameters_are_ignored(http: httpx.Client) -> None:
    """Undocumented parameters are ignored, even if repeated or in another case."""
    assert http.get(f"{PATH}?foo=1&foo=2&LIMIT=3&page=2").content == http.get(PATH).content


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        *[(f"{scheme} {KEY}", 200) for scheme in ("Bearer", "bearer", "BEARER", "bEaReR")],
        (f"Bearer   {KEY}", 200),
        *[(value, 401) for value in ("", "Bearer", KEY, f"Basic {KEY}", f"Token {KEY}", f"Bearer:{KEY}")],
        *[(f"Bearer {token}", 401) for token in (KEY[:-1], f"{KEY}x", KEY.upper(), f"{KEY} x", f'"{KEY}"', f"x {KEY}")],
    ],
)
def test_key_is_a_bearer_token(server: RunningServer, authorization: str, status: int) -> None:
    """The scheme is compared without case, the token exactly; a 401 has the scheme and never the token."""
    headers = {"authorization": authorization, "openai-beta": "assistants=v1"}
    response = httpx.get(server.url + PATH, headers=headers)
    assert response.status_code == status
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"
        assert KEY[:-1] not in response.text + str(response.headers)


@pytest.mark.parametrize("place", [{"api-key": KEY}, {"x-api-key": KEY}, {"cookie": f"api_key={KEY}"}])
def test_key_is_taken_from_nowhere_else(server: RunningServer, place: dict[str, str]) -> None:
    """A key in another header or in the query is not accepted."""
    response = httpx.get(f"{server.url}{PATH}?api_key={KEY}", headers={"openai-beta": "assistants=v1", **place})
    assert response.status_code == 401


def test_two_authorization_headers_are_refused(server: RunningServer) -> None:
    """Two Authorization headers give 401."""
    headers = [("authorization", f"Bearer {KEY}"), ("authorization", "Bearer other"), ("openai-beta", "assistants=v1")]
    assert httpx.get(server.url + PATH, headers=headers).status_code == 401


def test_known_and_unknown_thread_look_alike_without_credentials(server: RunningServer) -> None:
    """Without a key, the responses for known and unknown threads are the same."""
    known, unknown = (httpx.get(f"{server.url}/threads/{thread}/runs") for thread in (name(5), "thread_nope"))
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize(
    "value", ["", "assistants=v2", "assistants=v10", "Assistants=v1", "assistants=v1, x=1", "assistants = v1", "v1"]
)
def test_beta_header_is_compared_whole(http: httpx.Client, value: str) -> None:
    """Only the exact value of the document is accepted."""
    response = http.get(PATH, headers={"openai-beta": value})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_beta")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "LIST"])
@pytest.mark.parametrize("thread", [name(5), "thread_nope"])
def test_other_methods_are_a_405(http: httpx.Client, method: str, thread: str) -> None:
    """Other methods give 405 with Allow, in the form of the API."""
    response = http.request(method, f"/threads/{thread}/runs")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.json()["error"]["message"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}?limit=0", "/threads/thread_nope/runs"])
def test_head_answers_as_get_without_a_body(http: httpx.Client, path: str) -> None:
    """Status and headers of HEAD are those of GET, Content-Length included."""
    own = {"date", "x-request-id", "openai-processing-ms"}
    got, head = http.get(path), http.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert {k: v for k, v in head.headers.items() if k not in own} == {
        k: v for k, v in got.headers.items() if k not in own
    }


@pytest.mark.parametrize(
    "path", ["/", "/threads", "/threads//runs", f"{PATH}/", f"/threads/a/{name(5)}/runs", f"{PATH}/run_1/steps"]
)
def test_other_paths_are_a_404(http: httpx.Client, path: str) -> None:
    """An unknown path gives 404 in the form of the API."""
    response = http.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["message"].startswith("Invalid URL")


def test_encoded_slash_stays_in_its_segment() -> None:
    """The id of a thread with a slash, a percent sign or a non-ASCII letter is found if it is encoded."""
    with serve(threads=["thread_a/b", "thread_50%", "thread_é"]) as server, client(server) as http:
        for encoded in ("thread_a%2Fb", "thread_50%25", "thread_%C3%A9", "thread_%61%2fb"):
            assert http.get(f"/threads/{encoded}/runs").status_code == 200


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_request_is_answered(segment: bytes, query: bytes) -> None:
    """Any bytes in the path and in the query give an error in the form of the API."""
    store = open_store()
    good = get("thread_x")
    response = Endpoint(store, KEY).handle(
        ServerRequest("GET", b"/v1/threads/" + segment + b"/runs", query, good.headers)
    )
    store.close()
    assert response.status in (400, 404)
    assert set(msgspec.json.decode(response.body)["error"]) == {"message", "type", "param", "code"}
