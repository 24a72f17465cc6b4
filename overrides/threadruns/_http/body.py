"""Reading the body of a response: inflated and bounded while it arrives."""

from __future__ import annotations

import zlib

from threadruns._response import RawResponse


class BodyError(Exception):
    """The body of a response is too large, or not compressed as its header says.

    Args:
        problem: The problem, as the end of a sentence.
        response: The response, without its body.
    """

    def __init__(self, problem: str, response: RawResponse) -> None:
        super().__init__(problem)
        self.response = response


class BodyReader:
    """Collects the body of a response, inflating it part by part so that it never grows beyond its bound.

    Args:
        response: The response, still without its body.
        max_bytes: The bound of the inflated body.
        inflated: Whether the parts arrive inflated already.
    """

    def __init__(self, response: RawResponse, max_bytes: int, *, inflated: bool = False) -> None:
        self._response = response
        self._max_bytes = self._room = max_bytes
        self._parts: list[bytes] = []
        self._decompressor = None
        match "" if inflated else (response.header("content-encoding") or "").strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                # 32 lets zlib tell gzip from deflate by the header of the data.
                self._decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32)
            case other:
                raise self._error(f"its body is encoded as {other[:40]!r}, which was not asked for.")

    def feed(self, data: bytes) -> None:
        """Add a part as it came over the network.

        Raises:
            BodyError: The body exceeds its bound, or cannot be inflated.
        """
        if self._decompressor is not None:
            try:
                data = self._decompressor.decompress(data, self._room + 1)
            except zlib.error:
                raise self._error("its body says that it is compressed, and cannot be inflated.") from None
        self._room -= len(data)
        if self._room < 0:
            raise self._error(
                f"its body has more than {self._max_bytes} bytes; raise max_body_bytes if that is expected."
            )
        self._parts.append(data)

    def finish(self) -> RawResponse:
        """Return the response with its body.

        Raises:
            BodyError: The compressed body ends early.
        """
        if self._decompressor is not None and self._parts and not self._decompressor.eof:
            raise self._error("its compressed body ends early.")
        self._response.body = b"".join(self._parts)
        return self._response

    def _error(self, problem: str) -> BodyError:
        return BodyError(problem, self._response)
