"""The API key and its variants, under the names by which request templates refer to them."""

from __future__ import annotations

import base64


class ApiKey(str):
    """A key with named variants, for templates such as ``Bearer {key.without_last}``."""

    __slots__ = ()

    @property
    def without_last(self) -> str:
        """The key without its last character."""
        return self[:-1]

    @property
    def without_first(self) -> str:
        """The key without its first character."""
        return self[1:]

    @property
    def first_half(self) -> str:
        """The first half of the key."""
        return self[: max(1, len(self) // 2)]

    @property
    def swapped_case(self) -> str:
        """The key with upper and lower case swapped; the key itself if it has no letters."""
        return self.swapcase()

    @property
    def last_changed(self) -> str:
        """A key of the same length that differs in its last character."""
        return self[:-1] + ("A" if self[-1:] != "A" else "B")

    @property
    def last_escaped(self) -> str:
        """The key with its last character percent-encoded."""
        return f"{self[:-1]}%{ord(self[-1:] or 'A'):02X}"

    @property
    def basic_password(self) -> str:
        """The key as a password of the Basic scheme."""
        return base64.b64encode(f":{self}".encode()).decode()

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants from which the key could be guessed, to be masked in every text."""
        return (
            self,
            self.basic_password,
            self.last_escaped,
            self.swapped_case,
            self.last_changed,
            self.without_last,
            self.without_first,
        )


class ShellKey:
    """The same variants as shell expressions of an environment variable."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self.without_last = f"${{{variable}%?}}"
        self.without_first = f"${{{variable}#?}}"
        self.first_half = f"${{{variable}:0:$((${{#{variable}}} / 2))}}"
        self.swapped_case = f"${{{variable}~~}}"
        self.last_changed = f"${{{variable}%?}}A"
        self.last_escaped = f"${{{variable}%?}}$(printf %%%02X \\'${{{variable}: -1}})"
        self.basic_password = f"$(printf :%s ${variable} | base64 -w0)"

    def __str__(self) -> str:
        return f"${self._variable}"
