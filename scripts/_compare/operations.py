"""The changes of operations: their parameters, bodies, responses and names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from _compare.access import security, servers
from _compare.changes import Change, Direction, Document, canonical, shown
from _compare.comparison import Comparison
from _compare.located import Located
from _compare.pairs import Pair
from _document.openapi import IGNORED_HEADERS, METHODS, style_of
from _document.references import unescape
from _document.source import Json

"""Header parameters that OpenAPI tells tools to ignore."""


def compare(old: dict[str, Json], new: dict[str, Json]) -> list[Change]:
    """Compare two documents.

    Args:
        old: A valid OpenAPI 3.1 document, parsed.
        new: A later form of it.

    Returns:
        The changes: first those that break something, each in the order of their places. A change that affects
        requests and responses is listed once.
    """
    before, after = (Located(Document(raw), "", raw) for raw in (old, new))
    verdicts: dict[tuple[str, str, str], Change] = {}
    for change in _Operations(before, after).changes():
        key = change[:3]
        known = verdicts.get(key, change)
        verdicts[key] = change._replace(
            callers=change.callers or known.callers, servers=change.servers or known.servers
        )
    return sorted(verdicts.values(), key=lambda change: (not change.breaking, _order(change.pointer), change.text))


class _Operations:
    def __init__(self, old: Located, new: Located) -> None:
        self.old = old
        self.new = new
        self.schemas = Comparison()

    def changes(self) -> Iterator[Change]:
        yield from servers(self.old, self.new)
        old, new = (
            {_shape(path): item for path, item in part.children("paths").items()} for part in (self.old, self.new)
        )
        yield from self._items(old, new)
        webhooks = self._items(self.old.children("webhooks"), self.new.children("webhooks"))
        yield from (change.swapped() for change in webhooks)
        yield from self._names()

    def _items(self, old: dict[str, Located], new: dict[str, Located]) -> Iterator[Change]:
        for key in dict.fromkeys([*old, *new]):
            for method in METHODS:
                before, after = (
                    part[key].child(method) if key in part and method in part[key].node else None for part in (old, new)
                )
                if before and after:
                    yield from self._operation(before, after, old[key], new[key])
                elif before:
                    yield before.change("the operation is removed", callers=True)
                elif after:
                    yield after.change("the operation is added", servers=True)

    def _operation(self, old: Located, new: Located, old_item: Located, new_item: Located) -> Iterator[Change]:
        names = [part.node.get("operationId") for part in (old, new)]
        if names[0] != names[1]:
            text = f"the operation is called {names[1]} instead of {names[0]}, as is the generated function"
            yield new.change(text, "operationId", callers=True)
        tags = [(part.node.get("tags") or ["default"])[0] for part in (old, new)]
        if tags[0] != tags[1]:
            text = f"the first tag is {tags[1]!r} instead of {tags[0]!r}, which moves the generated function"
            yield new.change(text, "tags", callers=True)
        yield from _deprecation(old, new)
        yield from servers(old_item, new_item)
        yield from servers(old, new)
        yield from security(old, new, self.old, self.new)
        if canonical(old.node.get("x-request-headers", {})) != canonical(new.node.get("x-request-headers", {})):
            yield new.change("the headers that the generated code sends are changed", "x-request-headers")
        yield from self._parameters(_parameters(old, old_item), _parameters(new, new_item))
        yield from self._request_body(old, new)
        yield from self._responses(old, new)
        for name in dict.fromkeys([*old.children("callbacks"), *new.children("callbacks")]):
            inner = self._items(old.children("callbacks", name), new.children("callbacks", name))
            yield from (change.swapped() for change in inner)

    def _parameters(self, old: dict[str, Located], new: dict[str, Located]) -> Iterator[Change]:
        for key in dict.fromkeys([*old, *new]):
            if key not in new:
                yield old[key].change("the parameter is removed", callers=True)
            elif key not in old:
                required = new[key].node.get("required") is True
                text = f"the {'required ' * required}parameter is added"
                yield new[key].change(text, callers=required, servers=True)
            else:
                yield from self._parameter(old[key], new[key])

    def _parameter(self, old: Located, new: Located) -> Iterator[Change]:
        if old.node["name"].lower() != new.node["name"].lower():
            text = f"the parameter is {new.node['name']!r} instead of {old.node['name']!r}, in the generated code too"
            yield new.change(text, "name", callers=True)
        required = [part.node.get("required") is True for part in (old, new)]
        if required[0] != required[1]:
            text = "is required" if required[1] else "is no longer required"
            yield new.change(text, "required", callers=required[1], servers=required[0])
        yield from _deprecation(old, new)
        yield from _serialization(old, new)
        if bool(old.node.get("content")) != bool(new.node.get("content")):
            yield new.change("is serialized in another way", "content", callers=True, servers=True)
        elif old.node.get("content"):
            yield from self._content(old, new, Direction.REQUEST)
        else:
            yield from self._schemas(old, new, Direction.REQUEST, omissible=not (required[0] and required[1]))

    def _request_body(self, old: Located, new: Located) -> Iterator[Change]:
        before, after = old.child("requestBody"), new.child("requestBody")
        required = [part.node.get("required") is True for part in (before, after)]
        if before.node and not after.node:
            yield before.change("the request body is removed", callers=True)
        elif after.node and not before.node:
            text = f"a{' required' if required[1] else 'n optional'} request body is added"
            yield after.change(text, callers=required[1], servers=True)
        elif before.node:
            if required[0] != required[1]:
                text = f"the request body is {'' if required[1] else 'no longer '}required"
                yield after.change(text, "required", callers=required[1], servers=required[0])
            yield from self._content(before, after, Direction.REQUEST)

    def _responses(self, old: Located, new: Located) -> Iterator[Change]:
        before, after = (_statuses(part) for part in (old, new))
        for status in dict.fromkeys([*before, *after]):
            words = "default response" if status == "DEFAULT" else f"status {status}"
            one, other = (_covering(responses, status) for responses in (before, after))
            if one and other:
                yield from self._response(one, other)
            elif one:
                yield one.change(f"the {words} is removed", servers=True)
            elif other:
                yield other.change(f"the {words} is added", callers=True)

    def _response(self, old: Located, new: Located) -> Iterator[Change]:
        headers = [{name.lower(): part for name, part in side.children("headers").items()} for side in (old, new)]
        for name in dict.fromkeys([*headers[0], *headers[1]]):
            if name == "content-type":
                continue
            if name not in headers[1]:
                yield headers[0][name].change(f"the header {name} is removed", callers=True)
            elif name not in headers[0]:
                required = headers[1][name].node.get("required") is True
                text = f"the {'required ' * required}header {name} is added"
                yield headers[1][name].change(text, servers=required)
            else:
                yield from self._header(headers[0][name], headers[1][name])
        yield from self._content(old, new, Direction.RESPONSE)
        links = old.children("links"), new.children("links")
        for name in dict.fromkeys([*links[0], *links[1]]):
            if name not in links[1]:
                yield links[0][name].change("the link is removed", callers=True)
            elif name not in links[0]:
                yield links[1][name].change("a link is added")
            else:
                texts = [{**side[name].node, "description": ""} for side in links]
                if canonical(texts[0]) != canonical(texts[1]):
                    yield links[1][name].change("the link is changed", callers=True)

    def _header(self, old: Located, new: Located) -> Iterator[Change]:
        required = [part.node.get("required") is True for part in (old, new)]
        if required[0] != required[1]:
            text = f"the header is {'' if required[1] else 'no longer '}required"
            yield new.change(text, "required", callers=required[0], servers=required[1])
        yield from _deprecation(old, new)
        yield from _serialization(old, new)
        if old.node.get("content") or new.node.get("content"):
            yield from self._content(old, new, Direction.RESPONSE)
        else:
            yield from self._schemas(old, new, Direction.RESPONSE)

    def _content(self, old: Located, new: Located, direction: Direction) -> Iterator[Change]:
        request = direction is Direction.REQUEST
        types = [{_media(name): part for name, part in side.children("content").items()} for side in (old, new)]
        for name in dict.fromkeys([*types[0], *types[1]]):
            if name not in types[1]:
                # A caller may have asked for it in a response; a server may have sent it.
                yield types[0][name].change(f"the media type {name} is removed", callers=True, servers=not request)
            elif name not in types[0]:
                text = f"the media type {name} is added"
                yield types[1][name].change(text, callers=not request, servers=request)
            else:
                before, after = types[0][name], types[1][name]
                if canonical(before.node.get("encoding", {})) != canonical(after.node.get("encoding", {})):
                    yield after.change("the encoding of the parts is changed", "encoding", callers=True, servers=True)
                yield from self._schemas(before, after, direction)

    def _schemas(self, old: Located, new: Located, direction: Direction, omissible: bool = False) -> Iterator[Change]:
        yield from self.schemas.changes(Pair(old.schema(), new.schema(), direction, omissible=omissible))

    def _names(self) -> Iterator[Change]:
        """Yield each schema whose generated class or type has no place in the new document."""
        old, new = (part.children("components", "schemas") for part in (self.old, self.new))
        for name, part in old.items():
            if name not in new and (part.node.get("type") == "object" or "enum" in part.node):
                yield part.change("the component is removed, and with it the generated class or type", callers=True)


def _parameters(operation: Located, item: Located) -> dict[str, Located]:
    """Return the parameters of an operation, those of its path included; path parameters by their position."""
    slots = re.findall(r"\{([^}]*)\}", unescape(item.pointer.rpartition("/")[2]))
    found = {}
    for part in (item, operation):
        for index, listed in enumerate(part.node.get("parameters", [])):
            one = Located(part.document, *part.document.resolve(f"{part.pointer}/parameters/{index}", listed))
            if not one.node:
                continue
            place, name = one.node["in"], one.node["name"]
            if place == "header":
                name = name.lower()
                if name in IGNORED_HEADERS:
                    continue
            found[f"path {slots.index(name)}" if place == "path" and name in slots else f"{place} {name}"] = one
    return found


def _shape(path: str) -> str:
    """Return a path without the names of its parameters, which no request contains."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _media(name: str) -> str:
    return re.sub(r"\s+", "", name).lower()


