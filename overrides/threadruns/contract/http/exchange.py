"""A request with its response, recorded raw: the rules judge bytes and headers, not models."""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import Any, cast

from attrs import define, field

from threadruns.contract.http.json_body import parse_json
from threadruns.contract.http.request import ProbeRequest

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Maximum size of a body, also when decompressed; a page of 100 runs is far smaller."""


@define(eq=False, slots=False)
class Exchange:
    """A request with its response.

    Attributes:
        request: The request.
        status: The status code; 0 if there was no response.
        headers: The response headers in their order, names in lower case.
        raw: The body as received, with its content coding.
        failure: The error that kept the response from being read in full, as a clause; None if there was none.
        dropped: Whether the server closed a new connection without a response; the request was then sent again.
        size: The length of the target and the headers as they were sent, with the key.
        unsent: Whether HTTP cannot transport the request, so that the server did not get it.
        seconds: The time to the end of the response.
    """

    request: ProbeRequest
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes = field(default=b"", repr=False)
    failure: str | None = None
    dropped: bool = False
    size: int = 0
    unsent: bool = False
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the first header with this lower-case name, or None."""
        return next((value for given, value in self.headers if given == name), None)

    @cached_property
    def decoded(self) -> tuple[bytes, str | None]:
        """The body without its content coding, and the fault of the coding, if any."""
        coding = (self.header("content-encoding") or "identity").strip().lower()
        if coding in ("identity", "") or not self.raw:
            return self.raw, None
        if coding not in ("gzip", "x-gzip", "deflate"):
            return self.raw, f"the body is encoded as {coding!r}, which the request did not accept"
        decoder = zlib.decompressobj(wbits=47 if "gzip" in coding else 15)
        try:
            body = decoder.decompress(self.raw, MAX_BODY_BYTES)
        except zlib.error as error:
            return self.raw, f"the body is declared as {coding} and cannot be decoded ({error})"
        if decoder.unconsumed_tail:
            return b"", f"{len(self.raw)} bytes of {coding} inflate to more than {MAX_BODY_BYTES >> 20} MiB"
        if not decoder.eof:
            return body, f"the {coding} stream of the body is incomplete"
        if decoder.unused_data:
            return body, f"the {coding} stream of the body is followed by {decoder.unused_data[:20]!r}"
        return body, None

    @property
    def body(self) -> bytes:
        """The body without its content coding, as far as it can be decoded."""
        return self.decoded[0]

    @cached_property
    def parsed(self) -> tuple[Any, str | None]:
        """The body as JSON, and its first fault as JSON; a lenient parser can return both."""
        return parse_json(self.body)

    @property
    def json(self) -> Any:
        """The body as JSON, parsed leniently; None if it cannot be parsed at all."""
        return self.parsed[0]

    @property
    def members(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is not an object."""
        value: Any = self.json
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The runs of the page; empty if the body is not a page."""
        data: Any = self.members.get("data") if self.members else self.json
        items: list[Any] = data if isinstance(data, list) else []  # pyright: ignore[reportUnknownVariableType]
        return [run for run in items if isinstance(run, dict)]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the runs of the page, in the order of the page."""
        return tuple(str(run.get("id")) for run in self.runs)

    @property
    def error(self) -> dict[str, Any]:
        """The ``error`` member of the body; empty if the body has none."""
        found = self.members.get("error")
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
