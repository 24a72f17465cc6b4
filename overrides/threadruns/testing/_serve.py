"""The reference server in a thread of the process."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from threadruns.server._dialects import endpoint_class
from threadruns.server._endpoint import check_key
from threadruns.server._messages import ServerRequest
from threadruns.server._server import AppServer, bind
from threadruns.server.store import open_store
from threadruns.testing._application import mutated_application
from threadruns.testing._control import Control
from threadruns.testing.mutations import Catalogue


class RecordedRequest(NamedTuple):
    """A request that reached the server."""

    method: str
    target: str
    """The path and the query, still encoded."""
    headers: dict[str, str]
    """The headers by lower-case name; a comma joins the values of a repeated header."""


class RunningServer(Control):
    """A server in a thread of this process, which can be changed while it runs.

    Attributes:
        url: The base URL for clients, such as ``http://127.0.0.1:40123/v1``.
        api_key: The key that it accepts.
        requests: Every request that reached the server, in order.
    """

    def __init__(self, control: Control, url: str, api_key: str, requests: list[RecordedRequest]) -> None:
        super().__init__(control.store, control.scripts, control.schedule)
        self.url = url
        self.api_key = api_key
        self.requests = requests

    def reset(self) -> None:
        """Restore the runs, threads and faults with which the server started, and forget scripts and requests.

        Raises:
            ValueError: The runs are in a database file, which is not copied.
        """
        super().reset()
        self.requests.clear()


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
    beta: str = "v1",
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
        beta: The version in the beta header: ``v1``, ``v2``, or ``any``, which includes none.
        db: A database file; None for a database in memory.
        seed: The seed of the random choices that faults make.

    Raises:
        UnknownMutation: A fault or variation does not exist.
        StoreError: The database cannot be used.
        ValueError: The key cannot be sent in a header.
    """
    key = api_key if api_key is not None else f"sk-test-{secrets.token_hex(16)}"
    check_key(key)
    requests: list[RecordedRequest] = []
    with ExitStack() as stack:
        store = open_store(db)
        stack.callback(store.close)
        store.add(runs)
        for thread in threads:
            store.add_thread(thread)
        app, control = mutated_application(
            store,
            key,
            permissive=permissive,
            azure=azure,
            beta=beta,
            moves=True,
            faults=faults,
            variations=variations,
            catalogue=catalogue,
            seed=seed,
            observe=lambda request: requests.append(_seen(request)),
        )
        host, port = stack.enter_context(AppServer(app, bind("127.0.0.1", 0))).address
        base = endpoint_class(azure=azure).base
        server = RunningServer(control, f"http://{host}:{port}{base}", key, requests)
        stack.callback(server.close)
        server.remember()
        yield server


def _seen(request: ServerRequest) -> RecordedRequest:
    target = request.path + (b"?" + request.query if request.query else b"")
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return RecordedRequest(request.method, target.decode("latin-1"), headers)
