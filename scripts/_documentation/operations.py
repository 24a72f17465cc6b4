"""The operations of a document with references resolved, for the request samples and the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote

from _document.openapi import IGNORED_HEADERS, METHODS, PATH_SAFE, is_json, paths_of, responses_of, style_of
from _document.source import Json
from _documentation.examples import example_of, flatten, given_example, resolve


class Header(NamedTuple):
    """A header that a request sends. If it carries the key, ``value`` is the prefix before the key."""

    name: str
    value: str


class Cursor(NamedTuple):
    """The cursor of a list: the query parameter, and the key of the page that has its next value."""

    parameter: str
    key: str


@dataclass(frozen=True)
class Operation:
    """One operation of a document.

    Attributes:
        raw: The document.
        path: The path, as the document spells it.
        method: The HTTP method, in capitals.
        spec: The operation as the document describes it.
        shared: The parameters that the path has for all of its methods.
    """

    raw: Json
    path: str
    method: str
    spec: Json
    shared: tuple[Json, ...] = ()

    @property
    def name(self) -> str:
        """The operation's id, or its method and path."""
        return str(self.spec.get("operationId") or f"{self.method} {self.path}")

    @cached_property
    def parameters(self) -> list[Json]:
        """The parameters with references resolved; those of the operation replace those of the path."""
        found = {}
        for parameter in (*self.shared, *self.spec.get("parameters", [])):
            resolved = resolve(self.raw, parameter)
            found[resolved["in"], resolved["name"]] = resolved
        return list(found.values())

    @cached_property
    def credentials(self) -> list[Json]:
        """The security schemes of the first alternative that the operation accepts; none if it needs no key."""
        alternatives = self.spec.get("security", self.raw.get("security", []))
        schemes = self.raw.get("components", {}).get("securitySchemes", {})
        return [resolve(self.raw, schemes[name]) for name in (alternatives[0] if alternatives else {})]

    @property
    def key_headers(self) -> list[Header]:
        """The headers that carry the key, each with the prefix before the key."""
        headers = []
        for scheme in self.credentials:
            if scheme["type"] == "apiKey" and scheme["in"] == "header":
                headers.append(Header(scheme["name"], ""))
            elif scheme["type"] in ("oauth2", "openIdConnect") or scheme.get("scheme", "").lower() == "bearer":
                headers.append(Header("Authorization", "Bearer "))
        return headers

    @property
    def headers(self) -> list[Header]:
        """The other headers of a sample.

        Those are the parameters that are required or have an example or default, the ``x-request-headers``, and
        Content-Type if there is a body.
        """
        found = [
            Header(parameter["name"], _simple(value))
            for parameter in self.parameters
            if parameter["in"] == "header"
            and parameter["name"].lower() not in IGNORED_HEADERS
            and (value := self._sent(parameter)) is not None
        ]
        found += [Header(name, value) for name, value in self.spec.get("x-request-headers", {}).items()]
        if self.body is not None:
            found.append(Header("Content-Type", self.media_type))
        return found

    @property
    def target(self) -> str:
        """The path and query of a sample, percent-encoded, relative to the base URL."""
        path = quote(self.path, safe=PATH_SAFE + "{}")
        query = []
        for parameter in self.parameters:
            if parameter["in"] == "path":
                value = example_of(self.raw, parameter)
                slot = "{" + quote(parameter["name"], safe=PATH_SAFE) + "}"
                parts = value if isinstance(value, list) else [_simple(value)]
                path = path.replace(slot, ",".join(quote(scalar(part), safe="") for part in parts))
            elif parameter["in"] == "query" and (value := self._sent(parameter)) is not None:
                query += _pairs(parameter, value)
        path = path.replace("{", "%7B").replace("}", "%7D")
        return path + ("?" if query else "") + "&".join(query)

    @property
    def separator(self) -> str:
        """The character between the target and another query parameter."""
        return "&" if "?" in self.target else "?"

    @property
    def media_type(self) -> str:
        """The media type of the request body that a sample sends; empty without one."""
        content = resolve(self.raw, self.spec.get("requestBody", {})).get("content", {})
        return str(next((kind for kind in content if is_json(kind)), ""))

    @property
    def body(self) -> str | None:
        """The request body of a sample, as JSON text; None if the operation takes none."""
        if not self.media_type:
            return None
        media = resolve(self.raw, self.spec["requestBody"])["content"][self.media_type]
        return json.dumps(example_of(self.raw, media), ensure_ascii=False)

    @property
    def successes(self) -> list[int]:
        """The success statuses; empty if the document has only a range such as ``2XX``, or none."""
        return [int(status) for status in responses_of(self.spec) if status.isdigit() and status[0] == "2"]

    @cached_property
    def page_schema(self) -> Json:
        """The schema of the JSON body of the first success; empty if it has none."""
        for status, response in responses_of(self.spec).items():
            if status.startswith("2"):
                for kind, media in resolve(self.raw, response).get("content", {}).items():
                    if is_json(kind):
                        return flatten(self.raw, media.get("schema", {}))
        return {}

    @cached_property
    def cursor(self) -> Cursor | None:
        """The cursor of the operation; None unless it is a list with ``data``, ``has_more`` and a cursor."""
        keys = self.page_schema.get("properties", {})
        queries = {parameter["name"] for parameter in self.parameters if parameter["in"] == "query"}
        if not {"data", "has_more", "last_id"} <= set(keys) or "after" not in queries:
            return None
        return Cursor("after", "last_id")

    @cached_property
    def item_has_id(self) -> bool:
        """True if each item of the operation's list has a string ``id``."""
        items = flatten(self.raw, self.page_schema.get("properties", {}).get("data", {})).get("items", {})
        schema = flatten(self.raw, items)
        id_schema = flatten(self.raw, schema.get("properties", {}).get("id", {}))
        return "id" in schema.get("required", []) and id_schema.get("type") == "string"

    @cached_property
    def client_call(self) -> str | None:
        """The client method named after the tag and the operation id, such as ``runs.list``; None without one."""
        tag = next(iter(self.spec.get("tags", [])), "")
        verb = self.name.removesuffix(tag[:1].upper() + tag[1:])
        return f"{tag}.{verb}" if tag.isidentifier() and verb.isidentifier() and verb != self.name else None

    def _sent(self, parameter: Json) -> Json:
        """Return the value that a sample sends for a parameter; None if it sends none.

        An optional cursor is not sent, because it would name an item of other data; a list starts at its first page.
        """
        if parameter.get("required"):
            return example_of(self.raw, parameter)
        if self.cursor and parameter["name"] in ("after", "before"):
            return None
        return given_example(self.raw, parameter)


