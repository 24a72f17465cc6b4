"""The reference server's application, with faults and variations, and with what a test may change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from threadruns.server._app import Application
from threadruns.server._dialects import endpoint_class
from threadruns.server._messages import ServerRequest
from threadruns.server.store import Store
from threadruns.testing._control import Control, ControlHandler
from threadruns.testing._schedule import MutationSchedule, ScheduledMutation
from threadruns.testing._scripts import MovingEndpoint, Scripts
from threadruns.testing.faults import FAULTS
from threadruns.testing.mutations import Catalogue
from threadruns.testing.variations import VARIATIONS

REMOTE_THREADS = 8
"""The number of threads that handle requests, each with a connection, if the store is in a PostgreSQL database."""


def mutated_application(
    store: Store,
    key: str,
    *,
    permissive: bool = False,
    azure: bool = False,
    beta: str = "v1",
    faults: Iterable[str] = (),
    variations: Iterable[str] = (),
    catalogue: Catalogue | None = None,
    seed: int = 0,
    observe: Callable[[ServerRequest], None] | None = None,
    moves: bool = False,
    controlled: bool = False,
    origins: Collection[str] = (),
    prefix: str = "",
) -> tuple[Application, Control]:
    """Build the application, and what changes it.

    Args:
        store: The runs.
        key: The API key that callers must send.
        permissive: Accept any key, thread, cursor, limit and beta header.
        azure: Use Azure's form of the API.
        beta: The version in the beta header: ``v1``, ``v2``, or ``any``, which includes none.
        faults: Faults by name, each with options after colons: ``NAME:every=3``.
        variations: Variations, in the same form.
        catalogue: The faults and variations by name; those of this package unless given.
        seed: The seed of the random choices that faults make.
        observe: A callback that gets every request before it is handled.
        moves: Runs may change, and each has a path of its own.
        controlled: Serve the paths below ``/_control``; implies ``moves``.
        origins: The origins whose pages may read responses; ``*`` for all.
        prefix: The part before every path, for a proxy that keeps it.

    Raises:
        UnknownMutation: A fault or variation does not exist.
    """
    permanent = [ScheduledMutation.parse(text, VARIATIONS if catalogue is None else catalogue) for text in variations]
    base = endpoint_class(permissive=permissive, azure=azure, beta=beta)
    scripts = Scripts(store)
    if moves or controlled:
        base = type("Moving", (MovingEndpoint, base), {"scripts": scripts})
    schedule = MutationSchedule(
        base, permanent, store, key, seed, faults=faults, catalogue=FAULTS if catalogue is None else catalogue
    )
    control = Control(store, scripts, schedule)
    app = Application(
        schedule,
        key,
        check=store.check,
        observe=observe,
        sent=scripts.count_reads,
        control=ControlHandler(control, key) if controlled else None,
        origins=origins,
        prefix=prefix,
        threads=REMOTE_THREADS if store.remote else 0,
    )
    return app, control