def _statuses(operation: Located) -> dict[str, Located]:
    return {status.upper(): part for status, part in operation.children("responses").items()}


def _covering(responses: dict[str, Located], status: str) -> Located | None:
    """Return the response for a status, which may be that of its range or of all others."""
    return responses.get(status) or responses.get(f"{status[0]}XX") or responses.get("DEFAULT")


def _deprecation(old: Located, new: Located) -> Iterator[Change]:
    marks = [part.node.get("deprecated") is True for part in (old, new)]
    if marks[0] != marks[1]:
        yield new.change("is deprecated" if marks[1] else "is no longer deprecated", "deprecated")


def _serialization(old: Located, new: Located) -> Iterator[Change]:
    forms = [style_of(part.node, part.node.get("in", "header")) for part in (old, new)]
    styles, explode = zip(*forms, strict=True)
    if styles[0] != styles[1]:
        text = f"the style is {shown(styles[1])} instead of {shown(styles[0])}"
        yield new.change(text, "style", callers=True, servers=True)
    if explode[0] != explode[1] and any(part.schema().types() & {"array", "object"} for part in (old, new)):
        yield new.change(f"explode is {shown(explode[1])}", "explode", callers=True, servers=True)
    reserved = [part.node.get("allowReserved") is True for part in (old, new)]
    if reserved[0] != reserved[1]:
        yield new.change(f"allowReserved is {shown(reserved[1])}", "allowReserved", callers=True, servers=True)
    empty = [part.node.get("allowEmptyValue") is True for part in (old, new)]
    if empty[0] != empty[1]:
        text = f"an empty value is {'' if empty[1] else 'no longer '}permitted"
        yield new.change(text, "allowEmptyValue", callers=empty[0], servers=empty[1])


def _order(pointer: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts the paths before the components, and indices as numbers."""
    first = {"servers": 0, "paths": 1, "webhooks": 2, "components": 3}
    tokens = pointer.split("/")[1:]
    return [
        (first.get(token, 9) if index == 0 else 0, int(token) if token.isdecimal() else -1, token)
        for index, token in enumerate(tokens)
    ]
