"""Faults of ``after`` and ``before``: wrong page boundaries, and cursors that are wrongly accepted or refused."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import re
from typing import Any

from attrs import evolve

from tests.mutants.corpus.repeated import RepeatedParameter
from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    Position,
    ServerRequest,
    StoredPage,
    StoredRun,
    internal_error,
)
from threadruns.testing.mutations import (
    Mutation,
    WholeThreadMutation,
    mutate_parameter,
    mutate_query,
    mutate_request,
    select_page,
)

CURSORS = ("after", "before")


def _with(query: ListQuery, **cursors: Any) -> ListQuery:
    return evolve(query, **cursors)


@mutate_query
def before_ignored(query: ListQuery) -> ListQuery:
    """`before` is ignored."""
    return evolve(query, before=None)


@mutate_query
def after_ignored_with_before(query: ListQuery) -> ListQuery:
    """`after` is ignored if `before` is given."""
    return evolve(query, after=None) if query.before else query


@mutate_query
def before_ignored_with_after(query: ListQuery) -> ListQuery:
    """`before` is ignored if `after` is given."""
    return evolve(query, before=None) if query.after else query


@mutate_query
def after_ignored_ascending(query: ListQuery) -> ListQuery:
    """`after` is ignored in ascending order."""
    return evolve(query, after=None) if query.order == "asc" else query


@mutate_query
def before_ignored_ascending(query: ListQuery) -> ListQuery:
    """`before` is ignored in ascending order."""
    return evolve(query, before=None) if query.order == "asc" else query


@mutate_query
def cursors_swapped(query: ListQuery) -> ListQuery:
    """`after` and `before` are swapped."""
    return evolve(query, after=query.before, before=query.after)


@mutate_query
def cursors_swapped_ascending(query: ListQuery) -> ListQuery:
    """`after` and `before` are swapped in ascending order: they mean newer and older."""
    return evolve(query, after=query.before, before=query.after) if query.order == "asc" else query


@mutate_query
def cursors_swapped_together(query: ListQuery) -> ListQuery:
    """`after` and `before` are swapped if both are given."""
    return evolve(query, after=query.before, before=query.after) if query.after and query.before else query


class BeforeInclusive(WholeThreadMutation):
    """A page ends with the run that `before` names."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.before is None:
            return select_page(runs, query)
        end = [run.id for run in runs].index(query.before) + 1
        if query.after:
            return select_page(runs[:end], evolve(query, before=None))
        return StoredPage(runs[max(0, end - query.limit) : end], has_more=end > query.limit)


class AfterSkipsOne(WholeThreadMutation):
    """A page after a cursor starts one run too late."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        ids = [run.id for run in runs]
        if query.after is None or query.after == ids[-1]:
            return select_page(runs, query)
        return select_page(runs, evolve(query, after=ids[ids.index(query.after) + 1]))


class BeforeSkipsOne(WholeThreadMutation):
    """A page before a cursor ends one run too early."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        ids = [run.id for run in runs]
        if query.before is None or query.before == ids[0]:
            return select_page(runs, query)
        return select_page(runs, evolve(query, before=ids[ids.index(query.before) - 1]))


class BeforeFromStart(WholeThreadMutation):
    """A page before a cursor starts at the beginning of the list instead of ending at the cursor."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.before is None or query.after:
            return select_page(runs, query)
        end = [run.id for run in runs].index(query.before)
        return StoredPage(runs[: min(query.limit, end)], has_more=end > query.limit)


class BeforeReversed(Mutation):
    """A page before a cursor is in reverse order."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return evolve(page, runs=page.runs[::-1]) if query.before and not query.after else page


class BothFromEnd(WholeThreadMutation):
    """A page between two cursors ends at `before` instead of starting at `after`."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if not (query.after and query.before):
            return select_page(runs, query)
        ids = [run.id for run in runs]
        window = runs[ids.index(query.after) + 1 : ids.index(query.before)]
        return StoredPage(window[-query.limit :], has_more=len(window) > query.limit)


class BothRefused(Mutation):
    """Both cursors together give 400."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        query = super().parse_query(pairs)
        if query.after and query.before:
            raise HTTPError(400, "Only one of 'after' and 'before' can be given.", param="before")
        return query


