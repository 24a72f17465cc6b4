"""Cases for a client with the operations ``retrieve``, ``create`` and ``delete``; ``test_operations.py`` runs them.

The default test run does not collect this module, because the client has these operations only there.
"""

from __future__ import annotations

import inspect
import json
import os
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx
import pytest

import threadruns
from tests.support.clients import HTTPX_CLIENTS, open_client
from tests.support.runs import run, runs
from threadruns import (
    UNSET,
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    ArgumentError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    models,
)
from threadruns.testing import serve

KINDS = ("sync", "async")

Answer = tuple[int, dict[str, str], Any] | None
"""The status, the headers and the body of an answer; None closes the connection without one."""


class Received(NamedTuple):
    """A request as the server received it."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes


class CreatingServer:
    """An HTTP server that creates and deletes runs, or fails as it is told.

    Args:
        answers: The answers to the first requests, in place of success.
        port: The port; any free one if 0.
    """

    def __init__(self, *answers: Answer, port: int = 0) -> None:
        self.received: list[Received] = []
        planned = list(answers)
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                content = self.rfile.read(int(headers.get("content-length", 0)))
                received.append(Received(self.command, self.path, headers, content))
                planned_now = planned.pop(0) if planned else created(self.command, content)
                if planned_now is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, more, body = planned_now
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(b"" if status == 204 else text)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def created(method: str, content: bytes) -> Answer:
    """Return the answer to a request that succeeds."""
    if method == "DELETE":
        return 204, {}, b""
    given = json.loads(content)
    unsent = {"status": "queued", "started_at": None, "completed_at": None, "usage": None}
    return 200, {"x-request-id": "req_1"}, run(1, **unsent, **given)


@contextmanager
def creating_server(*answers: Answer) -> Generator[CreatingServer]:
    """Run a server that creates runs."""
    server = CreatingServer(*answers)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)


NEW = models.NewRun(assistant_id="asst_1")
ERROR = {"error": {"message": "No.", "type": "server_error", "param": None, "code": None}}


def test_the_edited_client_is_used() -> None:
    """The packages of the edited document are imported, and not the installed ones."""
    assert threadruns.__file__.startswith(os.environ["THREADRUNS_EDITED"])


@pytest.mark.parametrize("kind", KINDS)
def test_retrieve(kind: str) -> None:
    """An operation that returns one object sends one GET and returns the decoded object."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        found = client.runs.retrieve("thread_a", runs(3)[1]["id"])
        assert type(found) is models.Run
        assert found.to_dict() == runs(3)[1]
        assert [request.method for request in server.requests] == ["GET"]
        server.update(found.id, status="expired")
        assert client.runs.retrieve("thread_a", found.id).status == "expired"


