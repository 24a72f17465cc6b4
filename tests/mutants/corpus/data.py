"""Faults of the runs themselves: too many, too few, of another thread, or not the same twice."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from attrs import evolve

from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    ServerRequest,
    ServerResponse,
    StoredPage,
    StoredRun,
)
from threadruns.testing.mutations import (
    Json,
    Mutation,
    WholeThreadMutation,
    mutate_page,
    mutate_run,
    select_page,
    still_in_progress,
    to_json,
)


class BoundaryLost(WholeThreadMutation):
    """The first run after a cursor is lost, if the page is full."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        page = select_page(runs, query)
        return evolve(page, runs=page.runs[1:]) if query.after and len(page.runs) == query.limit > 1 else page


@mutate_page
def runs_doubled(page: Json, query: ListQuery) -> None:
    """A page that is not full has its first run twice."""
    if 0 < len(page["data"]) < query.limit:
        page["data"].insert(0, page["data"][0])


class HiddenOnSmallPages(WholeThreadMutation):
    """With limits below 10, a run in the middle of the thread is skipped."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        middle = runs[len(runs) // 2].id if len(runs) > 4 else None
        if query.limit < 10 and middle not in (query.after, query.before):
            runs = [run for run in runs if run.id != middle]
        return select_page(runs, query)


class OldestHiddenAscending(WholeThreadMutation):
    """The oldest run of a thread is not listed in ascending order."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        return runs[1:] if order == "asc" else runs


class SecondCollapsed(WholeThreadMutation):
    """Of runs created in one second only one is listed."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        return list({run.value()["created_at"]: run for run in runs}.values())


class OnlyHundred(WholeThreadMutation):
    """Only the first hundred runs can be reached, which are others in the other order."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        return super().all_runs(thread, order)[:100]


class OtherThreadMixedIn(Mutation):
    """A page that is not full is filled with a run of another thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if 0 < len(page.runs) < query.limit:
            for other in self.store.thread_ids():
                if other != thread and (more := self.store.page(other, 1, "desc").runs):
                    return evolve(page, runs=page.runs + more)
        return page


class OtherThreadRelabelled(Mutation):
    """A page that is not full ends with a run of another thread that claims to be of this one."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if 0 < len(page.runs) < query.limit:
            for other in self.store.thread_ids():
                if other != thread and (more := self.store.page(other, 1, "asc").runs):
                    text = to_json(more[0].value() | {"thread_id": thread})
                    return evolve(page, runs=[*page.runs, StoredRun(more[0].id, text)])
        return page


class AlwaysSameThread(Mutation):
    """The runs are those of one thread, whichever was asked for."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        super().find_page(thread, evolve(query, after=None, before=None))
        first = next((known for known in self.store.thread_ids() if self.store.page(known, 1, "asc").runs), thread)
        return super().find_page(first, query)


@mutate_run
def thread_id_of_another(run: Json) -> None:
    """A run says that it belongs to another thread, one that is well formed."""
    run["thread_id"] = "thread_7Kd1Xw9b2mQv4Rt6"


@mutate_run
def thread_id_upper_case(run: Json) -> None:
    """A run's thread has an id in capitals."""
    run["thread_id"] = "thread_" + run["thread_id"].removeprefix("thread_").upper()


class _ResemblingThread(Mutation):
    """Base of faults that take one thread for another."""

    def resembles(self, given: str, known: str) -> bool:
        raise NotImplementedError

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if not self.store.has_thread(thread):
            thread = next((known for known in self.store.thread_ids() if self.resembles(thread, known)), thread)
        return super().find_page(thread, query)


class ThreadIgnoresCase(_ResemblingThread):
    """The case of a thread's id does not count."""

    def resembles(self, given: str, known: str) -> bool:
        return given.lower() == known.lower()


class ThreadBeginning(_ResemblingThread):
    """The beginning of a thread's id is enough."""

    def resembles(self, given: str, known: str) -> bool:
        return known.startswith(given)


class ThreadWithTail(_ResemblingThread):
    """More may follow a thread's id."""

    def resembles(self, given: str, known: str) -> bool:
        return given.startswith(known)


class ThreadSpacesTrimmed(_ResemblingThread):
    """Spaces around a thread's id are dropped."""

    def resembles(self, given: str, known: str) -> bool:
        return given.strip() == known


