"""Faults of ``limit``: wrong page sizes, and limits that are wrongly accepted or refused."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import re

from attrs import evolve

from tests.mutants.corpus.repeated import RepeatedParameter
from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    ServerRequest,
    ServerResponse,
    StoredPage,
    StoredRun,
)
from threadruns.testing.mutations import (
    Mutation,
    WholeThreadMutation,
    mutate_parameter,
    mutate_query,
)


@mutate_query
def limit_always_largest(query: ListQuery) -> ListQuery:
    """A page has up to 100 runs, whatever the limit."""
    return evolve(query, limit=100)


class LimitRestOfThread(WholeThreadMutation):
    """A page has all remaining runs of the thread."""

    def select_page(self, runs: list[StoredRun], query: ListQuery) -> StoredPage:
        return super().select_page(runs, evolve(query, limit=len(runs) + 1))


@mutate_query
def limit_plus_one(query: ListQuery) -> ListQuery:
    """A page has one run more than the limit."""
    return evolve(query, limit=query.limit + 1)


@mutate_query
def limit_minus_one(query: ListQuery) -> ListQuery:
    """A page has one run fewer than the limit, but at least one."""
    return evolve(query, limit=max(1, query.limit - 1))


@mutate_query
def limit_one_is_two(query: ListQuery) -> ListQuery:
    """A limit of 1 gives two runs."""
    return evolve(query, limit=max(2, query.limit))


class _Default(Mutation):
    size: int

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        query = super().parse_query(pairs)
        return query if any(name == "limit" for name, _ in pairs) else evolve(query, limit=self.size)


class DefaultTen(_Default):
    """The default limit is 10."""

    size = 10


class DefaultNineteen(_Default):
    """The default limit is 19."""

    size = 19


class DefaultLargest(_Default):
    """The default limit is 100."""

    size = 100


@mutate_query
def largest_page_fifty(query: ListQuery) -> ListQuery:
    """A page has at most 50 runs."""
    return evolve(query, limit=min(50, query.limit))


@mutate_query
def largest_page_ninety_nine(query: ListQuery) -> ListQuery:
    """A page has at most 99 runs."""
    return evolve(query, limit=min(99, query.limit))


class LimitHundredRefused(Mutation):
    """A limit of 100 gives 400."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if super().parse_query(pairs).limit == 100:
            raise HTTPError(400, "Invalid 'limit': integer above maximum value. Expected a value < 100.", param="limit")
        return super().parse_query(pairs)


class LimitOneRefused(Mutation):
    """A limit of 1 gives 400."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if super().parse_query(pairs).limit == 1:
            raise HTTPError(400, "Invalid 'limit': integer below minimum value. Expected a value > 1.", param="limit")
        return super().parse_query(pairs)


class LimitZeroEmpty(Mutation):
    """A limit of 0 gives an empty page."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if ("limit", "0") in pairs:
            return evolve(super().parse_query([pair for pair in pairs if pair[0] != "limit"]), limit=0)
        return super().parse_query(pairs)

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return page if query.limit else StoredPage([], has_more=False)


@mutate_parameter
def limit_zero_is_default(name: str, value: str) -> str | None:
    """A limit of 0 is read as the default."""
    return None if (name, value) == ("limit", "0") else value


@mutate_parameter
def limit_zero_is_one(name: str, value: str) -> str | None:
    """A limit of 0 is read as 1."""
    return "1" if (name, value) == ("limit", "0") else value


@mutate_parameter
def limit_negative_is_default(name: str, value: str) -> str | None:
    """A negative limit is read as the default."""
    return None if name == "limit" and re.fullmatch(r"-\d+", value) else value


@mutate_parameter
def limit_sign_dropped(name: str, value: str) -> str | None:
    """The sign of a negative limit is ignored."""
    return value.removeprefix("-") if name == "limit" else value


@mutate_parameter
def limit_lowered(name: str, value: str) -> str | None:
    """A limit above 100 is read as 100."""
    return "100" if name == "limit" and value.isdecimal() and int(value[:9]) > 100 else value


@mutate_parameter
def limit_too_large_is_default(name: str, value: str) -> str | None:
    """A limit above 100 is read as the default."""
    return None if name == "limit" and value.isdecimal() and int(value[:9]) > 100 else value


