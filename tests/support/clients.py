"""Helpers that run the same test with the sync and the async client."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from threadruns import AsyncClient, Client, Run
from threadruns.testing import RunningServer

Walker = Callable[..., list[Run]]
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def walk(server: RunningServer, thread: str = "thread_a", *, client: dict[str, Any] | None = None, **call: Any) -> Any:
    """Return all runs of a thread, listed by the sync client."""
    with Client(**{"api_key": server.api_key, "base_url": server.url, **(client or {})}) as opened:
        return list(opened.runs.list(thread, **call))


def async_walk(
    server: RunningServer,
    thread: str = "thread_a",
    *,
    client: dict[str, Any] | None = None,
    loop: LoopFactory | None = None,
    **call: Any,
) -> Any:
    """Return all runs of a thread, listed by the async client in an event loop of asyncio or of a given factory."""

    async def main() -> list[Run]:
        async with AsyncClient(**{"api_key": server.api_key, "base_url": server.url, **(client or {})}) as opened:
            return [run async for run in opened.runs.list(thread, **call)]

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


WALKS: dict[str, Walker] = {"sync": walk, "async": async_walk}

LOOPS: dict[str, LoopFactory | None] = {"async": None}
"""The event loops to test; None is the default one of asyncio."""

if find_spec("uvloop"):
    import uvloop

    LOOPS["uvloop"] = uvloop.new_event_loop


def run(kind: str, coroutine: Any) -> Any:
    """Run a coroutine in a fresh event loop of a kind."""
    with asyncio.Runner(loop_factory=LOOPS[kind]) as runner:
        return runner.run(coroutine)


WALKS_OF_ALL_LOOPS: dict[str, Walker] = {
    "sync": walk,
    **{kind: partial(async_walk, loop=loop) for kind, loop in LOOPS.items()},
}

CLIENTS: dict[str, Any] = {"sync": Client, "async": AsyncClient, "uvloop": AsyncClient}

HTTPX_CLIENTS: dict[str, Any] = {"sync": httpx.Client, "async": httpx.AsyncClient, "uvloop": httpx.AsyncClient}
"""The httpx client that a caller can pass; ``open_client`` closes it."""


def run_ids(runs: list[Run]) -> list[str]:
    """Return the ids of runs."""
    return [run.id for run in runs]


TESTS = str(Path(__file__).parents[1])


def exposed_text(error: BaseException | None) -> str:
    """Return the text of an error, its attributes, and its traceback with local variables outside the tests."""
    shown = ""
    while error is not None:
        rich = traceback.TracebackException.from_exception(error, capture_locals=True)
        for frame in rich.stack:
            if not frame.filename.startswith(TESTS):
                shown += f"{frame.filename} {frame.name} {frame.locals}\n"
        shown += f"{error!s} {error!r} {vars(error)}\n"
        error = error.__cause__ or error.__context__
    return shown


class SyncAdapter:
    """An adapter that gives an object of the async client the interface of the sync client.

    Awaitables are awaited, and async iterators are iterated over with ``for``.
    """

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self.inner = inner
        self.runner = runner

    def _adapt(self, value: Any) -> Any:
        if inspect.isawaitable(value):
            value = self._run(value)
        ours = type(value).__module__.startswith("threadruns._") and not isinstance(value, BaseException)
        return (
            SyncAdapter(value, self.runner) if ours or inspect.ismethod(value) or inspect.isasyncgen(value) else value
        )

    def _run(self, awaitable: Any) -> Any:
        async def once() -> Any:
            return await awaitable

        return self.runner.run(once())

    def __getattr__(self, name: str) -> Any:
        if name == "close" and hasattr(self.inner, "aclose"):
            # Async iterators are closed by aclose.
            return lambda: self._run(self.inner.aclose())
        return self._adapt(getattr(self.inner, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object and adapt the result."""
        return self._adapt(self.inner(*args, **kwargs))

    def __iter__(self) -> Iterator[Any]:
        async def begin() -> Any:
            return aiter(self.inner)

        return SyncAdapter(self._run(begin()), self.runner)

    def __next__(self) -> Any:
        try:
            return self._adapt(self._run(anext(self.inner)))
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self.inner)

    def __reduce__(self) -> Any:
        return self.inner.__reduce__()


@contextmanager
def open_client(server: RunningServer | None, kind: str = "sync", **options: Any) -> Generator[Client]:
    """Open a client of either kind; the async one is adapted to the sync interface.

    Without a server, ``options`` must have its URL and key.
    """
    settings: Any = {**({"api_key": server.api_key, "base_url": server.url} if server else {}), **options}
    own = options.get("http_client")
    if kind == "sync":
        with nullcontext() if own is None else closing(own), Client(**settings) as client:
            yield client
        return
    with asyncio.Runner(loop_factory=LOOPS[kind]) as runner:
        driven: Any = SyncAdapter(AsyncClient(**settings), runner)
        try:
            with driven:
                yield driven
        finally:
            if own is not None:
                runner.run(own.aclose())


def hook(kind: str, call: Callable[[Any], object]) -> Any:
    """Return a function in the form that httpx requires of a hook."""

    async def asynchronous(given: Any) -> None:
        call(given)

    return call if kind == "sync" else asynchronous
