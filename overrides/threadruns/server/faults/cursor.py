"""Faults of ``after`` and ``before``: where a page starts and ends, and which cursors are accepted."""
# ruff: noqa: ARG002, D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import re
from typing import Any

from threadruns.server._deviations import Listed, RepeatedTaken, cut, on_query, on_request, on_value
from threadruns.server._exchange import Page, Position, Query, Refusal, Request, Stored, evolve, failure
from threadruns.server.faults import Fault

CURSORS = ("after", "before")


def _with(query: Query, **cursors: Any) -> Query:
    return evolve(query, **cursors)


@on_query
def after_ignored(query: Query) -> Query:
    """`after` is ignored."""
    return evolve(query, after=None)


@on_query
def before_ignored(query: Query) -> Query:
    """`before` is ignored."""
    return evolve(query, before=None)


@on_query
def after_ignored_with_before(query: Query) -> Query:
    """`after` is ignored where `before` is given too."""
    return evolve(query, after=None) if query.before else query


@on_query
def before_ignored_with_after(query: Query) -> Query:
    """`before` is ignored where `after` is given too."""
    return evolve(query, before=None) if query.after else query


@on_query
def after_ignored_ascending(query: Query) -> Query:
    """`after` is ignored in ascending order."""
    return evolve(query, after=None) if query.order == "asc" else query


@on_query
def before_ignored_ascending(query: Query) -> Query:
    """`before` is ignored in ascending order."""
    return evolve(query, before=None) if query.order == "asc" else query


@on_query
def cursors_swapped(query: Query) -> Query:
    """`after` does what `before` should, and the other way round."""
    return evolve(query, after=query.before, before=query.after)


@on_query
def cursors_swapped_ascending(query: Query) -> Query:
    """In ascending order, `after` and `before` do what the other should, since they are read as newer and older."""
    return evolve(query, after=query.before, before=query.after) if query.order == "asc" else query


@on_query
def cursors_swapped_together(query: Query) -> Query:
    """Where both cursors are given, each does what the other should."""
    return evolve(query, after=query.before, before=query.after) if query.after and query.before else query


class AfterInclusive(Listed):
    """A page starts with the run that `after` names."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        ids = [run.id for run in runs]
        if query.after is None:
            return cut(runs, query)
        start = ids.index(query.after)
        return cut(runs, evolve(query, after=ids[start - 1])) if start else cut(runs, evolve(query, after=None))


class BeforeInclusive(Listed):
    """A page ends with the run that `before` names."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if query.before is None:
            return cut(runs, query)
        end = [run.id for run in runs].index(query.before) + 1
        if query.after:
            return cut(runs[:end], evolve(query, before=None))
        return Page(runs[max(0, end - query.limit) : end], has_more=end > query.limit)


class AfterSkipsOne(Listed):
    """A page starts one run too late after a cursor."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        ids = [run.id for run in runs]
        if query.after is None or query.after == ids[-1]:
            return cut(runs, query)
        return cut(runs, evolve(query, after=ids[ids.index(query.after) + 1]))


class BeforeSkipsOne(Listed):
    """A page ends one run too early before a cursor."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        ids = [run.id for run in runs]
        if query.before is None or query.before == ids[0]:
            return cut(runs, query)
        return cut(runs, evolve(query, before=ids[ids.index(query.before) - 1]))


class BeforeFromStart(Listed):
    """A page before a cursor starts at the beginning of the list, not just before the cursor."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if query.before is None or query.after:
            return cut(runs, query)
        end = [run.id for run in runs].index(query.before)
        return Page(runs[: min(query.limit, end)], has_more=end > query.limit)


class BeforeReversed(Fault):
    """A page before a cursor is in the reverse of the order asked for."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        return evolve(page, runs=page.runs[::-1]) if query.before and not query.after else page


class BothFromEnd(Listed):
    """Where both cursors are given, the page ends at `before`, not starts at `after`."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if not (query.after and query.before):
            return cut(runs, query)
        ids = [run.id for run in runs]
        window = runs[ids.index(query.after) + 1 : ids.index(query.before)]
        return Page(window[-query.limit :], has_more=len(window) > query.limit)


class BothRefused(Fault):
    """The two cursors together are refused."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        query = super().parse(pairs)
        if query.after and query.before:
            raise Refusal(400, "Only one of 'after' and 'before' can be given.", param="before")
        return query


