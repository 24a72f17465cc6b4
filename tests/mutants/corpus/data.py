"""Faults of the runs in a page: missing, repeated or changed runs, and runs of another thread."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

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


class FirstRunMissing(WholeThreadMutation):
    """The first run after a cursor is missing if the page is full."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        page = select_page(runs, query)
        return evolve(page, runs=page.runs[1:]) if query.after and len(page.runs) == query.limit > 1 else page


@mutate_page
def runs_doubled(page: Json, query: ListQuery) -> None:
    """A page that is not full starts with its first run twice."""
    if 0 < len(page["data"]) < query.limit:
        page["data"].insert(0, page["data"][0])


class HiddenOnSmallPages(WholeThreadMutation):
    """With limits below 10, a run in the middle of the thread is missing."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        middle = runs[len(runs) // 2].id if len(runs) > 4 else None
        if query.limit < 10 and middle not in (query.after, query.before):
            runs = [run for run in runs if run.id != middle]
        return select_page(runs, query)


class OldestHiddenAscending(WholeThreadMutation):
    """The oldest run of a thread is missing in ascending order."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        return runs[1:] if order == "asc" else runs


class SameSecondMissing(WholeThreadMutation):
    """Of several runs with the same `created_at` only one is listed."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, order)
        return list({run.value()["created_at"]: run for run in runs}.values())


class OnlyHundred(WholeThreadMutation):
    """Only the first hundred runs in the requested order are listed."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        return super().all_runs(thread, order)[:100]


class OtherThreadMixedIn(Mutation):
    """A page that is not full ends with a run of another thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if 0 < len(page.runs) < query.limit:
            for other in self.store.thread_ids():
                if other != thread and (more := self.store.page(other, 1, "desc").runs):
                    return evolve(page, runs=page.runs + more)
        return page


class OtherThreadRelabelled(Mutation):
    """A page that is not full ends with a run of another thread whose `thread_id` is changed."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if 0 < len(page.runs) < query.limit:
            for other in self.store.thread_ids():
                if other != thread and (more := self.store.page(other, 1, "asc").runs):
                    text = to_json(more[0].value() | {"thread_id": thread})
                    return evolve(page, runs=[*page.runs, StoredRun(more[0].id, text)])
        return page


class AlwaysSameThread(Mutation):
    """Every thread has the runs of the same thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        super().find_page(thread, evolve(query, after=None, before=None))
        first = next((known for known in self.store.thread_ids() if self.store.page(known, 1, "asc").runs), thread)
        return super().find_page(first, query)


@mutate_run
def thread_id_of_another(run: Json) -> None:
    """`thread_id` of a run is a valid id of another thread."""
    run["thread_id"] = "thread_7Kd1Xw9b2mQv4Rt6"


@mutate_run
def thread_id_upper_case(run: Json) -> None:
    """`thread_id` of a run is in upper case."""
    run["thread_id"] = "thread_" + run["thread_id"].removeprefix("thread_").upper()


class _SimilarThread(Mutation):
    """Base class of faults that accept ids similar to that of a thread."""

    def resembles(self, given: str, known: str) -> bool:
        raise NotImplementedError

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if not self.store.has_thread(thread):
            thread = next((known for known in self.store.thread_ids() if self.resembles(thread, known)), thread)
        return super().find_page(thread, query)


class ThreadIgnoresCase(_SimilarThread):
    """Ids of threads are compared without case."""

    def resembles(self, given: str, known: str) -> bool:
        return given.lower() == known.lower()


class ThreadPrefix(_SimilarThread):
    """A prefix of a thread's id is accepted."""

    def resembles(self, given: str, known: str) -> bool:
        return known.startswith(given)


class ThreadWithSuffix(_SimilarThread):
    """Additional characters after a thread's id are accepted."""

    def resembles(self, given: str, known: str) -> bool:
        return given.startswith(known)


class ThreadSpacesTrimmed(_SimilarThread):
    """Spaces around a thread's id are ignored."""

    def resembles(self, given: str, known: str) -> bool:
        return given.strip() == known


