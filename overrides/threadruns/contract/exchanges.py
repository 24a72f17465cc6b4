"""Requests and what came back, recorded raw: the contract rules judge bytes and headers, never a model.

A request holds templates such as ``Bearer {key}`` instead of a key, so that no request, report or exception can
contain one. The key is filled in by the probe as the request leaves.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote

from attrs import define, field, frozen

BEARER = "Bearer {key}"
"""How a request presents its key unless it says otherwise."""

BETA = "{beta}"
"""The value of the beta header unless a request says otherwise."""


class Key(str):
    """A key whose near misses have names, for templates such as ``Bearer {key.shorter}``."""

    __slots__ = ()

    @property
    def shorter(self) -> str:
        """The key without its last character."""
        return self[:-1]

    @property
    def beheaded(self) -> str:
        """The key without its first character."""
        return self[1:]

    @property
    def prefix(self) -> str:
        """The first half of the key."""
        return self[: max(1, len(self) // 2)]

    @property
    def otherwise(self) -> str:
        """The key in the other case; the key itself if it has no letters."""
        return self.swapcase()

    @property
    def sibling(self) -> str:
        """A key of the same length that differs in its last character."""
        return self[:-1] + ("A" if self[-1:] != "A" else "B")

    @property
    def escaped(self) -> str:
        """The key with its last character percent-encoded."""
        return f"{self[:-1]}%{ord(self[-1:] or 'A'):02X}"

    @property
    def encoded(self) -> str:
        """The key as a password of the Basic scheme."""
        return base64.b64encode(f":{self}".encode()).decode()

    @property
    def near(self) -> tuple[str, ...]:
        """Every spelling that would give the key away."""
        return (self, self.encoded, self.escaped, self.otherwise, self.sibling, self.shorter, self.beheaded)


class _ShellKey:
    """The same names, as a shell spells them from a variable."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self.shorter = f"${{{variable}%?}}"
        self.beheaded = f"${{{variable}#?}}"
        self.prefix = f"${{{variable}:0:$((${{#{variable}}} / 2))}}"
        self.otherwise = f"${{{variable}~~}}"
        self.sibling = f"${{{variable}%?}}A"
        self.escaped = f"${{{variable}%?}}$(printf %%%02X \\'${{{variable}: -1}})"
        self.encoded = f"$(printf :%s ${variable} | base64 -w0)"

    def __str__(self) -> str:
        return f"${self._variable}"


@frozen
class Request:
    """One request to the operation.

    Attributes:
        thread: The path segment of the thread as it stands in the URL, already percent-encoded.
        query: Names and values, not yet encoded; a name may come twice.
        method: The HTTP method.
        authorization: A template for the Authorization header; None to send none.
        beta: The value of the OpenAI-Beta header, a template; None to send none.
        headers: Further headers; values are templates where ``secret`` names them.
        secret_headers: Further headers whose values are templates that may hold the key.
        secret_query: Further query parameters whose values are templates that may hold the key.
        body: What to send as body; None for nothing.
    """

    thread: str
    query: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    authorization: str | None = BEARER
    beta: str | None = BETA
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, str], ...] = ()
    secret_query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def param(self, name: str) -> str | None:
        """Return the value of a query parameter; None if it is not given."""
        return next((value for given, value in self.query if given == name), None)

    def target(self, key: object) -> str:
        """Return path and query, relative to the base URL, with the key in its places."""
        pairs = [f"{quote(name, safe='[]')}={quote(value, safe='')}" for name, value in self.query]
        pairs += [f"{name}={template.format(key=key)}" for name, template in self.secret_query]
        return f"/threads/{self.thread}/runs" + ("?" + "&".join(pairs) if pairs else "")

    def sent_headers(self, key: object, beta: str) -> list[tuple[str, str]]:
        """Return the headers of the request, with the key in its places."""
        sent: list[tuple[str, str]] = []
        if self.authorization is not None:
            sent.append(("Authorization", self.authorization.format(key=key)))
        if self.beta is not None:
            sent.append(("OpenAI-Beta", beta if self.beta == BETA else self.beta))
        sent.extend(self.headers)
        sent.extend((name, template.format(key=key)) for name, template in self.secret_headers)
        return sent

    def curl(self, base_url: str, beta: str, variable: str = "OPENAI_API_KEY") -> str:
        """Return the curl command that repeats this request, with the key taken from an environment variable."""
        key = _ShellKey(variable)
        method = {"GET": "", "HEAD": " --head"}.get(self.method, f" -X {self.method}")
        parts = [f'curl -i -g{method} "{_shell(base_url)}{_shell_keeping_key(self.target(key))}"']
        for name, value in self.sent_headers(key, beta):
            parts.append(f'-H "{name}: {_shell_keeping_key(value)}"' if value else f'-H "{name};"')
        if self.body is not None:
            parts.append(f"--data-binary {_single(self.body.decode('ascii', 'replace'))}")
        return " \\\n  ".join(parts)


def _shell(text: str) -> str:
    return "".join("\\" + c if c in '\\"`$' else c for c in text)


def _shell_keeping_key(text: str) -> str:
    # The only dollars that a template brings in are those of the variable.
    return "".join("\\" + c if c in '"`' else c for c in text)


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


LARGEST_BODY = 32 * 1024 * 1024
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

    request: Request
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
            body = decoder.decompress(self.raw, LARGEST_BODY)
        except zlib.error as error:
            return self.raw, f"the body is declared as {coding} and does not decode ({error})"
        if decoder.unconsumed_tail:
            return b"", f"{len(self.raw)} bytes of {coding} inflate to more than {LARGEST_BODY >> 20} MiB"
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
        return parse(self.body)

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


def parse(body: bytes) -> tuple[Any, str | None]:
    """Read a body as JSON, leniently, and say what strict readers would refuse.

    Returns:
        The value, None if there is none, and the first fault as a clause; None if the body is clean JSON in UTF-8.
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
        return None, "the body is nested deeper than JSON is read"
    except ValueError as error:
        if not stripped:
            return None, "the body is empty"
        return None, (faults[0] if faults else f"the body is not JSON ({error})")
    if re.search(r"(?i)\\ud[89a-f]", stripped):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            faults.append("a string of the body has half of a surrogate pair, which is no character")
    if end < len(stripped):
        faults.append(f"{len(stripped) - end} characters follow the JSON value: {stripped[end : end + 20]!r}")
    return value, faults[0] if faults else None
