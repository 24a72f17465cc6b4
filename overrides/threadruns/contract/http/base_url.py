"""The base URL of a check, as a user gives it: a mistake in it is the user's, and says nothing about a server."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

EXAMPLE = "http://127.0.0.1:8000/v1"
"""A base URL that can be used."""


def check_base_url(url: str) -> None:
    """Raise an error for a URL to which no request can be sent.

    Args:
        url: The base URL.

    Raises:
        ValueError: It is not an http or https URL with a host, or it holds more than a base URL. The message does not
            show a URL that may hold a password.
    """
    problem = _problem(url)
    if problem is not None:
        raise ValueError(f"{problem}; give the base URL of the API, such as {EXAMPLE}.")


def _problem(url: str) -> str | None:
    # The text before an @ may be a password, even in a URL that cannot be parsed.
    shown = "The URL" if "@" in url else repr(url)
    if not url.isprintable() or " " in url:
        return f"{shown} has spaces or control characters"
    try:
        parts = urlsplit(url)
        _ = parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        return f"{shown} cannot be parsed"
    if parts.scheme not in ("http", "https"):
        return f"{shown} is not an http or https URL"
    if not parts.hostname:
        return f"{shown} has no host"
    if "@" in parts.netloc:
        return "The URL must not hold a user name or password"
    if "?" in url or "#" in url:
        return f"{shown} has a query or a fragment"
    return None
