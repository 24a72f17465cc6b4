"""URLs as callers give them. One may hold a password, so it is shown to nobody until it is known to hold none."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from threadruns._errors import ArgumentError


class Hidden(bytes):
    """Bytes that are not shown, as httpcore logs what it tells a proxy."""

    def __repr__(self) -> str:
        return "hidden"

    __str__ = __repr__


class Address:
    """A URL that may hold a password. Making one never fails; see ``check``.

    Args:
        url: The URL.
        name: What errors call it, such as "base URL".
    """

    __slots__ = ("_name", "_url")

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    def check(self, *schemes: str, example: str) -> None:
        """Refuse a URL that cannot be used. No frame of the traceback holds it.

        Args:
            *schemes: The schemes that will do.
            example: A URL that can be used.

        Raises:
            ArgumentError: It is no URL, or has a scheme that will not do, or characters that have no place in it.
        """
        problem = self._problem(schemes)
        if problem is not None:
            raise ArgumentError(f"The {self._name} {problem}; give one like {example!r}.")

    def _problem(self, schemes: tuple[str, ...]) -> str | None:
        url = self._url
        if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            return f"is of type {type(url).__name__}, not a string"
        # What stands before an @ may be a password, even where it is not found to be one.
        shown = "" if "@" in url else f"{url!r} "
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            return "cannot be read"
        if parts.scheme not in schemes or not parts.hostname:
            return f"{shown}has no {' or '.join(schemes)} address"
        if not url.isprintable() or " " in url:
            return f"{shown}has spaces or control characters"
        try:
            self._host(parts)
        except UnicodeError:
            return f"{shown}has no valid host name"
        return None

    def _host(self, parts: SplitResult) -> str:
        host = parts.hostname or ""
        # What is plain already needs no codec, which takes its time to import.
        if host.isascii() and all(0 < len(label) < 64 for label in host.removesuffix(".").split(".")):
            return host
        return host.encode("idna").decode("ascii")

    @property
    def parts(self) -> SplitResult:
        """The parts as they were given; only for a URL that holds no password."""
        return urlsplit(self._url)

    @property
    def scheme(self) -> str:
        """The scheme, in lower case."""
        return self.parts.scheme

    @property
    def host(self) -> str:
        """The host, as it is looked up."""
        return self._host(self.parts)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port, as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = self.parts.port
        return host if port is None else f"{host}:{port}"

    @property
    def credentials(self) -> tuple[bytes, bytes] | None:
        """The user name and the password, which do not show themselves."""
        if "@" not in self.parts.netloc:
            return None
        return Hidden(unquote_to_bytes(self.parts.username or "")), Hidden(unquote_to_bytes(self.parts.password or ""))

    def __repr__(self) -> str:
        return f"Address({self._name})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An Address cannot be pickled or copied: it may hold a password.")
