"""What a caller may set for one call, for a client, or through ``with_options``; the later one wins.

The keys and their meaning stand in ``CallOptions``, which every generated operation takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from threadruns._errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threadruns._wire import CallOptions

OWN_HEADERS = frozenset({"authorization", "api-key", "host", "connection", "content-length", "transfer-encoding"})
"""Headers that a caller cannot set, in lower case: the client answers for them."""

LONGEST = 1e8
"""Seconds, three years: more overflow what counts them in the system, and infinity is not to be waited for."""

MOST = 2**53
"""What is counted at most, for the same reason."""

_HEADER_NAME = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class Options(NamedTuple):
    """The options in force, with the defaults of the package."""

    timeout: float | None = 60.0
    deadline: float | None = None
    max_retries: int = 2
    max_retry_after: float = 60.0
    extra_headers: Mapping[str, str] = {}
    extra_query: Mapping[str, str] = {}
    max_body_bytes: int = 64 * 1024 * 1024
    max_items: int | None = None
    prefetch: bool = False
    concurrency: int = 16
    invalid: Literal["raise", "skip"] = "raise"

    def updated(self, changes: CallOptions) -> Options:
        """Return these options with some of them set anew; headers and query are merged.

        Raises:
            ArgumentError: An option is unknown, or its value makes no sense.
        """
        if not changes:
            return self
        given: dict[str, Any] = dict(changes)
        for name, value in given.items():
            _check(name, value)
        for name in ("extra_headers", "extra_query"):
            if name in given:
                given[name] = {**getattr(self, name), **given[name]}
        return self._replace(**given)

    def __repr__(self) -> str:
        # Headers and query are the caller's own and may be secret.
        shown = (
            f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True) if not name.startswith("extra_")
        )
        return f"Options({', '.join(shown)})"


def _check(name: str, value: Any) -> None:
    if name not in Options._fields:
        from difflib import get_close_matches

        near = get_close_matches(name, Options._fields, 1)
        raise ArgumentError(
            f"There is no option {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"there are {_listed()}.")
        )
    match name:
        case "timeout":
            fine, wanted = _is_time(value), "one number of seconds above 0, for an attempt as a whole, or None"
        case "deadline":
            fine, wanted = _is_time(value), "seconds above 0, or None"
        case "max_retry_after":
            fine, wanted = is_number(value) and 0 <= value <= LONGEST, f"seconds from 0 to {LONGEST:.0e}"
        case "max_retries":
            fine, wanted = _is_count(value) and value >= 0, "an integer of 0 or more"
        case "max_body_bytes" | "concurrency":
            fine, wanted = _is_count(value) and value > 0, "an integer above 0"
        case "max_items":
            fine, wanted = value is None or (_is_count(value) and value >= 0), "an integer of 0 or more, or None"
        case "prefetch":
            fine, wanted = isinstance(value, bool), "True or False"
        case "invalid":
            fine, wanted = value in ("raise", "skip"), "'raise' or 'skip'"
        case _:
            _check_strings(name, value)
            return
    if not fine:
        raise ArgumentError(f"The option {name} is {value!r}; it must be {wanted}.")


def _check_strings(name: str, value: Any) -> None:
    # Values are not shown: what callers send there may be secret.
    if not hasattr(value, "items") or not all(isinstance(part, str) for pair in value.items() for part in pair):
        raise ArgumentError(f"The option {name} must map strings to strings.")
    if name == "extra_query":
        return
    for header, content in value.items():
        if not header or not _HEADER_NAME.issuperset(header.lower()):
            raise ArgumentError(f"{header!r} is no name of a header.")
        if header.lower() in OWN_HEADERS:
            raise ArgumentError(f"The header {header!r} is the client's own; give the key as api_key.")
        if not content.isascii() or any(ord(char) < 32 or ord(char) == 127 for char in content):
            raise ArgumentError(f"The value of the header {header!r} has characters that cannot be sent in a header.")


def is_number(value: Any) -> bool:
    """Say whether a value counts something continuous, such as seconds."""
    # NaN compares false with everything, so it would pass as a bound and never end a wait.
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _is_time(value: Any) -> bool:
    return value is None or (is_number(value) and 0 < value <= LONGEST)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value <= MOST


def _listed() -> str:
    return ", ".join(Options._fields)
