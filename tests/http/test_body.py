"""Tests of compressed bodies: their forms, their parts, and their size limit."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clients import WALKS, open_client, run_ids
from tests.support.relay import Relay, read_head, run_relay
from tests.support.runs import ids, page, runs
from threadruns import APIResponseValidationError
from threadruns._http.body import BodyError, BodyReader
from threadruns._response import RawResponse


def raw_deflate(data: bytes) -> bytes:
    """Compress without the header of zlib."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def members(data: bytes) -> bytes:
    """Compress into two gzip members, followed by an empty one."""
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:]) + gzip.compress(b"")


FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "several members": ("gzip", members),
    "zeros behind": ("gzip", lambda data: gzip.compress(data) + bytes(20)),
    "zeros between members": ("gzip", lambda data: gzip.compress(b"") + bytes(3) + gzip.compress(data)),
    "something else behind": ("gzip", lambda data: gzip.compress(data) + b"tail \x1f\x8b tail"),
    "zlib under the name of gzip": ("gzip", zlib.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "gzip under the name of deflate": ("deflate", gzip.compress),
    "gzip upon deflate": ("deflate, gzip", lambda data: gzip.compress(raw_deflate(data))),
    "gzip upon gzip": ("gzip, identity,gzip", lambda data: gzip.compress(members(data))),
    "identity": ("identity", bytes),
    "nothing": ("", bytes),
}


def read(encoding: str, parts: list[bytes], bound: int = 10_000_000) -> bytes:
    """Return the body of some parts."""
    reader = BodyReader(RawResponse("GET", "http://h", 200, [(b"Content-Encoding", encoding.encode())], b""), bound)
    for part in parts:
        reader.feed(part)
    return reader.finish().body


@pytest.mark.parametrize("form", FORMS)
@given(data=st.binary(max_size=300), sizes=st.lists(st.integers(0, 30), max_size=20))
def test_every_form_in_any_parts(form: str, data: bytes, sizes: list[int]) -> None:
    """A body is decompressed to the same bytes, however the network splits it."""
    encoding, pack = FORMS[form]
    packed, parts = pack(data), list[bytes]()
    for size in sizes:
        parts, packed = [*parts, packed[:size]], packed[size:]
    assert read(encoding, [*parts, packed]) == data


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("identity", "nothing")])
@given(data=st.binary(min_size=1, max_size=300), cut=st.integers(1, 20))
def test_early_end(form: str, data: bytes, cut: int) -> None:
    """A truncated body is an error, and not a shorter body."""
    encoding, pack = FORMS[form]
    packed = pack(data)
    try:
        assert read(encoding, [packed[: max(1, len(packed) - cut)]]) in (data, data[: len(data) // 2])
    except BodyError:
        return
    # What is left out was behind a whole member: nothing tells that there was more to come.
    assert "behind" in form or "members" in form or form == "gzip upon gzip"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 1_000_000])
def test_limit(form: str, size: int) -> None:
    """The limit applies to the decompressed body with any compression; one more byte is rejected."""
    encoding, pack = FORMS[form]
    data = bytes(size)
    if size <= 1000:
        assert read(encoding, [pack(data)], 1000) == data
    else:
        with pytest.raises(BodyError, match="more than 1000 bytes"):
            read(encoding, [pack(data)], 1000)


def test_bomb_within_a_bomb() -> None:
    """A body that is compressed twice is limited at each step."""
    bomb = gzip.compress(gzip.compress(bytes(100_000_000), 1), 1)
    assert len(bomb) < 20_000
    with pytest.raises(BodyError, match="more than 100000 bytes"):
        read("gzip, gzip", [bomb], 100_000)


def test_endless_empty_members() -> None:
    """Empty members are limited too, and take time in proportion to their number."""
    empty = gzip.compress(b"")
    started = time.process_time()
    with pytest.raises(BodyError, match="more than 1000000 bytes"):
        read("gzip", [empty * 3000] * 100, 1_000_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("encoding", ["br", "gzip, br", "gzip" + ", gzip" * 9])
def test_unknown_encoding(encoding: str) -> None:
    """An encoding that was not requested is an error that names it."""
    with pytest.raises(BodyError, match=r"encoded as '.*', which was not asked for"):
        read(encoding, [b""])


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("form", ["several members", "raw deflate", "deflate", "gzip upon deflate"])
def test_over_a_socket(form: str, kind: str) -> None:
    """A client reads each form from a server that sends every byte in its own chunk."""
    encoding, pack = FORMS[form]
    body = pack(json.dumps(page(runs(2)[::-1])).encode())

    def answer(_: Relay, client: socket.socket) -> socket.socket:
        read_head(client)
        client.sendall(
            f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        client.sendall(b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
        raise OSError

    with (
        run_relay(answer) as relay,
        open_client(None, kind, api_key="sk", base_url=f"http://127.0.0.1:{relay.port}/v1") as client,
    ):
        assert run_ids(client.runs.list("thread_a").data) == ids(2)
        with pytest.raises(APIResponseValidationError, match="more than 100 bytes"):
            client.runs.list("thread_a", max_body_bytes=100)
