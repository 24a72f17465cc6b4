"""Test data: bodies of one page, and databases of runs, created once below ``.cache/bench/``.

Runs have two forms: ``documented`` is the example of the document, ``rich`` has the fields that make real runs large.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

from benchmarks.peers import CACHE
from threadruns._document import document
from threadruns.server.store import open_store
from threadruns.server.store.records import RunRecord

PAGE = 100
START = 1_700_000_000
LAYOUT = "2"
"""Part of the name of each database: change it when the runs change."""


def run_id(number: int) -> str:
    """Return the id of a run by its number in the thread, the oldest first."""
    return f"run_{number:024}"


def documented_run() -> dict[str, Any]:
    """Return the run of the document's example."""
    page = document()["components"]["examples"]["DocumentedPage"]["value"]
    return dict(page["data"][0])


def rich_run() -> dict[str, Any]:
    """Return a run with a function tool of 2 KB, long instructions and the largest permitted metadata."""
    arguments = {
        f"argument_{number}": {
            "type": "string",
            "description": f"What argument {number} narrows the search down to, in words that a person would use; "
            "say nothing here where the question leaves it open, and never guess at what the caller may have meant "
            "by it.",
        }
        for number in range(8)
    }
    parameters = {"type": "object", "properties": arguments, "required": ["argument_0", "argument_1"]}
    function = {"name": "search", "description": "Searches the archive.", "parameters": parameters}
    return {
        **documented_run(),
        "instructions": "Answer from the files alone, and say where each answer stands. " * 30,
        "tools": [{"type": "code_interpreter"}, {"type": "function", "function": function}],
        "metadata": {
            f"note_{number:02}": f"what the caller wants to remember, {number:02} of 16" for number in range(16)
        },
    }


def unknown_run() -> dict[str, Any]:
    """Return the documented run with two fields that v2 of the API added."""
    return {**documented_run(), "parallel_tool_calls": True, "reasoning_effort": None}


def nested_run() -> dict[str, Any]:
    """Return the documented run with unknown fields of v2 in itself and in its usage."""
    usage = {**documented_run()["usage"], "prompt_token_details": {"cached_tokens": 0}}
    return {**unknown_run(), "usage": usage}


def file_search_run() -> dict[str, Any]:
    """Return the documented run with a tool of v2."""
    return {**documented_run(), "tools": [{"type": "file_search", "file_search": {"ranking_options": {}}}]}


SHAPES = {
    "documented": documented_run,
    "rich": rich_run,
    "unknown": unknown_run,
    "nested": nested_run,
    "tools": file_search_run,
}
"""The functions that create a run, by the name of its form."""

PLACES = {"first": 0, "middle": PAGE // 2, "last": PAGE - 1}
"""The places of a run in a page, by name."""


def page(run: dict[str, Any]) -> dict[str, Any]:
    """Return a page of copies of a run, with different ids and times."""
    runs = [{**run, "id": run_id(number), "created_at": START + number} for number in range(PAGE)]
    return {"object": "list", "data": runs, "first_id": run_id(0), "last_id": run_id(PAGE - 1), "has_more": True}


def body(name: str) -> Path:
    """Return a file with the body of one page.

    Args:
        name: A key of ``SHAPES``.
    """
    return write_body(name, page(SHAPES[name]()))


def body_with_unknown(field: str, value: Any, place: str) -> Path:
    """Return a file with a page of documented runs of which one has a value that the document does not know.

    Args:
        field: The field of the run.
        value: Its value.
        place: A key of ``PLACES``.
    """
    content = page(documented_run())
    content["data"][PLACES[place]][field] = value
    return write_body(f"{field}-{place}", content)


def write_body(name: str, content: dict[str, Any]) -> Path:
    """Write the body of a page to a file, and return the file."""
    path = CACHE / "data" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(content, separators=(",", ":")).encode())
    return path


def store(name: str, threads: dict[str, int]) -> Path:
    """Return a database with documented runs, created if it is missing.

    Args:
        name: The name of the file.
        threads: The number of runs of each thread; the runs are numbered through all threads.
    """
    path = CACHE / "data" / f"{name}-{sum(threads.values())}-{LAYOUT}.db"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_suffix(".part")
    for leftover in path.parent.glob(f"{making.name}*"):
        leftover.unlink()
    opened = open_store(making)
    with opened.load(records(threads)):
        pass
    opened.close()
    return making.rename(path)


def records(threads: dict[str, int]) -> Iterator[RunRecord]:
    """Yield the documented run for each place in threads, with the number of runs of each thread.

    Args:
        threads: The number of runs of each thread; the runs are numbered through all threads.
    """
    marked = {**documented_run(), "id": "@id", "thread_id": "@thread", "created_at": "@time"}
    text = json.dumps(marked, separators=(",", ":"))
    numbers = count()
    for thread, runs in threads.items():
        template = text.replace("@thread", thread)
        for number in islice(numbers, runs):
            moment, identifier = START + number, run_id(number)
            run = template.replace('"@time"', str(moment)).replace("@id", identifier)
            yield RunRecord(thread, moment, identifier, run.encode())
