"""Paging: every run once, in order, with no request too many, wherever a walk starts, stops or starts again."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clients import WALKS, names, opened
from tests.support.runs import ids, run, runs
from threadruns import ArgumentError, AsyncClient, Page, PagingError, Run
from threadruns._paging.deduplication import Deduplicator
from threadruns.testing import RunningServer, serve

NEWEST_FIRST = ids(25)


def queries(server: RunningServer) -> list[dict[str, str]]:
    """Return the query of each request that the server saw."""
    return [
        {name: value for name, (value,) in parse_qs(urlsplit(seen.target).query).items()} for seen in server.requests
    ]


@pytest.mark.parametrize("kind", WALKS)
def test_forward(kind: str) -> None:
    """A walk goes page by page from the last run, and asks for nothing after the page that says it is the last."""
    with serve(runs=runs(25)) as server:
        assert names(WALKS[kind](server, limit=10)) == NEWEST_FIRST
        assert queries(server) == [
            {"limit": "10"},
            {"limit": "10", "after": NEWEST_FIRST[9]},
            {"limit": "10", "after": NEWEST_FIRST[19]},
        ]


@pytest.mark.parametrize("kind", WALKS)
def test_pages_of_a_hundred(kind: str) -> None:
    """Pages are asked for with 100 runs unless the caller says otherwise, and an exact fit costs no request more."""
    with serve(runs=runs(200)) as server:
        assert names(WALKS[kind](server)) == ids(200)
        assert [query["limit"] for query in queries(server)] == ["100", "100"]


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_from_any_cursor_both_ways(order: Any, kind: str) -> None:
    """A walk goes on after a run in the order asked for, and before it in the reverse, the nearest first."""
    whole = NEWEST_FIRST if order == "desc" else NEWEST_FIRST[::-1]
    with serve(runs=runs(25)) as server:
        for place in (0, 7, 24):
            after = names(WALKS[kind](server, limit=4, order=order, after=whole[place]))
            before = names(WALKS[kind](server, limit=4, order=order, before=whole[place]))
            assert after == whole[place + 1 :]
            assert before == whole[:place][::-1]


@pytest.mark.parametrize("kind", WALKS)
def test_window(kind: str) -> None:
    """With both cursors a walk goes from the one to the other, and keeps the second while it pages."""
    with serve(runs=runs(25)) as server:
        got = names(WALKS[kind](server, limit=4, after=NEWEST_FIRST[3], before=NEWEST_FIRST[15]))
        assert got == NEWEST_FIRST[4:15]
        assert {query["before"] for query in queries(server)} == {NEWEST_FIRST[15]}


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(("most", "requests"), [(0, 1), (9, 1), (10, 1), (11, 2), (20, 2), (99, 3)])
def test_cut_without_a_wasted_request(most: int, requests: int, kind: str) -> None:
    """A walk that ends after some runs asks for no page beyond them, even if it asks ahead."""
    with serve(runs=runs(25)) as server:
        assert names(WALKS[kind](server, limit=10, max_items=most, prefetch=True)) == NEWEST_FIRST[:most]
        assert len(server.requests) == requests


@pytest.mark.parametrize("kind", WALKS)
def test_cut_leaves_pages_as_they_are(kind: str) -> None:
    """Cutting a walk does not change what pages are asked for: a page has what limit says, the walk what is wanted."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        page = client.runs.list("thread_a", max_items=7)
        assert (len(page.data), names(list(page))) == (25, NEWEST_FIRST[:7])
        assert queries(server) == [{"limit": "100"}]


@pytest.mark.parametrize("kind", WALKS)
def test_slice_without_a_wasted_request(kind: str) -> None:
    """Whoever stops taking runs causes no further request."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        assert names(list(itertools.islice(client.runs.list("thread_a", limit=10), 10))) == NEWEST_FIRST[:10]
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", WALKS)
def test_pages_as_pages(kind: str) -> None:
    """A page has the items and the fields of its envelope, and leads to the next as often as it is asked."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        page = client.runs.list("thread_a", limit=10)
        assert (page.first_id, page.last_id, page.has_more) == (NEWEST_FIRST[0], NEWEST_FIRST[9], True)
        assert page.has_next_page()
        assert page.get_next_page().data == page.get_next_page().data
        assert [len(each.data) for each in page.iter_pages()] == [10, 10, 5]
        assert names(list(page)) == names(list(page)) == NEWEST_FIRST
        last = page.get_next_page().get_next_page()
        assert not last.has_next_page()
        with pytest.raises(PagingError, match="last page"):
            last.get_next_page()


def test_pages_without_the_first() -> None:
    """The async list goes through its pages without being awaited, too."""

    async def main() -> list[int]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            return [len(page.data) async for page in client.runs.list("thread_a", limit=10).iter_pages()]

    with serve(runs=runs(25)) as server:
        assert asyncio.run(main()) == [10, 10, 5]


