"""What faults and variations are made of: subclasses of the endpoint that replace single steps of it.

Most change one thing only, and are made of a function that changes it by one of the decorators here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, ClassVar

from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    ServerRequest,
    ServerResponse,
    StoredPage,
    StoredRun,
    evolve,
)

Json = dict[str, Any]


class Mutation(Endpoint):
    """A way to answer otherwise; ``name``, ``group`` and ``says`` come from the class, its module and its docstring."""

    name: ClassVar[str]
    group: ClassVar[str]
    description: ClassVar[str]
    state: Json
    """What lasts from one request to the next; one for each server, shared by all mutations."""

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", cls.__name__).lower()
        cls.group = cls.__module__.rpartition(".")[2]
        cls.description = " ".join((cls.__doc__ or "").split())


def collect(modules: Iterable[ModuleType]) -> dict[str, type[Mutation]]:
    """Return the mutations that the modules define, by name; an underscore keeps a base class out."""
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
    """Make a mutation of a function that changes a run in place, or returns what stands for it."""

    def body(page: Json, _: ListQuery) -> None:
        for number, run in enumerate(page["data"]):
            changed = change(run)
            if changed is not None:
                page["data"][number] = changed

    return _named(change, mutate_page(body))


def mutate_page(change: Callable[[Json, ListQuery], Any]) -> type[Mutation]:
    """Make a mutation of a function that changes the body of a page in place, or returns what stands for it."""

    class Made(Mutation):
        def handle(self, request: ServerRequest) -> ServerResponse:
            response = super().handle(request)
            if response.status != 200:
                return response
            page = json.loads(response.body)
            changed = change(page, self.parse_query(self.query_parameters(request)))
            return evolve(response, body=to_json(page if changed is None else changed))

    return _named(change, Made)


def mutate_error(change: Callable[[Json, int], Any]) -> type[Mutation]:
    """Make a mutation of a function that changes the body of an error in place, or returns what stands for it."""

    class Made(Mutation):
        def render_error(self, error: HTTPError) -> ServerResponse:
            response = super().render_error(error)
            body = json.loads(response.body)
            changed = change(body, error.status)
            return evolve(response, body=to_json(body if changed is None else changed))

    return _named(change, Made)


def mutate_query(change: Callable[[ListQuery], ListQuery]) -> type[Mutation]:
    """Make a mutation of a function that replaces the query once it is checked."""

    class Made(Mutation):
        def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
            return change(super().parse_query(pairs))

    return _named(change, Made)


def mutate_parameter(change: Callable[[str, str], str | None]) -> type[Mutation]:
    """Make a mutation of a function that replaces the value of a parameter before the check; None leaves it out."""

    class Made(Mutation):
        def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
            pairs = ((name, change(name, value)) for name, value in super().query_parameters(request))
            return [(name, value) for name, value in pairs if value is not None]

    return _named(change, Made)


def mutate_request(change: Callable[[ServerRequest], ServerRequest]) -> type[Mutation]:
    """Make a mutation of a function that replaces the request before anything looks at it."""

    class Made(Mutation):
        def handle(self, request: ServerRequest) -> ServerResponse:
            return super().handle(change(request))

    return _named(change, Made)


def mutate_response(change: Callable[[ServerResponse, ServerRequest], ServerResponse]) -> type[Mutation]:
    """Make a mutation of a function that replaces the response, whatever it is."""

    class Made(Mutation):
        def handle(self, request: ServerRequest) -> ServerResponse:
            return change(super().handle(request), request)

    return _named(change, Made)


def _named(function: Callable[..., Any], made: type[Mutation]) -> type[Mutation]:
    return type(function.__name__, (made,), {"__doc__": function.__doc__, "__module__": function.__module__})


class WholeThreadMutation(Mutation):
    """Base of mutations that pick their page out of the whole thread, to pick it otherwise."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        """Find the page in the list of all runs."""
        super().find_page(thread, query)  # It makes the checks.
        return self.choose_page(self.all_runs(thread, query.order), query)

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        """Return every run of the thread in an order."""
        return self.store.page(thread, 1_000_000, order).runs

    def choose_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        """Return the page out of all runs in the order asked for."""
        return cut_page(runs, query)


class RepeatedParameter(Mutation):
    """Base of mutations that take one of several values of a parameter; `taken` is its name, and which of them."""

    parameter_and_index: ClassVar[tuple[str, int]]

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        """Drop the other values."""
        name, which = self.parameter_and_index
        pairs = super().query_parameters(request)
        values = [pair for pair in pairs if pair[0] == name]
        return [pair for pair in pairs if pair[0] != name] + ([values[which]] if values else [])


def cut_page(runs: list[StoredRun], query: ListQuery) -> StoredPage:
    """Return the page that a query asks for: the rule of the cursors, over a list. Unknown cursors count as absent."""
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
    """Return the response with these headers; underscores in their names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return evolve(response, headers={**response.headers, **named})


def still_in_progress(run: StoredRun) -> StoredRun:
    """Return a completed run as it was before it completed; another run as it is."""
    value = run.value()
    if value["status"] != "completed":
        return run
    value |= {"status": "in_progress", "completed_at": None, "expires_at": value["created_at"] + 600}
    if "usage" in value:
        value["usage"] = None
    return StoredRun(run.id, to_json(value))
