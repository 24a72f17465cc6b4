"""Tests of paging: every run once, in order, with no unnecessary request, also after stopping and resuming."""

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

from tests.support.canned import response, run_canned_server
from tests.support.clients import WALKS, open_client, run_ids
from tests.support.limits import MAX_LIMIT
from tests.support.runs import ids, page, run, runs
from threadruns import ArgumentError, AsyncClient, Page, PagingError, Run
from threadruns._paging.deduplication import Deduplicator
from threadruns.testing import RunningServer, serve

NEWEST_FIRST = ids(25)


def queries(server: RunningServer) -> list[dict[str, str]]:
    """Return the query of each request that the server received."""
    return [
        {name: value for name, (value,) in parse_qs(urlsplit(seen.target).query).items()} for seen in server.requests
    ]


@pytest.mark.parametrize("kind", WALKS)
def test_forward(kind: str) -> None:
    """An iteration requests page after page, and nothing after the last one."""
    with serve(runs=runs(25)) as server:
        assert run_ids(WALKS[kind](server, limit=10)) == NEWEST_FIRST
        assert queries(server) == [
            {"limit": "10"},
            {"limit": "10", "after": NEWEST_FIRST[9]},
            {"limit": "10", "after": NEWEST_FIRST[19]},
        ]


@pytest.mark.parametrize("kind", WALKS)
def test_default_page_size(kind: str) -> None:
    """The default page size is the largest one, and a list of exactly two pages takes two requests."""
    with serve(runs=runs(2 * MAX_LIMIT)) as server:
        assert run_ids(WALKS[kind](server)) == ids(2 * MAX_LIMIT)
        assert [query["limit"] for query in queries(server)] == [str(MAX_LIMIT)] * 2


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_iteration_from_a_cursor(order: Any, kind: str) -> None:
    """With after, an iteration follows the order; with before, it is reversed, the nearest run first."""
    whole = NEWEST_FIRST if order == "desc" else NEWEST_FIRST[::-1]
    with serve(runs=runs(25)) as server:
        for place in (0, 7, 24):
            after = run_ids(WALKS[kind](server, limit=4, order=order, after=whole[place]))
            before = run_ids(WALKS[kind](server, limit=4, order=order, before=whole[place]))
            assert after == whole[place + 1 :]
            assert before == whole[:place][::-1]


@pytest.mark.parametrize("kind", WALKS)
def test_window(kind: str) -> None:
    """With both cursors, an iteration yields the runs between them and keeps the second cursor."""
    with serve(runs=runs(25)) as server:
        got = run_ids(WALKS[kind](server, limit=4, after=NEWEST_FIRST[3], before=NEWEST_FIRST[15]))
        assert got == NEWEST_FIRST[4:15]
        assert {query["before"] for query in queries(server)} == {NEWEST_FIRST[15]}


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(("most", "requests"), [(0, 1), (9, 1), (10, 1), (11, 2), (20, 2), (99, 3)])
def test_max_items_makes_no_extra_request(most: int, requests: int, kind: str) -> None:
    """An iteration with max_items requests no page beyond the last item, even with prefetch."""
    with serve(runs=runs(25)) as server:
        assert run_ids(WALKS[kind](server, limit=10, max_items=most, prefetch=True)) == NEWEST_FIRST[:most]
        assert len(server.requests) == requests