class BothEmpty(Mutation):
    """Both cursors together give an empty page."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return StoredPage([], has_more=False) if query.after and query.before else page


class _BySecond(WholeThreadMutation):
    """Base class of faults that compare cursors by `created_at` alone."""

    kept: bool

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        times = {run.id: run.value()["created_at"] for run in runs}
        if query.after is None or query.before is not None:
            return select_page(runs, query)
        start = times[query.after]
        rest = [
            run
            for run in runs
            if (times[run.id] > start if query.order == "asc" else times[run.id] < start)
            or (self.kept and times[run.id] == start and run.id != query.after)
        ]
        return select_page(rest, evolve(query, after=None))


class AfterSkipsSecond(_BySecond):
    """`after` skips every run with the same `created_at`."""

    kept = False


class AfterRepeatsSecond(_BySecond):
    """`after` repeats the other runs with the same `created_at`."""

    kept = True


class AfterById(WholeThreadMutation):
    """`after` compares ids in alphabetical order instead of positions."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        after = query.after
        if after is None:
            return select_page(runs, query)
        rest = [run for run in runs if (run.id > after if query.order == "asc" else run.id < after)]
        return select_page(rest, evolve(query, after=None))


class AfterRoundedToPage(WholeThreadMutation):
    """`after` is rounded down to a multiple of the limit."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.after is None or query.before is not None:
            return select_page(runs, query)
        start = [run.id for run in runs].index(query.after) + 1
        start -= start % query.limit
        return StoredPage(runs[start : start + query.limit], has_more=start + query.limit < len(runs))


class AfterAlwaysDescending(WholeThreadMutation):
    """`after` is looked up in the descending list even in ascending order."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.after is None or query.order == "desc":
            return select_page(runs, query)
        page = select_page(runs[::-1], query)
        return evolve(page, runs=page.runs[::-1])


class AfterHundredthStartsOver(WholeThreadMutation):
    """`after` with a run beyond the first hundred gives the first page."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        if query.after and [run.id for run in runs].index(query.after) >= 100:
            return select_page(runs, evolve(query, after=None))
        return select_page(runs, query)


class AfterLastRefused(Mutation):
    """`after` with the last run gives 404."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if query.after and not query.before and not page.runs:
            raise HTTPError(404, f"No runs after '{query.after}'.", param="after")
        return page


class AfterLastStartsOver(Mutation):
    """`after` with the last run gives the first page."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if query.after and not query.before and not page.runs:
            return super().find_page(thread, evolve(query, after=None))
        return page


class BeforeFirstRefused(Mutation):
    """`before` with the first run gives 404."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if query.before and not query.after and not page.runs:
            raise HTTPError(404, f"No runs before '{query.before}'.", param="before")
        return page


class BeforeFirstStartsOver(Mutation):
    """`before` with the first run gives the last page."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if query.before and not query.after and not page.runs:
            other = "asc" if query.order == "desc" else "desc"
            last = super().find_page(thread, evolve(query, before=None, order=other))
            return evolve(last, runs=last.runs[::-1])
        return page


class MidPageCursorRefused(Mutation):
    """Only the first and the last run of a page that was served are accepted as cursors."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        known = self.state.setdefault("served", set())
        page = super().find_page(thread, query)
        for name in CURSORS:
            cursor = getattr(query, name)
            if cursor is not None and cursor not in known:
                raise HTTPError(404, f"No run found with id '{cursor}'.", param=name)
        known.update(run.id for run in (page.runs[:1] + page.runs[-1:]))
        return page


class CursorOnce(Mutation):
    """A cursor is accepted only once."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        used = self.state.setdefault("used", set())
        for name in CURSORS:
            cursor = getattr(query, name)
            if cursor is not None and (cursor, name) in used:
                raise HTTPError(404, f"No run found with id '{cursor}'.", param=name)
        page = super().find_page(thread, query)
        used.update((getattr(query, name), name) for name in CURSORS)
        return page


class CursorInProgressUnknown(Mutation):
    """A run in progress is not accepted as a cursor."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        for name in CURSORS:
            position = self.store.position(thread, getattr(query, name) or "")
            if position is not None and self._under_way(thread, position):
                raise HTTPError(404, f"No run found with id '{position.id}'.", param=name)
        return page

    def _under_way(self, thread: str, position: Position) -> bool:
        whole = self.store.page(thread, 1_000_000, "asc").runs
        return next(run for run in whole if run.id == position.id).value()["expires_at"] is not None


