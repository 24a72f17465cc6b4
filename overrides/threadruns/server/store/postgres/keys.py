"""Ids in PostgreSQL, whose texts cannot have the character U+0000.

It is stored as two characters, U+0001 U+0001, and U+0001 as U+0001 U+0002, so that the order of ids stays the same.
"""

from __future__ import annotations

import re

_STORED = {"\x00": "\x01\x01", "\x01": "\x01\x02"}
_GIVEN = {stored: given for given, stored in _STORED.items()}


def encode_key(text: str) -> str:
    """Return an id as it is stored."""
    if text.isprintable():  # The check of nearly every id, without a search.
        return text
    return re.sub("[\x00\x01]", lambda found: _STORED[found[0]], text)


def decode_key(text: str) -> str:
    """Return an id as it was given."""
    return text if "\x01" not in text else re.sub("\x01[\x01\x02]", lambda found: _GIVEN[found[0]], text)
