"""The reference server as an ASGI application, with faults and variations."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.types import ASGIApp

from threadruns.server._app import application
from threadruns.server._dialects import endpoint_class
from threadruns.server._messages import ServerRequest
from threadruns.server._store import Store
from threadruns.testing._schedule import MutationSchedule, ScheduledMutation
from threadruns.testing.faults import FAULTS
from threadruns.testing.mutations import Catalogue
from threadruns.testing.variations import VARIATIONS


def mutated_application(
    store: Store,
    key: str,
    *,
    permissive: bool = False,
    azure: bool = False,
    faults: Iterable[str] = (),
    variations: Iterable[str] = (),
    catalogue: Catalogue | None = None,
    seed: int = 0,
    observe: Callable[[ServerRequest], None] | None = None,
) -> ASGIApp:
    """Build the application.

    Args:
        store: The runs.
        key: The API key that callers must send.
        permissive: Accept any key, thread, cursor, limit and beta header.
        azure: Use Azure's form of the API.
        faults: Faults by name, each with options after colons: ``NAME:every=3``.
        variations: Variations, in the same form.
        catalogue: The faults and variations by name; those of this package unless given.
        seed: The seed of the random choices that faults make.
        observe: A callback that gets every request before it is handled.

    Raises:
        UnknownMutation: A fault or variation does not exist.
    """
    mutations = [
        *(ScheduledMutation.parse(text, VARIATIONS if catalogue is None else catalogue) for text in variations),
        *(ScheduledMutation.parse(text, FAULTS if catalogue is None else catalogue) for text in faults),
    ]
    base = endpoint_class(permissive=permissive, azure=azure)
    return application(MutationSchedule(base, mutations, store, key, seed), observe)
