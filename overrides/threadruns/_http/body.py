"""Reading the body of a response: decompressed as it arrives, and limited in size."""

from __future__ import annotations

import zlib
from typing import Protocol

from threadruns._response import RawResponse

PIECE = 16 * 1024
"""The number of bytes that are decompressed at a time.

After each gzip member, zlib copies all the data that follows it; with larger pieces, a body of many small members would
be copied many times.
"""

GZIP_MAGIC = b"\x1f\x8b"

MAX_ENCODINGS = 3
"""The maximum number of encodings of one body that are decoded; ``deflate, gzip`` are two."""


class BodyError(Exception):
    """The body of a response is too large, or not compressed as its header says.

    Args:
        problem: The problem, as the end of a sentence.
        response: The response, without its body.
    """

    def __init__(self, problem: str, response: RawResponse) -> None:
        super().__init__(problem)
        self.response = response


class Inflater(Protocol):
    """A decoder of one content encoding, for data that arrives in parts."""

    @property
    def complete(self) -> bool:
        """True if the data received so far is a complete body."""
        ...

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return the decompressed data of a part, at most ``limit`` bytes.

        Raises:
            zlib.error: The data is not compressed in this way.
        """
        ...


class GzipInflater:
    """A decoder of gzip (RFC 1952), which may have several members. Data after the last one is ignored."""

    def __init__(self) -> None:
        # 32 lets zlib tell gzip from zlib by the header of the data: some servers name one and send the other.
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._rest = b""
        self._ignore = False
        self.complete = False

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return the decompressed data of a part, at most ``limit`` bytes."""
        data, self._rest = self._rest + data, b""
        parts: list[bytes] = []
        while data and not self._ignore:
            if self.complete:
                data = data.lstrip(b"\0")
                if len(data) < len(GZIP_MAGIC) and GZIP_MAGIC.startswith(data):
                    self._rest = data
                    break
                if not data.startswith(GZIP_MAGIC):
                    self._ignore = True
                    break
                self._member, self.complete = zlib.decompressobj(zlib.MAX_WBITS | 16), False
            part = self._member.decompress(data, limit)
            parts.append(part)
            limit -= len(part)
            if limit <= 0:
                break
            data, self.complete = self._member.unused_data, self._member.eof
        return b"".join(parts)


class DeflateInflater:
    """A decoder of deflate, with the zlib header (RFC 1950) that HTTP requires, or without it."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._seen: bytes | None = b""
        """The data so far; None once it is known whether the data has the zlib header."""

    @property
    def complete(self) -> bool:
        """True after the end of the data."""
        return self._stream.eof

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return the decompressed data of a part, at most ``limit`` bytes."""
        if self._seen is None:
            return self._stream.decompress(data, limit)
        self._seen += data
        try:
            inflated = self._stream.decompress(data, limit)
        except zlib.error:
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            inflated = self._stream.decompress(self._seen, limit)
            self._seen = None
        if inflated or self.complete:
            self._seen = None
        return inflated


INFLATERS: dict[str, type[GzipInflater] | type[DeflateInflater]] = {
    "gzip": GzipInflater,
    "x-gzip": GzipInflater,
    "deflate": DeflateInflater,
}


class BodyReader:
    """A collector of the body of a response, which decompresses each part and never exceeds a size limit.

    Args:
        response: The response, still without its body.
        max_bytes: The size limit of the decompressed body, and of the compressed one.
        inflated: True if the parts are already decompressed.
    """

    def __init__(self, response: RawResponse, max_bytes: int, *, inflated: bool = False) -> None:
        self._response = response
        self._max_bytes = self._room = self._wire_room = max_bytes
        self._parts: list[bytes] = []
        self._inflaters: list[Inflater] = []
        if inflated:
            return
        values = [value.decode("latin-1") for name, value in response.headers if name.lower() == b"content-encoding"]
        for encoding in ",".join(values).split(","):
            name = encoding.strip().lower()
            if name in INFLATERS and len(self._inflaters) < MAX_ENCODINGS:
                # The encoding that is named last was applied last, so it is removed first.
                self._inflaters.insert(0, INFLATERS[name]())
            elif name not in ("", "identity"):
                raise self._error(f"its body is encoded as {', '.join(values)[:40]!r}, which was not asked for.")

    def feed(self, data: bytes) -> None:
        """Add a part as it was received.

        Raises:
            BodyError: The body exceeds the size limit, or cannot be decompressed.
        """
        if not self._inflaters:
            self._add(data)
            return
        # Members of gzip may be empty, so a limit on the decompressed size alone would let a body go on forever.
        self._wire_room -= len(data)
        if self._wire_room < 0:
            raise self._too_large()
        try:
            for start in range(0, len(data), PIECE):
                self._add(self._inflate(data[start : start + PIECE]))
        except zlib.error:
            raise self._error("its body is declared as compressed and cannot be decompressed.") from None

    def _inflate(self, data: bytes) -> bytes:
        for inflater in self._inflaters:
            data = inflater.inflate(data, self._room + 1)
            if len(data) > self._room:
                raise self._too_large()
        return data

    def _add(self, data: bytes) -> None:
        self._room -= len(data)
        if self._room < 0:
            raise self._too_large()
        self._parts.append(data)

    def finish(self) -> RawResponse:
        """Return the response with its body.

        Raises:
            BodyError: The compressed body ends early.
        """
        if self._parts and not all(inflater.complete for inflater in self._inflaters):
            raise self._error("its compressed body ends early.")
        self._response.body = b"".join(self._parts)
        return self._response

    def _too_large(self) -> BodyError:
        return self._error(f"its body has more than {self._max_bytes} bytes; raise max_body_bytes if that is expected.")

    def _error(self, problem: str) -> BodyError:
        return BodyError(problem, self._response)
