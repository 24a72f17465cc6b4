"""The server that requests go to: base URL, authentication, and the form of the API (OpenAI's or Azure's)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from threadruns._errors import ArgumentError
from threadruns._http.addresses import Address
from threadruns._http.secrets import HiddenHeader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threadruns._http.secrets import HiddenBytes, Secret

BASE_URL_VARIABLE = "OPENAI_BASE_URL"
EXAMPLE_BASE_URL = "http://127.0.0.1:8000/v1"


def base_address(url: str | None) -> Address:
    """Return the address of the API, from ``OPENAI_BASE_URL`` if the URL is None. Never fails.

    It has no default: the key must go to the server that the caller means.
    """
    return Address(os.environ.get(BASE_URL_VARIABLE, "") if url is None else url, "base URL")


class Service:
    """The server of the API: it turns operations into targets and headers, and signs requests.

    Args:
        address: The base URL.
        secret: The API key.
        beta: The value of the ``OpenAI-Beta`` header; None for the value that the document gives each operation.
        azure_api_version: The version of an Azure-like deployment. Selects its form: the key is sent in the header
            ``api-key``, the version in the query, and no ``OpenAI-Beta`` is sent.
        user_agent: The value of the ``User-Agent`` header.

    Raises:
        ArgumentError: The base URL, a header value or the key cannot be used.
    """

    def __init__(
        self, *, address: Address, secret: Secret, beta: str | None, azure_api_version: str | None, user_agent: str
    ) -> None:
        secret.check()
        if address.is_blank:
            raise ArgumentError(
                f"There is no base URL: pass base_url, or set the environment variable {BASE_URL_VARIABLE}, such as"
                f" {EXAMPLE_BASE_URL!r}."
            )
        address.check("http", "https", example=EXAMPLE_BASE_URL)
        if address.credentials is not None:
            raise ArgumentError(
                f"The base URL must not hold a user name or password; give one like {EXAMPLE_BASE_URL!r}."
            )
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
        for name, value in {"beta": beta, "azure_api_version": azure_api_version}.items():
            if value is not None and not is_header_text(value):
                raise ArgumentError(f"The value of {name} is {value!r}; it must be printable ASCII, and not empty.")
        self._headers = {} if beta is None else {"OpenAI-Beta": beta}
        self._common = {"Host": address.authority, "Accept": "application/json", "User-Agent": user_agent}
        # The encodings that BodyReader decodes within its size limit.
        self._common["Accept-Encoding"] = "gzip, deflate"

    @property
    def base_url(self) -> str:
        """The base URL, without a trailing slash."""
        return self.origin + self._root

    @property
    def not_found_hint(self) -> str:
        """A sentence for 404 errors when the base URL looks incomplete; empty otherwise."""
        wanted = "/openai" if self.azure else "/v1"
        return "" if self._root else f" The base URL {self.base_url!r} has no path; most servers expect {wanted!r}."

    @property
    def key_header(self) -> str:
        """The name of the header that carries the key."""
        return "api-key" if self.azure else "Authorization"

    def signature(self, secret: Secret) -> HiddenBytes:
        """Return the value of the header that carries the key, with a repr that hides it."""
        # httpx itself hides only the value of Authorization.
        return secret.header(b"", HiddenHeader) if self.azure else secret.header(b"Bearer ")

    def target(self, path: str, params: Mapping[str, Any], extra: Mapping[str, str]) -> str:
        """Return path and query of a request.

        Args:
            path: The path of the operation below the base URL, percent-encoded.
            params: The query parameters of the operation; a list repeats its parameter.
            extra: The query parameters that the caller adds.

        Raises:
            ArgumentError: A parameter has a character that cannot be sent.
        """
        try:
            query = urlencode({**self._query, **params, **extra}, doseq=True, quote_via=quote)
        except UnicodeEncodeError:
            raise ArgumentError("A query parameter has a lone surrogate, which cannot be sent: remove it.") from None
        return f"{self._root}/{path}?{query}" if query else f"{self._root}/{path}"

    def headers(self, operation: Mapping[str, str], extra: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """Return the headers of a request, except the one with the key.

        Args:
            operation: The headers that the document defines for the operation.
            extra: The headers that the caller adds; they replace the client's own.
        """
        named: dict[str, tuple[str, str]] = {}
        for source in (self._common, operation, self._headers, extra):
            for name, value in source.items():
                named[name.lower()] = (name, value)
        if self.azure and "openai-beta" not in {name.lower() for name in extra}:
            named.pop("openai-beta", None)
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in named.values()]


def is_header_text(value: object) -> bool:
    """Return whether a value is text that can be sent in a header."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value.strip())
