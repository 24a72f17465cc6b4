"""URLs as callers give them. A URL may hold a password, so it is shown only after checking that it holds none."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from threadruns._errors import ArgumentError
from threadruns._http.secrets import HiddenBytes


class Address:
    """A URL that may hold a password. Making one never fails; see ``check``.

    Args:
        url: The URL.
        name: Its name in error messages, such as "base URL".
    """

    __slots__ = ("_name", "_url")

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    @property
    def is_blank(self) -> bool:
        """True if the URL is empty or only white space."""
        return isinstance(self._url, str) and not self._url.strip()  # pyright: ignore[reportUnnecessaryIsInstance]

    def check(self, *schemes: str, example: str) -> None:
        """Raise an error for a URL that cannot be used. No frame of the traceback holds the URL.

        Args:
            *schemes: The accepted schemes.
            example: A URL that can be used.

        Raises:
            ArgumentError: It is not a URL, or its scheme or one of its characters is not allowed.
        """
        problem = self._problem(schemes)
        if problem is not None:
            raise ArgumentError(f"The {self._name} {problem}; give one like {example!r}.")

    def _problem(self, schemes: tuple[str, ...]) -> str | None:
        url = self._url
        if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            return f"is of type {type(url).__name__}, not a string"
        # The text before an @ may be a password, even in a URL that cannot be parsed.
        shown = "" if "@" in url else f"{url!r} "
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            return "cannot be read"
        if parts.scheme not in schemes or not parts.hostname:
            return f"{shown}does not start with {' or '.join(f'{scheme}://' for scheme in schemes)} and a host"
        if not url.isprintable() or " " in url:
            return f"{shown}has spaces or control characters"
        try:
            self._host(parts)
        except UnicodeError:
            return f"{shown}has no valid host name"
        return None

    def _host(self, parts: SplitResult) -> str:
        host = parts.hostname or ""
        # A plain ASCII name does not need the IDNA codec, which is slow to import.
        if host.isascii() and all(0 < len(label) < 64 for label in host.removesuffix(".").split(".")):
            return host
        return host.encode("idna").decode("ascii")

    @property
    def parts(self) -> SplitResult:
        """The parts of the URL as given; only for a URL that holds no password."""
        return urlsplit(self._url)

    @property
    def scheme(self) -> str:
        """The scheme, in lower case."""
        return self.parts.scheme

    @property
    def host(self) -> str:
        """The host name in ASCII, as it is looked up."""
        return self._host(self.parts)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port, as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = self.parts.port
        return host if port is None else f"{host}:{port}"

    @property
    def credentials(self) -> tuple[bytes, bytes] | None:
        """The user name and the password, with a repr that hides them; None if the URL has none."""
        if "@" not in self.parts.netloc:
            return None
        return (
            HiddenBytes(unquote_to_bytes(self.parts.username or "")),
            HiddenBytes(unquote_to_bytes(self.parts.password or "")),
        )

    def __repr__(self) -> str:
        return f"Address({self._name})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An Address cannot be pickled or copied: it may hold a password.")