class _UnknownThread(Mutation):
    """Base of faults that treat threads that do not exist."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        return super().find_page(thread, query) if self.store.has_thread(thread) else self.unknown(thread)

    def unknown(self, thread: str) -> StoredPage:
        raise NotImplementedError


class UnknownThreadEmpty(_UnknownThread):
    """A thread that does not exist is an empty one."""

    def unknown(self, thread: str) -> StoredPage:
        return StoredPage([], has_more=False)


class UnknownThreadSample(_UnknownThread):
    """A thread that does not exist has the runs of another."""

    def unknown(self, thread: str) -> StoredPage:
        for known in self.store.thread_ids():
            if runs := self.store.page(known, 1, "desc").runs:
                text = to_json(runs[0].value() | {"thread_id": thread})
                return StoredPage([StoredRun(runs[0].id, text)], has_more=False)
        return StoredPage([], has_more=False)


class EmptyThreadUnknown(Mutation):
    """A thread without runs does not exist."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if not self.store.page(thread, 1, "asc").runs:
            raise HTTPError(404, f"No thread found with id '{thread}'.")
        return page


class EmptyPageUnknown(Mutation):
    """An empty page is a 404."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if not page.runs:
            raise HTTPError(404, "No runs found.")
        return page


class IdsMadeUp(Mutation):
    """A run has another id in each response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["made_up"] = self.state.get("made_up", 0) + 1
        ids = [f"{run.id}{self.state['made_up']}" for run in page.runs]
        runs = [StoredRun(name, to_json(run.value() | {"id": name})) for name, run in zip(ids, page.runs, strict=True)]
        return evolve(page, runs=runs)


class CreatedAtDrifts(Mutation):
    """A run's `created_at` is another in each response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["drift"] = self.state.get("drift", 0) + 1
        runs: list[StoredRun] = []
        for run in page.runs:
            value = run.value()
            value["created_at"] += self.state["drift"]
            runs.append(StoredRun(run.id, to_json(value)))
        return evolve(page, runs=runs)


class _Reshaped(Mutation):
    """Base of faults that change runs for some queries."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        raise NotImplementedError

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        runs: list[StoredRun] = []
        for run in page.runs:
            value = run.value()
            self.reshape(value, query)
            runs.append(StoredRun(run.id, to_json(value)))
        return evolve(page, runs=runs)


class MetadataLostOnLargePages(_Reshaped):
    """With limits above 50, runs come without their metadata."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.limit > 50:
            run["metadata"] = {}


class ToolsLostAscending(_Reshaped):
    """In ascending order, runs come without their tools."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.order == "asc":
            run["tools"] = []


class ModelDiffersAfter(_Reshaped):
    """On pages after a cursor, runs have another model."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.after:
            run["model"] = "gpt-3.5-turbo-0000"


class AssistantDiffersBefore(_Reshaped):
    """On pages before a cursor, runs have another assistant."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.before:
            run["assistant_id"] = "asst_7Kd1Xw9b2mQv4Rt6"


class StatusGoesBack(Mutation):
    """A run that has ended is in progress again in every other response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["answers"] = self.state.get("answers", 0) + 1
        if self.state["answers"] % 2:
            return page
        return evolve(page, runs=[still_in_progress(run) for run in page.runs])


class RunsComeAndGo(Mutation):
    """Every third response lacks a run that the others have."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["turn"] = self.state.get("turn", 0) + 1
        if self.state["turn"] % 3 == 0 and len(page.runs) > 1:
            return evolve(page, runs=[*page.runs[:-2], page.runs[-1]])
        return page


class _Cached(Mutation):
    """Base of faults that answer from a cache whose key is too short."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        raise NotImplementedError

    def handle(self, request: ServerRequest) -> ServerResponse:
        response = super().handle(request)
        if response.status != 200:
            return response
        label = self.label(request, self.parse_query(self.query_parameters(request)))
        cached: ServerResponse = self.state.setdefault("cache", {}).setdefault(label, response)
        return cached


class CacheByPath(_Cached):
    """A thread's first response is served again, whatever the query."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path


class CacheWithoutLimit(_Cached):
    """A response is served again for other limits."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path, query.order, query.after, query.before


class CacheWithoutOrder(_Cached):
    """A response is served again for the other order."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path, query.limit, query.after, query.before


class CacheWithoutBefore(_Cached):
    """A response is served again for other values of `before`."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path, query.limit, query.order, query.after


class CacheWithoutThread(_Cached):
    """A response is served again for other threads."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return query
