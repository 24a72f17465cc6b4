"""Reading the body of a response: inflated and bounded while it arrives."""

from __future__ import annotations

import zlib
from typing import Protocol

from threadruns._response import RawResponse

PIECE = 16 * 1024
"""Bytes that are inflated at a time: what follows a gzip member is copied, and a body can have very many of them."""

GZIP_MAGIC = b"\x1f\x8b"

MAX_ENCODINGS = 3
"""Compressions upon each other that are undone."""


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
    """Inflates one compression of a body, part by part."""

    @property
    def complete(self) -> bool:
        """True if the data received so far is a complete body."""
        ...

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return what a part inflates to, at most ``limit`` bytes of it.

        Raises:
            zlib.error: The data is not compressed in this way.
        """
        ...


class GzipInflater:
    """Gzip (RFC 1952), of any number of members; what follows the last one is ignored, as other clients do."""

    def __init__(self) -> None:
        # 32 lets zlib tell gzip from zlib by the header of the data: some servers name one and send the other.
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._rest = b""
        self._ignore = False
        self.complete = False

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return what a part inflates to, at most ``limit`` bytes of it."""
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
    """Deflate with the header of zlib (RFC 1950), as HTTP wants it, or without (RFC 1951), as many servers send it."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._seen: bytes | None = b""
        """The data so far, until it is known in which of the two forms it comes."""

    @property
    def complete(self) -> bool:
        """True after the end of the data."""
        return self._stream.eof

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return what a part inflates to, at most ``limit`` bytes of it."""
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
    """Collects the body of a response, inflating it part by part so that it never grows beyond its bound.

    Args:
        response: The response, still without its body.
        max_bytes: The bound of the inflated body, and of what arrives for it.
        inflated: Whether the parts arrive inflated already.
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
                # The one named last was applied last.
                self._inflaters.insert(0, INFLATERS[name]())
            elif name not in ("", "identity"):
                raise self._error(f"its body is encoded as {', '.join(values)[:40]!r}, which was not asked for.")

    def feed(self, data: bytes) -> None:
        """Add a part as it came over the network.

        Raises:
            BodyError: The body exceeds its bound, or cannot be inflated.
        """
        if not self._inflaters:
            self._add(data)
            return
        # Members of gzip may be empty, so the bound of the inflated body alone would not end a body.
        self._wire_room -= len(data)
        if self._wire_room < 0:
            raise self._too_large()
        try:
            for start in range(0, len(data), PIECE):
                self._add(self._inflate(data[start : start + PIECE]))
        except zlib.error:
            raise self._error("its body says that it is compressed, and cannot be inflated.") from None

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