class _UnknownThread(Mutation):
    """Base class of faults in the response to an unknown thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        return super().find_page(thread, query) if self.store.has_thread(thread) else self.unknown(thread)

    def unknown(self, thread: str) -> StoredPage:
        raise NotImplementedError


class UnknownThreadEmpty(_UnknownThread):
    """An unknown thread gives an empty page."""

    def unknown(self, thread: str) -> StoredPage:
        return StoredPage([], has_more=False)


class UnknownThreadSample(_UnknownThread):
    """An unknown thread gives a run of another thread."""

    def unknown(self, thread: str) -> StoredPage:
        for known in self.store.thread_ids():
            if runs := self.store.page(known, 1, "desc").runs:
                text = to_json(runs[0].value() | {"thread_id": thread})
                return StoredPage([StoredRun(runs[0].id, text)], has_more=False)
        return StoredPage([], has_more=False)


class EmptyThreadUnknown(Mutation):
    """A thread without runs gives 404."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if not self.store.page(thread, 1, "asc").runs:
            raise HTTPError(404, f"No thread found with id '{thread}'.")
        return page


class EmptyPageUnknown(Mutation):
    """An empty page gives 404."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if not page.runs:
            raise HTTPError(404, "No runs found.")
        return page


class RunIdsUnstable(Mutation):
    """The ids of runs differ from response to response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["made_up"] = self.state.get("made_up", 0) + 1
        ids = [f"{run.id}{self.state['made_up']}" for run in page.runs]
        runs = [StoredRun(name, to_json(run.value() | {"id": name})) for name, run in zip(ids, page.runs, strict=True)]
        return evolve(page, runs=runs)


class CreatedAtUnstable(Mutation):
    """`created_at` of runs differs from response to response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["drift"] = self.state.get("drift", 0) + 1
        runs: list[StoredRun] = []
        for run in page.runs:
            value = run.value()
            value["created_at"] += self.state["drift"]
            runs.append(StoredRun(run.id, to_json(value)))
        return evolve(page, runs=runs)


class _ChangedRuns(Mutation):
    """Base class of faults that change runs for some queries."""

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


class MetadataLostOnLargePages(_ChangedRuns):
    """With limits above 50, `metadata` of runs is empty."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.limit > 50:
            run["metadata"] = {}


class ToolsLostAscending(_ChangedRuns):
    """In ascending order, `tools` of runs is empty."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.order == "asc":
            run["tools"] = []


class ModelDiffersAfter(_ChangedRuns):
    """On pages after a cursor, `model` of runs differs."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.after:
            run["model"] = "gpt-3.5-turbo-0000"


class AssistantDiffersBefore(_ChangedRuns):
    """On pages before a cursor, `assistant_id` of runs differs."""

    def reshape(self, run: Json, query: ListQuery) -> None:
        if query.before:
            run["assistant_id"] = "asst_7Kd1Xw9b2mQv4Rt6"


class StatusUnstable(Mutation):
    """Completed runs are in progress again in every other response."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["answers"] = self.state.get("answers", 0) + 1
        if self.state["answers"] % 2:
            return page
        return evolve(page, runs=[still_in_progress(run) for run in page.runs])


class RunsUnstable(Mutation):
    """Every third response lacks the last run but one of its page."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["turn"] = self.state.get("turn", 0) + 1
        if self.state["turn"] % 3 == 0 and len(page.runs) > 1:
            return evolve(page, runs=[*page.runs[:-2], page.runs[-1]])
        return page


class _Cached(Mutation):
    """Base class of faults with a cache whose key is incomplete."""

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
    """The cache ignores the query."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path


class CacheWithoutLimit(_Cached):
    """The cache ignores `limit`."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path, query.order, query.after, query.before


class CacheWithoutOrder(_Cached):
    """The cache ignores `order`."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path, query.limit, query.after, query.before


class CacheWithoutBefore(_Cached):
    """The cache ignores `before`."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return request.path, query.limit, query.order, query.after


class CacheWithoutThread(_Cached):
    """The cache ignores the thread."""

    def label(self, request: ServerRequest, query: ListQuery) -> object:
        return query
