"""The changes that a test makes to a running server, from Python or over HTTP below ``/_control``."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Never, cast
from urllib.parse import unquote

from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse
from threadruns.server.store import SQLiteStore, Store
from threadruns.server.store.errors import RunConflict
from threadruns.testing._schedule import MutationSchedule, UnknownMutation
from threadruns.testing._scripts import Scripts, UnknownRun, checked


class Control:
    """The changes of a running server.

    Args:
        store: The runs.
        scripts: The scripts of the runs.
        schedule: The faults and variations.
    """

    def __init__(self, store: Store, scripts: Scripts, schedule: MutationSchedule) -> None:
        self.store = store
        self.scripts = scripts
        self.schedule = schedule
        self._initial: SQLiteStore | None = None
        self._initial_faults: tuple[str, ...] = ()

    def remember(self) -> None:
        """Make the present runs, threads and faults those that ``reset`` restores; not for a database file."""
        if isinstance(self.store, SQLiteStore) and self.store.location is None:
            self._initial = SQLiteStore()
            self._initial.copy_from(self.store)
        self._initial_faults = self.schedule.faults

    def add(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Add runs, all or none; the next request sees them.

        Raises:
            RunConflict: A run has the id of another.
            KeyError: A run lacks ``id``, ``thread_id`` or ``created_at``.
            ValueError: One of these is not a string, a string and an integer.
        """
        self.store.add(checked(run, {}) for run in runs)

    def update(self, run_id: str, /, **fields: Any) -> dict[str, Any]:
        """Change a run, and return it; its times, usage and required action follow its status.

        Args:
            run_id: The id of the run.
            fields: The fields to change, which have the last word.

        Raises:
            UnknownRun: The run does not exist.
            ValueError: A field cannot have this value.
        """
        return self.scripts.update(run_id, fields)

    def script(self, run_id: str, steps: Iterable[Mapping[str, Any]]) -> None:
        """Let a run change step by step.

        Args:
            run_id: The id of the run.
            steps: The steps, such as ``{"status": "in_progress", "after": 0.5}`` or ``{"status": "completed",
                "reads": 2}``: the fields that change, and when, in seconds since the previous step or in responses
                that had the run since then. A step with neither happens at once.

        Raises:
            UnknownRun: The run does not exist.
            ValueError: A step is invalid.
        """
        self.scripts.start(run_id, steps)

    def remove(self, run_id: str) -> None:
        """Remove a run; its thread stays.

        Raises:
            UnknownRun: The run does not exist.
        """
        self.scripts.stop(run_id)
        if not self.store.remove(run_id):
            raise UnknownRun(f"The server has no run {run_id!r}.")

    def add_thread(self, thread_id: str) -> None:
        """Create a thread, unless it exists."""
        self.store.add_thread(thread_id)

    def remove_thread(self, thread_id: str) -> None:
        """Remove a thread with its runs.

        Raises:
            UnknownRun: The thread does not exist.
        """
        if not self.store.remove_thread(thread_id):
            raise UnknownRun(f"The server has no thread {thread_id!r}.")
        self.scripts.forget_removed()

    def set_faults(self, faults: Iterable[str] = ()) -> None:
        """Replace the faults; ``first=2`` and ``every=3`` count from here.

        Args:
            faults: Faults by name, with options: ``NAME:every=3``.

        Raises:
            UnknownMutation: A fault does not exist; nothing changes.
        """
        self.schedule.set_faults(faults)

    def reset(self) -> None:
        """Restore the runs, threads and faults with which the server started, and end all scripts.

        Raises:
            ValueError: The runs are in a database file, which is not copied.
        """
        if self._initial is None:
            raise ValueError("reset() restores runs in memory only; this server uses a database file.")
        self.scripts.stop()
        assert isinstance(self.store, SQLiteStore)
        self.store.copy_from(self._initial)
        self.schedule.set_faults(self._initial_faults)

    def close(self) -> None:
        """Close the copy of the runs."""
        if self._initial is not None:
            self._initial.close()