class LimitAboveMaximumAccepted(WholeThreadMutation):
    """A limit above 100 is accepted."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        wanted = [int(value[:9]) for name, value in pairs if name == "limit" and value.isdecimal()]
        if wanted and wanted[0] > 100:
            return evolve(super().parse_query([pair for pair in pairs if pair[0] != "limit"]), limit=wanted[0])
        return super().parse_query(pairs)


@mutate_parameter
def limit_up_to_thousand(name: str, value: str) -> str | None:
    """A limit from 101 to 999 is read as 100."""
    return "100" if name == "limit" and value.isdecimal() and 100 < int(value[:9]) < 1000 else value


@mutate_parameter
def limit_one_over_accepted(name: str, value: str) -> str | None:
    """A limit of 101 is read as 100."""
    return "100" if (name, value) == ("limit", "101") else value


@mutate_parameter
def limit_overflows(name: str, value: str) -> str | None:
    """A limit overflows at 32 bits: 4294967297 is read as 1."""
    return str(int(value) % 2**32) if name == "limit" and re.fullmatch(r"[0-9]{1,20}", value) else value


@mutate_parameter
def limit_text_is_default(name: str, value: str) -> str | None:
    """A limit that is not a number is read as the default."""
    return None if name == "limit" and not re.search(r"\d", value) and value else value


@mutate_parameter
def limit_empty_is_default(name: str, value: str) -> str | None:
    """An empty limit is read as the default."""
    return None if (name, value) == ("limit", "") else value


@mutate_parameter
def limit_fraction_cut(name: str, value: str) -> str | None:
    """The fraction of a limit is ignored."""
    return value.partition(".")[0] if name == "limit" else value


@mutate_parameter
def limit_digits_taken(name: str, value: str) -> str | None:
    """A limit is read up to the first character that is not a digit: `5abc` is 5."""
    digits = re.match(r"[0-9]+", value)
    return digits[0] if name == "limit" and digits else value


@mutate_parameter
def limit_exponent(name: str, value: str) -> str | None:
    """A limit in exponential notation is accepted: `1e1` is 10."""
    return str(int(float(value))) if name == "limit" and re.fullmatch(r"[0-9]{1,2}e[0-9]", value) else value


@mutate_parameter
def limit_hexadecimal(name: str, value: str) -> str | None:
    """A hexadecimal limit is accepted: `0x0a` is 10."""
    return str(int(value, 16)) if name == "limit" and re.fullmatch(r"0x[0-9a-f]{1,4}", value) else value


@mutate_parameter
def limit_octal(name: str, value: str) -> str | None:
    """A limit with a leading zero is read as octal: `010` is 8."""
    return str(int(value, 8)) if name == "limit" and re.fullmatch(r"0[0-7]{1,3}", value) else value


@mutate_parameter
def limit_boolean(name: str, value: str) -> str | None:
    """A limit of `true` is read as 1."""
    return "1" if (name, value) == ("limit", "true") else value


class LimitRepeatedFirst(RepeatedParameter):
    """The first of several limits is used."""

    kept = ("limit", 0)


class LimitRepeatedLast(RepeatedParameter):
    """The last of several limits is used."""

    kept = ("limit", -1)


@mutate_query
def limit_ignored_after(query: ListQuery) -> ListQuery:
    """A page after a cursor has 20 runs, whatever the limit."""
    return evolve(query, limit=20) if query.after else query


@mutate_query
def limit_ignored_before(query: ListQuery) -> ListQuery:
    """A page before a cursor has 20 runs, whatever the limit."""
    return evolve(query, limit=20) if query.before else query


@mutate_query
def limit_ignored_ascending(query: ListQuery) -> ListQuery:
    """A page in ascending order has 20 runs, whatever the limit."""
    return evolve(query, limit=20) if query.order == "asc" else query


@mutate_query
def limit_off_after(query: ListQuery) -> ListQuery:
    """A page after a cursor has one run fewer than the limit, because the cursor is counted."""
    return evolve(query, limit=max(1, query.limit - 1)) if query.after else query


class EmptyThreadAcceptsAnyQuery(Mutation):
    """A thread without runs gives an empty page even for an invalid query."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["thread"] = request.path.split(b"/")[-2].decode("latin-1") if b"/runs" in request.path else ""
        return super().handle(request)

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        thread = self.state["thread"]
        if self.store.has_thread(thread) and not self.store.page(thread, 1, "asc").runs:
            pairs = []
        return super().parse_query(pairs)


@mutate_query
def largest_page_short_after(query: ListQuery) -> ListQuery:
    """A page of 100 runs after a cursor has one run fewer."""
    return evolve(query, limit=99) if query.after and query.limit == 100 else query


class CancelledCountTowardsLimit(Mutation):
    """Cancelled runs count towards the limit but are not listed."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return evolve(page, runs=[run for run in page.runs if b'"status":"cancelled"' not in run.text])
