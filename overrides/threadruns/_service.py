"""Where requests go and how they are signed: base URL, key, and the form of the API that the server speaks.

The key is kept in one object that shows it to nobody: it is put into a request as the last step and reaches no
variable, message, log or pickle.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

from threadruns._errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_VARIABLE = "OPENAI_API_KEY"
BASE_URL_VARIABLE = "OPENAI_BASE_URL"
DEFAULT_BASE_URL = "https://api.openai.com/v1"
DEFAULT_BETA = "assistants=v1"
HIDDEN = "[key]"
"""What stands in place of the key where a server has sent it back."""


class Secret:
    """A key that is hidden from everything but the request that it signs. Making one never fails; see ``check``."""

    __slots__ = ("_value",)

    def __init__(self, value: str | None) -> None:
        self._value = value if value is not None else os.environ.get(KEY_VARIABLE)

    def check(self) -> None:
        """Refuse a key that cannot stand in a header. No frame of the traceback holds the key.

        Raises:
            ArgumentError: The key is missing, or has characters that cannot be sent.
        """
        if not isinstance(self._value, str) or not self._value:
            raise ArgumentError(f"There is no API key: pass api_key, or set the environment variable {KEY_VARIABLE}.")
        if self._value != self._value.strip():
            raise ArgumentError("The API key begins or ends with white space or a line break: strip it.")
        if not self._value.isascii() or not self._value.isprintable():
            raise ArgumentError("The API key has characters that cannot be sent in a header: check how it was copied.")

    def signature(self, prefix: bytes) -> bytes:
        """Return the value of the header that carries the key."""
        return prefix + str(self._value).encode("ascii")

    def redact(self, data: bytes) -> bytes:
        """Return data of the server with the key hidden, should it have been sent back."""
        return data.replace(self.signature(b""), HIDDEN.encode())

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled or copied: it holds a key.")


class Service:
    """A server and the form of the API that it speaks.

    Args:
        base_url: What paths are put behind; from ``OPENAI_BASE_URL`` if None.
        secret: The key.
        beta: The value of the ``OpenAI-Beta`` header.
        azure_api_version: The version to ask an Azure-like deployment for. Sets its form: the key goes into the header
            ``api-key``, the version into the query, and there is no ``OpenAI-Beta``.
        user_agent: The value of the ``User-Agent`` header.

    Raises:
        ArgumentError: The base URL, the header value or the key cannot be used.
    """

    def __init__(
        self, *, base_url: str | None, secret: Secret, beta: str, azure_api_version: str | None, user_agent: str
    ) -> None:
        secret.check()
        url = base_url or os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
        self.scheme, self.host, self.port, self._root = _split(url)
        self.secret = secret
        self.azure = azure_api_version is not None
        self._query = {"api-version": azure_api_version} if azure_api_version is not None else {}
        if not beta or not beta.isascii() or not beta.isprintable():
            raise ArgumentError(f"The value of the OpenAI-Beta header is {beta!r}; it must be printable ASCII.")
        self._headers = {"OpenAI-Beta": beta}
        authority = f"[{self.host}]" if ":" in self.host else self.host
        if self.port is not None:
            authority = f"{authority}:{self.port}"
        self.origin = f"{self.scheme}://{authority}"
        self._common = {"Host": authority, "Accept": "application/json", "User-Agent": user_agent}
        # Own decompression, because its result must be bounded, knows these two.
        self._common["Accept-Encoding"] = "gzip, deflate"

    @property
    def base_url(self) -> str:
        """The base URL, without a slash at the end."""
        return self.origin + self._root

    @property
    def key_header(self) -> str:
        """The name of the header that carries the key."""
        return "api-key" if self.azure else "Authorization"

    def signature(self) -> bytes:
        """Return the value of the header that carries the key; never keep it in a variable."""
        return self.secret.signature(b"" if self.azure else b"Bearer ")

    def target(self, path: str, params: Mapping[str, Any], extra: Mapping[str, str]) -> str:
        """Return the path and query to ask for.

        Args:
            path: The path of the operation below the base URL, quoted.
            params: Its query parameters; a list is the same parameter many times.
            extra: What the caller adds to the query.
        """
        query = urlencode({**self._query, **params, **extra}, doseq=True, quote_via=quote)
        return f"{self._root}/{path}?{query}" if query else f"{self._root}/{path}"

    def headers(self, operation: Mapping[str, str], extra: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """Return the headers of a request, all but the one with the key.

        Args:
            operation: The headers that the document sets for the operation.
            extra: What the caller adds; it wins over the client's own.
        """
        named: dict[str, tuple[str, str]] = {}
        for source in (self._common, operation, self._headers, extra):
            for name, value in source.items():
                named[name.lower()] = (name, value)
        if self.azure and "openai-beta" not in {name.lower() for name in extra}:
            named.pop("openai-beta", None)
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in named.values()]


def _split(url: str) -> tuple[str, str, int | None, str]:
    advice = "give one like 'http://127.0.0.1:8000/v1'."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ArgumentError(f"The base URL cannot be read; {advice}") from None
    if parts.username is not None or parts.password is not None:
        # Not shown: what stands before the @ is a secret.
        raise ArgumentError(f"The base URL must not hold a user name or password; {advice}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgumentError(f"The base URL {url!r} has no http or https address; {advice}")
    if parts.query or parts.fragment:
        raise ArgumentError(f"The base URL {url!r} must end before its query; set extra_query for that.")
    if not url.isprintable() or " " in url:
        raise ArgumentError(f"The base URL {url!r} has spaces or control characters; {advice}")
    try:
        host = parts.hostname.encode("ascii" if parts.hostname.isascii() else "idna").decode("ascii")
    except UnicodeError:
        raise ArgumentError(f"The base URL {url!r} has no valid host name; {advice}") from None
    return parts.scheme, host, port, quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
