'''Mutations: subclasses of the endpoint that replace single steps of it.

A fault is a mutation that breaks the contract, a variation is one that the contract allows. A mutation overrides a
method of the endpoint and leaves the rest to ``super()``::

    class LastRunHidden(Mutation):
        """The last run of every page is left out."""

        def find_page(self, thread: str, query: ListQuery) -> StoredPage:
            page = super().find_page(thread, query)
            return evolve(page, runs=page.runs[:-1])

Most mutations change one value; the ``mutate_*`` decorators make them from a function::

    @mutate_run
    def model_null(run: Json) -> None:
        """`model` of a run is null."""
        run["model"] = None

``send`` has the response and the writer, which can also break the connection. ``self.state`` keeps values from one
request to the next. No mutation counts requests: ``NAME:every=3``, ``NAME:first=2`` and ``NAME:p=0.2`` select them.
'''

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, ClassVar

from attrs import evolve

from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import HTTPError, ListQuery, ServerRequest, ServerResponse, StoredPage, StoredRun
from threadruns.server._response_writer import ResponseWriter

Json = dict[str, Any]


class Mutation(Endpoint):
    """Base class of mutations.

    Attributes:
        name: The name of the class in kebab case.
        group: The name of the module that defines it.
        description: The docstring of the class on one line.
        state: Values kept between requests; all mutations of a server share it.
    """

    name: ClassVar[str]
    group: ClassVar[str]
    description: ClassVar[str]
    state: Json

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])|_", "-", cls.__name__).lower()
        cls.group = cls.__module__.rpartition(".")[2]
        cls.description = " ".join((cls.__doc__ or "").split())


Catalogue = Mapping[str, type[Mutation]]
"""Mutations by name."""


def collect(*modules: ModuleType) -> dict[str, type[Mutation]]:
    """Return the mutations that the modules define, by name; a leading underscore marks a base class."""
    return {
        value.name: value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Mutation)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
    }


def mutate_run(change: Callable[[Json], Any]) -> type[Mutation]:
    """Make a mutation from a function that changes a run in place or returns its replacement."""

    def body(page: Json, _: ListQuery) -> None:
        for number, run in enumerate(page["data"]):
            changed = change(run)
            if changed is not None:
                page["data"][number] = changed

    return _named(change, mutate_page(body))


def mutate_page(change: Callable[[Json, ListQuery], Any]) -> type[Mutation]:
    """Make a mutation from a function that changes the body of a page in place or returns its replacement."""

    class PageMutation(Mutation):
        def handle(self, request: ServerRequest) -> ServerResponse:
            response = super().handle(request)
            if response.status != 200:
                return response
            page = json.loads(response.body)
            if page.get("object") != "list":
                return response  # A single run, of a server that tests of pollers use.
            changed = change(page, self.parse_query(self.query_parameters(request)))
            return evolve(response, body=to_json(page if changed is None else changed))

    return _named(change, PageMutation)


def mutate_error(change: Callable[[Json, int], Any]) -> type[Mutation]:
    """Make a mutation from a function that changes the body of an error in place or returns its replacement."""

    class ErrorMutation(Mutation):
        def render_error(self, error: HTTPError) -> ServerResponse:
            response = super().render_error(error)
            body = json.loads(response.body)
            changed = change(body, error.status)
            return evolve(response, body=to_json(body if changed is None else changed))

    return _named(change, ErrorMutation)


def mutate_query(change: Callable[[ListQuery], ListQuery]) -> type[Mutation]:
    """Make a mutation from a function that replaces the query after validation."""

    class QueryMutation(Mutation):
        def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
            return change(super().parse_query(pairs))

    return _named(change, QueryMutation)


def mutate_parameter(change: Callable[[str, str], str | None]) -> type[Mutation]:
    """Make a mutation from a function that replaces the value of a parameter before validation; None removes it."""

    class ParameterMutation(Mutation):
        def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
            pairs = ((name, change(name, value)) for name, value in super().query_parameters(request))
            return [(name, value) for name, value in pairs if value is not None]

    return _named(change, ParameterMutation)


def mutate_request(change: Callable[[ServerRequest], ServerRequest]) -> type[Mutation]:
    """Make a mutation from a function that replaces the request before it is handled."""

    class RequestMutation(Mutation):
        def handle(self, request: ServerRequest) -> ServerResponse:
            return super().handle(change(request))

    return _named(change, RequestMutation)


def mutate_response(change: Callable[[ServerResponse, ServerRequest], ServerResponse]) -> type[Mutation]:
    """Make a mutation from a function that replaces the response, pages and errors alike."""

    class ResponseMutation(Mutation):
        def handle(self, request: ServerRequest) -> ServerResponse:
            return change(super().handle(request), request)

    return _named(change, ResponseMutation)


def always(response: ServerResponse, module: str, name: str, description: str) -> type[Mutation]:
    """Make a mutation that replaces every response with this one."""

    def change(_: ServerResponse, __: ServerRequest) -> ServerResponse:
        return response

    change.__module__, change.__name__, change.__doc__ = module, name, description
    return mutate_response(change)


def _named(function: Callable[..., Any], made: type[Mutation]) -> type[Mutation]:
    return type(function.__name__, (made,), {"__doc__": function.__doc__, "__module__": function.__module__})


class WholeThreadMutation(Mutation):
    """Base class of mutations that select the page from a list of all runs of the thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        """Select the page."""
        super().find_page(thread, query)  # It validates the thread and the cursors.
        return self.select_page(self.all_runs(thread, query.order), query)

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        """Return every run of the thread in an order."""
        return self.store.page(thread, 1_000_000, order).runs

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        """Return the page out of all runs in the requested order."""
        return select_page(runs, query)


def select_page(runs: list[StoredRun], query: ListQuery) -> StoredPage:
    """Apply the cursors and the limit of a query to a list of runs; unknown cursors count as absent."""
    ids = [run.id for run in runs]
    start = ids.index(query.after) + 1 if query.after in ids else 0
    end = ids.index(query.before) if query.before in ids else len(ids)
    if query.before in ids and query.after not in ids:
        start = max(0, end - query.limit)
        return StoredPage(runs[start:end], has_more=start > 0)
    return StoredPage(runs[start : min(end, start + query.limit)], has_more=start + query.limit < end)


def to_json(value: Any) -> bytes:
    """Return a value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def with_headers(response: ServerResponse, **headers: str) -> ServerResponse:
    """Return the response with these headers added; underscores in their names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return evolve(response, headers={**response.headers, **named})


def error_response(status: int, **headers: str) -> ServerResponse:
    """Return an error with this status and these headers; underscores in their names stand for hyphens."""
    body = b'{"error":{"message":"Try again.","type":"server_error","param":null,"code":null}}'
    return with_headers(ServerResponse(status, body), **headers)


async def send_with_length(writer: ResponseWriter, response: ServerResponse, length: int) -> None:
    """Send a response whose Content-Length is not that of its body, and close the connection."""
    names = "".join(f"{name}: {text}\r\n" for name, text in response.headers.items())
    head = f"HTTP/1.1 {response.status} Status\r\n{names}content-length: {max(0, length)}\r\n\r\n"
    writer.write_raw(head.encode("latin-1") + response.body)
    await writer.close()


def still_in_progress(run: StoredRun) -> StoredRun:
    """Return a completed run as it was before it completed, and any other run unchanged."""
    value = run.value()
    if value["status"] != "completed":
        return run
    value |= {"status": "in_progress", "completed_at": None, "expires_at": value["created_at"] + 600}
    value |= {key: None for key in ("usage", "incomplete_details") if key in value}
    return StoredRun(run.id, to_json(value))
