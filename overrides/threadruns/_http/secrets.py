"""Secrets that show themselves nowhere: the API key, and the password of a proxy.

The API key is kept in one object. It is added to a request as the last step and reaches no variable, message, log or
pickle.
"""

from __future__ import annotations

import os
from typing import NoReturn

from threadruns._errors import ArgumentError

KEY_VARIABLE = "OPENAI_API_KEY"
KEY_PLACEHOLDER = "[key]"
"""The text that replaces the key where a server has sent it back."""


class HiddenBytes(bytes):
    """Bytes with a repr that does not show them; httpcore logs the credentials that it sends to a proxy."""

    def __repr__(self) -> str:
        return "hidden"

    __str__ = __repr__


class Secret:
    """An API key. Making one never fails; see ``check``.

    Args:
        value: The key; from the environment variable ``OPENAI_API_KEY`` if None.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | None) -> None:
        self._value = value if value is not None else os.environ.get(KEY_VARIABLE)

    def check(self) -> None:
        """Refuse a key that cannot be sent in a header. No frame of the traceback holds the key.

        Raises:
            ArgumentError: The key is missing, or has characters that cannot be sent.
        """
        if not isinstance(self._value, str) or not self._value:
            found = "" if not self._value else f" The one given is of type {type(self._value).__name__}."
            raise ArgumentError(
                f"There is no API key: pass api_key, or set the environment variable {KEY_VARIABLE}.{found}"
            )
        if self._value != self._value.strip():
            raise ArgumentError("The API key begins or ends with white space or a line break: strip it.")
        if not self._value.isascii() or not self._value.isprintable():
            raise ArgumentError("The API key has characters that cannot be sent in a header: check how it was copied.")

    def signature(self, prefix: bytes) -> bytes:
        """Return the value of the header that carries the key."""
        return prefix + str(self._value).encode("ascii")

    def reveal(self) -> str | None:
        """Return the key, to be passed on at once and never kept in a variable."""
        return self._value

    def redact(self, data: bytes) -> bytes:
        """Return data of the server with the key replaced by a placeholder."""
        return data.replace(self.signature(b""), KEY_PLACEHOLDER.encode())

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled or copied: it holds a key.")
