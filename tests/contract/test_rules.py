"""What the rules are made of: the page that must come, two readings of one run, strict JSON, the key."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadruns.contract import example
from threadruns.contract.http.api_key import ApiKey
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.json_body import parse_json
from threadruns.contract.http.probe import Probe
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.pages import ExpectedPage, expected_page
from threadruns.contract.judging.readings import compare_readings
from threadruns.contract.judging.responses import judge_response, retry_after_problem
from threadruns.contract.scenarios.known_thread import KnownThread

GZIPPED = gzip.compress(b"{}", mtime=0)  # workers must agree on what the tests are called

RUN: dict[str, Any] = example.threads((5,))["thread_Of5Runs"][0]

sizes = st.integers(0, 9)


@st.composite
def reads(draw: st.DrawFn) -> tuple[list[str], PageQuery]:
    """Draw a thread and a read of it."""
    ids = [f"run_{number}" for number in range(draw(sizes))]
    cursors = st.sampled_from([None, *ids])
    query = PageQuery(
        draw(st.none() | st.integers(1, 10)), draw(st.sampled_from([None, "asc", "desc"])), draw(cursors), draw(cursors)
    )
    return ids, query


@given(reads())
def test_the_expected_page_is_the_window_cut_at_the_right_end(drawn: tuple[list[str], PageQuery]) -> None:
    """The page holds the runs between the cursors, from the end that the walk starts at, and says if any are left."""
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
    assert kept == min(query.limit or 20, len(window))
    assert list(page.ids) == (window[len(window) - kept :] if backwards else window[:kept])
    assert page.has_more == (kept < len(window))


def test_what_is_unread_is_not_judged() -> None:
    """Of a thread that was not read to its end, only pages within the part that was read can be judged."""
    ids = ["run_c", "run_b", "run_a"]
    assert expected_page(ids, PageQuery(limit=2), unread=True) == ExpectedPage(("run_c", "run_b"), True)
    assert expected_page(ids, PageQuery(limit=3), unread=True) == ExpectedPage(("run_c", "run_b", "run_a"), True)
    assert expected_page(ids, PageQuery(limit=4), unread=True) is None
    assert expected_page(ids, PageQuery(order="asc"), unread=True) is None
    assert expected_page(ids, PageQuery(limit=1, before="run_a"), unread=True) == ExpectedPage(("run_b",), True)


def test_a_thread_may_have_been_in_any_state_between_two_reads() -> None:
    """Runs that appeared may have been there one by one."""
    thread = KnownThread("thread_x", newest_first=("c", "b", "a"))
    assert set(thread.moments(("a",))) == {("a",), ("b", "a"), ("c", "b", "a")}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"a": 1}', None),
        (b' {"a": "\xc3\xbc"}\r\n', None),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": "\xfc"}', "byte 7 of the body is not UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' twice"),
        (b'{"a": 1}{"b": 2}', "8 characters follow the JSON value"),
        (b"{'a': 1}", "is not JSON"),
        (b"", "is empty"),
        (b"[" * 100_000, "is nested deeper than JSON is read"),
    ],
)
def test_what_strict_readers_refuse_is_named(body: bytes, problem: str | None) -> None:
    """Each way not to be clean JSON in UTF-8 is said, and clean JSON has nothing to be said."""
    found = parse_json(body)[1]
    assert found is None if problem is None else problem in str(found)


@pytest.mark.parametrize(
    ("coding", "raw", "problem"),
    [
        ("gzip", GZIPPED, None),
        ("gzip", b"{}", "does not decode"),
        ("gzip", GZIPPED[:-4], "has no end"),
        ("gzip", GZIPPED + b"tail", "4 bytes follow"),
        ("br", b"{}", "did not offer"),
    ],
)
def test_codings_are_undone_or_named(coding: str, raw: bytes, problem: str | None) -> None:
    """A body that does not decode as it is declared says why."""
    found = Exchange(ProbeRequest("t"), 200, (("content-encoding", coding),), raw).decoded[1]
    assert found is None if problem is None else problem in str(found)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (None, None),
        ("0", None),
        ("20", None),
        ("0.05", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("soon", "neither a number of seconds nor an HTTP date"),
        ("-1", "neither"),
        ("", "neither"),
    ],
)
def test_what_an_answer_asks_to_wait_can_be_read(said: str | None, problem: str | None) -> None:
    """A Retry-After has seconds or a date, or is absent."""
    headers = () if said is None else (("retry-after", said),)
    found = retry_after_problem(Exchange(ProbeRequest("t"), 429, headers))
    assert found is None if problem is None else problem in str(found)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"metadata": {"new": "note"}}, "metadata"),
        ({"model": "other"}, "model"),
        ({"created_at": 1}, "created_at"),
        ({"status": "queued"}, "which is final"),
        ({"usage": None}, "though the run has ended"),
        ({"temperature": 0.5}, "though the run has ended"),
    ],
)
def test_a_run_that_has_ended_stays_as_it_is(change: dict[str, Any], problem: str | None) -> None:
    """A run that has ended reads the same from then on."""
    ended = RUN | {"status": "completed"}
    found = compare_readings(ended, ended | change)
    assert found is None if problem is None else problem in str(found)


def test_a_run_on_its_way_may_move_on() -> None:
    """A run in progress may complete, with all that comes with it."""
    before = RUN | {"status": "in_progress", "usage": None, "completed_at": None}
    assert compare_readings(before, RUN | {"status": "completed"}) is None


def test_the_key_is_masked_in_every_spelling() -> None:
    """Neither the key nor a spelling of it that was tried stays in a text."""
    key = ApiKey("sk-Tests-8a2b77")
    with Probe("http://127.0.0.1:9", key) as probe:
        for spelling in key.variants:
            assert spelling not in probe.mask(f"before {spelling} after")
    assert key not in repr(ProbeRequest("t"))


@pytest.mark.parametrize(
    "variant",
    ["without_last", "without_first", "first_half", "swapped_case", "last_changed", "last_escaped", "basic_password"],
)
def test_a_shell_spells_a_key_that_is_nearly_right_as_it_was_sent(variant: str) -> None:
    """What the curl command makes of the variable is what the check has sent."""
    request = ProbeRequest("t", authorization=f"Basic {{key.{variant}}}")
    key = ApiKey("sk-Tests$8a2b77z")
    command = request.curl("http://h/v1", "assistants=v1").replace("curl -i -g", "printf '%s\\n'", 1)
    done = subprocess.run(
        ["bash", "-c", command], env={"OPENAI_API_KEY": key, "PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert f"Authorization: Basic {getattr(key, variant)}" in done.stdout.splitlines()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=2, max_size=12))
def test_curl_commands_say_what_was_sent(value: str) -> None:
    """A shell that reads the command gets the very query and headers that were sent, whatever is in them."""
    request = ProbeRequest(
        "t", (("after", value),), authorization="Bearer {key.without_last}", headers=(("X-Odd", "a b"),)
    )
    key = ApiKey("sk-Tests$8a2b77")
    command = request.curl("http://h/v1", "assistants=v1").replace("curl -i -g", "printf '%s\\n'", 1)
    done = subprocess.run(["bash", "-c", command], env={"OPENAI_API_KEY": key}, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"http://h/v1{request.target_with(key)}"
    assert [line for line in lines if line != "-H"][1:] == [
        f"{name}: {text}" for name, text in request.headers_with(key, "assistants=v1")
    ]


def test_the_examples_are_valid_runs() -> None:
    """Every run of the example threads keeps the schema and all rules over one run."""
    threads = example.threads()
    assert [len(runs) for runs in threads.values()] == list(example.SIZES)
    for runs in threads.values():
        body = {"object": "list", "data": runs[:100], "first_id": None, "last_id": None, "has_more": False}
        if runs:
            body |= {"first_id": runs[0]["id"], "last_id": runs[:100][-1]["id"]}
        exchange = Exchange(
            ProbeRequest("t"), 200, (("content-type", "application/json"),), json.dumps(body).encode("utf-8")
        )
        assert [finding.problem for finding in judge_response(exchange) if finding.problem] == []
