"""The API key, its variants with the names that request templates use, and a mask that hides both in texts."""

from __future__ import annotations

import base64
import json
import re
from string import Formatter
from urllib.parse import quote

MIN_LENGTH = 8
"""The minimum length of a key; a shorter one that is cut or extended may be another valid key of the server."""

PLACEHOLDERS = ("null", "undefined", "x", "*", "My API Key", "sk-test-wrong")
"""Placeholders for a key in configuration files; a server for tests may accept several of them."""


class ApiKey(str):
    """A key with named variants, for templates such as ``Bearer {key.without_last}``."""

    __slots__ = ()

    @property
    def without_last(self) -> str:
        """The key without its last character."""
        return self[:-1]

    @property
    def without_first(self) -> str:
        """The key without its first character."""
        return self[1:]

    @property
    def first_half(self) -> str:
        """The first half of the key."""
        return self[: len(self) // 2]

    @property
    def swapped_case(self) -> str:
        """The key with upper and lower case swapped; the key itself if it has no letters."""
        return self.swapcase()

    @property
    def last_changed(self) -> str:
        """A key of the same length that differs in its last character."""
        return self[:-1] + ("A" if self[-1:] != "A" else "B")

    @property
    def last_escaped(self) -> str:
        """The key with its last character percent-encoded."""
        return f"{self[:-1]}%{ord(self[-1:] or 'A'):02X}"

    @property
    def escaped(self) -> str:
        """The key with every character percent-encoded, for a query."""
        return "".join(f"%{byte:02X}" for byte in self.encode())

    @property
    def basic_password(self) -> str:
        """The key as a password of the Basic scheme."""
        return base64.b64encode(f":{self}".encode()).decode()

    @property
    def is_placeholder(self) -> bool:
        """True for a key that is easily guessed; the server may accept other such keys too."""
        return len(self) < MIN_LENGTH or self in PLACEHOLDERS

    def is_wrong(self, template: str | None) -> bool:
        """Tell whether the credentials of a template are certainly wrong.

        False as well for credentials that HTTP would change or cannot transport.

        Args:
            template: The template of the Authorization header; None for no header.
        """
        if template is None:
            return True
        value = template.format(key=self)
        if value != value.strip() or not value.isascii() or not value.isprintable():
            return False
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return True
        # If the key is short or easily guessed, the server may accept other such keys too.
        return token != self and not (self.is_placeholder and ("{" in template or token in PLACEHOLDERS))

    def is_unmistakable(self, *known: str) -> bool:
        """Tell whether this key in a response can only be a copy of the key in the request.

        Args:
            known: The texts of the request without the key.
        """
        common = self.is_placeholder or (self.isdigit() and len(self) < 2 * MIN_LENGTH) or self.isalpha()
        return not (common and len(self) < 3 * MIN_LENGTH) and not any(self in text for text in known)


class ShellKey:
    """The same variants as shell expressions of an environment variable, for use between double quotes."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self.without_last = f"${{{variable}%?}}"
        self.without_first = f"${{{variable}#?}}"
        self.first_half = f"${{{variable}:0:$((${{#{variable}}} / 2))}}"
        self.swapped_case = f"${{{variable}~~}}"
        self.last_changed = f'{self.without_last}$(case "${variable}" in (*A) echo B;; (*) echo A;; esac)'
        self.last_escaped = f'{self.without_last}$(printf %%%02X "\'${{{variable}: -1}}")'
        self.escaped = f"$(printf %s \"${variable}\" | od -An -v -tx1 | tr -d '\\n' | tr ' a-f' %A-F)"
        self.basic_password = f'$(printf :%s "${variable}" | base64 -w0)'

    def __str__(self) -> str:
        return f"${{{self._variable}}}"


VARIANTS = (
    "basic_password",
    "escaped",
    "last_escaped",
    "swapped_case",
    "last_changed",
    "without_last",
    "without_first",
)
"""The variants from which the key could be guessed, to be hidden in every text."""


class KeyMask:
    """Texts without the key and its variants.

    Every text is searched once, for the longest variant at each place. A key that is short, or that anybody could
    guess, is hidden where it is a whole word, and not inside other words.

    Args:
        key: The key.
        variable: The environment variable that replaces it in the texts.
    """

    def __init__(self, key: ApiKey, variable: str = "OPENAI_API_KEY") -> None:
        self._variable = variable
        self._shell = ShellKey(variable)
        hidden = {str(key): str(self._shell)}
        hidden.setdefault(quote(key, safe=""), self._shell.escaped)
        for spelling in (json.dumps(key)[1:-1], repr(str(key))[1:-1]):
            hidden.setdefault(spelling, str(self._shell))
        for name in VARIANTS:
            variant: str = getattr(key, name)
            if len(variant) >= MIN_LENGTH:
                hidden.setdefault(variant, getattr(self._shell, name))
        self._hidden = {text: shell for text, shell in hidden.items() if text}
        longest_first = sorted(self._hidden, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first)) or "(?!)"
        if key.is_placeholder:
            pattern = rf"(?<![\w$-])(?:{pattern})(?![\w-])"
        self._pattern = re.compile(pattern)

    def text(self, text: str) -> str:
        """Return a text with the name of the variable in place of the key."""
        return self._pattern.sub(f"${self._variable}", text)

    def shell(self, text: str) -> str:
        """Return a text for use between double quotes of a shell, which expands to the text."""
        parts: list[str] = []
        end = 0
        for found in self._pattern.finditer(text):
            parts += [_escape(text[end : found.start()]), self._hidden[found[0]]]
            end = found.end()
        return "".join([*parts, _escape(text[end:])])

    def shorten(self, command: str) -> str:
        """Return a command of the shell without the braces that it does not need."""
        return re.sub(rf"\$\{{({self._variable})\}}(?!\w)", r"$\1", command)

    def shell_template(self, template: str) -> str:
        """Return a template for use between double quotes of a shell, which expands to the filled template."""
        parts: list[str] = []
        for literal, name, _, _ in Formatter().parse(template):
            parts.append(_escape(literal))
            if name is not None:
                parts.append(f"{{{name}}}".format(key=self._shell))
        return "".join(parts)


def _escape(text: str) -> str:
    return re.sub(r'([\\"`$])', r"\\\1", text)
