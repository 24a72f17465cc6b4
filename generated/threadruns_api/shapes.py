# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""The metaclass of the models, and the types that msgspec decodes their fields to.

A model is a Struct of msgspec, which is also described to attrs. Its annotations are for type checkers. `prepare`
replaces them by the types for msgspec, which are stricter: msgspec rejects a body with an unknown variant, or with
anything else that it could not keep, and the tolerant decoder then decodes that body.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from types import GenericAlias, NoneType
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, TypeVar, Union, get_args, get_origin

import attrs
from msgspec import NODEFAULT, Raw, Struct, UnsetType, defstruct
from msgspec import field as struct_field

from .values import MODELS as MODELS
from .values import UNSET, UnknownVariant, Unset

if TYPE_CHECKING:
    StructType = type
else:
    StructType = type(Struct)

T = TypeVar("T")

MODULES: Final = f"{__package__}.models."


class Constant(Generic[T]):
    """The value of a field that is constant in the document: a body must have it, and the constructor sets it."""

    def __init__(self, value: T) -> None:
        self.value = value


class Refused:
    """A type without instances: msgspec refuses every value of a field of this type."""


class ModelType(StructType):
    """The type of a model."""

    declared: dict[str, Any]
    """The annotations of the class itself, as they were written."""
    constants: dict[str, Any]
    """The values that the constructor sets, by field."""
    tag: str | None
    """The key that distinguishes the variants of a union; None if the model is not such a variant."""
    known: frozenset[str]
    """The keys of the fields."""
    nested: list[str]
    """The fields that may hold models; set by `prepare`."""
    reader: Any
    """The reader of the model; made on first use."""
    rest: Any
    """The type of the fields that the document does not name; set by `prepare`."""
    hints: dict[str, Any]
    """The types of the fields as type checkers know them; set by `prepare`."""
    defaults: dict[str, Any]
    """The defaults of the optional fields."""
    keys: dict[str, str]
    """The keys of the fields in JSON, by field, in their order."""
    described: Any
    """The fields as attrs knows them; set on first use."""

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        tag: str | None = None,
        is_model: bool = True,
        **config: Any,
    ) -> Any:
        """Create a model from a class statement.

        Args:
            name: The name of the class.
            bases: The classes that it derives from.
            namespace: Its attributes.
            tag: The key that distinguishes it from other variants of a union.
            is_model: False for a class that msgspec decodes to in place of a model; see `derived`.
            **config: The other settings of a Struct.
        """
        if "__attrs_attrs__" in namespace:
            raise TypeError(f"Derive {name} from a model without attrs.define: attrs knows the fields already.")
        constants = {key: value.value for key, value in namespace.items() if isinstance(value, Constant)}
        for key in constants:
            del namespace[key]
        attribute = tag or ""
        if tag is not None:
            # msgspec reads the tag itself. It is a field too, so that attrs lists it, with a key that is never read.
            attribute = next((key for key, value in config.get("rename", {}).items() if value == tag), tag)
            config |= {"tag_field": tag, "tag": constants[attribute]}
            namespace[attribute] = struct_field(default=constants[attribute], name=f"*{tag}")
        model: Any = super().__new__(cls, name, bases, namespace, kw_only=True, **config)
        if is_model:
            model.declared = dict(namespace.get("__annotations__", {}))
            model.constants = {**getattr(model, "constants", {}), **constants}
            model.tag = tag or getattr(model, "tag", None)
            keys = dict(zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True))
            model.keys = {name: model.tag if key == f"*{model.tag}" else key for name, key in keys.items()}
            pairs = zip(reversed(model.__struct_fields__), reversed(model.__struct_defaults__))
            model.defaults = {name: default for name, default in pairs if default is not NODEFAULT}
            model.defaults.pop(attribute, None)
            model.known = frozenset(model.keys.values())
            if model.__module__.startswith(MODULES):
                MODELS.append(model)
        return model

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, namespace)

    @property
    def __attrs_attrs__(cls) -> Any:
        """The fields as attrs knows them. They are made on first use, as only attrs and tools built on it need them."""
        if "described" not in vars(cls):
            describe(cls)
        return cls.described

    @__attrs_attrs__.setter
    def __attrs_attrs__(cls, fields: Any) -> None:
        cls.described = fields

    def __call__(cls, *args: Any, unknown_fields: dict[str, Any] | Unset = UNSET, **fields: Any) -> Any:
        """Make an instance. Decoding by msgspec does not call this."""
        made: Any = super().__call__(*args, **{**cls.constants, **fields})
        if unknown_fields:
            made._unknown = dict(unknown_fields)
        return made


def describe(model: Any) -> None:
    """Describe the fields of a Struct to attrs. `unknown_fields` is one of them, so that `evolve` copies it."""
    defaults = {**model.defaults, **model.constants, "unknown_fields": UNSET}
    these = {
        name: attrs.field(kw_only=True, default=defaults.get(name, attrs.NOTHING))
        for name in (*model.__struct_fields__, "unknown_fields")
    }
    hints = getattr(model, "hints", {})
    attrs.define(
        model,
        these=these,
        init=False,
        slots=False,
        repr=False,
        eq=False,
        match_args=False,
        getstate_setstate=False,
        # `prepare` replaces the annotations by types for msgspec.
        field_transformer=lambda _, fields: [each.evolve(type=hints.get(each.name, each.type)) for each in fields],
    )