class BothEmpty(Fault):
    """The two cursors together give an empty page."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        return Page([], has_more=False) if query.after and query.before else page


class _Second(Listed):
    """Base of faults that find the place of a cursor by its second alone."""

    kept: bool

    def pick(self, runs: list[Stored], query: Query) -> Page:
        times = {run.id: run.value()["created_at"] for run in runs}
        if query.after is None or query.before is not None:
            return cut(runs, query)
        start = times[query.after]
        rest = [
            run
            for run in runs
            if (times[run.id] > start if query.order == "asc" else times[run.id] < start)
            or (self.kept and times[run.id] == start and run.id != query.after)
        ]
        return cut(rest, evolve(query, after=None))


class AfterSkipsSecond(_Second):
    """`after` skips every run of the second in which its run was created."""

    kept = False


class AfterRepeatsSecond(_Second):
    """`after` repeats the other runs of the second in which its run was created."""

    kept = True


class AfterById(Listed):
    """`after` gives the runs whose ids come later in the alphabet."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        after = query.after
        if after is None:
            return cut(runs, query)
        rest = [run for run in runs if (run.id > after if query.order == "asc" else run.id < after)]
        return cut(rest, evolve(query, after=None))


class AfterSnapsToPage(Listed):
    """`after` is rounded down to a whole number of pages."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if query.after is None or query.before is not None:
            return cut(runs, query)
        start = [run.id for run in runs].index(query.after) + 1
        start -= start % query.limit
        return Page(runs[start : start + query.limit], has_more=start + query.limit < len(runs))


class AfterAlwaysDescending(Listed):
    """`after` is found in the descending list even if the order is ascending."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if query.after is None or query.order == "desc":
            return cut(runs, query)
        page = cut(runs[::-1], query)
        return evolve(page, runs=page.runs[::-1])


class AfterDeepLost(Listed):
    """`after` a run beyond the first hundred starts over."""

    def pick(self, runs: list[Stored], query: Query) -> Page:
        if query.after and [run.id for run in runs].index(query.after) >= 100:
            return cut(runs, evolve(query, after=None))
        return cut(runs, query)


class AfterLastRefused(Fault):
    """`after` the last run is refused."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if query.after and not query.before and not page.runs:
            raise Refusal(404, f"No runs after '{query.after}'.", param="after")
        return page


class AfterLastStartsOver(Fault):
    """`after` the last run gives the first page again."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if query.after and not query.before and not page.runs:
            return super().select(thread, evolve(query, after=None))
        return page


class BeforeFirstRefused(Fault):
    """`before` the first run is refused."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if query.before and not query.after and not page.runs:
            raise Refusal(404, f"No runs before '{query.before}'.", param="before")
        return page


class BeforeFirstStartsOver(Fault):
    """`before` the first run gives the last page."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if query.before and not query.after and not page.runs:
            other = "asc" if query.order == "desc" else "desc"
            last = super().select(thread, evolve(query, before=None, order=other))
            return evolve(last, runs=last.runs[::-1])
        return page


class MidPageCursorRefused(Fault):
    """Only the last run of a page that was served is known as a cursor."""

    def select(self, thread: str, query: Query) -> Page:
        known = self.memory.setdefault("served", set())
        page = super().select(thread, query)
        for name in CURSORS:
            cursor = getattr(query, name)
            if cursor is not None and cursor not in known:
                raise Refusal(404, f"No run found with id '{cursor}'.", param=name)
        known.update(run.id for run in (page.runs[:1] + page.runs[-1:]))
        return page


class CursorOnce(Fault):
    """A cursor can be used once."""

    def select(self, thread: str, query: Query) -> Page:
        used = self.memory.setdefault("used", set())
        for name in CURSORS:
            cursor = getattr(query, name)
            if cursor is not None and (cursor, name) in used:
                raise Refusal(404, f"No run found with id '{cursor}'.", param=name)
        page = super().select(thread, query)
        used.update((getattr(query, name), name) for name in CURSORS)
        return page