@pytest.mark.parametrize("kind", WALKS)
def test_empty_thread(kind: str) -> None:
    """A thread without runs is an empty page, and a walk of nothing."""
    with serve(threads=["thread_e"]) as server, opened(server, kind) as client:
        page = client.runs.list("thread_e")
        assert (page.data, page.first_id, page.last_id, page.has_more) == ([], None, None, False)
        assert list(page) == []


@pytest.mark.parametrize("kind", WALKS)
def test_loop_by_hand_ends(kind: str) -> None:
    """A caller who pages by hand on a server with a stuck cursor gets an error that names it, too."""
    with serve(runs=runs(25), faults=["after-ignored"]) as server, opened(server, kind) as client:
        page = client.runs.list("thread_a", limit=10)
        with pytest.raises(PagingError, match=NEWEST_FIRST[9]) as caught:
            list(_by_hand(page))
        assert caught.value.cursor == NEWEST_FIRST[9]
        assert len(server.requests) == 2


def _by_hand(page: Page[Run]) -> Iterator[Page[Run]]:
    while page.has_next_page():
        page = page.get_next_page()
        yield page


@pytest.mark.parametrize("kind", WALKS)
def test_all_runs_come_before_the_error(kind: str) -> None:
    """A walk that a server breaks off yields every run that came before it."""
    with serve(runs=runs(25), faults=["after-ignored"]) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10))
        got = [next(walk).id for _ in range(10)]
        with pytest.raises(PagingError):
            next(walk)
        assert got == NEWEST_FIRST[:10]
        assert walk.duplicates == 10


@pytest.mark.parametrize("kind", WALKS)
def test_order_violations_are_noticed(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Runs out of order are yielded, counted and logged."""
    with serve(runs=runs(25), faults=["page-reversed"]) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=100))
        assert sorted(names(list(walk))) == sorted(NEWEST_FIRST)
        assert walk.disorder == 22
        assert "22 items were out of order" in caplog.text


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("params", "whole"),
    [
        ({"order": "asc"}, "old+new"),
        ({"order": "desc"}, "dlo"),
        ({"order": "desc", "before": "run_a0000"}, "old+new"),
        ({"order": "asc", "before": "run_a0029"}, "dlo"),
    ],
    ids=str,
)
def test_runs_created_meanwhile(params: dict[str, Any], whole: str, kind: str) -> None:
    """Runs that existed when a walk began come once each; newer ones come at the end of a walk towards the new only."""
    got = []
    with serve(runs=runs(30)) as server, opened(server, kind) as client:
        for number, each in enumerate(client.runs.list("thread_a", limit=5, **params)):
            got.append(each.id)
            if number < 30:
                server.add([run(1000 + number)])
    old = [raw["id"] for raw in runs(30) if raw["id"] != params.get("before")]
    new = [f"run_a{1000 + number}" for number in range(30)]
    assert got == (old + new if whole == "old+new" else old[::-1])


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("params", [{}, {"order": "asc"}, {"before": NEWEST_FIRST[20]}, {"after": NEWEST_FIRST[2]}])
def test_resume_anywhere(params: dict[str, Any], kind: str) -> None:
    """A token restarts a walk exactly where it stopped: before it began, within a page, between pages, at its end."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        whole = names(list(client.runs.list("thread_a", limit=5, **params)))
        for place in range(0, len(whole) + 1, 4):
            walk = iter(client.runs.list("thread_a", limit=5, **params))
            head = [next(walk).id for _ in range(place)]
            assert head + names(list(client.runs.list.resume(walk.token))) == whole


@pytest.mark.parametrize("kind", WALKS)
def test_resume_keeps_what_is_left(kind: str) -> None:
    """Of a walk that was to be cut, a token yields what was left, after several stops as well, and no run more."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        got: list[str] = []
        walk = iter(client.runs.list("thread_a", limit=4, max_items=15))
        for taken in (0, 3, 5, 0, 6):
            got += [next(walk).id for _ in range(taken)]
            walk = iter(client.runs.list.resume(walk.token))
        assert got + names(list(walk)) == NEWEST_FIRST[:15]
        assert json.loads(walk.token)["max_items"] == 0


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(("most", "more"), [(5, 5), (None, 20), (0, 0)])
def test_resume_beyond_the_cut(most: int | None, more: int, kind: str) -> None:
    """A walk that was cut is over, without a request, unless resume is told how many runs it is to yield now."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, max_items=5))
        assert names(list(walk)) == NEWEST_FIRST[:5]
        assert list(client.runs.list.resume(walk.token)) == []
        assert len(server.requests) == 1
        assert names(list(client.runs.list.resume(walk.token, max_items=most))) == NEWEST_FIRST[5 : 5 + more]


RESUME = {
    "sync": """
import sys
from threadruns import Client

with Client() as client:
    print(*(run.id for run in client.runs.list.resume(sys.argv[1])))
""",
    "async": """
import asyncio, sys
from threadruns import AsyncClient

async def main():
    async with AsyncClient() as client:
        print(*[run.id async for run in client.runs.list.resume(sys.argv[1])])

asyncio.run(main())
""",
}


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("other", RESUME)
def test_resume_in_another_process(other: str, kind: str) -> None:
    """A token is all that another process needs to go on within a page, whichever client it has."""
    with serve(runs=runs(25)) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, order="asc"))
        head = [next(walk).id for _ in range(13)]
        environment = {**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.url}
        command = [sys.executable, "-c", RESUME[other], walk.token]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
        assert head + ran.stdout.split() == NEWEST_FIRST[::-1]