def prepare(models: Iterable[Any], names: dict[str, Any] | None = None) -> None:
    """Resolve the annotations of models, and replace them by the types for msgspec.

    Args:
        models: The models.
        names: The names that their annotations may use in addition to those of their modules.
    """
    waiting = [model for model in models if "hints" not in vars(model)]
    resolved: dict[Any, dict[str, Any]] = {}
    for model in waiting:
        scope = vars(sys.modules[model.__module__])
        declared = {name: hint for name, hint in model.declared.items() if name in model.keys}
        resolved[model] = {name: evaluate(hint, scope, names) for name, hint in declared.items()}
        rest = model.additional_properties.fget
        model.rest = get_args(evaluate(rest.__annotations__["return"], rest.__globals__, names))[1]
    for model, own in resolved.items():
        tag = None if model.tag is None else next(name for name, key in model.keys.items() if key == model.tag)
        read = {name: UnsetType if name == tag else wire(hint) for name, hint in own.items()}
        model.__annotations__ = {**model.declared, **read}
        model.hints = {**getattr(model, "hints", {}), **own}
        model.nested = [name for name, hint in model.hints.items() if holds_models(hint)]


def evaluate(hint: Any, scope: dict[str, Any], names: dict[str, Any] | None) -> Any:
    """Return the type of an annotation."""
    # The names of the module come first: a model may be called like a type that the module uses.
    return eval(hint, scope if names is None else names, scope) if isinstance(hint, str) else hint


def wire(hint: Any, *, closed: bool = True) -> Any:
    """Return the type that msgspec decodes for the type of a field.

    Args:
        hint: The type.
        closed: Reject values that an enum does not list. The listed values are shared strings, which take no memory.
    """
    if hint is float:
        return float | int
    if hint is None:
        return NoneType
    if get_origin(hint) is Annotated:
        return Refused  # its variants have no tag that msgspec could read
    if isinstance(hint, ModelType):
        # msgspec requires the tag of a variant only in a union of several, so another variant is added.
        return hint if hint.tag is None else Union[hint, unused_variant(hint.tag)]
    if get_origin(hint) is list:
        return GenericAlias(list, (wire(get_args(hint)[0], closed=closed),))
    if get_origin(hint) is dict:
        return GenericAlias(dict, (str, wire(get_args(hint)[1], closed=closed)))
    if get_origin(hint) is Literal:
        return hint if all(type(value) in (str, int) for value in get_args(hint)) else Refused
    if hint is Any or isinstance(hint, type):
        return hint
    members = [member for member in get_args(hint) if member not in (Unset, UnknownVariant)]
    is_enum = bool({str, int} & {*members}) and any(get_origin(member) is Literal for member in members)
    if is_enum and closed:
        members = [member for member in members if member not in (str, int)]
    elif is_enum:
        members = [member for member in members if get_origin(member) is not Literal]
    models: list[Any] = [member for member in members if isinstance(member, ModelType)]
    tag_values = {model.__struct_config__.tag for model in models}
    lists = sum(get_origin(member) is list for member in members)
    objects = len(models) + sum(get_origin(member) in (dict, Annotated) for member in members)
    tags = {model.tag for model in models}
    # In a union, msgspec can distinguish one list, and one object or variants with one tag.
    by_tag = objects == len(models) == len(tag_values) and len(tags) == 1 and None not in tags
    if lists > 1 or (objects > 1 and not by_tag) or (Any in members and lists + objects):
        return Refused
    read = (member if objects > 1 and member in models else wire(member, closed=closed) for member in members)
    return Union[tuple(read)]


@cache
def unused_variant(tag: str) -> type[Struct]:
    """Return a variant that no body has, so that a model becomes a union of two variants."""
    return defstruct("UnusedVariant", [], tag_field=tag, tag="\N{REPLACEMENT CHARACTER}")


def holds_models(hint: Any) -> bool:
    """Return whether a value of a type may hold models."""
    return isinstance(hint, ModelType) or any(holds_models(inner) for inner in get_args(hint))


def unknown_items(source: dict[str, Any], model: Any) -> dict[str, Any]:
    """Return the items of an object that a model has no fields for."""
    known = model.known
    return {key: value for key, value in source.items() if key not in known}


def lenient(model: Any) -> Any:
    """Return a class derived from a model that skips unknown fields, but not those of nested models."""
    return derived(model, open_enums(model), forbid_unknown_fields=model.rest is not Any)


def flat(model: Any) -> Any:
    """Return a class derived from a model that skips unknown fields, and leaves nested models as text."""
    types = {**open_enums(model), **dict.fromkeys(model.nested, Raw)}
    return derived(model, types, forbid_unknown_fields=model.rest is not Any)


def open_enums(model: Any) -> dict[str, Any]:
    """Return the types that msgspec decodes for the enums of a model, with values that they do not list."""
    types = {name: wire(hint, closed=False) for name, hint in model.hints.items()}
    return {name: read for name, read in types.items() if read != wire(model.hints[name])}


def envelope(model: Any, names: Iterable[str]) -> Any:
    """Return a class derived from a model, some of whose fields are lists of undecoded items."""
    return derived(model, dict.fromkeys(names, list[Raw]))


def derived(model: Any, types: dict[str, Any], **config: Any) -> Any:
    """Return a class derived from a model, some of whose fields have other types.

    Its instances can become those of the model, as they have the same fields.
    """
    namespace: dict[str, Any] = {name: UNSET for name in types if Unset in get_args(model.hints[name])}
    namespace |= {"__annotations__": types, "__module__": model.__module__}
    return ModelType(model.__name__, (model,), namespace, is_model=False, **config)
