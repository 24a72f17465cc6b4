"""A correct server that shares nothing with the reference server: the standard library's, with its own error pages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.limits import DEFAULT_LIMIT, MAX_LIMIT

ALLOW = "GET, HEAD"


class RefusedError(Exception):
    """A request that is refused with an error."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code},
        }


def page(runs: Sequence[Mapping[str, Any]], query: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the page that a query asks for.

    Args:
        runs: The runs of the thread, oldest first.
        query: The values of each parameter.
    """
    known = {name: query[name] for name in ("limit", "order", "after", "before") if name in query}
    for name, values in known.items():
        if len(values) > 1:
            raise RefusedError(400, f"{name} is given {len(values)} times", name)
    chosen = {name: values[0] for name, values in known.items()}
    limit = chosen.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch("[0-9]{1,3}", limit, re.ASCII) or not 1 <= int(limit) <= MAX_LIMIT:
        raise RefusedError(400, f"limit is not an integer from 1 to {MAX_LIMIT}", "limit")
    order = chosen.get("order", "desc")
    if order not in ("asc", "desc"):
        raise RefusedError(400, "order is neither asc nor desc", "order")
    listed = sorted(runs, key=lambda run: (run["created_at"], run["id"]), reverse=order == "desc")
    places = {run["id"]: place for place, run in enumerate(listed)}
    for name in ("after", "before"):
        if name in chosen and not re.fullmatch(r"run_[!-.0-~]+", chosen[name]):
            raise RefusedError(400, f"{name} is not the id of a run", name)
        if name in chosen and chosen[name] not in places:
            raise RefusedError(404, f"{name} names no run of this thread", name)
    start = places[chosen["after"]] + 1 if "after" in chosen else 0
    end = places[chosen["before"]] if "before" in chosen else len(listed)
    window = listed[start:end]
    backwards = "before" in chosen and "after" not in chosen
    data = window[-int(limit) :] if backwards else window[: int(limit)]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return {"object": "list", "data": data, **ends, "has_more": len(window) > len(data) > 0}


@contextmanager
def serve_another(threads: Mapping[str, Sequence[Mapping[str, Any]]], key: str) -> Iterator[str]:
    """Serve threads, and yield the base URL.

    Args:
        threads: The runs of each thread.
        key: The key that the server accepts.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def answer(self) -> None:
            parts = urlsplit(self.path)
            route = re.fullmatch(r"/v1/threads/([^/]+)/runs", parts.path)
            challenge: dict[str, str] = {}
            try:
                if route is None:
                    raise RefusedError(404, "There is nothing here.")
                scheme, _, token = (self.headers["Authorization"] or "").partition(" ")
                if scheme.lower() != "bearer" or token != key:
                    challenge = {"WWW-Authenticate": "Bearer"}
                    raise RefusedError(401, "The key is wrong.", code="invalid_api_key")
                if self.headers["OpenAI-Beta"] != "assistants=v1":
                    raise RefusedError(400, "The OpenAI-Beta header is wrong.", code="invalid_beta")
                thread = unquote(route[1])
                if thread not in threads:
                    raise RefusedError(404, f"No thread found with id '{thread}'.")
                query = parse_qs(parts.query, keep_blank_values=True)
                self.reply(200, page(threads[thread], query), {})
            except RefusedError as error:
                self.reply(error.status, error.body, challenge)

        def refuse(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            del body
            self.reply(405, RefusedError(405, f"{self.command} is not a method of this.").body, {"Allow": ALLOW})

        def reply(self, status: int, value: object, more: Mapping[str, str]) -> None:
            body = json.dumps(value).encode()
            self.send_response(HTTPStatus(status))
            for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}.items():
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_HEAD = answer
        do_PUT = do_PATCH = do_DELETE = do_POST = do_OPTIONS = do_TRACE = refuse

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Ignore that a client closed its connection."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
