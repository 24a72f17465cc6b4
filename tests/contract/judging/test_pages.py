"""The page that a thread must show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.limits import DEFAULT_LIMIT
from threadruns.contract.http.request import PageQuery
from threadruns.contract.judging.pages import ExpectedPage, expected_page

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