class CursorUnderWayUnknown(Fault):
    """A run that is under way is not known as a cursor."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        for name in CURSORS:
            position = self.store.position(thread, getattr(query, name) or "")
            if position is not None and self._under_way(thread, position):
                raise Refusal(404, f"No run found with id '{position.id}'.", param=name)
        return page

    def _under_way(self, thread: str, position: Position) -> bool:
        whole = self.store.page(thread, 1_000_000, "asc").runs
        return next(run for run in whole if run.id == position.id).value()["expires_at"] is not None


class _UnknownCursor(Fault):
    """Base of faults that treat cursors which name no run of the thread."""

    def select(self, thread: str, query: Query) -> Page:
        try:
            return super().select(thread, query)
        except Refusal as refusal:
            if refusal.status != 404 or refusal.detail["param"] not in CURSORS:
                raise
            return self.unknown(thread, query, refusal)

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        raise NotImplementedError


class UnknownCursorEmpty(_UnknownCursor):
    """A cursor that names no run of the thread gives an empty page."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        return Page([], has_more=False)


class UnknownCursorIgnored(_UnknownCursor):
    """A cursor that names no run of the thread is ignored."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        return super().select(thread, _with(query, **{refusal.detail["param"]: None}))


class UnknownBeforeIgnored(_UnknownCursor):
    """A `before` that names no run of the thread is ignored."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        if refusal.detail["param"] == "after":
            raise refusal
        return super().select(thread, evolve(query, before=None))


class UnknownCursorFails(_UnknownCursor):
    """A cursor that names no run of the thread makes the server fail."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        raise failure()


class ForeignCursorAccepted(_UnknownCursor):
    """A run of another thread is accepted as a cursor, by its time."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        cursor = getattr(query, refusal.detail["param"])
        for owner in self.store.threads():
            position = self.store.position(owner, cursor)
            if position is not None:
                places = {name: self.store.position(thread, getattr(query, name) or "") for name in CURSORS}
                places[refusal.detail["param"]] = position
                return self.store.page(thread, query.limit, query.order, **places)
        raise refusal


class ForeignCursorIgnored(_UnknownCursor):
    """A run of another thread is ignored as a cursor."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        cursor = getattr(query, refusal.detail["param"])
        if any(self.store.position(owner, cursor) for owner in self.store.threads()):
            return super().select(thread, _with(query, **{refusal.detail["param"]: None}))
        raise refusal


class ForeignCursorServed(_UnknownCursor):
    """A run of another thread as a cursor gives runs of that other thread."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        name = refusal.detail["param"]
        cursor = getattr(query, name)
        for owner in self.store.threads():
            if self.store.position(owner, cursor):
                # The other cursor may be of this thread, which would send the read back and forth.
                return super().select(owner, _with(query, **{**dict.fromkeys(CURSORS), name: cursor}))
        raise refusal


class ForeignBeforeBesideAfter(_UnknownCursor):
    """A run of another thread is ignored as `before`, beside an `after` that names one of the thread."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        if refusal.detail["param"] == "after" or not query.after:
            raise refusal
        return super().select(thread, evolve(query, before=None))


class ThreadNamesRun(_UnknownCursor):
    """The newest run also has the name of its thread, with the prefix of a run."""

    def unknown(self, thread: str, query: Query, refusal: Refusal) -> Page:
        name = refusal.detail["param"]
        if getattr(query, name) != "run_" + thread.removeprefix("thread_"):
            raise refusal
        newest = super().select(thread, Query(1, "desc", None, None)).runs
        return super().select(thread, _with(query, **{name: newest[0].id}))


@on_value
def cursor_without_prefix(name: str, value: str) -> str | None:
    """A cursor may lack the prefix of a run."""
    return f"run_{value}" if name in CURSORS and value.isalnum() and len(value) > 9 else value


class MalformedAfterBesideBefore(Fault):
    """An `after` that can be no id is ignored beside a `before`."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        if any(name == "before" for name, _ in pairs):
            pairs = [(name, value) for name, value in pairs if name != "after" or value.startswith("run_")]
        return super().parse(pairs)


@on_value
def cursor_cut_at_semicolon(name: str, value: str) -> str | None:
    """A cursor counts up to a semicolon, which once parted parameters."""
    return value.partition(";")[0] if name in CURSORS else value


@on_value
def cursor_malformed_ignored(name: str, value: str) -> str | None:
    """A cursor that can be no id is ignored."""
    return None if name in CURSORS and value and not value.startswith("run_") else value


@on_value
def cursor_empty_ignored(name: str, value: str) -> str | None:
    """An empty cursor is ignored."""
    return None if name in CURSORS and not value else value


