"""Options of one call, of a client, or of ``with_options``; the most specific one wins.

``CallOptions``, which every generated operation takes, describes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from threadruns._errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threadruns._wire import CallOptions

OWN_HEADERS = frozenset({"authorization", "api-key", "host", "connection", "content-length", "transfer-encoding"})
"""Headers that only the client sets, in lower case."""

MAX_SECONDS = 1e8
"""The longest time that an option accepts, in seconds (three years); longer ones overflow the system's timers."""

MAX_COUNT = 2**53
"""The largest count that an option accepts; larger ones overflow integers of C, such as those of zlib."""

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
    idempotent: bool | None = None
    invalid: Literal["raise", "skip", "keep"] = "raise"

    def updated(self, changes: CallOptions) -> Options:
        """Return these options with some of them changed; headers and query parameters are merged.

        Raises:
            ArgumentError: An option is unknown, or its value is invalid.
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
        # Headers and query parameters may be secret.
        shown = (
            f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True) if not name.startswith("extra_")
        )
        return f"Options({', '.join(shown)})"


def _check(name: str, value: Any) -> None:
    if name not in Options._fields:
        from difflib import get_close_matches

        near = get_close_matches(name, Options._fields, 1)
        raise ArgumentError(
            f"There is no option {name!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"the options are {_names()}.")
        )
    match name:
        case "timeout":
            valid, wanted = _is_time(value), "a number of seconds above 0 for the whole attempt, or None"
        case "deadline":
            valid, wanted = _is_time(value), "seconds above 0, or None"
        case "max_retry_after":
            valid, wanted = is_number(value) and 0 <= value <= MAX_SECONDS, f"seconds from 0 to {MAX_SECONDS:.0e}"
        case "max_retries":
            valid, wanted = _is_count(value) and value >= 0, "an integer of 0 or more"
        case "max_body_bytes" | "concurrency":
            valid, wanted = _is_count(value) and value > 0, "an integer above 0"
        case "max_items":
            valid, wanted = value is None or (_is_count(value) and value >= 0), "an integer of 0 or more, or None"
        case "prefetch":
            valid, wanted = isinstance(value, bool), "True or False"
        case "idempotent":
            valid, wanted = value is None or isinstance(value, bool), "True, False or None"
        case "invalid":
            valid, wanted = value in ("raise", "skip", "keep"), "'raise', 'skip' or 'keep'"
        case _:
            _check_strings(name, value)
            return
    if not valid:
        raise ArgumentError(f"The option {name} is {value!r}; it must be {wanted}.")


def _check_strings(name: str, value: Any) -> None:
    # Values are not shown, because they may be secret.
    if not hasattr(value, "items") or not all(isinstance(part, str) for pair in value.items() for part in pair):
        raise ArgumentError(f"The option {name} must map strings to strings.")
    if name == "extra_query":
        return
    for header, content in value.items():
        if not header or not _HEADER_NAME.issuperset(header.lower()):
            raise ArgumentError(f"{header!r} is not a valid header name.")
        if header.lower() in OWN_HEADERS:
            raise ArgumentError(f"The header {header!r} is set by the client; pass the key as api_key.")
        if not content.isascii() or any(ord(char) < 32 or ord(char) == 127 for char in content):
            raise ArgumentError(f"The value of the header {header!r} has characters that cannot be sent in a header.")


def is_number(value: Any) -> bool:
    """Return whether a value is a number, such as seconds; NaN is not."""
    # NaN compares false with everything, so as a bound it would never end a wait.
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _is_time(value: Any) -> bool:
    return value is None or (is_number(value) and 0 < value <= MAX_SECONDS)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value <= MAX_COUNT


def _names() -> str:
    return ", ".join(Options._fields)
