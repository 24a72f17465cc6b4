"""Schemas of a document rewritten to the few forms that openapi-python-client reads without loss.

Each object and each enum becomes a component with a name of its own. Everything else is inlined where it is used, in
one of the forms of `forms`. Titles, defaults and formats are left out, because the generator takes names and code from
them.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import getitem

from _document.references import target
from _document.source import Json
from _simplify.classes import Classes, title_or
from _simplify.directions import directions, is_optional
from _simplify.discriminators import Discriminators, is_base
from _simplify.enums import Enums
from _simplify.forms import reference, referenced, union_of
from _simplify.intersection import core, types_of
from _simplify.merging import MAX_INLINED, Merger, without_key_unions
from _simplify.names import class_name, field_name, unique
from _simplify.places import Places, Report

SCALARS = ("string", "integer", "number", "boolean", "null")


class Schemas:
    """The rewritten schemas of a document.

    Args:
        raw: The document, whose references all have targets.
        report: Called for each schema that cannot be rewritten.

    Attributes:
        classes: The classes that the schemas need.
        tagged: The unions with a discriminator, by the class names of their variants.
    """

    def __init__(self, raw: Json, report: Report) -> None:
        self._places = Places(raw, report)
        self._split, self._sent_only = directions(self._places)
        self.classes = Classes(self._places, self._split)
        self._enums = Enums(self._places, self.classes)
        self._merger = Merger(self._places, self.classes)
        self._discriminators = Discriminators(self._places, self._merger)
        self.tagged = self._discriminators.tagged
        self._made: dict[tuple[int, bool], str] = {}
        self._pending: list[tuple[str, Json, Json, bool]] = []

    def complete(self) -> None:
        """Rewrite all components, and the properties of all objects."""
        for name in self._places.components:
            self._component(name, False)
        while self._pending:
            self._fill(*self._pending.pop())

    def use(self, schema: Json, hint: str, sent: bool = False, seen: frozenset[int] = frozenset()) -> Json:
        """Return the form of a schema where it is used.

        Args:
            schema: The schema, a node of the document.
            hint: The preferred class name, if the schema needs a class.
            sent: True in a request, where a read-only key is not required.
            seen: The schemas that contain this one without an object in between.
        """
        if not isinstance(schema, dict):
            return {}
        if id(schema) in seen or len(seen) > MAX_INLINED:
            self._places.problem(
                schema, "the schema contains itself without an object with properties in between; add one"
            )
            return {}
        seen = seen | {id(schema)}
        named = self.classes.name_of(schema)
        hint = named or hint
        found = core(schema)
        if keyword := next((key for key in ("$dynamicRef", "$dynamicAnchor", "$vocabulary") if key in schema), None):
            self._places.problem(schema, f"{keyword!r} is not supported; use '$ref'")
            return {}
        if "$ref" in found and len(found) == 1:
            return self._reference(found["$ref"], sent, seen)
        if "$ref" in found or "allOf" in found:
            parts = [part for part in self._merger.parts(schema) if core(part)]
            if len(parts) == 1 and named is None:
                return self.use(parts[0], hint, sent, seen)
            found, through = self._merger.merged(schema, parts, seen)
            seen |= through
        return self._form(found, schema, hint, sent, seen)

    def described(self, schema: Json, hint: str, sent: bool, seen: frozenset[int] = frozenset()) -> Json:
        """Return the form of a schema with its description, for the documentation of a field."""
        form = dict(self.use(schema, hint, sent, seen))
        return form | self._description(schema, into_classes="$ref" not in form)

    def enum_of(self, hint: str, constant: Json) -> Json:
        """Return an enum whose only value is a constant."""
        return self._enums.of_constant(hint, constant)

    def is_object(self, form: Json) -> bool:
        """Return whether a form is a reference to an object."""
        name = referenced(form)
        return name is not None and "enum" not in self.classes.components.get(name, {})

    def _reference(self, text: str, sent: bool, seen: frozenset[int]) -> Json:
        pointer = target(self._places.raw, text)
        if pointer is None:
            return {}  # reported before
        schema = reduce(getitem, pointer, self._places.raw)
        if pointer[:2] != ("components", "schemas") or len(pointer) != 3:
            return self.use(schema, class_name("_".join(map(str, pointer[-2:]))), sent, seen)
        name = str(pointer[2])
        sent = name in self._sent_only or (sent and name in self._split)
        derived = self._discriminators.derived(name, schema) if is_base(schema) else []
        if not derived:
            return self.use(schema, self.classes.reserved[name], sent, seen)
        options = [self._component(other, sent, seen) for other in derived]
        self._discriminators.discriminate(schema, schema["discriminator"], derived, options)
        return union_of(options)

    def _component(self, name: str, sent: bool, seen: frozenset[int] = frozenset()) -> Json:
        sent = sent or name in self._sent_only
        return self.use(self._places.components[name], self.classes.reserved[name], sent, seen)

    def _form(self, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        """Return the form of a schema without ``$ref`` and ``allOf``."""
        found = without_key_unions(found)
        if "oneOf" in found or "anyOf" in found:
            return self._union(found, owner, hint, sent, seen)
        if "const" in found:
            return self._enums.constant(found["const"], owner)
        if "enum" in found:
            return self._enums.enum(found, owner, hint)
        kinds = types_of(found)
        if len(kinds) > 5:
            return {}
        return union_of([self._typed(kind, found, owner, hint, sent, seen) for kind in kinds])

    def _typed(self, kind: str, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        if kind in SCALARS:
            return {"type": kind}
        if kind == "object":
            return self._object(found, owner, hint, sent, seen)
        if "prefixItems" in found:
            self._places.problem(
                owner, "'prefixItems' is not supported; use 'items', or an object with named properties"
            )
            return {}
        items = found.get("items", {})
        return {"type": "array", "items": self.use(items, title_or(f"{hint}Item", items), sent, seen)}

    def _object(self, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        key = (id(owner), sent)
        if key not in self._made:
            self._made[key] = name = self.classes.claim(owner, hint, sent)
            self.classes.components[name] = {}
            if found.get("properties") or found.get("required"):
                self._pending.append((name, found, owner, sent))
            else:
                self._fill(name, found, owner, sent, seen)
        return reference(self._made[key])

    def _fill(self, name: str, found: Json, owner: Json, sent: bool, seen: frozenset[int] = frozenset()) -> None:
        """Complete the component of an object."""
        schemas = {key: part for key, part in found.get("properties", {}).items() if part is not False}
        schemas |= {key: {} for key in found.get("required", []) if key not in found.get("properties", {})}
        keys: dict[str, str] = {}
        properties: dict[str, Json] = {}
        required: list[str] = []
        for key, part in schemas.items():
            if re.search(r'["\\\x00-\x1f]', key):
                self._places.problem(
                    owner, f"the key {key!r} has a quote, a backslash or a control character; rename it"
                )
                continue
            attribute = unique(field_name(key), keys)
            keys[attribute] = key
            is_required = key in found.get("required", []) and not is_optional(self._places, part, sent)
            if is_required:
                required.append(attribute)
            value = self._discriminators.tag_value(owner, part) if is_required else None
            if value is None:
                properties[attribute] = self.described(part, title_or(f"{name}_{key}", part), sent)
            else:
                properties[attribute] = {"const": value, "type": "string"} | self._description(part)
        self.classes.keys[name] = keys
        more = found.get("additionalProperties", True)
        if isinstance(more, dict):
            inside = frozenset() if keys else seen
            more = self.use(more, title_or(f"{name}AdditionalProperty", more), sent, inside)
        self.classes.components[name] = {
            "type": "object",
            **self._description(owner),
            "properties": properties,
            "required": required,
            "additionalProperties": more,
        }

    def _union(self, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        if "oneOf" in found and "anyOf" in found:
            self._places.problem(owner, "'oneOf' beside 'anyOf' is not supported; write them as one union")
            return {}
        key = "oneOf" if "oneOf" in found else "anyOf"
        rest = {name: value for name, value in found.items() if name not in (key, "discriminator")}
        if rest and any(not self._merger.fits(option, rest) for option in found[key]):
            union = {name: value for name, value in found.items() if name not in rest}
            found = self._merger.distributed(owner, union, [rest])
        if len(found[key]) > 1:
            self._discriminators.add_variants(found[key])
        forms = []
        for number, option in enumerate(found[key]):
            own = title_or(f"{hint}Type{number}", option)
            if isinstance(option, dict) and "x-variant" in option:
                own = f"{hint}{class_name(option['x-variant'])}"
            forms.append(self.use(option, own, sent, seen))
        if isinstance(found.get("discriminator"), dict):
            names = [self._places.component_of(option) or "" for option in found[key]]
            self._discriminators.discriminate(owner, found["discriminator"], names, forms)
        return union_of(self._enums.join(forms, owner, hint))

    def _description(self, schema: Json, *, into_classes: bool = True) -> Json:
        """Return the description of a schema as a keyword; nothing if it has none."""
        text = self._places.annotation(schema, "description", into_classes=into_classes)
        return {"description": text} if text else {}