@pytest.mark.parametrize("kind", WALKS)
def test_resume_at_the_end_costs_nothing(kind: str) -> None:
    """The token of a walk that is over resumes to an empty list without a request."""

    async def iterate(token: str) -> list[Run]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            return [run async for run in client.runs.list.resume(token)]

    with serve(runs=runs(5)) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a"))
        list(walk)
        seen = len(server.requests)
        assert json.loads(walk.token)["done"]
        page = client.runs.list.resume(walk.token)
        assert (page.data, list(page), page.has_more) == ([], [], False)
        assert asyncio.run(iterate(walk.token)) == []
        assert len(server.requests) == seen


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    "token",
    [
        "",
        "{}",
        "[]",
        "null",
        None,
        5,
        '{"operation": "other", "arguments": {}, "max_items": null, "done": false}',
        '{"operation": "list_runs", "arguments": [], "max_items": null, "done": false}',
        '{"operation": "list_runs", "arguments": {}, "max_items": null, "done": false}',
        '{"operation": "list_runs", "arguments": {"thread_id": "t", "token": 1}, "max_items": null, "done": false}',
        '{"operation": "list_runs", "arguments": {"thread_id": "t", "token": 1}, "max_items": "x", "done": false}',
    ],
)
def test_foreign_tokens(token: Any, kind: str) -> None:
    """A token that is none of this operation is refused before anything is sent."""
    with serve() as server, opened(server, kind) as client:
        with pytest.raises(ArgumentError, match=r"token|max_items"):
            client.runs.list.resume(token)
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
def test_token_is_plain_and_without_the_key(kind: str) -> None:
    """A token is JSON that says what it resumes, and holds no key."""
    with serve(runs=runs(5), api_key="sk-secret-of-the-test") as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", order="asc", timeout=9))
        next(walk)
        assert json.loads(walk.token) == {
            "operation": "list_runs",
            "arguments": {"thread_id": "thread_a", "order": "asc", "after": "run_a0000"},
            "max_items": None,
            "done": False,
        }


@pytest.mark.parametrize("kind", WALKS)
def test_error_of_the_page_ahead_comes_in_its_turn(kind: str) -> None:
    """What goes wrong with the page ahead is raised once the runs before it are through."""
    with serve(runs=runs(40), faults=["status-403:every=2"]) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=True))
        got = [next(walk).id for _ in range(10)]
        assert got == ids(40)[:10]
        with pytest.raises(Exception, match="403"):
            next(walk)


@given(
    st.lists(st.integers(0, 20), max_size=60), st.booleans(), st.sampled_from([1, 3, Deduplicator.MAX_IDS_PER_SECOND])
)
def test_seen_is_exact(numbers: list[int], ascending: bool, crowd: int) -> None:
    """Whatever order items come in, an item is new just if its id has not come before, and disorder is counted."""
    seen: Deduplicator[Run] = Deduplicator(ascending=ascending)
    seen.MAX_IDS_PER_SECOND = crowd
    known: list[int] = []
    disorder = 0
    for number in numbers:
        moment = number // 4
        assert seen.add(Run.from_dict(run(number, created_at=1700000000 + moment))) == (number not in known)
        if number not in known:
            earlier = [other // 4 for other in known]
            disorder += any(other > moment if ascending else other < moment for other in earlier)
            known.append(number)
    assert seen.disorder == disorder


@pytest.mark.parametrize("seconds", [1, 100, 34_000])
def test_what_a_walk_remembers(seconds: int) -> None:
    """A walk remembers few bytes of each item; a set entry, if very many items are of one second."""
    count = 34_000
    seen: Deduplicator[Run] = Deduplicator(ascending=True)
    item = Run.from_dict(run(0))
    tracemalloc.start()
    try:
        for number in range(count):
            item.id, item.created_at = f"run_{number:024}", number * seconds // count
            seen.add(item)
        assert tracemalloc.get_traced_memory()[0] < (110 if seconds == 1 else 36) * count
    finally:
        tracemalloc.stop()
