"""Pages and runs in notebooks and under rich."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.console import Console

from tests.support.clients import WALKS, open_client
from tests.support.runs import run, runs
from tests.support.unknown import FIELD
from threadruns.testing import serve


class Cells(HTMLParser):
    """Collects the texts and the tags of a document."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.feed(source)

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Keep a tag."""
        self.tags.add(tag)


@pytest.mark.parametrize("kind", WALKS)
def test_page_is_a_table(kind: str) -> None:
    """A page is an HTML table with a row for each run, times in UTC, and a caption that says which page it is."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        page: Any = client.runs.list("thread_a", limit=2)
        cells = Cells(page._repr_html_())
    assert cells.tags == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert cells.texts[0].endswith("1 of GET /threads/thread_a/runs: 2 items, more follow")
    assert {"id", "status", "created_at", "run_a0002", "completed", "2023-11-14 22:13:20"} <= {*cells.texts}
    assert "usage" not in cells.texts


@pytest.mark.parametrize("kind", WALKS)
def test_text_of_the_server_is_no_markup(kind: str) -> None:
    """Markup and control characters in what a server sends are text."""
    evil = "<script>alert(1)</script>\x1b[31m\u202e" + "x" * 1000
    sent = run(0, model=evil, **{FIELD: evil}, created_at=10**15, instructions=None)
    with serve(runs=[sent], permissive=True) as server, open_client(server, kind) as client:
        page: Any = client.runs.list("thread_a")
        shown = [page._repr_html_(), page.data[0]._repr_html_()]
    for html in shown:
        assert Cells(html).tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
        assert html.isprintable()
    assert len(shown[0]) < 5000


def test_empty_page() -> None:
    """An empty page is a table without rows."""
    with serve(threads=["thread_e"]) as server, open_client(server) as client:
        page: Any = client.runs.list("thread_e")
        assert "td" not in Cells(page._repr_html_()).tags


def test_rich() -> None:
    """rich shows a page with its runs, and a run with its fields."""
    with serve(runs=runs(1)) as server, open_client(server) as client:
        page = client.runs.list("thread_a")
        console = Console(width=200, record=True, file=io.StringIO())
        console.print(page)
        shown = console.export_text()
    assert shown.startswith("Page(")
    assert "has_more=False" in shown
    assert "id='run_a0000'" in shown
    assert "UNSET" not in shown
