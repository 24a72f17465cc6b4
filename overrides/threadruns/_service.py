"""Where requests go and how they are signed: base URL, key, and the form of the API that the server speaks.

The key is kept in one object that shows it to nobody: it is put into a request as the last step and reaches no
variable, message, log or pickle.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlencode

from threadruns._address import Address
from threadruns._errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_VARIABLE = "OPENAI_API_KEY"
BASE_URL_VARIABLE = "OPENAI_BASE_URL"
DEFAULT_BASE_URL = "https://api.openai.com/v1"
DEFAULT_BETA = "assistants=v1"
EXAMPLE = "http://127.0.0.1:8000/v1"
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
        """Return data of the server with the key hidden, should it have been sent back."""
        return data.replace(self.signature(b""), HIDDEN.encode())

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled or copied: it holds a key.")


def base_address(url: str | None) -> Address:
    """Return where the API is: from ``OPENAI_BASE_URL`` if the URL is None. Never fails."""
    return Address(url if url is not None else os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL, "base URL")


class Service:
    """A server and the form of the API that it speaks.

    Args:
        address: What paths are put behind.
        secret: The key.
        beta: The value of the ``OpenAI-Beta`` header.
        azure_api_version: The version to ask an Azure-like deployment for. Sets its form: the key goes into the header
            ``api-key``, the version into the query, and there is no ``OpenAI-Beta``.
        user_agent: The value of the ``User-Agent`` header.

    Raises:
        ArgumentError: The base URL, the header value or the key cannot be used.
    """

    def __init__(
        self, *, address: Address, secret: Secret, beta: str, azure_api_version: str | None, user_agent: str
    ) -> None:
        secret.check()
        address.check("http", "https", example=EXAMPLE)
        if address.credentials is not None:
            raise ArgumentError(f"The base URL must not hold a user name or password; give one like {EXAMPLE!r}.")
        parts = address.parts
        if parts.query or parts.fragment:
            raise ArgumentError(
                f"The base URL {parts.geturl()!r} must end before its query; set azure_api_version or extra_query."
            )
        self.scheme, self.host, self.port, self.origin = address.scheme, address.host, parts.port, address.origin
        self._root = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        self.secret = secret
        self.azure = azure_api_version is not None
        self._query = {"api-version": azure_api_version} if azure_api_version is not None else {}
        texts = {"beta": beta} if azure_api_version is None else {"beta": beta, "azure_api_version": azure_api_version}
        for name, value in texts.items():
            if not is_token(value):
                raise ArgumentError(f"The value of {name} is {value!r}; it must be printable ASCII, and not empty.")
        self._headers = {"OpenAI-Beta": beta}
        self._common = {"Host": address.authority, "Accept": "application/json", "User-Agent": user_agent}
        # Own decompression, because its result must be bounded, knows these two.
        self._common["Accept-Encoding"] = "gzip, deflate"

    @property
    def base_url(self) -> str:
        """The base URL, without a slash at the end."""
        return self.origin + self._root

    @property
    def hint(self) -> str:
        """What to say of a path that the server does not know; empty if there is nothing to say."""
        wanted = "/openai" if self.azure else "/v1"
        return "" if self._root else f" The base URL {self.base_url!r} has no path; most servers want {wanted!r} there."

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


def is_token(value: object) -> bool:
    """Say whether a value is a text that can stand in a header."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value.strip())
