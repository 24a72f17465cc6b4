"""Operations rewritten to what openapi-python-client reads without loss: parameters, bodies and responses.

What the generator does not read of a parameter, such as its style, is kept beside the rewritten document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from openapi_python_client.strings import PythonIdentifier

from _document.openapi import IGNORED_HEADERS, METHODS, is_json, paths_of, responses_of, style_of
from _document.problems import Problem
from _document.references import resolved
from _document.source import Json, Pointer
from _simplify.names import OPERATION_NAMES, PREFIX, argument_name, unique
from _simplify.schemas import Schemas


class Argument(NamedTuple):
    """A parameter of an operation.

    Attributes:
        name: The name of the argument.
        key: The name of the parameter in the document.
        place: ``path``, ``query`` or ``header``.
        description: The description.
        style: The style of the value, or ``json`` for a parameter that is sent as JSON text.
        explode: True if the parts of a list or object are sent as several parameters.
    """

    name: str
    key: str
    place: str
    description: str
    style: str
    explode: bool


@dataclass
class OperationInfo:
    """The parts of an operation that the generator does not read.

    Attributes:
        pointer: The place in the document.
        arguments: The parameters, by the name of the argument.
        request_headers: The values under ``x-request-headers``.
    """

    pointer: Pointer
    arguments: dict[str, Argument] = field(default_factory=dict)
    request_headers: dict[str, str] = field(default_factory=dict)


class Operations:
    """The rewritten operations of a document.

    Args:
        raw: The document.
        schemas: Its schemas.
        problems: A list to which the parts are added that cannot be generated.

    Attributes:
        operations: The OperationInfo by function name.
    """

    def __init__(self, raw: Json, schemas: Schemas, problems: list[Problem]) -> None:
        self._raw = raw
        self._schemas = schemas
        self._problems = problems
        self.operations: dict[str, OperationInfo] = {}

    def paths(self) -> Json:
        """Return the rewritten paths."""
        found: dict[str, Json] = {}
        for path, node in paths_of(self._raw):
            item, at = resolved(self._raw, node, ("paths", path))
            self._refuse_servers(item, at)
            for method in METHODS:
                if method in item:
                    # A path for each operation, because the arguments of a path are named for each operation.
                    written, operation = self._operation(path, method, item, (*at, method))
                    found.setdefault(written, {})[method] = operation
        return found

    def _refuse_servers(self, node: Json, at: Pointer) -> None:
        if node.get("servers"):
            self._problem((*at, "servers"), "the client sends every operation to one base URL; remove these servers")

    def _problem(self, at: Pointer, sentence: str) -> None:
        self._problems.append(Problem(at, sentence))

    def _operation(self, path: str, method: str, item: Json, at: Pointer) -> tuple[str, Json]:
        spec = item[method]
        self._refuse_servers(spec, at)
        wanted = spec.get("operationId") or f"{method}_{re.sub(r'[{}]', '', path).strip('/').replace('/', '_')}"
        name = unique(str(PythonIdentifier(wanted, PREFIX)), [*self.operations, *OPERATION_NAMES])
        info = self.operations[name] = OperationInfo(at)
        sent = spec.get("x-request-headers", {})
        if isinstance(sent, dict) and all(isinstance(value, str) for value in sent.values()):
            info.request_headers = sent
        else:
            self._problem(
                (*at, "x-request-headers"), "a header has a value that is not a string; give each header one string"
            )
        parameters = list(self._parameters(name, info, item, at))
        for argument in info.arguments.values():
            if argument.place == "path":
                path = path.replace(f"{{{argument.key}}}", f"{{{argument.name}}}")
        if odd := re.search(r"[?#\x00-\x20\x7f]", path):
            self._problem(at[:2], f"the path has {odd[0]!r}, which cannot be in a path; describe a query as parameters")
        body = self._body(name, spec, at)
        return path, {
            "operationId": name,
            "tags": spec.get("tags", [])[:1],
            "summary": spec.get("summary", ""),
            "description": spec.get("description", ""),
            "parameters": parameters,
            **({"requestBody": body} if body else {}),
            "responses": self._responses(name, spec, at),
        }

    def _parameters(self, operation: str, info: OperationInfo, item: Json, at: Pointer) -> Iterator[Json]:
        """Yield the parameters; those of the operation replace those of the path."""
        found: dict[tuple[str, str], tuple[Json, Pointer]] = {}
        for owner, start in ((item, at[:-1]), (item[at[-1]], at)):
            for index, node in enumerate(owner.get("parameters", [])):
                spec, place = resolved(self._raw, node, (*start, "parameters", index))
                if not spec:
                    self._problem(
                        (*start, "parameters", index), "the reference leads to itself; write the parameter here"
                    )
                else:
                    found[spec["in"], spec["name"]] = spec, place
        for (kind, key), (spec, pointer) in found.items():
            if kind == "cookie":
                self._problem(pointer, f"the cookie {key!r} is not sent by the client; remove it, or use a header")
            elif kind != "header" or key.lower() not in IGNORED_HEADERS:
                yield self._parameter(operation, info, spec, pointer)

    def _parameter(self, operation: str, info: OperationInfo, spec: Json, at: Pointer) -> Json:
        place, key = spec["in"], spec["name"]
        name = unique(argument_name(key), info.arguments)
        if place == "path" and not name.isascii():
            self._problem(at, f"the path parameter {key!r} has letters other than a to z; rename it")
        content = spec.get("content")
        if content:
            kind, media = next(iter(content.items()))
            schema = media.get("schema", {})
            if not is_json(kind):
                self._problem((*at, "content", kind), f"{kind!r} is not sent in parameters; use application/json")
        else:
            schema = spec.get("schema", {})
        form = self._schemas.use(schema, f"{operation}_{key}", sent=True)
        form = self._argument_form(form, operation, key)
        style, explode = ("json", False) if content else style_of(spec, place)
        if not content:
            self._check_style(form, place, style, explode, at)
        info.arguments[name] = Argument(name, key, place, spec.get("description", ""), style, explode)
        required = bool(spec.get("required")) or place == "path"
        # The generator reads no lists in headers, so they are query parameters for it.
        return {"name": name, "in": "path" if place == "path" else "query", "required": required, "schema": form}

    def _argument_form(self, form: Json, operation: str, key: str) -> Json:
        """Return the form of a parameter: null is not sent, and a constant is an enum of one value."""
        options = [option for option in form.get("oneOf", [form]) if option.get("type") != "null"]
        if len(options) == 1 and "const" in options[0] and "type" in options[0]:
            return self._schemas.enum_of(f"{operation}_{key}", options[0])
        return {} if not options else options[0] if len(options) == 1 else {"oneOf": options}

    def _check_style(self, form: Json, place: str, style: str, explode: bool, at: Pointer) -> None:
        """Report a value that the style cannot express."""
        options = form.get("oneOf", [form])
        objects = [option for option in options if self._schemas.is_object(option)]
        lists = [option for option in options if option.get("type") == "array"]
        if place == "path" and style != "simple":
            self._problem(at, f"the style {style!r} is not supported in a path; use 'simple'")
        elif place == "path" and objects:
            self._problem(at, "an object in the path is not supported; use a text parameter, or the query")
        elif style == "deepObject" and (not objects or len(objects) < len(options)):
            self._problem(at, "the style 'deepObject' is for an object; use 'form'")
        elif style in ("spaceDelimited", "pipeDelimited") and (explode or not lists or len(lists) < len(options)):
            self._problem(at, f"the style {style!r} is for an array with 'explode: false'; use 'form'")
        nested = [part for option in lists for part in option["items"].get("oneOf", [option["items"]])]
        if any(part.get("type") == "array" or self._schemas.is_object(part) for part in nested):
            self._problem(at, "a parameter cannot have objects or arrays in an array; send it as 'content' in JSON")

    def _body(self, operation: str, spec: Json, at: Pointer) -> Json:
        if "requestBody" not in spec:
            return None
        body, place = resolved(self._raw, spec["requestBody"], (*at, "requestBody"))
        content = body.get("content", {})
        kind = next((kind for kind in content if is_json(kind)), None)
        if kind is None:
            kinds = " and ".join(map(repr, content)) or "a body without content"
            self._problem(place, f"the client sends JSON bodies only, not {kinds}; use application/json")
            return None
        schema = content[kind].get("schema", {})
        form = self._schemas.use(schema, f"{operation}_body", sent=True)
        return {"required": bool(body.get("required")), "content": {kind: {"schema": form}}}

    def _responses(self, operation: str, spec: Json, at: Pointer) -> Json:
        found: dict[str, Json] = {}
        responses = responses_of(spec)
        has_success = any(status.startswith("2") for status in responses)
        for status, node in responses.items():
            response, _ = resolved(self._raw, node, (*at, "responses", status))
            is_success = status.startswith("2") or (status == "default" and not has_success)
            content = response.get("content", {})
            kind = next((kind for kind in content if is_json(kind)), None)
            found[status] = {"description": ""}
            if kind is not None and "schema" in content[kind]:
                form = self._schemas.use(content[kind]["schema"], f"{operation}_response_{status}")
                found[status]["content"] = {"application/json": {"schema": form}}
            elif kind is not None:
                found[status]["content"] = {"application/json": {"schema": {}}}
            elif content and is_success:
                found[status]["content"] = {"application/octet-stream": {"schema": {}}}  # not decoded
        if not has_success and "default" not in responses:
            place = (*at, "responses") if responses else at
            self._problem(place, "a success response is missing; add one, such as '200'")
        return found