@pytest.mark.parametrize("kind", WALKS)
def test_max_items_does_not_change_the_page_size(kind: str) -> None:
    """max_items limits the iteration and does not change the size of the pages."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_a", max_items=7)
        assert (len(page.data), run_ids(list(page))) == (25, NEWEST_FIRST[:7])
        assert queries(server) == [{"limit": str(MAX_LIMIT)}]


@pytest.mark.parametrize("kind", WALKS)
def test_slice_makes_no_extra_request(kind: str) -> None:
    """A caller that stops iterating causes no further request."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        assert run_ids(list(itertools.islice(client.runs.list("thread_a", limit=10), 10))) == NEWEST_FIRST[:10]
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", WALKS)
def test_page_attributes_and_methods(kind: str) -> None:
    """A page has its items and the fields of its envelope, and returns the next page each time it is asked."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_a", limit=10)
        assert (page.first_id, page.last_id, page.has_more) == (NEWEST_FIRST[0], NEWEST_FIRST[9], True)
        assert page.has_next_page()
        assert page.get_next_page().data == page.get_next_page().data
        assert [len(each.data) for each in page.iter_pages()] == [10, 10, 5]
        assert run_ids(list(page)) == run_ids(list(page)) == NEWEST_FIRST
        last = page.get_next_page().get_next_page()
        assert not last.has_next_page()
        with pytest.raises(PagingError, match="last page"):
            last.get_next_page()


def test_async_pages_without_await() -> None:
    """The pages of an async list can be iterated over without awaiting the first."""

    async def main() -> list[int]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            return [len(page.data) async for page in client.runs.list("thread_a", limit=10).iter_pages()]

    with serve(runs=runs(25)) as server:
        assert asyncio.run(main()) == [10, 10, 5]


@pytest.mark.parametrize("kind", WALKS)
def test_empty_thread(kind: str) -> None:
    """A thread without runs is an empty page, and yields nothing."""
    with serve(threads=["thread_e"]) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_e")
        assert (page.data, page.first_id, page.last_id, page.has_more) == ([], None, None, False)
        assert list(page) == []


@pytest.mark.parametrize("kind", WALKS)
def test_manual_paging_detects_a_cursor_loop(kind: str) -> None:
    """A caller that pages manually gets an error that names the repeated cursor."""
    with serve(runs=runs(25), faults=["after-ignored"]) as server, open_client(server, kind) as client:
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
def test_runs_are_yielded_before_the_error(kind: str) -> None:
    """An iteration that ends with a PagingError yields every run that was received before it."""
    with serve(runs=runs(25), faults=["after-ignored"]) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10))
        got = [next(walk).id for _ in range(10)]
        with pytest.raises(PagingError):
            next(walk)
        assert got == NEWEST_FIRST[:10]
        assert walk.duplicates == 10


@pytest.mark.parametrize("kind", WALKS)
def test_order_violations_are_reported(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Runs out of order are yielded, counted and logged."""
    with serve(runs=runs(25), faults=["page-reversed"]) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=MAX_LIMIT))
        assert sorted(run_ids(list(walk))) == sorted(NEWEST_FIRST)
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
def test_runs_created_during_the_iteration(params: dict[str, Any], whole: str, kind: str) -> None:
    """Runs that existed at the start are yielded once; newer ones only if the iteration moves towards them."""
    got = []
    with serve(runs=runs(30)) as server, open_client(server, kind) as client:
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
    """A token resumes an iteration where it stopped: before it began, within a page, between pages, at its end."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        whole = run_ids(list(client.runs.list("thread_a", limit=5, **params)))
        for place in range(0, len(whole) + 1, 4):
            walk = iter(client.runs.list("thread_a", limit=5, **params))
            head = [next(walk).id for _ in range(place)]
            assert head + run_ids(list(client.runs.list.resume(walk.token))) == whole


@pytest.mark.parametrize("kind", WALKS)
def test_resume_keeps_the_rest_of_max_items(kind: str) -> None:
    """A token contains the rest of max_items, after several stops too."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        got: list[str] = []
        walk = iter(client.runs.list("thread_a", limit=4, max_items=15))
        for taken in (0, 3, 5, 0, 6):
            got += [next(walk).id for _ in range(taken)]
            walk = iter(client.runs.list.resume(walk.token))
        assert got + run_ids(list(walk)) == NEWEST_FIRST[:15]
        assert json.loads(walk.token)["max_items"] == 0


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(("most", "more"), [(5, 5), (None, 20), (0, 0)])
def test_resume_with_new_max_items(most: int | None, more: int, kind: str) -> None:
    """A finished iteration resumes with nothing and no request, unless resume sets a new max_items."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, max_items=5))
        assert run_ids(list(walk)) == NEWEST_FIRST[:5]
        assert list(client.runs.list.resume(walk.token)) == []
        assert len(server.requests) == 1
        assert run_ids(list(client.runs.list.resume(walk.token, max_items=most))) == NEWEST_FIRST[5 : 5 + more]


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
    """Another process can resume with the token alone, in the middle of a page, with either client."""
    with serve(runs=runs(25)) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, order="asc"))
        head = [next(walk).id for _ in range(13)]
        environment = {**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.url}
        command = [sys.executable, "-c", RESUME[other], walk.token]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
        assert head + ran.stdout.split() == NEWEST_FIRST[::-1]


@pytest.mark.parametrize("kind", WALKS)
def test_resume_at_the_end_makes_no_request(kind: str) -> None:
    """The token of a finished iteration resumes to an empty list without a request."""

    async def iterate(token: str) -> list[Run]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            return [run async for run in client.runs.list.resume(token)]

    with serve(runs=runs(5)) as server, open_client(server, kind) as client:
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
def test_invalid_tokens(token: Any, kind: str) -> None:
    """A token that does not belong to the operation is rejected before a request is made."""
    with serve() as server, open_client(server, kind) as client:
        with pytest.raises(ArgumentError, match=r"token|max_items"):
            client.runs.list.resume(token)
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
def test_token_is_plain_and_without_the_key(kind: str) -> None:
    """A token is readable JSON and does not contain the key."""
    with serve(runs=runs(5), api_key="sk-secret-of-the-test") as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", order="asc", timeout=9))
        next(walk)
        assert json.loads(walk.token) == {
            "operation": "list_runs",
            "arguments": {"thread_id": "thread_a", "order": "asc", "after": "run_a0000"},
            "max_items": None,
            "done": False,
        }


@pytest.mark.parametrize("kind", WALKS)
def test_prefetch_error_is_raised_after_the_runs_before_it(kind: str) -> None:
    """An error of the prefetch is raised after the runs before it."""
    with serve(runs=runs(40), faults=["status-403:every=2"]) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=True))
        got = [next(walk).id for _ in range(10)]
        assert got == ids(40)[:10]
        with pytest.raises(Exception, match="403"):
            next(walk)


@given(
    st.lists(st.integers(0, 20), max_size=60), st.booleans(), st.sampled_from([1, 3, Deduplicator.MAX_IDS_PER_SECOND])
)
def test_deduplication_is_exact(numbers: list[int], ascending: bool, crowd: int) -> None:
    """In any order of items, an item is new if its id has not occurred before, and disorder is counted."""
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
def test_memory_of_deduplication(seconds: int) -> None:
    """Deduplication keeps few bytes for each item, and a set entry if very many items share a second."""
    count = 34_000
    seen: Deduplicator[Run] = Deduplicator(ascending=True)
    item = Run.from_dict(run(0))
    tracemalloc.start()
    try:
        for number in range(count):
            item.id, item.created_at = f"run_{number:024}", number * seconds // count
            seen.add(item)
            if number % 100 == 0:
                seen.snapshot()  # as after each page
        assert tracemalloc.get_traced_memory()[0] < (110 if seconds == 1 else 36) * count
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("name", ["run_\ud800", "run_" + "x" * 1_000_000, "run_" + "\u00e9" * 5000])
def test_cursor_that_cannot_be_sent(name: str, kind: str) -> None:
    """An id that no URL can hold ends the iteration with a PagingError, after the runs that were received."""
    body = {**page([run(3), run(2), {**run(1), "id": name}]), "has_more": True}
    with (
        run_canned_server(response(200, body)) as server,
        open_client(None, kind, api_key="sk-test", base_url=server.url) as client,
    ):
        walk = iter(client.runs.list("thread_a"))
        assert [next(walk).id for _ in range(3)] == [run(3)["id"], run(2)["id"], name]
        with pytest.raises(PagingError, match="an id that no URL can hold"):
            next(walk)
        ends = [end for _, end in client.runs.list.many(["thread_a"])]
        assert [type(end) for end in ends] == [list, PagingError]


@pytest.mark.parametrize("kind", WALKS)
def test_page_without_ids(kind: str) -> None:
    """A page of which no item has an id, and after which more items follow, is an error that says so."""
    body = {**page([{**run(1), "id": 1}]), "has_more": True}
    with (
        run_canned_server(response(200, body)) as server,
        open_client(None, kind, api_key="sk-test", base_url=server.url, invalid="keep") as client,
        pytest.raises(PagingError, match="follow a page without an item with an id to continue from"),
    ):
        list(client.runs.list("thread_a"))


@pytest.mark.parametrize("kind", WALKS)
def test_text_that_cannot_be_sent(kind: str) -> None:
    """A cursor with a lone surrogate, from the caller or a token, is an ArgumentError, and so is a deep token."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a"))
        next(walk)
        altered = json.dumps({**json.loads(walk.token), "arguments": {"thread_id": "thread_a", "after": "run_\ud800"}})
        with pytest.raises(ArgumentError, match="lone surrogate"):
            client.runs.list.resume(altered).get_next_page()
        with pytest.raises(ArgumentError, match="lone surrogate"):
            client.runs.list("thread_a", after="run_\ud800").get_next_page()
        with pytest.raises(ArgumentError, match="cannot be read"):
            client.runs.list.resume("[" * 100_000)
