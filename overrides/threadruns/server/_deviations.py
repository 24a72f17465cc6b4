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
from threadruns.server._exchange import Answer, Page, Query, Refusal, Request, Stored, evolve

Json = dict[str, Any]


class Deviation(Endpoint):
    """A way to answer otherwise; ``name``, ``group`` and ``says`` come from the class, its module and its docstring."""

    name: ClassVar[str]
    group: ClassVar[str]
    says: ClassVar[str]
    memory: Json
    """What lasts from one request to the next; one for each server, shared by all deviations."""

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", cls.__name__).lower()
        cls.group = cls.__module__.rpartition(".")[2]
        cls.says = " ".join((cls.__doc__ or "").split())


def listed(modules: Iterable[ModuleType]) -> dict[str, type[Deviation]]:
    """Return the deviations that the modules define, by name; an underscore keeps a base class out."""
    return {
        value.name: value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Deviation)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
    }


def on_run(change: Callable[[Json], Any]) -> type[Deviation]:
    """Make a deviation of a function that changes a run in place, or returns what stands for it."""

    def body(page: Json, _: Query) -> None:
        for number, run in enumerate(page["data"]):
            changed = change(run)
            if changed is not None:
                page["data"][number] = changed

    return _named(change, on_body(body))


def on_body(change: Callable[[Json, Query], Any]) -> type[Deviation]:
    """Make a deviation of a function that changes the body of a page in place, or returns what stands for it."""

    class Made(Deviation):
        def answer(self, request: Request) -> Answer:
            answer = super().answer(request)
            if answer.status != 200:
                return answer
            page = json.loads(answer.body)
            changed = change(page, self.parse(self.parameters(request)))
            return evolve(answer, body=compact(page if changed is None else changed))

    return _named(change, Made)


def on_error(change: Callable[[Json, int], Any]) -> type[Deviation]:
    """Make a deviation of a function that changes the body of an error in place, or returns what stands for it."""

    class Made(Deviation):
        def refuse(self, refusal: Refusal) -> Answer:
            answer = super().refuse(refusal)
            body = json.loads(answer.body)
            changed = change(body, refusal.status)
            return evolve(answer, body=compact(body if changed is None else changed))

    return _named(change, Made)


def on_query(change: Callable[[Query], Query]) -> type[Deviation]:
    """Make a deviation of a function that replaces the query once it is checked."""

    class Made(Deviation):
        def parse(self, pairs: list[tuple[str, str]]) -> Query:
            return change(super().parse(pairs))

    return _named(change, Made)


def on_value(change: Callable[[str, str], str | None]) -> type[Deviation]:
    """Make a deviation of a function that replaces the value of a parameter before the check; None leaves it out."""

    class Made(Deviation):
        def parameters(self, request: Request) -> list[tuple[str, str]]:
            pairs = ((name, change(name, value)) for name, value in super().parameters(request))
            return [(name, value) for name, value in pairs if value is not None]

    return _named(change, Made)


def on_request(change: Callable[[Request], Request]) -> type[Deviation]:
    """Make a deviation of a function that replaces the request before anything looks at it."""

    class Made(Deviation):
        def answer(self, request: Request) -> Answer:
            return super().answer(change(request))

    return _named(change, Made)


def on_answer(change: Callable[[Answer, Request], Answer]) -> type[Deviation]:
    """Make a deviation of a function that replaces the answer, whatever it is."""

    class Made(Deviation):
        def answer(self, request: Request) -> Answer:
            return change(super().answer(request), request)

    return _named(change, Made)


def _named(function: Callable[..., Any], made: type[Deviation]) -> type[Deviation]:
    return type(function.__name__, (made,), {"__doc__": function.__doc__, "__module__": function.__module__})


class Listed(Deviation):
    """Base of deviations that pick their page out of the whole thread, to pick it otherwise."""

    def select(self, thread: str, query: Query) -> Page:
        super().select(thread, query)  # It makes the checks.
        return self.pick(self.whole(thread, query.order), query)

    def whole(self, thread: str, order: str) -> list[Stored]:
        """Return every run of the thread in an order."""
        return self.store.page(thread, 1_000_000, order).runs

    def pick(self, runs: list[Stored], query: Query) -> Page:
        """Return the page out of all runs in the order asked for."""
        return cut(runs, query)


class RepeatedTaken(Deviation):
    """Base of deviations that take one of several values of a parameter; `taken` is its name, and which of them."""

    taken: ClassVar[tuple[str, int]]

    def parameters(self, request: Request) -> list[tuple[str, str]]:
        """Drop the other values."""
        name, which = self.taken
        pairs = super().parameters(request)
        values = [pair for pair in pairs if pair[0] == name]
        return [pair for pair in pairs if pair[0] != name] + ([values[which]] if values else [])


def cut(runs: list[Stored], query: Query) -> Page:
    """Return the page that a query asks for: the rule of the cursors, over a list. Unknown cursors count as absent."""
    ids = [run.id for run in runs]
    start = ids.index(query.after) + 1 if query.after in ids else 0
    end = ids.index(query.before) if query.before in ids else len(ids)
    if query.before in ids and query.after not in ids:
        start = max(0, end - query.limit)
        return Page(runs[start:end], has_more=start > 0)
    return Page(runs[start : min(end, start + query.limit)], has_more=start + query.limit < end)


def compact(value: Any) -> bytes:
    """Return a value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def with_headers(answer: Answer, **headers: str) -> Answer:
    """Return the answer with these headers; underscores in their names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return evolve(answer, headers={**answer.headers, **named})


def still_in_progress(run: Stored) -> Stored:
    """Return a completed run as it was before it completed; another run as it is."""
    value = run.value()
    if value["status"] != "completed":
        return run
    value |= {"status": "in_progress", "completed_at": None, "expires_at": value["created_at"] + 600}
    if "usage" in value:
        value["usage"] = None
    return Stored(run.id, compact(value))
