"""Property tests of pages, against a list that is cut by hand."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.server.samples import KEY, get
from threadruns.server._endpoint import Endpoint
from threadruns.server.store import open_store

THREAD = "thread_x"


@st.composite
def threads(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw a thread with few different seconds, so that many runs tie."""
    ids = draw(st.lists(st.from_regex(r"run_[A-Za-z0-9]{1,4}", fullmatch=True), max_size=30, unique=True))
    return [
        {"id": run_id, "thread_id": THREAD, "created_at": draw(st.integers(1_699_000_000, 1_699_000_006))}
        for run_id in ids
    ]


def by_hand(runs: list[dict[str, Any]], limit: int, order: str, after: str | None, before: str | None) -> Any:
    """Cut the page out of the whole list, in the words of the document."""
    ids = [run["id"] for run in sorted(runs, key=lambda run: (run["created_at"], run["id"]), reverse=order == "desc")]
    if after is not None:
        ids = ids[ids.index(after) + 1 :]
    if before is not None and before in ids:
        ids = ids[: ids.index(before)]
    elif before is not None:
        ids = []
    page = ids[-limit:] if before is not None and after is None else ids[:limit]
    return page, len(ids) > len(page)


@given(threads(), st.integers(1, 8), st.sampled_from(["asc", "desc"]), st.data())
def test_page_is_cut_as_by_hand(runs: list[dict[str, Any]], limit: int, order: str, data: st.DataObject) -> None:
    """Order, ties, both cursors, has_more and the ids of the page agree with the list."""
    ids = st.sampled_from([run["id"] for run in runs]) if runs else st.none()
    after, before = data.draw(st.none() | ids), data.draw(st.none() | ids)
    store = open_store()
    store.add_thread(THREAD)
    store.add(runs)
    cursors = {name: value for name, value in (("after", after), ("before", before)) if value is not None}
    query = "&".join(f"{name}={value}" for name, value in {"limit": limit, "order": order, **cursors}.items())
    page = msgspec.json.decode(Endpoint(store, KEY).handle(get(THREAD, query)).body)
    store.close()
    expected, has_more = by_hand(runs, limit, order, after, before)
    assert [run["id"] for run in page["data"]] == expected
    assert page["has_more"] is has_more
    assert (page["first_id"], page["last_id"]) == ((expected[0], expected[-1]) if expected else (None, None))


@given(threads(), st.integers(1, 7), st.sampled_from(["asc", "desc"]))
def test_walk_meets_every_run_once(runs: list[dict[str, Any]], limit: int, order: str) -> None:
    """Following last_id until has_more is false gives the whole thread in order, in either direction."""
    store = open_store()
    store.add_thread(THREAD)
    store.add(runs)
    endpoint = Endpoint(store, KEY)
    seen: list[str] = []
    query = f"limit={limit}&order={order}"
    for _ in range(len(runs) + 1):
        page = msgspec.json.decode(endpoint.handle(get(THREAD, query)).body)
        seen += [run["id"] for run in page["data"]]
        if not page["has_more"]:
            break
        query = f"limit={limit}&order={order}&after={page['last_id']}"
    store.close()
    assert seen == by_hand(runs, len(runs) + 1, order, None, None)[0]
