"""A lenient JSON parser that also reports what a strict one rejects."""

from __future__ import annotations

import json
import re
from typing import Any


def parse_json(body: bytes) -> tuple[Any, str | None]:
    """Parse a body as JSON, leniently, and report the first fault that a strict parser would reject.

    Returns:
        The value, or None if nothing can be parsed; and the first fault as a clause, or None for strict JSON in UTF-8.
    """
    faults: list[str] = []
    if body.startswith(b"\xef\xbb\xbf"):
        faults.append("the body starts with a byte order mark")
        body = body[3:]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append(f"byte {error.start} of the body is not UTF-8")
        text = body.decode("utf-8", "replace")

    def constant(name: str) -> float:
        faults.append(f"the body has {name}, which is not JSON")
        return float(name.replace("Infinity", "inf"))

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            faults.append(f"an object of the body has the key {twice!r} twice")
        return found

    decoder = json.JSONDecoder(parse_constant=constant, object_pairs_hook=pairs)
    stripped = text.strip(" \t\r\n")
    try:
        value, end = decoder.raw_decode(stripped)
    except RecursionError:
        return None, "the body is nested too deeply to be parsed"
    except ValueError as error:
        if not stripped:
            return None, "the body is empty"
        return None, (faults[0] if faults else f"the body is not JSON ({error})")
    if re.search(r"(?i)\\ud[89a-f]", stripped):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            faults.append("a string of the body has an unpaired surrogate, which is not a character")
    if end < len(stripped):
        faults.append(f"the JSON value is followed by {stripped[end : end + 20]!r}")
    return value, faults[0] if faults else None
