"""The parts of the generator's data classes: the properties of a model, and the classes and unions in a type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import (
    ListProperty,
    LiteralEnumProperty,
    ModelProperty,
    Property,
    UnionProperty,
)
from openapi_python_client.schema import Reference

from _emission.elements import Import

Model = ModelProperty


def properties(model: Model) -> list[Property]:
    """Return the properties of a model, required ones first."""
    return [*(model.required_properties or ()), *(model.optional_properties or ())]


def parameters(endpoint: Endpoint) -> list[Property]:
    """Return the parameters of an operation; headers are query parameters for the generator."""
    return [*endpoint.path_parameters, *endpoint.query_parameters]


def rest_of(model: Model) -> list[Property]:
    """Return the schema of the additional properties of a model, in a list that may be empty."""
    return [model.additional_properties] if model.additional_properties else []


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