class _UnknownCursor(Mutation):
    """Base class of faults in the response to a cursor that is not a run of the thread."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        try:
            return super().find_page(thread, query)
        except HTTPError as error:
            if error.status != 404 or error.detail["param"] not in CURSORS:
                raise
            return self.unknown(thread, query, error)

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        raise NotImplementedError


class UnknownCursorEmpty(_UnknownCursor):
    """An unknown cursor gives an empty page."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        return StoredPage([], has_more=False)


class UnknownCursorIgnored(_UnknownCursor):
    """An unknown cursor is ignored."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        return super().find_page(thread, _with(query, **{error.detail["param"]: None}))


class UnknownBeforeIgnored(_UnknownCursor):
    """An unknown `before` is ignored."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        if error.detail["param"] == "after":
            raise error
        return super().find_page(thread, evolve(query, before=None))


class UnknownCursorWith500(_UnknownCursor):
    """An unknown cursor gives 500."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        raise internal_error()


class ForeignCursorAccepted(_UnknownCursor):
    """A run of another thread is accepted as a cursor, by its `created_at`."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        cursor = getattr(query, error.detail["param"])
        for owner in self.store.thread_ids():
            position = self.store.position(owner, cursor)
            if position is not None:
                places = {name: self.store.position(thread, getattr(query, name) or "") for name in CURSORS}
                places[error.detail["param"]] = position
                return self.store.page(thread, query.limit, query.order, **places)
        raise error


class ForeignCursorIgnored(_UnknownCursor):
    """A cursor with a run of another thread is ignored."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        cursor = getattr(query, error.detail["param"])
        if any(self.store.position(owner, cursor) for owner in self.store.thread_ids()):
            return super().find_page(thread, _with(query, **{error.detail["param"]: None}))
        raise error


class ForeignCursorServed(_UnknownCursor):
    """A cursor with a run of another thread gives runs of that thread."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        name = error.detail["param"]
        cursor = getattr(query, name)
        for owner in self.store.thread_ids():
            if self.store.position(owner, cursor):
                # The other cursor may be of this thread, and the lookup would recurse without end.
                return super().find_page(owner, _with(query, **{**dict.fromkeys(CURSORS), name: cursor}))
        raise error


class ForeignBeforeIgnoredWithAfter(_UnknownCursor):
    """`before` with a run of another thread is ignored if `after` is valid."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        if error.detail["param"] == "after" or not query.after:
            raise error
        return super().find_page(thread, evolve(query, before=None))


class ThreadIdAsCursor(_UnknownCursor):
    """The id of the thread with the prefix `run_` is accepted as the newest run."""

    def unknown(self, thread: str, query: ListQuery, error: HTTPError) -> StoredPage:
        name = error.detail["param"]
        if getattr(query, name) != "run_" + thread.removeprefix("thread_"):
            raise error
        newest = super().find_page(thread, ListQuery(1, "desc", None, None)).runs
        return super().find_page(thread, _with(query, **{name: newest[0].id}))


@mutate_parameter
def cursor_without_prefix(name: str, value: str) -> str | None:
    """A cursor without its prefix is accepted if it has at least ten characters."""
    return f"run_{value}" if name in CURSORS and value.isalnum() and len(value) > 9 else value


class MalformedAfterIgnoredWithBefore(Mutation):
    """A malformed `after` is ignored if `before` is given."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if any(name == "before" for name, _ in pairs):
            pairs = [(name, value) for name, value in pairs if name != "after" or value.startswith("run_")]
        return super().parse_query(pairs)


@mutate_parameter
def cursor_cut_at_semicolon(name: str, value: str) -> str | None:
    """A cursor ends at a semicolon, the former separator of parameters."""
    return value.partition(";")[0] if name in CURSORS else value


@mutate_parameter
def cursor_malformed_ignored(name: str, value: str) -> str | None:
    """A malformed cursor is ignored."""
    return None if name in CURSORS and value and not value.startswith("run_") else value


@mutate_parameter
def cursor_empty_ignored(name: str, value: str) -> str | None:
    """An empty cursor is ignored."""
    return None if name in CURSORS and not value else value


