"""The decoding and parsing of bodies."""

from __future__ import annotations

import gzip

import pytest

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.json_body import parse_json
from threadruns.contract.http.request import ProbeRequest

GZIPPED = gzip.compress(b"{}", mtime=0)  # the ids of parametrized tests must not depend on the time


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
        (b'{"a": 1}{"b": 2}', "the JSON value is followed by '{"),
        (b"{'a': 1}", "is not JSON"),
        (b"", "is empty"),
        (b"[" * 100_000, "is nested too deeply to be parsed"),
    ],
)
def test_the_first_fault_of_a_json_body_is_reported(body: bytes, problem: str | None) -> None:
    """Anything but strict JSON in UTF-8 has a problem; strict JSON has none."""
    found = parse_json(body)[1]
    assert found is None if problem is None else problem in str(found)


@pytest.mark.parametrize(
    ("coding", "raw", "problem"),
    [
        ("gzip", GZIPPED, None),
        ("gzip", b"{}", "cannot be decoded"),
        ("gzip", GZIPPED[:-4], "is incomplete"),
        ("gzip", GZIPPED + b"tail", "followed by b'tail'"),
        ("br", b"{}", "did not accept"),
    ],
)
def test_bodies_are_decoded_or_the_fault_of_their_coding_is_reported(
    coding: str, raw: bytes, problem: str | None
) -> None:
    """A body that cannot be decoded as declared has a problem."""
    found = Exchange(ProbeRequest("t"), 200, (("content-encoding", coding),), raw).decoded[1]
    assert found is None if problem is None else problem in str(found)