@pytest.mark.parametrize("kind", KINDS)
def test_retrieve_errors(kind: str) -> None:
    """Errors are those of the other operations: typed, with status, code and body."""
    with serve(runs=runs(1)) as server, open_client(server, kind) as client:
        with pytest.raises(NotFoundError, match=r"^GET /threads/thread_a/runs/run_none: 404 Not Found: "):
            client.runs.retrieve("thread_a", "run_none")
        with pytest.raises(ArgumentError, match="run_id must be one path segment"):
            client.runs.retrieve("thread_a", "..")
        with pytest.raises(ArgumentError, match="'timeot'"):
            client.runs.retrieve("thread_a", "run_1", timeot=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("own", [False, True])
def test_create(kind: str, own: bool) -> None:
    """A JSON body is sent with its content type and length; absent keys are left out, and null is sent."""
    settings = {"http_client": HTTPX_CLIENTS[kind]()} if own else {}
    body = models.NewRun(
        assistant_id="asst_1",
        instructions=None,
        tools=[models.CodeInterpreterTool()],
        metadata={"größe": "\U0001f600"},
    )
    with (
        creating_server() as server,
        open_client(None, kind, api_key="sk-1", base_url=server.url, **settings) as client,
    ):
        made = client.runs.create("thread_a", body=body)
    assert type(made) is models.Run
    assert made.status == "queued"
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/v1/threads/thread_a/runs")
    sent = {
        "assistant_id": "asst_1",
        "instructions": None,
        "tools": [{"type": "code_interpreter"}],
        "metadata": {"größe": "\U0001f600"},
    }
    assert json.loads(request.content) == sent
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == str(len(request.content))
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.headers["openai-beta"] == "assistants=v1"


@pytest.mark.parametrize("kind", KINDS)
def test_body_that_is_not_json(kind: str) -> None:
    """A body that JSON has no form for is rejected before anything is sent."""
    with creating_server() as server:
        with open_client(None, kind, api_key="sk-1", base_url=server.url) as client:
            for value in (float("nan"), float("inf"), object(), "\ud800"):
                body = models.NewRun(assistant_id="asst_1", temperature=value)  # type: ignore[arg-type]
                with pytest.raises(ArgumentError, match=r"^The body cannot be sent as JSON: .*\.$"):
                    client.runs.create("thread_a", body=body)
        assert server.received == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {}, ERROR), InternalServerError),
        ((503, {"retry-after": "0"}, ERROR), InternalServerError),
        ((408, {}, ERROR), APIStatusError),
        ((409, {}, ERROR), APIStatusError),
        ((429, {}, ERROR), RateLimitError),
        (None, APIConnectionError),
    ],
)
def test_create_is_not_repeated(kind: str, answer: Answer, error: type[Exception]) -> None:
    """After a failure that may follow the creation, or a lost answer, a POST is sent once unless the caller asks."""
    with creating_server(answer, answer) as server:
        with open_client(None, kind, api_key="sk-1", base_url=server.url) as client:
            with pytest.raises(error):
                client.runs.create("thread_a", body=NEW)
            assert len(server.received) == 1
            assert client.runs.create("thread_a", body=NEW, idempotent=True).status == "queued"
        assert len(server.received) == 3
        assert len({request.content for request in server.received}) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "answer",
    [
        (429, {"retry-after": "0"}, ERROR),
        (429, {"retry-after-ms": "1"}, ERROR),
        (500, {"x-should-retry": "true"}, ERROR),
    ],
)
def test_create_is_repeated_if_the_server_asks(kind: str, answer: Answer) -> None:
    """A POST that the server refused, with the time to come back, or asks to repeat, is sent again with its body."""
    with creating_server(answer) as server:
        with open_client(None, kind, api_key="sk-1", base_url=server.url) as client:
            client.runs.create("thread_a", body=NEW)
        first, second = server.received
        assert first.content == second.content
        assert second.headers["content-type"] == "application/json"


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_create_is_repeated_if_no_connection_was_made(kind: str, own: bool) -> None:
    """A POST for which no connection was made was not sent, so it is tried again."""
    reserved = socket.create_server(("127.0.0.1", 0))
    port = reserved.getsockname()[1]
    reserved.close()
    servers: list[CreatingServer] = []
    attempts: list[int] = []

    def key() -> str:
        # Called before each attempt: the server starts before the second one.
        attempts.append(1)
        if len(attempts) == 2:
            servers.append(CreatingServer(port=port))
        return "sk-1"

    settings = {"http_client": HTTPX_CLIENTS[kind]()} if own else {}
    try:
        with open_client(None, kind, api_key=key, base_url=f"http://127.0.0.1:{port}/v1", **settings) as client:
            assert client.runs.create("thread_a", body=NEW).status == "queued"
        assert len(servers[0].received) == 1
    finally:
        for server in servers:
            server.close()