class ControlHandler:
    """The paths below ``/_control``; every request needs the key as a bearer token.

    Args:
        control: The changes.
        key: The API key.
    """

    def __init__(self, control: Control, key: str) -> None:
        self._control = control
        self._key = key
        self._routes: tuple[tuple[str, str, Callable[[str, Any], Any]], ...] = (
            ("POST", r"runs", lambda _, body: control.add(_objects(body, "runs"))),
            ("PATCH", r"runs/([^/]+)", lambda run_id, body: control.update(run_id, **_object(body))),
            ("DELETE", r"runs/([^/]+)", lambda run_id, _: control.remove(run_id)),
            ("POST", r"runs/([^/]+)/script", lambda run_id, body: control.script(run_id, _objects(body, "steps"))),
            ("PUT", r"threads/([^/]+)", lambda thread_id, _: control.add_thread(thread_id)),
            ("DELETE", r"threads/([^/]+)", lambda thread_id, _: control.remove_thread(thread_id)),
            ("PUT", r"faults", lambda _, body: control.set_faults(_strings(body, "faults"))),
            ("POST", r"reset", lambda _, __: control.reset()),
        )

    def __call__(self, request: ServerRequest) -> ServerResponse:
        """Carry out one change; the response is the changed run, or empty.

        Raises:
            HTTPError: The request is not allowed or invalid.
        """
        path = request.path.decode("latin-1").removeprefix("/_control/")
        found = [
            (method, match, act)
            for method, route, act in self._routes
            if (match := re.fullmatch(route, path)) is not None
        ]
        if not found:
            raise HTTPError(404, "Unknown path below /_control.")
        if not any(self._allows(value) for value in request.header("authorization")):
            raise HTTPError(
                401, "Changing the server needs its API key as a bearer token.", headers={"www-authenticate": "Bearer"}
            )
        for method, match, act in found:
            if method == request.method:
                return _carry_out(act, unquote(match[1]) if match.re.groups else "", request.body)
        raise HTTPError(
            405, "This method is not possible here.", headers={"allow": ", ".join(method for method, _, _ in found)}
        )

    def _allows(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        same = hmac.compare_digest(token.strip(" ").encode("latin-1"), self._key.encode())
        return same and scheme.lower() == "bearer"


def _carry_out(act: Callable[[str, Any], Any], name: str, body: bytes) -> ServerResponse:
    try:
        value = json.loads(body, parse_constant=_refuse_constant) if body else None
    except (ValueError, RecursionError) as error:
        raise HTTPError(400, f"The body is not JSON: {error}.") from None
    try:
        result = act(name, value)
    except UnknownRun as error:
        raise HTTPError(404, str(error)) from None
    except RunConflict as error:
        raise HTTPError(409, f"The {error}.") from None
    except KeyError as error:
        raise HTTPError(400, f"A run lacks {error}.") from None
    except (ValueError, TypeError, AttributeError, UnknownMutation, RecursionError) as error:
        raise HTTPError(400, f"Invalid request: {error}") from None
    if result is None:
        return ServerResponse(204, b"", {})
    return ServerResponse(200, json.dumps(result, ensure_ascii=False).encode())


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a number of JSON")


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not body:
        raise ValueError("expected a JSON object with the fields to change.")
    return cast(dict[str, Any], body)


def _array(body: Any, name: str) -> list[Any]:
    """Return the array under a name, or the body itself if it is an array."""
    found: Any = cast(dict[str, Any], body).get(name) if isinstance(body, dict) else body
    if not isinstance(found, list):
        raise ValueError(f"expected a JSON object with an array under {name!r}.")
    return found  # pyright: ignore[reportUnknownVariableType]


def _objects(body: Any, name: str) -> list[dict[str, Any]]:
    found = _array(body, name)
    if not all(isinstance(item, dict) for item in found):
        raise ValueError(f"expected objects under {name!r}.")
    return found


def _strings(body: Any, name: str) -> list[str]:
    found = _array(body, name)
    if not all(isinstance(item, str) for item in found):
        raise ValueError(f"expected strings under {name!r}.")
    return found