@mutate_parameter
def before_empty_ignored(name: str, value: str) -> str | None:
    """An empty `before` is ignored."""
    return None if (name, value) == ("before", "") else value


@mutate_parameter
def cursor_null_ignored(name: str, value: str) -> str | None:
    """A cursor with the text `null` is ignored."""
    return None if name in CURSORS and value in ("null", "None", "undefined") else value


@mutate_parameter
def cursor_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around a cursor are ignored."""
    return value.strip() if name in CURSORS else value


@mutate_parameter
def cursor_cut_at_sign(name: str, value: str) -> str | None:
    """A cursor ends at the first character that is not a letter, a digit or an underscore."""
    found = re.match(r"run_[A-Za-z0-9_]+", value)
    return found[0] if name in CURSORS and found else value


@mutate_parameter
def cursor_prefix_added(name: str, value: str) -> str | None:
    """A cursor without its prefix `run_` is accepted."""
    return f"run_{value}" if name in CURSORS and value and not value.startswith("run_") else value


class _SimilarCursor(Mutation):
    """Base class of faults that accept ids similar to the cursor."""

    def resembles(self, given: str, known: str) -> bool:
        raise NotImplementedError

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        whole = self.store.page(thread, 1_000_000, query.order).runs
        for name in CURSORS:
            cursor = getattr(query, name)
            if cursor is not None and self.store.position(thread, cursor) is None:
                found = next((run.id for run in whole if self.resembles(cursor, run.id)), cursor)
                query = _with(query, **{name: found})
        return super().find_page(thread, query)


class CursorIgnoresCase(_SimilarCursor):
    """Cursors are compared without case."""

    def resembles(self, given: str, known: str) -> bool:
        return given.lower() == known.lower()


class CursorPrefix(_SimilarCursor):
    """A prefix of an id is accepted as a cursor."""

    def resembles(self, given: str, known: str) -> bool:
        return known.startswith(given)


class CursorWithSuffix(_SimilarCursor):
    """Additional characters after the id are accepted in a cursor."""

    def resembles(self, given: str, known: str) -> bool:
        return given.startswith(known)


class CursorWildcards(_SimilarCursor):
    """`_` and `%` are wildcards in a cursor."""

    def resembles(self, given: str, known: str) -> bool:
        pattern = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in given)
        return re.fullmatch(pattern, known) is not None


class CursorUnixTime(Mutation):
    """A Unix time is accepted as a cursor."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        moments = {name: value for name, value in pairs if name in CURSORS and re.fullmatch(r"[0-9]{9,10}", value)}
        return _with(super().parse_query([pair for pair in pairs if pair[0] not in moments]), **moments)

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if not any((getattr(query, name) or "run").isdigit() for name in CURSORS):
            return super().find_page(thread, query)
        places = {name: Position(int(value), "") for name in CURSORS if (value := getattr(query, name) or "").isdigit()}
        return self.store.page(thread, query.limit, query.order, **places)


class CursorOffset(Mutation):
    """A number is accepted as `after`, as an offset."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        numbers = [value for name, value in pairs if name == "after" and re.fullmatch(r"[0-9]{1,6}", value)]
        if numbers:
            return evolve(super().parse_query([pair for pair in pairs if pair[0] != "after"]), after=numbers[0])
        return super().parse_query(pairs)

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if query.after is None or not query.after.isdigit():
            return super().find_page(thread, query)
        runs = self.store.page(thread, 1_000_000, query.order).runs[int(query.after) :]
        return select_page(runs, evolve(query, after=None))


@mutate_request
def cursor_not_decoded(request: ServerRequest) -> ServerRequest:
    """A cursor is not percent-decoded."""
    query = re.sub(
        rb"((?:after|before)=)([^&]+)", lambda found: found[1] + found[2].replace(b"%", b"%25"), request.query
    )
    return evolve(request, query=query)


class AfterRepeatedFirst(RepeatedParameter):
    """The first of several `after` is used."""

    kept = ("after", 0)


class AfterRepeatedLast(RepeatedParameter):
    """The last of several `after` is used."""

    kept = ("after", -1)


class BeforeRepeatedLast(RepeatedParameter):
    """The last of several `before` is used."""

    kept = ("before", -1)