def operations(raw: Json) -> Iterator[Operation]:
    """Yield the operations in the order of the document."""
    for path, item in paths_of(raw):
        resolved = resolve(raw, item)
        for method in METHODS:
            if method in resolved:
                yield Operation(raw, path, method.upper(), resolved[method], tuple(resolved.get("parameters", ())))


def scalar(value: Json) -> str:
    """Return a value as text for a URL or header: a string as it is, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _simple(value: Json) -> str:
    """Return a value in OpenAPI's style ``simple``, which paths and headers use."""
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    return ",".join(map(scalar, value)) if isinstance(value, list) else scalar(value)


def _pairs(parameter: Json, value: Json) -> list[str]:
    """Return a query parameter as ``name=value`` pairs, in the style of the document."""
    name = parameter["name"]
    style, explode = style_of(parameter, "query")
    if isinstance(value, dict):
        if style == "deepObject":
            pairs = [(f"{name}[{key}]", scalar(part)) for key, part in value.items()]
        elif explode:
            pairs = [(key, scalar(part)) for key, part in value.items()]
        else:
            pairs = [(name, _simple(value))]
    elif isinstance(value, list) and explode:
        pairs = [(name, scalar(part)) for part in value]
    elif isinstance(value, list):
        comma = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}.get(style, ",")
        return [f"{quote(name, safe='')}={comma.join(quote(scalar(part), safe='') for part in value)}"]
    else:
        pairs = [(name, scalar(value))]
    return [f"{quote(key, safe='')}={quote(text, safe='')}" for key, text in pairs]
