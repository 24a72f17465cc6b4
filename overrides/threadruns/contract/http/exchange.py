"""A request and its response, recorded raw: the rules judge bytes and headers, never a model."""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import Any, cast

from attrs import define, field

from threadruns.contract.http.json_body import parse_json
from threadruns.contract.http.request import ProbeRequest

MAX_BODY_BYTES = 32 * 1024 * 1024
"""The most bytes of one body that are read or inflated; a page of a hundred runs is far below."""


@define(eq=False, slots=False)
class Exchange:
    """A request and its answer.

    Attributes:
        request: What was asked.
        status: The status code; 0 if no answer came.
        headers: The headers of the answer in their order, names in lower case.
        raw: The body as it came, before any content coding is undone.
        failure: What broke while the answer was read, as a sentence; None if it came whole.
        dropped: Whether a fresh connection was dropped on the request, which was then sent again.
        seconds: How long the answer took.
    """

    request: ProbeRequest
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes = field(default=b"", repr=False)
    failure: str | None = None
    dropped: bool = False
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in lower case; None if there is none."""
        return next((value for given, value in self.headers if given == name), None)

    @cached_property
    def decoded(self) -> tuple[bytes, str | None]:
        """The body with its content coding undone, and what was wrong with the coding."""
        coding = (self.header("content-encoding") or "identity").strip().lower()
        if coding in ("identity", "") or not self.raw:
            return self.raw, None
        if coding not in ("gzip", "x-gzip", "deflate"):
            return self.raw, f"the body is coded as {coding!r}, which the request did not offer to take"
        decoder = zlib.decompressobj(wbits=47 if "gzip" in coding else 15)
        try:
            body = decoder.decompress(self.raw, MAX_BODY_BYTES)
        except zlib.error as error:
            return self.raw, f"the body is declared as {coding} and does not decode ({error})"
        if decoder.unconsumed_tail:
            return b"", f"{len(self.raw)} bytes of {coding} inflate to more than {MAX_BODY_BYTES >> 20} MiB"
        if not decoder.eof:
            return body, f"the {coding} stream of the body has no end"
        if decoder.unused_data:
            return body, f"{len(decoder.unused_data)} bytes follow the {coding} stream of the body"
        return body, None

    @property
    def body(self) -> bytes:
        """The body with its content coding undone as far as it goes."""
        return self.decoded[0]

    @cached_property
    def parsed(self) -> tuple[Any, str | None]:
        """The body as JSON, and what is wrong with it as JSON; a value may come with a fault."""
        return parse_json(self.body)

    @property
    def json(self) -> Any:
        """The body as JSON, read with leniency; None if it cannot be read at all."""
        return self.parsed[0]

    @property
    def members(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        value: Any = self.json
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The runs of the page; none if the answer is no page."""
        data: Any = self.members.get("data") if self.members else self.json
        items: list[Any] = data if isinstance(data, list) else []  # pyright: ignore[reportUnknownVariableType]
        return [run for run in items if isinstance(run, dict)]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the runs of the page, in its order."""
        return tuple(str(run.get("id")) for run in self.runs)

    @property
    def error(self) -> dict[str, Any]:
        """The error of the body; empty if it has none."""
        found = self.members.get("error")
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
