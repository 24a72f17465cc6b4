"""Requests to the operation, with templates such as ``Bearer {key}`` in place of the key.

The probe inserts the key when it sends a request, so that no request, report or exception contains it.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from attrs import frozen

from threadruns.contract.http.api_key import KeyMask

BEARER = "Bearer {key}"
"""The default template of the Authorization header."""

CLOSE = ("Connection", "close")
"""The header that asks the server to close the connection, which ends the response."""

BETA = "{beta}"
"""The default template of the OpenAI-Beta header."""


@frozen
class ProbeRequest:
    """A request to the operation.

    Attributes:
        thread: The path segment of the thread, percent-encoded.
        query: Names and values of the query, not encoded; a name may repeat.
        method: The HTTP method.
        authorization: A template of the Authorization header; None to leave it out.
        beta: A template of the OpenAI-Beta header; None to leave it out.
        headers: Further headers.
        secret_headers: Further headers whose values are templates for the key.
        secret_query: Further query parameters whose values are templates for the key.
        body: The body; None for no body.
    """

    thread: str
    query: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    authorization: str | None = BEARER
    beta: str | None = BETA
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, str], ...] = ()
    secret_query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def target_with(self, key: object, end: str = "/runs") -> str:
        """Return the path and query, relative to the base URL, with the key inserted.

        Args:
            key: The key.
            end: The end of the path.
        """
        pairs = [f"{quote(name, safe='[]')}={quote(value, safe='')}" for name, value in self.query]
        pairs += [f"{name}={template.format(key=key)}" for name, template in self.secret_query]
        return f"/threads/{self.thread}{end}" + ("?" + "&".join(pairs) if pairs else "")

    def headers_with(self, key: object, beta: str) -> list[tuple[str, str]]:
        """Return the headers, with the key inserted."""
        sent: list[tuple[str, str]] = []
        if self.authorization is not None:
            sent.append(("Authorization", self.authorization.format(key=key)))
        if self.beta is not None:
            sent.append(("OpenAI-Beta", beta if self.beta == BETA else self.beta))
        sent.extend(self.headers)
        sent.extend((name, template.format(key=key)) for name, template in self.secret_headers)
        return sent

    def curl(self, base_url: str, beta: str, mask: KeyMask, end: str = "/runs") -> str:
        """Return the curl command of this request, which reads the key from an environment variable."""
        method = {"GET": "", "HEAD": " --head"}.get(self.method, f" -X {self.method}")
        if self.method == "HEAD" and CLOSE in self.headers:
            # With --head, curl would hide a body.
            method = " -X HEAD"
        url = mask.shell(base_url) + f"/threads/{mask.shell(self.thread)}{end}"
        pairs = [
            f"{mask.shell(quote(name, safe='[]'))}={mask.shell(quote(value, safe=''))}" for name, value in self.query
        ]
        pairs += [f"{name}={mask.shell_template(template)}" for name, template in self.secret_query]
        parts = [f'curl -i -g{method} "{url}{"?" if pairs else ""}{"&".join(pairs)}"']
        headers = [
            ("Authorization", self.authorization, True),
            ("OpenAI-Beta", beta if self.beta == BETA else self.beta, False),
        ]
        headers += [(name, value, False) for name, value in self.headers]
        headers += [(name, template, True) for name, template in self.secret_headers]
        for name, value, is_template in headers:
            if value is not None:
                text = mask.shell_template(value) if is_template else mask.shell(value)
                parts.append(f'-H "{name}: {text}"' if value else f'-H "{name};"')
        if self.body is not None:
            parts.append(f"--data-binary {_shell_quote(self.body.decode('ascii', 'replace'))}")
        return mask.shorten(" \\\n  ".join(parts))


def _shell_quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


class PageQuery(NamedTuple):
    """The parameters of a request for a page; None leaves a parameter out."""

    limit: int | None = None
    order: str | None = None
    after: str | None = None
    before: str | None = None

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the parameters as names and values."""
        return tuple((name, str(value)) for name, value in zip(self._fields, self, strict=True) if value is not None)


FIRST_PAGE = PageQuery()
"""The query without parameters."""
