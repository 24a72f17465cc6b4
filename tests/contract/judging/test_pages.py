"""The page that a thread must show."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.limits import DEFAULT_LIMIT
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.pages import ExpectedPage, compare_page, expected_page

sizes = st.integers(0, 9)


@st.composite
def threads_and_queries(draw: st.DrawFn) -> tuple[list[str], PageQuery]:
    """Draw the ids of a thread and a query for one of its pages."""
    ids = [f"run_{number}" for number in range(draw(sizes))]
    cursors = st.sampled_from([None, *ids])
    query = PageQuery(
        draw(st.none() | st.integers(1, 10)), draw(st.sampled_from([None, "asc", "desc"])), draw(cursors), draw(cursors)
    )
    return ids, query


@given(threads_and_queries())
def test_the_expected_page_is_the_part_between_the_cursors_up_to_the_limit(drawn: tuple[list[str], PageQuery]) -> None:
    """The page has the runs between the cursors, from the end at which a walk starts, and tells whether more follow."""
    newest_first, query = drawn
    line = newest_first[::-1] if query.order == "asc" else newest_first
    window = [
        run
        for place, run in enumerate(line)
        if (query.after is None or place > line.index(query.after))
        and (query.before is None or place < line.index(query.before))
    ]
    page = expected_page(newest_first, query)
    assert page is not None
    backwards = query.before is not None and query.after is None
    kept = len(page.ids)
    assert kept == min(query.limit or DEFAULT_LIMIT, len(window))
    assert list(page.ids) == (window[len(window) - kept :] if backwards else window[:kept])
    assert page.has_more == (kept < len(window))


def test_pages_outside_the_known_runs_are_not_judged() -> None:
    """If a thread was not read to its end, there is an expected page only within the runs that were read."""
    ids = ["run_c", "run_b", "run_a"]
    assert expected_page(ids, PageQuery(limit=2), unread=True) == ExpectedPage(("run_c", "run_b"), True)
    assert expected_page(ids, PageQuery(limit=3), unread=True) == ExpectedPage(("run_c", "run_b", "run_a"), True)
    assert expected_page(ids, PageQuery(limit=4), unread=True) is None
    assert expected_page(ids, PageQuery(order="asc"), unread=True) is None
    assert expected_page(ids, PageQuery(limit=1, before="run_a"), unread=True) == ExpectedPage(("run_b",), True)


CREATED = {"run_a": 1, "run_b": 2, "run_c": 3, "run_d": 3, "run_e": 5}
"""The times at which runs were created; two share a second."""


@pytest.mark.parametrize(
    ("query", "received", "has_more", "rule"),
    [
        (PageQuery(), ["run_e", "run_d"], True, "limit.filled"),
        (PageQuery(after="run_e"), ["run_d"], True, "limit.filled"),
        (PageQuery(after="run_e"), ["run_d"], False, "cursor.after"),
        (PageQuery(before="run_a"), ["run_c", "run_b"], True, "limit.filled"),
        (PageQuery(before="run_a"), ["run_e", "run_d"], True, "cursor.before"),
        (PageQuery(limit=2), ["run_e", "run_c"], True, "order.ties"),
        (PageQuery(limit=2), ["run_e", "run_b"], True, "order.default"),
        (PageQuery(), ["run_e", "run_c", "run_d", "run_b", "run_a"], False, "order.ties"),
    ],
)
def test_the_rule_that_names_the_fault_fails(query: PageQuery, received: list[str], has_more: bool, rule: str) -> None:
    """A page that is cut breaks a rule of limits; one with other runs a rule of cursors or of the order."""
    newest_first = ["run_e", "run_d", "run_c", "run_b", "run_a"]
    runs = {run_id: {"id": run_id, "created_at": at} for run_id, at in CREATED.items()}
    body = {"data": [runs[run_id] for run_id in received], "has_more": has_more}
    exchange = Exchange(ProbeRequest("thread_x", query.pairs()), 200, (), json.dumps(body).encode())
    page = expected_page(newest_first, query)
    assert page is not None
    assert [name for name, problem in compare_page(page, query, exchange, runs).items() if problem] == [rule]
