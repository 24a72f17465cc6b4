"""Scripts: runs that change by themselves, by the clock or after they were read.

Nothing runs in the background: a request first applies the steps whose time has come.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from attrs import define, evolve, frozen

from threadruns.server._endpoint import Endpoint
from threadruns.server._lifecycle import changed
from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse, StoredPage
from threadruns.server._parameters import shown
from threadruns.server._response_writer import ResponseWriter
from threadruns.server.store import Store

MAX_SECONDS = 1_000_000_000
"""The longest time that a step may wait."""


class UnknownRun(LookupError):
    """The server has no run of this id."""


@frozen
class Step:
    """A change of a run, and when it happens: at once, after a time, or after a number of reads.

    Attributes:
        fields: The fields that change.
        after: The seconds since the previous step; None if the time does not matter.
        reads: The responses with the run since the previous step; None if they do not matter.
    """

    fields: Mapping[str, Any]
    after: float | None = None
    reads: int | None = None

    @classmethod
    def parse(cls, step: Mapping[str, Any]) -> Step:
        """Return a step that is given as ``{"status": ..., "after": seconds}`` or with ``"reads": number``.

        Raises:
            ValueError: A value is invalid, or both or no fields are given.
        """
        fields = dict(step)
        after, reads = fields.pop("after", None), fields.pop("reads", None)
        if after is not None and reads is not None:
            raise ValueError(f"The step {dict(step)!r} has both after and reads; give one of them.")
        if not fields:
            raise ValueError(f"The step {dict(step)!r} changes nothing; give it a status or another field.")
        if after is not None and (
            isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after <= MAX_SECONDS
        ):
            raise ValueError(f"after is {after!r} in a step; give a number of seconds, from 0 to {MAX_SECONDS}.")
        if reads is not None and (isinstance(reads, bool) or not isinstance(reads, int) or reads < 1):
            raise ValueError(f"reads is {reads!r} in a step; give a number, 1 or more.")
        return cls(fields, after, reads)


@define
class _Script:
    steps: deque[Step]
    since: float
    reads: int = 0


class Scripts:
    """The scripts of the runs of a store.

    Args:
        store: The runs.
        clock: Returns the time in seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.RLock()
        self._scripts: dict[str, _Script] = {}

    def update(self, run_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Change a run at once, and return it; a script of the run ends.

        Raises:
            UnknownRun: The run does not exist.
            ValueError: A field cannot have this value.
        """
        with self._lock:
            run = self._change(run_id, fields)
            self._scripts.pop(run_id, None)
            return run

    def start(self, run_id: str, steps: Iterable[Mapping[str, Any]]) -> None:
        """Start a script for a run, in place of the one that it has.

        Raises:
            UnknownRun: The run does not exist.
            ValueError: A step is invalid.
        """
        parsed = deque(Step.parse(step) for step in steps)
        with self._lock:
            run = self._find(run_id)
            for step in parsed:
                run = checked(run, step.fields)
            self._scripts[run_id] = _Script(parsed, self._clock())
            self.advance()

    def stop(self, run_id: str | None = None) -> None:
        """End the script of a run, or all scripts."""
        with self._lock:
            if run_id is None:
                self._scripts.clear()
            else:
                self._scripts.pop(run_id, None)

    def forget_removed(self) -> None:
        """End the scripts of runs that do not exist any more."""
        with self._lock:
            for run_id in list(self._scripts):
                if self._store.find(run_id) is None:
                    del self._scripts[run_id]

    def advance(self) -> None:
        """Apply the steps that are due."""
        if not self._scripts:
            return
        with self._lock:
            now = self._clock()
            for run_id, script in list(self._scripts.items()):
                while script.steps and self._is_due(script, script.steps[0], now):
                    step = script.steps[0]
                    try:
                        self._change(run_id, step.fields)
                    except UnknownRun:  # It is being removed together with its thread.
                        script.steps.clear()
                        break
                    script.steps.popleft()  # Not before: the store may be unavailable, and the step is repeated then.
                    script.since = now if step.after is None else script.since + step.after
                    script.reads = 0
                if not script.steps:
                    del self._scripts[run_id]

    def count_reads(self, response: ServerResponse, writer: ResponseWriter) -> None:
        """Count one read of each run that was sent; what is due then happens before the next request.

        Args:
            response: The response.
            writer: Its writer; a fault may have sent nothing, or a part.
        """
        if not (self._scripts and isinstance(response, RunsResponse) and writer.is_complete and writer.sent):
            return
        with self._lock:
            for run_id in response.run_ids:
                if run_id in self._scripts:
                    self._scripts[run_id].reads += 1

    @staticmethod
    def _is_due(script: _Script, step: Step, now: float) -> bool:
        if step.after is not None:
            return now >= script.since + step.after
        return step.reads is None or script.reads >= step.reads

    def _find(self, run_id: str) -> dict[str, Any]:
        found = self._store.find(run_id)
        if found is None:
            raise UnknownRun(f"The server has no run {run_id!r}.")
        return found.value()

    def _change(self, run_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        run = checked(self._find(run_id), fields)
        self._store.replace(run)
        return run


def checked(run: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with other fields, which the store can hold.

    Raises:
        KeyError: The run lacks ``id``, ``thread_id`` or ``created_at``.
        ValueError: A field cannot have this value.
    """
    merged = {**run, **fields}
    for name in ("id", "thread_id"):
        if not isinstance(merged[name], str) or not merged[name]:
            raise ValueError(f"{name} of a run is {merged[name]!r}; the server needs a string that is not empty.")
    created = merged["created_at"]
    if not isinstance(created, int) or isinstance(created, bool) or abs(created) >= 1 << 62:
        raise ValueError(f"created_at of a run is {created!r}; the server needs an integer of less than 63 bits.")
    if merged["id"] != run["id"]:
        raise ValueError(f"The id of run {run['id']!r} cannot change; remove the run and add another.")
    result = changed(run, fields)
    try:
        json.dumps(result, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"A field is not JSON: {error}.") from None
    return result


@frozen
class RunsResponse(ServerResponse):
    """A response with runs.

    Attributes:
        run_ids: The ids of the runs.
    """

    run_ids: Sequence[str] = ()


class MovingEndpoint(Endpoint):
    """An endpoint whose runs change, and that responds to ``GET .../runs/{run_id}`` too, as pollers use it."""

    scripts: ClassVar[Scripts]

    def handle(self, request: ServerRequest) -> ServerResponse:
        """Apply the steps that are due, and respond to a list or to a run."""
        self.scripts.advance()
        listing, slash, run_id = request.path.rpartition(b"/")
        if not (slash and run_id and listing.endswith(b"/runs")):
            return super().handle(request)
        try:
            thread = self.route(evolve(request, path=listing))
            self.check_method(request)
            self.authenticate(request)
            self.check_beta(request)
            decoded = unquote_to_bytes(run_id).decode("utf-8", "replace")
            run = self.store.run(thread, decoded)
            if run is None:
                raise HTTPError(404, f"No run found with id '{shown(decoded)}' in thread '{shown(thread)}'.")
        except HTTPError as error:
            return self.render_error(error)
        return RunsResponse(200, run.text, run_ids=[run.id])

    def render_page(self, page: StoredPage) -> ServerResponse:
        """Note which runs are on the page."""
        response = super().render_page(page)
        return RunsResponse(response.status, response.body, response.headers, run_ids=[run.id for run in page.runs])
