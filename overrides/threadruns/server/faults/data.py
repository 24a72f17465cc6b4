"""Faults of the runs themselves: too many, too few, of another thread, or not the same twice."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from threadruns.server._deviations import Json, Listed, compact, cut, on_body, on_run, still_in_progress
from threadruns.server._exchange import Answer, Page, Query, Refusal, Request, Stored, evolve
from threadruns.server.faults import Fault


class BoundaryRepeated(Fault):
    """A page after a cursor begins with the last run of the page before, in place of its own last."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if query.after and not query.before and page.runs:
            whole = self.store.page(thread, 1_000_000, query.order).runs
            cursor = next(run for run in whole if run.id == query.after)
            return evolve(page, runs=[cursor, *page.runs[:-1]])
        return page


class BoundaryLost(Listed):
    """The first run after a cursor is lost, if the page is full."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        page = cut(runs, query)
        return evolve(page, runs=page.runs[1:]) if query.after and len(page.runs) == query.limit > 1 else page


@on_body
def run_twice_on_page(page: Json, _: Query) -> None:
    """The last run of a page stands there twice, in place of its neighbour."""
    if len(page["data"]) > 2:
        page["data"][-2] = page["data"][-1]


@on_body
def runs_doubled(page: Json, query: Query) -> None:
    """A page that is not full has its first run twice."""
    if 0 < len(page["data"]) < query.limit:
        page["data"].insert(0, page["data"][0])


class HiddenOnSmallPages(Listed):
    """With limits below 10, a run in the middle of the thread is skipped."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        middle = runs[len(runs) // 2].id if len(runs) > 4 else None
        if query.limit < 10 and middle not in (query.after, query.before):
            runs = [run for run in runs if run.id != middle]
        return cut(runs, query)


class OldestHiddenAscending(Listed):
    """The oldest run of a thread is not listed in ascending order."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, order)
        return runs[1:] if order == "asc" else runs


class SecondCollapsed(Listed):
    """Of runs created in one second only one is listed."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, order)
        return list({run.value()["created_at"]: run for run in runs}.values())


class OnlyHundred(Listed):
    """Only the first hundred runs can be reached, which are others in the other order."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        return super().whole(thread, order)[:100]


class OtherThreadMixedIn(Fault):
    """A page that is not full is filled with a run of another thread."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if 0 < len(page.runs) < query.limit:
            for other in self.store.threads():
                if other != thread and (more := self.store.page(other, 1, "desc").runs):
                    return evolve(page, runs=page.runs + more)
        return page


class OtherThreadRelabelled(Fault):
    """A page that is not full ends with a run of another thread that claims to be of this one."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if 0 < len(page.runs) < query.limit:
            for other in self.store.threads():
                if other != thread and (more := self.store.page(other, 1, "asc").runs):
                    text = compact(more[0].value() | {"thread_id": thread})
                    return evolve(page, runs=[*page.runs, Stored(more[0].id, text)])
        return page


class AlwaysSameThread(Fault):
    """The runs are those of one thread, whichever was asked for."""

    def select(self, thread: str, query: Query) -> Page:
        super().select(thread, evolve(query, after=None, before=None))
        first = next((known for known in self.store.threads() if self.store.page(known, 1, "asc").runs), thread)
        return super().select(first, query)


@on_run
def thread_id_of_another(run: Json) -> None:
    """A run says that it belongs to another thread, one that is well formed."""
    run["thread_id"] = "thread_7Kd1Xw9b2mQv4Rt6"


@on_run
def thread_id_upper_case(run: Json) -> None:
    """A run's thread has an id in capitals."""
    run["thread_id"] = "thread_" + run["thread_id"].removeprefix("thread_").upper()


class _Resembling(Fault):
    """Base of faults that take one thread for another."""

    def resembles(self, given: str, known: str) -> bool:
        raise NotImplementedError

    def select(self, thread: str, query: Query) -> Page:
        if not self.store.knows(thread):
            thread = next((known for known in self.store.threads() if self.resembles(thread, known)), thread)
        return super().select(thread, query)


class ThreadIgnoresCase(_Resembling):
    """The case of a thread's id does not count."""

    def resembles(self, given: str, known: str) -> bool:
        return given.lower() == known.lower()


class ThreadBeginning(_Resembling):
    """The beginning of a thread's id is enough."""

    def resembles(self, given: str, known: str) -> bool:
        return known.startswith(given)


class ThreadWithTail(_Resembling):
    """More may follow a thread's id."""

    def resembles(self, given: str, known: str) -> bool:
        return given.startswith(known)


class ThreadSpacesTrimmed(_Resembling):
    """Spaces around a thread's id are dropped."""

    def resembles(self, given: str, known: str) -> bool:
        return given.strip() == known


class _UnknownThread(Fault):
    """Base of faults that treat threads that do not exist."""

    def select(self, thread: str, query: Query) -> Page:
        return super().select(thread, query) if self.store.knows(thread) else self.unknown(thread)

    def unknown(self, thread: str) -> Page:
        raise NotImplementedError


