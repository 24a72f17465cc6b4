"""The code that the templates emit for schemas and operations, computed from the generator's data classes.

Those classes are private to openapi-python-client, which is therefore pinned. `tests/test_emission.py`
renames each attribute that is used here and in the templates, and expects generation to fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import (
    AnyProperty,
    BooleanProperty,
    ConstProperty,
    FloatProperty,
    IntProperty,
    ListProperty,
    LiteralEnumProperty,
    ModelProperty,
    NoneProperty,
    Property,
    UnionProperty,
)
from openapi_python_client.schema import Reference

Model = ModelProperty

OWN_NAMES = frozenset({"additional_properties", "unknown_fields", "to_dict", "to_json", "from_dict", "from_json"})
"""The members of a model besides its fields."""

FREE_NAMES = frozenset({"type", "object", "format", "input", "filter", "hash", "range", "next", "min", "max"})
"""Builtins that may name a field, because no emitted code of a model uses them; the generator renames such fields."""

TAG = "type"
"""The key whose constant identifies the variant of an object, even if the document has only this variant."""


class Import(NamedTuple):
    """A class that another module of the models defines."""

    module: str
    name: str


class Field(NamedTuple):
    """A field of a model, as it is emitted."""

    name: str
    key: str
    annotation: str
    default: str
    description: str


class Parameter(NamedTuple):
    """A parameter of an operation, as it is emitted."""

    name: str
    key: str
    place: str
    annotation: str
    required: bool
    fixed: str
    """The only value of a header, which the operation sets itself; empty if the caller chooses the value."""


class RequestBody(NamedTuple):
    """The JSON body of the requests of an operation, as it is emitted."""

    name: str
    """The name of its argument."""
    annotation: str
    required: bool
    content_type: str


class Response(NamedTuple):
    """The type that responses with a range of status codes decode to."""

    low: int
    high: int
    annotation: str
    """The type as code; "None" for a successful response without a body."""


class Emission:
    """The types, fields and parameters that are emitted for a document.

    Args:
        data: The generator's data classes for the document.
    """

    def __init__(self, data: GeneratorData) -> None:
        self._data = data
        self._tags = dict(tags(list(data.models)))

    def operations(self) -> list[Import]:
        """Return the functions of the operations, by name, with the modules that define them."""
        collections = self._data.endpoint_collections_by_tag.items()
        found = {str(endpoint.name): str(tag) for tag, collection in collections for endpoint in collection.endpoints}
        return [Import(f"{tag}.{name}", name) for name, tag in sorted(found.items())]

    def tag(self, model: Model) -> str | None:
        """Return the key that distinguishes a model from other variants of a union; None for any other model."""
        return self._tags.get(model.class_info.name)

    def annotation(self, prop: Property) -> str:
        """Return the type of a property, as code."""
        match prop:
            case ListProperty():
                return f"list[{self.annotation(prop.inner_property)}]"
            case UnionProperty():
                names = list(dict.fromkeys(name for inner in prop.inner_properties for name in self._members(inner)))
                models = [inner for inner in prop.inner_properties if isinstance(inner, ModelProperty)]
                if len(models) > 1 and "UnknownVariant" not in names:
                    names.append("UnknownVariant")
                order = ("UnknownVariant", "None")
                return " | ".join(sorted(names, key=lambda name: order.index(name) if name in order else -1))
            case _:
                return " | ".join(self._members(prop))

    def _members(self, prop: Property) -> list[str]:
        match prop:
            case ModelProperty():
                name = str(prop.class_info.name)
                return [name, "UnknownVariant"] if self.tag(prop) else [name]
            case LiteralEnumProperty():
                return [str(prop.class_info.name)]
            case ConstProperty():
                return [f"Literal[{prop.value.raw_value!r}]"]
            case ListProperty() | UnionProperty():
                return [self.annotation(prop)]
            case NoneProperty():
                return ["None"]
            case AnyProperty():
                return ["Any"]
            case BooleanProperty():
                return ["bool"]
            case IntProperty():
                return ["int"]
            case FloatProperty():
                return ["float"]
            case _:
                return ["str"]  # a date, a UUID or a file is a string in JSON, and stays one

    def fields(self, model: Model) -> list[Field]:
        """Return the fields of a model, required ones first."""
        return [self._field(model, prop) for prop in properties(model)]

    def _field(self, model: Model, prop: Property) -> Field:
        annotation, default = self.annotation(prop), ""
        if not prop.required:
            annotation, default = f"{annotation} | Unset", "UNSET"
        elif isinstance(prop, ConstProperty):
            default = f"constant({prop.value.raw_value!r})"
        return Field(attribute(prop), prop.name.get_untrusted_value(), annotation, default, description(model, prop))

    def settings(self, model: Model) -> str:
        """Return the keyword arguments of the class statement of a model, as code."""
        tag = self.tag(model)
        renamed = {field.name: field.key for field in self.fields(model) if field.name != field.key}
        return (f", tag={tag!r}" if tag else "") + (f", rename={renamed!r}" if renamed else "")

    def rest(self, model: Model) -> str:
        """Return the type of the fields that the document does not name, as code; "Any" if it gives no type."""
        return self.annotation(model.additional_properties) if model.additional_properties else "Any"

    def imports(self, model: Model) -> list[Import]:
        """Return the classes that the annotations of a model use, except the model itself."""
        found = {name for prop in [*properties(model), *rest_of(model)] for name in named(prop)}
        return sorted(found - {Import(str(model.class_info.module_name), str(model.class_info.name))})

    def parameters(self, endpoint: Endpoint) -> list[Parameter]:
        """Return the parameters of an operation: path, query, header."""
        places = {
            "path": endpoint.path_parameters,
            "query": endpoint.query_parameters,
            "header": endpoint.header_parameters,
        }
        return [self._parameter(place, prop) for place, props in places.items() for prop in props]

    def _parameter(self, place: str, prop: Property) -> Parameter:
        annotation, fixed = self.annotation(prop), ""
        if isinstance(prop, LiteralEnumProperty):
            # Only the listed values, unlike in a response, so that type checkers find a misspelt argument.
            annotation = f"Literal{sorted(prop.values)!r}"
            fixed = str(*prop.values) if prop.required and len(prop.values) == 1 and place == "header" else ""
        return Parameter(
            str(prop.python_name), prop.name.get_untrusted_value(), place, annotation, prop.required, fixed
        )

    def responses(self, endpoint: Endpoint) -> list[Response]:
        """Return the types that the responses of an operation decode to, with their status codes."""
        decoded = (
            (response.status_code.range or (0, 999), response.prop, response.source["return_type"] == "None")
            for response in endpoint.responses
        )
        return [
            Response(low, high, "None" if empty else self.annotation(prop))
            for (low, high), prop, empty in decoded
            if isinstance(prop, ModelProperty) or (empty and low // 100 == 2)
        ]

    def returned(self, endpoint: Endpoint) -> list[str]:
        """Return the types of the success responses of an operation, as code."""
        found = (each.annotation for each in self.responses(endpoint) if each.low // 100 == 2)
        # A success response that is not an object is refused once the package is built.
        return sorted(dict.fromkeys(found), key="None".__eq__) or ["Any"]

    def body(self, endpoint: Endpoint) -> RequestBody | None:
        """Return the JSON body of an operation; None for an operation without one."""
        names = {parameter.name for parameter in self.parameters(endpoint)}
        name = next(name for name in ("body", "request_body", "json_body") if name not in names)
        for body in endpoint.bodies:
            content_type = body.content_type.get_untrusted_value()
            return RequestBody(name, self.annotation(body.prop), body.prop.required, content_type)
        return None

    def endpoint_imports(self, endpoint: Endpoint) -> list[Import]:
        """Return the classes that the types of an operation use."""
        props = [response.prop for response in endpoint.responses] + [body.prop for body in endpoint.bodies]
        props += [*endpoint.path_parameters, *endpoint.query_parameters, *endpoint.header_parameters]
        return sorted({name for prop in props for name in named(prop)})


def properties(model: Model) -> list[Property]:
    """Return the properties of a model, required ones first."""
    return [*(model.required_properties or ()), *(model.optional_properties or ())]


def rest_of(model: Model) -> list[Property]:
    """Return the schema of the additional properties of a model, in a list that may be empty."""
    return [model.additional_properties] if model.additional_properties else []


def attribute(prop: Property) -> str:
    """Return the attribute of a property: its key, with an underscore if it would hide a name that the class needs."""
    name = str(prop.python_name)
    if name in OWN_NAMES:
        return f"{name}_"
    bare = name.rstrip("_")
    return bare if bare in FREE_NAMES else name


def description(model: Model, prop: Property) -> str:
    """Return the description of a property. The generator drops a description beside a ``$ref``."""
    raw = (model.data.properties or {}).get(prop.name)
    text = (raw.model_extra or {}).get("description") if isinstance(raw, Reference) else raw and raw.description
    stated = prop.description
    found: Any = text or stated or ""
    return found if isinstance(found, str) else str(found.get_untrusted_value())


def named(prop: Property) -> Iterator[Import]:
    """Yield the classes that the type of a property uses."""
    match prop:
        case ListProperty():
            yield from named(prop.inner_property)
        case UnionProperty():
            for inner in prop.inner_properties:
                yield from named(inner)
        case ModelProperty() | LiteralEnumProperty():
            yield Import(str(prop.class_info.module_name), str(prop.class_info.name))
        case _:
            pass


def unions(prop: Property) -> Iterator[UnionProperty]:
    """Yield the unions in the type of a property."""
    match prop:
        case ListProperty():
            yield from unions(prop.inner_property)
        case UnionProperty():
            yield prop
            for inner in prop.inner_properties:
                yield from unions(inner)
        case _:
            pass


def constants(model: Model) -> dict[str, str]:
    """Return the string constants of the required keys of a model, by key."""
    return {
        prop.name.get_untrusted_value(): prop.value.raw_value
        for prop in model.required_properties or ()
        if isinstance(prop, ConstProperty) and isinstance(prop.value.raw_value, str)
    }


def tags(models: list[Model]) -> Iterator[tuple[str, str]]:
    """Yield the names of the models that are tagged variants, each with the key of its tag."""
    by_name = {str(model.class_info.name): model for model in models}
    for model in models:
        if TAG in constants(model):
            yield str(model.class_info.name), TAG
    for model in models:
        for union in (union for prop in [*properties(model), *rest_of(model)] for union in unions(prop)):
            variants = [by_name[str(p.class_info.name)] for p in union.inner_properties if isinstance(p, ModelProperty)]
            shared = (
                [key for key in constants(variants[0]) if all(key in constants(other) for other in variants)]
                if len(variants) > 1
                else []
            )
            if shared and TAG not in shared:
                yield from ((str(variant.class_info.name), shared[0]) for variant in variants)
