"""Schemas as rows of the documentation page: names, types, limits and nested fields."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from _document.source import Json
from _documentation.examples import flatten, resolve


class Limit(NamedTuple):
    """A limit of a value: a phrase, and the values that follow it."""

    words: str
    codes: tuple[str, ...] = ()


@dataclass
class Field:
    """A row: a parameter, a key of an object, or a variant of a value.

    Attributes:
        name: The name of the parameter, key or variant.
        types: The types in words, such as ``array of objects or null``.
        required: True if it is required; None for variants, and for keys without a fixed name.
        description: Markdown from the document.
        limits: The limits of its value.
        children: The nested fields.
        is_variant: True for one of several variants of the parent.
    """

    name: str
    types: str
    required: bool | None
    description: str
    limits: list[Limit] = field(default_factory=list)
    children: list[Field] = field(default_factory=list)
    is_variant: bool = False


class Shape(NamedTuple):
    """The types, limits and nested fields of a schema, with references and unions resolved."""

    types: tuple[str, ...]
    limits: list[Limit]
    children: list[Field]


def parameter_field(raw: Json, parameter: Json) -> Field:
    """Return the row of a parameter or header, with references resolved."""
    shape = _shape(raw, parameter.get("schema", {}), ())
    example = [Limit("example", (_spell(parameter["example"]),))] if "example" in parameter else []
    if example and Limit("default", example[0].codes) in shape.limits:
        example = []
    return Field(
        parameter.get("name", ""),
        _join(shape.types),
        bool(parameter.get("required")),
        parameter.get("description", ""),
        shape.limits + example,
        shape.children,
    )


def body_fields(raw: Json, schema: Json) -> list[Field]:
    """Return the rows of a JSON body: the keys of an object or of the items of an array, or variants."""
    return _shape(raw, schema, ()).children


def _named(raw: Json, name: str, schema: Json, required: bool | None, seen: tuple[str, ...]) -> Field:
    shape = _shape(raw, schema, seen)
    described = resolve(raw, schema).get("description", "") if isinstance(schema, dict) else ""
    return Field(name, _join(shape.types), required, described, shape.limits, shape.children)


def _shape(raw: Json, schema: Json, seen: tuple[str, ...]) -> Shape:
    if isinstance(schema, dict) and "$ref" in schema:
        if schema["$ref"] in seen:
            return Shape((schema["$ref"].rpartition("/")[2],), [Limit("as above")], [])
        seen = (*seen, schema["$ref"])
    parts = [part["$ref"] for part in schema.get("allOf", []) if "$ref" in part] if isinstance(schema, dict) else []
    if again := next((part for part in parts if part in seen), None):
        return Shape((again.rpartition("/")[2],), [Limit("as above")], [])
    seen = (*seen, *parts)
    schema = flatten(raw, schema)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return _union(raw, schema, schema[key], seen)
    kinds = schema.get("type", "object" if "properties" in schema else ())
    types = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    limits = _limits(schema)
    children = _keys(raw, schema, seen)
    if "array" in types:
        items = _shape(raw, schema.get("items", {}), seen)
        plural = " or ".join(f"{kind}s" for kind in items.types if kind != "null") or "any values"
        types = tuple(f"array of {plural}" if kind == "array" else kind for kind in types)
        limits += [Limit(f"each {limit.words}", limit.codes) for limit in items.limits]
        children = items.children
    return Shape(types, limits, children)


def _union(raw: Json, schema: Json, options: Json, seen: tuple[str, ...]) -> Shape:
    """Merge the variants of a value; if several have nested fields, each of those becomes a row."""
    mapping = schema.get("discriminator", {}).get("mapping", {})
    names = {reference: name for name, reference in mapping.items()}
    shapes = [(option, _shape(raw, option, seen)) for option in options]
    types = tuple(dict.fromkeys(kind for _, shape in shapes for kind in shape.types))
    limits = [limit for _, shape in shapes for limit in shape.limits]
    deep = [(option, shape) for option, shape in shapes if shape.children]
    if len(deep) == 1:
        return Shape(types, limits, deep[0][1].children)
    variants = []
    for option, shape in deep:
        reference = option.get("$ref", "") if isinstance(option, dict) else ""
        name = names.get(reference) or option.get("title") or reference.rpartition("/")[2] or _join(shape.types)
        described = resolve(raw, option).get("description", "")
        variants.append(Field(name, _join(shape.types), None, described, [], shape.children, is_variant=True))
    return Shape(types, limits, variants)


def _keys(raw: Json, schema: Json, seen: tuple[str, ...]) -> list[Field]:
    required = schema.get("required", ())
    found = [_named(raw, name, part, name in required, seen) for name, part in schema.get("properties", {}).items()]
    if isinstance(more := schema.get("additionalProperties"), dict) and more:
        found.append(_named(raw, "any other key" if found else "any key", more, None, seen))
    return found


def _limits(schema: Json) -> list[Limit]:
    found = []
    if "const" in schema:
        found.append(Limit("always", (_spell(schema["const"]),)))
    if "enum" in schema:
        found.append(Limit("one of" if len(schema["enum"]) > 1 else "always", tuple(map(_spell, schema["enum"]))))
    low, high = schema.get("minimum"), schema.get("maximum")
    found += _range(low, high, "")
    found += [Limit(f"more than {schema['exclusiveMinimum']}")] if "exclusiveMinimum" in schema else []
    found += [Limit(f"less than {schema['exclusiveMaximum']}")] if "exclusiveMaximum" in schema else []
    found += [Limit(f"a multiple of {schema['multipleOf']}")] if "multipleOf" in schema else []
    for keyword, noun in (("Length", "character"), ("Items", "item"), ("Properties", "key")):
        found += _range(schema.get(f"min{keyword}"), schema.get(f"max{keyword}"), noun)
    found += [Limit("all different")] if schema.get("uniqueItems") else []
    names = schema.get("propertyNames", {})
    found += [Limit(f"keys of {limit.words}", limit.codes) for limit in _limits(names)] if names else []
    found += [Limit("format", (schema["format"],))] if "format" in schema else []
    found += [Limit("pattern", (schema["pattern"],))] if "pattern" in schema else []
    found += [Limit("default", (_spell(schema["default"]),))] if "default" in schema else []
    return found


def _range(low: Json, high: Json, noun: str) -> list[Limit]:
    if low is None and high is None:
        return []
    if low == high:
        words = f"exactly {low}"
    elif low is None:
        words = f"at most {high}"
    elif high is None:
        words = f"at least {low}"
    else:
        words = f"{low} to {high}"
    last = low if high is None else high
    return [Limit(f"{words} {noun}{'' if last == 1 else 's'}" if noun else words)]


def _join(types: tuple[str, ...]) -> str:
    return " or ".join(sorted(types, key=lambda kind: kind == "null")) or "any"


def _spell(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