@on_value
def before_empty_ignored(name: str, value: str) -> str | None:
    """An empty `before` is ignored."""
    return None if (name, value) == ("before", "") else value


@on_value
def cursor_null_ignored(name: str, value: str) -> str | None:
    """A cursor of `null` is ignored."""
    return None if name in CURSORS and value in ("null", "None", "undefined") else value


@on_value
def cursor_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around a cursor are dropped."""
    return value.strip() if name in CURSORS else value


@on_value
def cursor_cut_at_sign(name: str, value: str) -> str | None:
    """A cursor counts up to the first character that is no letter or digit, so that more may follow it."""
    found = re.match(r"run_[A-Za-z0-9_]+", value)
    return found[0] if name in CURSORS and found else value


@on_value
def cursor_prefix_added(name: str, value: str) -> str | None:
    """A cursor may lack its prefix `run_`."""
    return f"run_{value}" if name in CURSORS and value and not value.startswith("run_") else value


class _Resembling(Fault):
    """Base of faults that accept ids which resemble a cursor."""

    def resembles(self, given: str, known: str) -> bool:
        raise NotImplementedError

    def select(self, thread: str, query: Query) -> Page:
        whole = self.store.page(thread, 1_000_000, query.order).runs
        for name in CURSORS:
            cursor = getattr(query, name)
            if cursor is not None and self.store.position(thread, cursor) is None:
                found = next((run.id for run in whole if self.resembles(cursor, run.id)), cursor)
                query = _with(query, **{name: found})
        return super().select(thread, query)


class CursorIgnoresCase(_Resembling):
    """The case of a cursor does not count."""

    def resembles(self, given: str, known: str) -> bool:
        return given.lower() == known.lower()


class CursorBeginning(_Resembling):
    """The beginning of an id is enough as a cursor."""

    def resembles(self, given: str, known: str) -> bool:
        return known.startswith(given)


class CursorWithTail(_Resembling):
    """A cursor may go on behind the id."""

    def resembles(self, given: str, known: str) -> bool:
        return given.startswith(known)


class CursorPattern(_Resembling):
    """A cursor is a pattern in which `_` and `%` stand for anything."""

    def resembles(self, given: str, known: str) -> bool:
        pattern = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in given)
        return re.fullmatch(pattern, known) is not None


class CursorTimeAccepted(Fault):
    """A moment in Unix time is accepted as a cursor."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        moments = {name: value for name, value in pairs if name in CURSORS and re.fullmatch(r"[0-9]{9,10}", value)}
        return _with(super().parse([pair for pair in pairs if pair[0] not in moments]), **moments)

    def select(self, thread: str, query: Query) -> Page:
        if not any((getattr(query, name) or "run").isdigit() for name in CURSORS):
            return super().select(thread, query)
        places = {name: Position(int(value), "") for name in CURSORS if (value := getattr(query, name) or "").isdigit()}
        return self.store.page(thread, query.limit, query.order, **places)


class CursorNumberIsOffset(Fault):
    """A number as `after` counts as an offset."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        numbers = [value for name, value in pairs if name == "after" and re.fullmatch(r"[0-9]{1,6}", value)]
        if numbers:
            return evolve(super().parse([pair for pair in pairs if pair[0] != "after"]), after=numbers[0])
        return super().parse(pairs)

    def select(self, thread: str, query: Query) -> Page:
        if query.after is None or not query.after.isdigit():
            return super().select(thread, query)
        runs = self.store.page(thread, 1_000_000, query.order).runs[int(query.after) :]
        return cut(runs, evolve(query, after=None))


@on_request
def cursor_not_decoded(request: Request) -> Request:
    """A cursor is taken as it stands in the query, percent signs included."""
    query = re.sub(
        rb"((?:after|before)=)([^&]+)", lambda found: found[1] + found[2].replace(b"%", b"%25"), request.query
    )
    return evolve(request, query=query)


class AfterRepeatedFirst(RepeatedTaken):
    """The first of several `after` counts."""

    taken = ("after", 0)


class AfterRepeatedLast(RepeatedTaken):
    """The last of several `after` counts."""

    taken = ("after", -1)


class BeforeRepeatedLast(RepeatedTaken):
    """The last of several `before` counts."""

    taken = ("before", -1)