class UnknownThreadEmpty(_UnknownThread):
    """A thread that does not exist is an empty one."""

    def unknown(self, thread: str) -> Page:  # noqa: ARG002
        return Page([], has_more=False)


class UnknownThreadSample(_UnknownThread):
    """A thread that does not exist has the runs of another."""

    def unknown(self, thread: str) -> Page:
        for known in self.store.threads():
            if runs := self.store.page(known, 1, "desc").runs:
                text = compact(runs[0].value() | {"thread_id": thread})
                return Page([Stored(runs[0].id, text)], has_more=False)
        return Page([], has_more=False)


class EmptyThreadUnknown(Fault):
    """A thread without runs does not exist."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if not self.store.page(thread, 1, "asc").runs:
            raise Refusal(404, f"No thread found with id '{thread}'.")
        return page


class EmptyPageUnknown(Fault):
    """An empty page is a 404."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if not page.runs:
            raise Refusal(404, "No runs found.")
        return page


class IdsMadeUp(Fault):
    """A run has another id in each answer."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        self.memory["made_up"] = self.memory.get("made_up", 0) + 1
        ids = [f"{run.id}{self.memory['made_up']}" for run in page.runs]
        runs = [Stored(name, compact(run.value() | {"id": name})) for name, run in zip(ids, page.runs, strict=True)]
        return evolve(page, runs=runs)


class CreatedAtDrifts(Fault):
    """A run's `created_at` is another in each answer."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        self.memory["drift"] = self.memory.get("drift", 0) + 1
        runs: list[Stored] = []
        for run in page.runs:
            value = run.value()
            value["created_at"] += self.memory["drift"]
            runs.append(Stored(run.id, compact(value)))
        return evolve(page, runs=runs)


class _Reshaped(Fault):
    """Base of faults that change runs for some queries."""

    def reshape(self, run: Json, query: Query) -> None:
        raise NotImplementedError

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        runs: list[Stored] = []
        for run in page.runs:
            value = run.value()
            self.reshape(value, query)
            runs.append(Stored(run.id, compact(value)))
        return evolve(page, runs=runs)


class MetadataLostOnLargePages(_Reshaped):
    """With limits above 50, runs come without their metadata."""

    def reshape(self, run: Json, query: Query) -> None:
        if query.limit > 50:
            run["metadata"] = {}


class ToolsLostAscending(_Reshaped):
    """In ascending order, runs come without their tools."""

    def reshape(self, run: Json, query: Query) -> None:
        if query.order == "asc":
            run["tools"] = []


class ModelDiffersAfter(_Reshaped):
    """On pages after a cursor, runs have another model."""

    def reshape(self, run: Json, query: Query) -> None:
        if query.after:
            run["model"] = "gpt-3.5-turbo-0000"


class AssistantDiffersBefore(_Reshaped):
    """On pages before a cursor, runs have another assistant."""

    def reshape(self, run: Json, query: Query) -> None:
        if query.before:
            run["assistant_id"] = "asst_7Kd1Xw9b2mQv4Rt6"


class StatusGoesBack(Fault):
    """A run that has ended is in progress again in every other answer."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        self.memory["answers"] = self.memory.get("answers", 0) + 1
        if self.memory["answers"] % 2:
            return page
        return evolve(page, runs=[still_in_progress(run) for run in page.runs])


class RunsComeAndGo(Fault):
    """Every third answer lacks a run that the others have."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        self.memory["turn"] = self.memory.get("turn", 0) + 1
        if self.memory["turn"] % 3 == 0 and len(page.runs) > 1:
            return evolve(page, runs=[*page.runs[:-2], page.runs[-1]])
        return page


class _Cached(Fault):
    """Base of faults that answer from a cache whose key is too short."""

    def label(self, request: Request, query: Query) -> object:
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if answer.status != 200:
            return answer
        label = self.label(request, self.parse(self.parameters(request)))
        cached: Answer = self.memory.setdefault("cache", {}).setdefault(label, answer)
        return cached


class CacheByPath(_Cached):
    """A thread's first answer is served again, whatever the query."""

    def label(self, request: Request, query: Query) -> object:  # noqa: ARG002
        return request.path


class CacheWithoutLimit(_Cached):
    """An answer is served again for other limits."""

    def label(self, request: Request, query: Query) -> object:
        return request.path, query.order, query.after, query.before


class CacheWithoutOrder(_Cached):
    """An answer is served again for the other order."""

    def label(self, request: Request, query: Query) -> object:
        return request.path, query.limit, query.after, query.before


class CacheWithoutBefore(_Cached):
    """An answer is served again for other values of `before`."""

    def label(self, request: Request, query: Query) -> object:
        return request.path, query.limit, query.order, query.after


class CacheWithoutThread(_Cached):
    """An answer is served again for other threads."""

    def label(self, request: Request, query: Query) -> object:  # noqa: ARG002
        return query
