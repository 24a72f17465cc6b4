"""The code that the templates emit for schemas and operations, computed from the generator's data classes.

The templates call the methods of `Emission`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

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

from _document.openapi import PATH_SAFE
from _emission.elements import Field, Import, Parameter, RequestBody, Response
from _emission.encoding import encoded, is_spread
from _emission.properties import Model, description, named, parameters, properties, rest_of, unions
from _simplify.document import Simplified
from _simplify.operations import Argument

OWN_NAMES = frozenset(
    {
        *("Annotated", "Any", "Final", "Literal", "TYPE_CHECKING", "Unpack"),
        *("CallOptions", "MODELS", "Object", "QueryValue", "RESPONSES", "Request", "UNSET", "UnknownVariant", "Unset"),
        "Variants",
    }
)
"""The names of classes and constants that the emitted modules use; they get an underscore if a schema has the name."""

TAG = "type"
"""The key whose constant identifies the variant of an object, even if the document has only this variant."""


class Emission:
    """The types, fields and parameters that are emitted for a document.

    Args:
        data: The generator's data classes for the document.
        simplified: The document that they were made of.
    """

    def __init__(self, data: GeneratorData, simplified: Simplified) -> None:
        self._data = data
        self._simplified = simplified
        self._constants = {str(model.class_info.name): self._texts(model) for model in data.models}
        self._tags = dict(self._find_tags())
        self._aliases = {name: f"{name}_" for name in OWN_NAMES & simplified.document["components"]["schemas"].keys()}

    def _texts(self, model: Model) -> dict[str, str]:
        """Return the text constants of the required keys of a model, by key."""
        keys = self._simplified.keys[str(model.class_info.name)]
        return {
            keys[prop.name.get_untrusted_value()]: prop.value.raw_value
            for prop in model.required_properties or ()
            if isinstance(prop, ConstProperty) and isinstance(prop.value.raw_value, str)
        }

    def _find_tags(self) -> Iterator[tuple[str, str]]:
        """Yield the names of the models that are tagged variants, each with the key of its tag."""
        for name, texts in self._constants.items():
            if TAG in texts:
                yield name, TAG
        for union in (union for prop in self._all_properties() for union in unions(prop)):
            names = [str(inner.class_info.name) for inner in union.inner_properties if isinstance(inner, ModelProperty)]
            texts = [self._constants[name] for name in names]
            shared = [key for key in texts[0] if all(key in other for other in texts)] if len(names) > 1 else []
            if shared and TAG not in shared:
                yield from ((name, shared[0]) for name in names)

    def _all_properties(self) -> Iterator[Property]:
        for model in self._data.models:
            yield from [*properties(model), *rest_of(model)]
        for collection in self._data.endpoint_collections_by_tag.values():
            for endpoint in collection.endpoints:
                yield from [*parameters(endpoint), *(body.prop for body in endpoint.bodies)]
                yield from (response.prop for response in endpoint.responses)

    def own(self, name: str) -> str:
        """Return the name under which the emitted code uses one of `OWN_NAMES`."""
        return self._aliases.get(name, name)

    def imported(self, *names: str) -> str:
        """Return names for an import statement, with those that a schema has too renamed."""
        return ", ".join(f"{name} as {self._aliases[name]}" if name in self._aliases else name for name in names)

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
                return self._union(prop)
            case _:
                return self._joined(self._members(prop))

    def _joined(self, names: list[str]) -> str:
        order = (self.own("UnknownVariant"), "None")
        return " | ".join(sorted(dict.fromkeys(names), key=lambda name: order.index(name) if name in order else -1))

    def _union(self, union: UnionProperty) -> str:
        models = [inner for inner in union.inner_properties if isinstance(inner, ModelProperty)]
        names = [str(model.class_info.name) for model in models]
        tagged = self._simplified.tagged.get(frozenset(names))
        if tagged and len(models) > 1 and not self._has_tags(names, tagged.key, tagged.variants):
            variants = ", ".join(f"{value!r}: {name}" for value, name in tagged.variants.items())
            inner = self._joined([*names, self.own("UnknownVariant")])
            mark = f"{self.own('Variants')}({tagged.key!r}, {{{variants}}})"
            members = [f"{self.own('Annotated')}[{inner}, {mark}]"]
        else:
            is_open = len(models) > 1 and len(self._tags_of(names)) == 1
            members = [name for model in models for name in self._members(model)]
            members += [self.own("UnknownVariant")] if is_open else []
        # In their order in the document, the models where the first of them stands.
        found: list[str] = []
        for inner in union.inner_properties:
            if isinstance(inner, ModelProperty):
                found += members
            elif isinstance(inner, ConstProperty):
                # Open, like an enum of one value.
                found += [*self._members(inner), type(inner.value.raw_value).__name__]
            else:
                found += self._members(inner)
        return self._joined(found)

    def _has_tags(self, names: list[str], key: str, variants: dict[str, str]) -> bool:
        """Return whether a constant of each variant says the same as a discriminator."""
        return all(self._tags.get(name) == key for name in names) and variants == {
            self._constants[name][key]: name for name in names
        }

    def _tags_of(self, names: list[str]) -> set[tuple[str, ...]]:
        """Return the keys that distinguish all variants; a set of one key, or of several if there is none."""
        keys = {self._tags.get(name) for name in names}
        if len(keys) == 1 and None not in keys:
            [key] = keys
            values = [self._constants[name][key] for name in names if key is not None]
            if len(set(values)) == len(names):
                return {(str(key),)}
        return set()

    def _members(self, prop: Property) -> list[str]:
        match prop:
            case ModelProperty():
                name = str(prop.class_info.name)
                return [name, self.own("UnknownVariant")] if self.tag(prop) else [name]
            case LiteralEnumProperty():
                return [str(prop.class_info.name)]
            case ConstProperty():
                return [f"{self.own('Literal')}[{prop.value.raw_value!r}]"]
            case ListProperty() | UnionProperty():
                return [self.annotation(prop)]
            case NoneProperty():
                return ["None"]
            case AnyProperty():
                return [self.own("Any")]
            case BooleanProperty():
                return ["bool"]
            case IntProperty():
                return ["int"]
            case FloatProperty():
                return ["float"]
            case _:
                return ["str"]

    def fields(self, model: Model) -> list[Field]:
        """Return the fields of a model, required ones first."""
        return [self._field(model, prop) for prop in properties(model)]

    def _field(self, model: Model, prop: Property) -> Field:
        annotation, default = self.annotation(prop), ""
        if not prop.required:
            annotation, default = f"{annotation} | {self.own('Unset')}", self.own("UNSET")
        elif isinstance(prop, ConstProperty):
            default = f"constant({prop.value.raw_value!r})"
        name = prop.name.get_untrusted_value()
        key = self._simplified.keys[str(model.class_info.name)][name]
        return Field(name, key, annotation, default, description(model, prop))

    def settings(self, model: Model) -> str:
        """Return the keyword arguments of the class statement of a model, as code."""
        tag = self.tag(model)
        renamed = {field.name: field.key for field in self.fields(model) if field.name != field.key}
        return (f", tag={tag!r}" if tag else "") + (f", rename={renamed!r}" if renamed else "")

    def rest(self, model: Model) -> str:
        """Return the type of the fields that the document does not name, as code; `Any` if it gives no type."""
        return self.annotation(model.additional_properties) if model.additional_properties else self.own("Any")

    def imports(self, model: Model) -> list[Import]:
        """Return the classes that the annotations of a model use, except the model itself."""
        found = {name for prop in [*properties(model), *rest_of(model)] for name in named(prop)}
        return sorted(found - {Import(str(model.class_info.module_name), str(model.class_info.name))})

    def parameters(self, endpoint: Endpoint) -> list[Parameter]:
        """Return the parameters of an operation: path, query, header."""
        arguments = self._simplified.operations[str(endpoint.name)].arguments
        found = [self._parameter(arguments[prop.name.get_untrusted_value()], prop) for prop in parameters(endpoint)]
        return sorted(found, key=lambda parameter: ("path", "query", "header").index(parameter.place))

    def _parameter(self, argument: Argument, prop: Property) -> Parameter:
        annotation, fixed = self.annotation(prop), ""
        if isinstance(prop, LiteralEnumProperty):
            # Only the listed values, unlike in a response, so that type checkers find a misspelt argument.
            annotation = f"{self.own('Literal')}{sorted(prop.values)!r}"
            fixed = str(*prop.values) if prop.required and len(prop.values) == 1 and argument.place == "header" else ""
        return Parameter(
            argument.name,
            argument.key,
            argument.place,
            annotation,
            prop.required,
            argument.description,
            fixed,
            encoded(argument, prop),
            is_spread(argument, prop),
        )

    def path(self, endpoint: Endpoint) -> str:
        """Return the path of an operation relative to the base URL, as code."""
        arguments = self._simplified.operations[str(endpoint.name)].arguments
        # In the order of the path, into which the generator writes names of its own for those such as "type".
        codes = [encoded(arguments[prop.name.get_untrusted_value()], prop) for prop in endpoint.path_parameters]
        parts = re.split(r"\{([^}]*)\}", endpoint.path.get_untrusted_value().removeprefix("/"))
        # Every second part is the name of an argument.
        texts = [
            f"{{{codes[number // 2]}}}" if number % 2 else quote(part, safe=PATH_SAFE).replace("{", "{{")
            for number, part in enumerate(parts)
        ]
        return f'f"{"".join(texts)}"' if len(parts) > 1 else f'"{"".join(texts)}"'

    def request_headers(self, endpoint: Endpoint) -> dict[str, str]:
        """Return the headers under ``x-request-headers``, which OpenAPI would ignore as parameters."""
        return self._simplified.operations[str(endpoint.name)].request_headers

    def responses(self, endpoint: Endpoint) -> list[Response]:
        """Return the types that the responses of an operation decode to, with their status codes."""
        found = []
        for response in endpoint.responses:
            low, high = response.status_code.range or (0, 999)
            if response.source["return_type"] == "bytes":
                found.append(Response(low, high, "bytes"))
            elif response.source["return_type"] != "None":
                found.append(Response(low, high, self.annotation(response.prop)))
            elif low // 100 == 2 or not response.status_code.range:
                found.append(Response(low, high, "None"))
        return found

    def returned(self, endpoint: Endpoint) -> list[str]:
        """Return the types of the success responses of an operation, as code."""
        responses = self.responses(endpoint)
        successes = [each for each in responses if each.low // 100 == 2] or [each for each in responses if not each.low]
        return sorted(dict.fromkeys(each.annotation for each in successes), key="None".__eq__)

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
        props += parameters(endpoint)
        return sorted({name for prop in props for name in named(prop)})
