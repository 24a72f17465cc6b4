"""Secrets that no repr, log or error shows: the API key, and the password of a proxy.

The API key is kept in one object. It is added to a request as the last step; variables, messages,
logs and pickles do not show it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import NoReturn, Self, TypeAlias

from threadruns._errors import ArgumentError

ApiKey: TypeAlias = str | Callable[[], str]
"""An API key, or a function that returns one and is called before each attempt."""

AsyncApiKey: TypeAlias = ApiKey | Callable[[], Awaitable[str]]
"""The same for ``AsyncClient``, whose function may be async."""

KEY_VARIABLE = "OPENAI_API_KEY"
QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb")
"""The marks that some shells, env files and editors leave around a value."""

SCHEMES = ("bearer ", "bearer:", "authorization:", "api-key:")
"""The beginnings of a header that was copied whole, in lower case."""

KEY_PLACEHOLDER = "[key]"
"""The text that replaces the key where a server has sent it back."""


class HiddenBytes(bytes):
    """Bytes with a repr that does not show them; httpcore logs the credentials that it sends to a proxy."""

    def __repr__(self) -> str:
        return "hidden"

    __str__ = __repr__


class HiddenStr(str):
    """Text with a repr that does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[secure]'"


class HiddenHeader(HiddenBytes):
    """The value of a header with a repr that hides it; httpx itself hides only that of ``Authorization``."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the text, whose repr hides it too."""
        return HiddenStr(super().decode(encoding, errors))


class Secret:
    """An API key, or a function that returns one. Making one never fails; see ``check``.

    Args:
        value: The key or the function; from the environment variable ``OPENAI_API_KEY`` if None.
    """

    __slots__ = ("_value",)

    def __init__(self, value: AsyncApiKey | None) -> None:
        self._value: object = value if value is not None else os.environ.get(KEY_VARIABLE)

    @classmethod
    def _of(cls, value: object) -> Self:
        # Not Secret(value), which would read the environment variable if the function returned None.
        secret = object.__new__(cls)
        secret._value = value
        return secret

    def current(self) -> Secret:
        """Return the key for the next attempt, and call the function for it if there is one.

        Raises:
            ArgumentError: The function is async, or returns something that cannot be sent.
        """
        if not callable(self._value):
            return self
        from inspect import isawaitable, iscoroutine

        secret = Secret._of(self._value())
        if isawaitable(secret._value):
            if iscoroutine(secret._value):
                secret._value.close()  # Otherwise Python warns that it was never awaited.
            raise ArgumentError("The function api_key is async, which only AsyncClient can await.")
        secret.check()
        return secret

    async def current_async(self) -> Secret:
        """Return the key for the next attempt, and call the function for it, blocking or async, if there is one."""
        if not callable(self._value):
            return self
        from inspect import isawaitable

        secret = Secret._of(self._value())
        if isawaitable(secret._value):
            secret._value = await secret._value
        secret.check()
        return secret

    def check(self) -> None:
        """Raise an error for a key that cannot be sent in a header. No frame of the traceback holds the key.

        Raises:
            ArgumentError: The key is missing, or has characters that cannot be sent.
        """
        if callable(self._value):
            return
        if not isinstance(self._value, str) or not self._value:
            found = "" if not self._value else f" The one given is of type {type(self._value).__name__}."
            raise ArgumentError(
                f"There is no API key: pass api_key, or set the environment variable {KEY_VARIABLE}.{found}"
            )
        if self._value != self._value.strip():
            raise ArgumentError("The API key begins or ends with white space or a line break: strip it.")
        if not QUOTES.isdisjoint((self._value[0], self._value[-1])):
            raise ArgumentError("The API key begins or ends with a quotation mark: pass the key without quotes.")
        if self._value.lower().startswith(SCHEMES):
            raise ArgumentError("The API key begins with 'Bearer', or with a header's name: pass the key alone.")
        if not self._value.isascii() or not self._value.isprintable():
            raise ArgumentError("The API key has characters that cannot be sent in a header: check how it was copied.")

    def header(self, prefix: bytes, kind: type[HiddenBytes] = HiddenBytes) -> HiddenBytes:
        """Return the value of the header that carries the key."""
        return kind(prefix + str(self._value).encode("ascii"))

    def reveal(self) -> str | None:
        """Return the key, to be passed on at once and never kept in a variable."""
        return self._value if isinstance(self._value, str) else None

    def redact(self, data: bytes) -> bytes:
        """Return data of the server with the key replaced by a placeholder, also where it is escaped."""
        import re

        data = data.replace(self.header(b""), KEY_PLACEHOLDER.encode())
        if _ESCAPES.isdisjoint(data):
            return data
        return re.sub(b"".join(map(_any_form, self.header(b""))), KEY_PLACEHOLDER.encode(), data)

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled or copied: it holds a key.")


_ESCAPES = frozenset(b"\\\\&%")
"""The characters that begin an escape in JSON, HTML and URLs."""


def _any_form(code: int) -> bytes:
    """Return a pattern for a character as it is, and as JSON, HTML and URLs can escape it.

    Many servers escape "/" or "+" in JSON, which keys in base64 have. JSON may be quoted within JSON, which escapes the
    backslashes again.
    """
    import re
    from html.entities import codepoint2name

    plain = re.escape(bytes([code]))
    digits = b"".join(b"[%c%c]" % (digit, digit ^ 32) if digit > 96 else b"%c" % digit for digit in b"%02x" % code)
    # Each form begins with a character, by which the search is fast.
    forms = [plain, rb"\\\\{0,6}(?:%s|u00%s)" % (plain, digits), b"%" + digits]
    forms.append(b"&(?:#0{0,5}%d|#[xX]0{0,5}%s|%s);" % (code, digits, codepoint2name.get(code, "#").encode()))
    return b"(?:%s)" % b"|".join(forms)


def without_frames(error: BaseException) -> BaseException:
    """Return an exception without its frames and those of its causes, some of which hold the signed request."""
    seen: BaseException | None = error
    while seen is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__
    return error
