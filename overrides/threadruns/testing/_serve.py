"""The reference server in a thread of the process."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from threadruns.server._dialects import endpoint_class
from threadruns.server._messages import ServerRequest
from threadruns.server._server import AppServer, listen
from threadruns.server._store import Store
from threadruns.testing._application import mutated_application
from threadruns.testing.mutations import Catalogue


class RecordedRequest(NamedTuple):
    """A request that reached the server."""

    method: str
    target: str
    """The path and the query, still encoded."""
    headers: dict[str, str]
    """The headers by lower-case name; a comma joins the values of a repeated header."""


class RunningServer:
    """A server in a thread of this process.

    Attributes:
        url: The base URL for clients, such as ``http://127.0.0.1:40123/v1``.
        api_key: The key that it accepts.
        requests: Every request that reached the server, in order.
    """

    def __init__(self, store: Store, url: str, api_key: str, requests: list[RecordedRequest]) -> None:
        self._store = store
        self.url = url
        self.api_key = api_key
        self.requests = requests

    def add(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Add runs, all or none; the next request sees them.

        Raises:
            RunConflict: A run has the id of another.
            KeyError: A run lacks ``id``, ``thread_id`` or ``created_at``.
        """
        self._store.add(runs)


@contextmanager
def serve(
    runs: Iterable[Mapping[str, Any]] = (),
    *,
    threads: Iterable[str] = (),
    api_key: str | None = None,
    faults: Iterable[str] = (),
    variations: Iterable[str] = (),
    catalogue: Catalogue | None = None,
    permissive: bool = False,
    azure: bool = False,
    db: str | None = None,
    seed: int = 0,
) -> Generator[RunningServer]:
    """Run the reference server in a thread of this process.

    Args:
        runs: The runs as dicts; they are not validated. A thread with a run exists.
        threads: The ids of threads without runs.
        api_key: The key to accept; None generates one.
        faults: Faults by name, from ``threadruns serve --list-faults``, with options: ``NAME:every=3``.
        variations: Variations, in the same form.
        catalogue: The faults and variations by name; those of this package unless given.
        permissive: Accept any key, thread, cursor, limit and beta header.
        azure: Use Azure's form of the API.
        db: A database file; None for a database in memory.
        seed: The seed of the random choices that faults make.

    Raises:
        UnknownMutation: A fault or variation does not exist.
        StoreError: The database cannot be used.
    """
    key = api_key if api_key is not None else f"sk-test-{secrets.token_hex(16)}"
    requests: list[RecordedRequest] = []
    with ExitStack() as stack:
        store = Store(db)
        stack.callback(store.close)
        store.add(runs)
        for thread in threads:
            store.add_thread(thread)
        app = mutated_application(
            store,
            key,
            permissive=permissive,
            azure=azure,
            faults=faults,
            variations=variations,
            catalogue=catalogue,
            seed=seed,
            observe=lambda request: requests.append(_seen(request)),
        )
        host, port = stack.enter_context(AppServer(app, listen("127.0.0.1", 0))).address
        yield RunningServer(store, f"http://{host}:{port}{endpoint_class(azure=azure).base}", key, requests)


def _seen(request: ServerRequest) -> RecordedRequest:
    target = request.path + (b"?" + request.query if request.query else b"")
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return RecordedRequest(request.method, target.decode("latin-1"), headers)
