"""Text of a server, made safe to show: on one line, of bounded length, and without control characters."""

from __future__ import annotations

import re

MAX_EXCERPT = 200
"""The longest quotation of a body in a message, in characters."""


def printable(text: str, keep: str = "") -> str:
    """Return a text without characters that would control a terminal, or reverse the text beside them.

    Args:
        text: The text.
        keep: Control characters to keep, such as line breaks.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else "\N{REPLACEMENT CHARACTER}" for char in text)


def excerpt(text: str, *, markup: bool) -> str:
    """Return the beginning of a text, on one line and printable.

    Args:
        text: The text, of any length.
        markup: Whether to strip HTML tags.
    """
    plain = text[:20_000]
    if markup:
        plain = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", plain, flags=re.S | re.I)
    plain = printable(" ".join(plain.split()))
    return plain if len(plain) <= MAX_EXCERPT else f"{plain[:MAX_EXCERPT]}..."