@pytest.mark.parametrize("kind", KINDS)
def test_get_with_idempotent_false(kind: str) -> None:
    """A caller can have a GET sent once."""
    with (
        creating_server((500, {}, ERROR)) as server,
        open_client(None, kind, api_key="sk-1", base_url=server.url, idempotent=False) as client,
    ):
        with pytest.raises(InternalServerError):
            client.runs.retrieve("thread_a", "run_1")
        assert len(server.received) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_content(kind: str) -> None:
    """An operation whose response has no body returns None, and a DELETE is repeated after a failure."""
    with creating_server((500, {}, ERROR)) as server:
        with open_client(None, kind, api_key="sk-1", base_url=server.url) as client:
            assert client.runs.delete("thread_a", "run_1") is None
        assert [request.method for request in server.received] == ["DELETE", "DELETE"]
        assert all(request.content == b"" and "content-type" not in request.headers for request in server.received)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>busy</html>", "the body is not JSON"),
        ({"id": "run_1"}, r"object: missing; invalid=\"keep\""),
        ({**run(1), "created_at": "now"}, "created_at: expected an integer, got 'now'"),
        ([], "body: expected an object"),
        (ERROR, "its body is an error: No"),
        (b"", "the body is not JSON"),
    ],
)
def test_invalid_object(kind: str, body: Any, message: str) -> None:
    """A body that breaks the contract raises an error that names the first problem, and is not asked for again."""
    with creating_server((200, {}, body)) as server:
        with (
            open_client(None, kind, api_key="sk-1", base_url=server.url) as client,
            pytest.raises(APIResponseValidationError, match=message) as caught,
        ):
            client.runs.retrieve("thread_a", "run_1")
        assert len(server.received) == 1
    assert caught.value.status_code == 200
    assert caught.value.__context__ is None


@pytest.mark.parametrize("kind", KINDS)
def test_invalid_values_are_kept(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """With ``invalid="keep"``, invalid values are kept as received, missing keys are UNSET, and a warning is logged."""
    sent = {**run(1), "created_at": "now"}
    del sent["model"]
    with (
        creating_server((200, {}, sent)) as server,
        open_client(None, kind, api_key="sk-1", base_url=server.url, invalid="keep") as client,
    ):
        found = client.runs.retrieve("thread_a", "run_1")
    assert found.to_dict() == sent
    assert found.model is UNSET
    assert "2 invalid values were kept" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_an_echoed_key_is_hidden(kind: str) -> None:
    """An error does not show a key that the server sends back in an invalid body."""
    with (
        creating_server((200, {}, {"key": "sk-secret-1234567890"})) as server,
        open_client(None, kind, api_key="sk-secret-1234567890", base_url=server.url) as client,
        pytest.raises(APIResponseValidationError) as caught,
    ):
        client.runs.create("thread_a", body=NEW)
    assert caught.value.raw_response is not None
    assert b"sk-secret" not in caught.value.raw_response.body


def test_signatures() -> None:
    """A bound operation has the parameters and the docstring of the generated function, and the type of its result."""
    with open_client(None, "sync", api_key="sk-1", base_url="http://h/v1") as client:
        bound: dict[str, Callable[..., Any]] = {
            name: getattr(client.runs, name) for name in ("retrieve", "create", "delete")
        }
        annotations = {name: inspect.signature(each).return_annotation for name, each in bound.items()}
        assert annotations == {"retrieve": "Run", "create": "Run", "delete": "None"}
        assert list(inspect.signature(bound["create"]).parameters) == ["thread_id", "body", "options"]
        assert "Create a run." in (inspect.getdoc(bound["create"]) or "")
        assert repr(bound["create"]) == "<create_run at 'http://h/v1'>"


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_beside_other_operations(kind: str) -> None:
    """The operation that lists works as before beside the others."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        assert [each.id for each in client.runs.list("thread_a")] == [each["id"] for each in reversed(runs(3))]


def test_requests_of_other_clients_are_sent_by_httpx() -> None:
    """A transport of the caller sees the body and the content type."""
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=run(1))

    with open_client(
        None, "sync", api_key="sk-1", base_url="http://h/v1", transport=httpx.MockTransport(respond)
    ) as client:
        client.runs.create("thread_a", body=NEW)
    assert json.loads(seen[0].content) == {"assistant_id": "asst_1"}
    assert seen[0].headers["content-type"] == "application/json"
