"""Schemas of a document rewritten to the few forms that openapi-python-client reads without loss.

Each object and each enum becomes a component with a name of its own. Everything else is inlined where it is used, and
has one of these forms: a reference to a component, a scalar type, ``null``, a constant, an array, a union, or nothing
for any value. Titles, defaults and formats are left out, because the generator takes names and code from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from _document.references import resolved, target
from _document.source import Pointer
from _simplify.intersection import Conflict, core, intersect, types_of
from _simplify.names import ClassNames, class_name, field_name, unique

Json = Any
Report = Callable[[Pointer, str], None]
"""A function that is called for a part of the document that cannot be generated, with the place and a sentence."""

SCALARS = ("string", "integer", "number", "boolean", "null")
MAX_INLINED = 50
"""The largest permitted number of schemas that contain each other without an object in between."""

COMPONENTS = "#/components/schemas/"


class Tagged(NamedTuple):
    """The variants of a union that a key distinguishes, in a way that is not stated as a constant of each variant.

    Attributes:
        key: The key.
        variants: The class names by the value of the key.
    """

    key: str
    variants: dict[str, str]


class Schemas:
    """The rewritten schemas of a document.

    Args:
        raw: The document, whose references all have targets.
        report: Called for each schema that cannot be rewritten.

    Attributes:
        classes: The components, by class name.
        keys: The keys of each object by attribute, by class name.
        tagged: The unions with a discriminator, by the class names of their variants.
        places: The places in the document, by class name.
    """

    def __init__(self, raw: Json, report: Report) -> None:
        self._raw = raw
        self._report = report
        self._components: dict[str, Json] = (raw.get("components") or {}).get("schemas") or {}
        self._names = ClassNames()
        self._at: dict[int, Pointer] = {}
        self._kept: list[Json] = []
        self._locate(raw, ())
        self._made: dict[tuple[int, bool], str] = {}
        self._enums: dict[tuple[int, str], str] = {}
        self._parts_of: dict[int, list[Json]] = {}
        self._merged_of: dict[int, Json] = {}
        self._through: dict[int, frozenset[int]] = {}
        self._trail: set[int] = set()
        self._joined_of: dict[tuple[int, int], Json] = {}
        self._distributed_of: dict[int, Json] = {}
        self._pending: list[tuple[str, Json, Json, bool]] = []
        self._reserved = {name: self._names.claim(name) for name in self._components}
        self._split, self._sent_only = self._directions()
        self._variants = {id(part) for part in self._variant_schemas()}
        self.classes: dict[str, Json] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self.tagged: dict[frozenset[str], Tagged] = {}
        self.places: dict[str, Pointer] = {}

    def complete(self) -> None:
        """Rewrite all components, and the properties of all objects."""
        for name, schema in self._components.items():
            self.use(schema, self._reserved[name], name in self._sent_only)
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
            self._problem(schema, "the schema contains itself without an object with properties in between; add one")
            return {}
        seen = seen | {id(schema)}
        named = self._name_of(schema)
        hint = named or hint
        found = core(schema)
        if keyword := next((key for key in ("$dynamicRef", "$dynamicAnchor", "$vocabulary") if key in schema), None):
            self._problem(schema, f"{keyword!r} is not supported; use '$ref'")
            return {}
        if "$ref" in found and len(found) == 1:
            return self._reference(found["$ref"], sent, seen)
        if "$ref" in found or "allOf" in found:
            parts = [part for part in self._parts(schema) if core(part)]
            if len(parts) == 1 and named is None:
                return self.use(parts[0], hint, sent, seen)
            found = self._merged(schema, parts, seen)
            seen |= self._through[id(schema)]
        return self._form(found, schema, hint, sent, seen)

    def described(self, schema: Json, hint: str, sent: bool, seen: frozenset[int] = frozenset()) -> Json:
        """Return the form of a schema with its description, for the documentation of a field."""
        form = dict(self.use(schema, hint, sent, seen))
        text = self._annotation(schema, "description", into_classes="$ref" not in form)
        return form | ({"description": text} if text else {})

    def enum_of(self, hint: str, constant: Json) -> Json:
        """Return an enum whose only value is a constant."""
        name = self._names.claim(hint)
        self.classes[name] = {"type": constant["type"], "enum": [constant["const"]]}
        return {"$ref": f"{COMPONENTS}{name}"}

    def is_object(self, form: Json) -> bool:
        """Return whether a form is a reference to an object."""
        return "$ref" in form and "enum" not in self.classes.get(form["$ref"].removeprefix(COMPONENTS), {})

    # What refers to other schemas.

    def _reference(self, reference: str, sent: bool, seen: frozenset[int]) -> Json:
        pointer = target(self._raw, reference)
        if pointer is None:
            return {}  # reported before
        schema = reduce(getitem, pointer, self._raw)
        if pointer[:2] == ("components", "schemas") and len(pointer) == 3:
            name = str(pointer[2])
            sent = name in self._sent_only or (sent and name in self._split)
            if self._is_base(schema):
                return self._inherited(name, schema, sent, seen)
            return self.use(schema, self._reserved[name], sent, seen)
        return self.use(schema, class_name("_".join(map(str, pointer[-2:]))), sent, seen)

    def _parts(self, schema: Json) -> list[Json]:
        """Return the parts of a schema with ``allOf`` or keywords beside ``$ref``."""
        if id(schema) in self._parts_of:
            return self._parts_of[id(schema)]
        parts = list(schema.get("allOf", []))
        if "$ref" in schema:
            parts.append(self._made_of(schema, {"$ref": schema["$ref"]}))
        if rest := {key: value for key, value in core(schema).items() if key not in ("$ref", "allOf")}:
            parts.append(self._made_of(schema, rest))
        self._parts_of[id(schema)] = parts
        return parts

    def _merged(self, schema: Json, parts: list[Json], seen: frozenset[int]) -> Json:
        """Return the intersection of parts; a union in one of them is distributed over the others."""
        if id(schema) not in self._merged_of:
            before, self._trail = self._trail, set()
            flat = [part for part in (self._flat(part, seen) for part in parts) if part]
            unions = [part for part in flat if "oneOf" in part or "anyOf" in part]
            try:
                if len(unions) == 1 and len(flat) > 1:
                    merged = self._distributed(schema, unions[0], [part for part in flat if part is not unions[0]])
                else:
                    merged = self._made_of(schema, intersect(flat, lambda left, right: self._join(schema, left, right)))
            except Conflict as conflict:
                self._problem(schema, f"'allOf' cannot be merged, because {conflict}; write it as one schema")
                merged = {}
            self._merged_of[id(schema)] = merged
            self._through[id(schema)], self._trail = frozenset(self._trail), before
        self._trail |= self._through[id(schema)]
        return self._merged_of[id(schema)]

    def _join(self, owner: Json, left: Json, right: Json) -> Json:
        """Return the ``allOf`` of two inner schemas, the same for the same two, because they may contain each other."""
        key = (id(left), id(right))
        if key not in self._joined_of:
            text = next((part.get("description") for part in (right, left) if isinstance(part, dict)), None)
            described = {"description": text} if text else {}
            self._joined_of[key] = self._made_of(owner, {"allOf": [left, right], **described})
        return self._joined_of[key]

    def _flat(self, schema: Json, seen: frozenset[int]) -> Json:
        """Return a schema with references followed and ``allOf`` merged, without what models do not check."""
        if not isinstance(schema, dict):
            return {}
        if id(schema) in seen or len(seen) > MAX_INLINED:
            self._problem(schema, "'allOf' contains itself; remove the reference to itself")
            return {}
        self._trail.add(id(schema))
        seen = seen | {id(schema)}
        found = core(schema)
        if "$ref" in found and len(found) == 1:
            pointer = target(self._raw, found["$ref"])
            base = reduce(getitem, pointer, self._raw) if pointer else {}
            flat = self._flat(base, seen)
            # A discriminator of a base class is about the classes that derive from it.
            return flat if {"oneOf", "anyOf"} & flat.keys() else {k: v for k, v in flat.items() if k != "discriminator"}
        if "$ref" in found or "allOf" in found:
            return self._merged(schema, self._parts(schema), seen)
        for key in ("oneOf", "anyOf"):
            if key in found and all(not (core(part).keys() - {"required"}) for part in found[key]):
                del found[key]  # limits which keys stand together
        return self._listed(found, seen)

    def _listed(self, schema: Json, seen: frozenset[int]) -> Json:
        """Return a schema with a union of constants written as an enum."""
        for key in ("oneOf", "anyOf"):
            if key in schema and "enum" not in schema and "const" not in schema:
                before = set(self._trail)
                options = [self._flat(option, seen) for option in schema[key]]
                self._trail = before  # the options are not merged
                if all(option.keys() & {"const", "enum"} for option in options):
                    lists = [[option["const"]] if "const" in option else option["enum"] for option in options]
                    rest = {name: value for name, value in schema.items() if name != key}
                    return {**rest, "enum": [value for values in lists for value in values]}
        return schema

    def _distributed(self, schema: Json, union: Json, others: list[Json]) -> Json:
        """Return the union of the intersections of each variant with the other parts."""
        if id(schema) in self._distributed_of:
            return self._distributed_of[id(schema)]
        key = "oneOf" if "oneOf" in union else "anyOf"
        rest = {name: value for name, value in union.items() if name not in (key, "discriminator")}
        others = [*others, rest] if rest else others
        options = []
        for option in union[key]:
            title = self._name_of(option) or self._name_of(self._referred(option)) or option.get("title")
            parts = [*(self._made_of(schema, dict(part)) for part in others), option]
            options.append(self._made_of(schema, {"allOf": parts, **({"x-variant": title} if title else {})}))
        kept = {"discriminator": union["discriminator"]} if "discriminator" in union else {}
        self._distributed_of[id(schema)] = {key: options, **kept}
        return self._distributed_of[id(schema)]

    def _is_base(self, schema: Json) -> bool:
        """Return whether a schema is the base class of others, which its discriminator distinguishes."""
        return isinstance(schema, dict) and "discriminator" in schema and not ({"oneOf", "anyOf"} & schema.keys())

    def _inherited(self, name: str, schema: Json, sent: bool, seen: frozenset[int]) -> Json:
        """Return the union of the classes that derive from a base class; the base itself if none does."""
        mapping = schema["discriminator"].get("mapping", {})
        derived = [
            other
            for other, part in self._components.items()
            if isinstance(part, dict) and {"$ref": f"{COMPONENTS}{name}"} in part.get("allOf", [])
        ]
        derived += [other for reference in mapping.values() if (other := self._mapped(reference)) not in derived]
        if name not in map(self._mapped, mapping.values()):
            derived = [other for other in derived if other != name]
        if not derived:
            return self.use(schema, self._reserved[name], sent, seen)
        options = [
            self.use(self._components[other], self._reserved[other], other in self._sent_only or sent, seen)
            for other in derived
            if other in self._components
        ]
        self._discriminate(schema, schema["discriminator"], derived, options)
        return self._union_of(options)

    # The forms.

    def _form(self, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        """Return the form of a schema without ``$ref`` and ``allOf``."""
        for key in ("oneOf", "anyOf"):
            if key in found and all(not (core(part).keys() - {"required"}) for part in found[key]):
                found = {name: value for name, value in found.items() if name != key}
        if "oneOf" in found or "anyOf" in found:
            return self._union(found, owner, hint, sent, seen)
        if "const" in found:
            return self._constant(found["const"], owner)
        if "enum" in found:
            return self._enum(found, owner, hint)
        kinds = types_of(found)
        if len(kinds) > 5:
            return {}
        return self._union_of([self._typed(kind, found, owner, hint, sent, seen) for kind in kinds])

    def _typed(self, kind: str, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        if kind in SCALARS:
            return {"type": kind}
        if kind == "object":
            return self._object(found, owner, hint, sent, seen)
        if "prefixItems" in found:
            self._problem(owner, "'prefixItems' is not supported; use 'items', or an object with named properties")
            return {}
        items = found.get("items", {})
        return {"type": "array", "items": self.use(items, self._inner_hint(items, f"{hint}Item"), sent, seen)}

    def _constant(self, value: Json, owner: Json) -> Json:
        if value is None:
            return {"type": "null"}
        if isinstance(value, bool):
            return {"const": value}  # with a type, the generator would not read the constant
        if isinstance(value, str | int):
            return {"const": value, "type": "string" if isinstance(value, str) else "integer"}
        self._problem(owner, f"the constant {value!r:.40} is not text, an integer, a boolean or null; use 'type'")
        return {}

    def _enum(self, found: Json, owner: Json, hint: str) -> Json:
        """Return the union of the enums of texts and of integers, and of the types of the other values."""
        kinds = types_of(found)
        values = [value for value in found["enum"] if any(_is_of(value, kind) for kind in kinds)]
        texts = list(dict.fromkeys(value for value in values if isinstance(value, str)))
        numbers = list(dict.fromkeys(value for value in values if type(value) is int))
        if any(isinstance(value, dict | list) for value in values):
            self._problem(owner, "'enum' lists an object or array; use 'type' and describe the values")
            return {}
        if not values:
            self._problem(owner, "'enum' has no value of the type; correct the type or the values")
            return {}
        forms = [self._enum_class(owner, hint, "string", texts)] if texts else []
        if any(type(value) is float for value in values):
            forms.append({"type": "number"})
        elif numbers:
            forms.append(self._enum_class(owner, hint, "integer", numbers))
        forms += [{"type": "boolean"}] if any(type(value) is bool for value in values) else []
        forms += [{"type": "null"}] if None in values else []
        return self._union_of(forms)

    def _enum_class(self, owner: Json, hint: str, kind: str, values: list[Json]) -> Json:
        name = self._enums.get((id(owner), kind))
        if name is None:
            is_second = any(number == id(owner) for number, _ in self._enums)
            name = self._names.claim(f"{hint}{kind.title()}") if is_second else self._claim(owner, hint)
            self._enums[id(owner), kind] = name
            self.places[name] = self._at.get(id(owner), ())
            text = owner.get("description")
            self.classes[name] = {"type": kind, "enum": values} | ({"description": text} if text else {})
        return {"$ref": f"{COMPONENTS}{name}"}

    def _object(self, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        key = (id(owner), sent)
        if key not in self._made:
            self._made[key] = name = self._claim(owner, hint, sent)
            self.classes[name] = {}
            if found.get("properties") or found.get("required"):
                self._pending.append((name, found, owner, sent))
            else:
                self._fill(name, found, owner, sent, seen)
        return {"$ref": f"{COMPONENTS}{self._made[key]}"}

    def _fill(self, name: str, found: Json, owner: Json, sent: bool, seen: frozenset[int] = frozenset()) -> None:
        """Complete the component of an object."""
        schemas = {key: part for key, part in found.get("properties", {}).items() if part is not False}
        schemas |= {key: {} for key in found.get("required", []) if key not in found.get("properties", {})}
        keys: dict[str, str] = {}
        properties: dict[str, Json] = {}
        required: list[str] = []
        for key, part in schemas.items():
            if re.search(r'["\\\x00-\x1f]', key):
                self._problem(owner, f"the key {key!r} has a quote, a backslash or a control character; rename it")
                continue
            attribute = unique(field_name(key), keys)
            keys[attribute] = key
            if key in found.get("required", []) and not self._is_optional(part, sent):
                required.append(attribute)
            value = self._tag_value(part) if id(owner) in self._variants and attribute in required else None
            if value is None:
                properties[attribute] = self.described(part, self._inner_hint(part, f"{name}_{key}"), sent)
            else:
                text = self._annotation(part, "description", into_classes=True)
                properties[attribute] = {"const": value, "type": "string"} | ({"description": text} if text else {})
        self.keys[name] = keys
        more = found.get("additionalProperties", True)
        if isinstance(more, dict):
            inside = frozenset() if keys else seen
            more = self.use(more, self._inner_hint(more, f"{name}AdditionalProperty"), sent, inside)
        text = self._annotation(owner, "description", into_classes=True)
        self.classes[name] = {
            "type": "object",
            **({"description": text} if text else {}),
            "properties": properties,
            "required": required,
            "additionalProperties": more,
        }

    def _union(self, found: Json, owner: Json, hint: str, sent: bool, seen: frozenset[int]) -> Json:
        if "oneOf" in found and "anyOf" in found:
            self._problem(owner, "'oneOf' beside 'anyOf' is not supported; write them as one union")
            return {}
        key = "oneOf" if "oneOf" in found else "anyOf"
        rest = {name: value for name, value in found.items() if name not in (key, "discriminator")}
        if rest and any(not self._fits(option, rest) for option in found[key]):
            union = {name: value for name, value in found.items() if name not in rest}
            found = self._distributed(owner, union, [rest])
        options = []
        for number, option in enumerate(found[key]):
            if len(found[key]) > 1:
                self._variants.add(id(self._referred(option)))
            own = self._inner_hint(option, f"{hint}Type{number}")
            if isinstance(option, dict) and "x-variant" in option:
                own = f"{hint}{class_name(option['x-variant'])}"
            options.append((option, self.use(option, own, sent, seen)))
        if isinstance(found.get("discriminator"), dict):
            names = [self._component_of(option) or "" for option, _ in options]
            self._discriminate(owner, found["discriminator"], names, [form for _, form in options])
        return self._union_of(self._joined([form for _, form in options], owner, hint))

    def _joined(self, forms: list[Json], owner: Json, hint: str) -> list[Json]:
        """Join constants of one type to an enum."""
        for kind in ("string", "integer"):
            values = [form["const"] for form in forms if "const" in form and form.get("type") == kind]
            if len(values) > 1:
                enum = self._enum_class(owner, hint, kind, list(dict.fromkeys(values)))
                forms = [*(form for form in forms if not ("const" in form and form.get("type") == kind)), enum]
        return forms

    def _union_of(self, forms: list[Json]) -> Json:
        flat: list[Json] = []
        for form in forms:
            flat += [part for part in form.get("oneOf", [form]) if part not in flat]
        if {} in flat:
            return {}
        return flat[0] if len(flat) == 1 else {"oneOf": flat}

    def _discriminate(self, owner: Json, discriminator: Json, names: list[str], forms: list[Json]) -> None:
        """Note which class each value of a discriminator stands for."""
        key = discriminator.get("propertyName")
        if not isinstance(key, str):
            self._problem(owner, "'discriminator' has no 'propertyName'; add it")
            return
        classes = {
            name: form["$ref"].removeprefix(COMPONENTS)
            for name, form in zip(names, forms, strict=True)
            if "$ref" in form
        }
        variants: dict[str, str] = {}
        for value, reference in discriminator.get("mapping", {}).items():
            other = self._mapped(reference)
            if other not in classes:
                self._problem(owner, f"the discriminator maps {value!r} to {other!r}, which is not a variant; add it")
            else:
                variants[value] = classes[other]
        for name, cls in classes.items():
            if name and cls not in variants.values():
                for value in self._tag_values(name, key):
                    variants.setdefault(value, cls)
        models = frozenset(form["$ref"].removeprefix(COMPONENTS) for form in forms if "$ref" in form)
        self.tagged[models] = Tagged(key, variants)

    # Names, places and annotations.

    def _problem(self, schema: Json, sentence: str) -> None:
        self._report(self._at.get(id(schema), ()), sentence)

    def _locate(self, node: Json, at: Pointer) -> None:
        if isinstance(node, dict | list) and id(node) not in self._at:
            self._at[id(node)] = at
            for key, child in node.items() if isinstance(node, dict) else enumerate(node):
                self._locate(child, (*at, key))

    def _made_of(self, owner: Json, schema: Json) -> Json:
        """Return a schema that is not in the document, with the place of the one that it comes from."""
        self._kept.append(schema)  # its id must stay its own
        self._locate(schema, self._at.get(id(owner), ()))
        return schema

    def _name_of(self, schema: Json) -> str | None:
        """Return the reserved class name of a component; None for any other schema."""
        at = self._at.get(id(schema), ())
        is_component = at[:2] == ("components", "schemas") and len(at) == 3
        return self._reserved[str(at[2])] if is_component and self._components.get(str(at[2])) is schema else None

    def _claim(self, owner: Json, hint: str, sent: bool = False) -> str:
        name = self._name_of(owner)
        if name is None or (sent and str(self._at[id(owner)][2]) in self._split):
            name = self._names.claim(f"{name}Request" if name else hint)
        self.places[name] = self._at.get(id(owner), ())
        return name

    def _inner_hint(self, schema: Json, hint: str) -> str:
        """Return the preferred class name of an inline schema: its title, if that can be a name."""
        title = schema.get("title") if isinstance(schema, dict) else None
        return title if isinstance(title, str) and re.fullmatch(r"[A-Za-z][\w .-]{0,60}", title) else hint

    def _annotation(self, schema: Json, key: str, *, into_classes: bool) -> Json:
        """Return an annotation of a schema, or of the schemas that it refers to."""
        seen: set[int] = set()
        while isinstance(schema, dict) and id(schema) not in seen:
            seen.add(id(schema))
            if schema.get(key):
                return schema[key]
            if not into_classes:
                return None
            following = [schema] if "$ref" in schema else schema.get("allOf", [])[-1:]
            schema = self._referred(following[0]) if following else None
        return None

    def _referred(self, schema: Json) -> Json:
        """Follow the references of a schema or another part of the document."""
        return resolved(self._raw, schema, ())[0] if isinstance(schema, dict) and "$ref" in schema else schema

    def _component_of(self, schema: Json) -> str | None:
        """Return the name of the component that a schema is or refers to."""
        schema = self._referred(schema)
        at = self._at.get(id(schema), ())
        return str(at[2]) if at[:2] == ("components", "schemas") and len(at) == 3 else None

    def _mapped(self, reference: str) -> str:
        """Return the name of the component that a discriminator's mapping names or refers to."""
        return reference.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    def _fits(self, option: Json, rest: Json) -> bool:
        """Return whether the keywords beside a union add nothing to an option but its type."""
        if set(rest) != {"type"} or not isinstance(option, dict):
            return False
        flat = self._flat(option, frozenset())
        return set(types_of(flat)) <= {*types_of(rest)} or "oneOf" in flat or "anyOf" in flat

    def _tag_value(self, schema: Json) -> str | None:
        """Return the only text that a schema permits."""
        flat = self._flat(schema, frozenset())
        values = [flat["const"]] if "const" in flat else flat.get("enum", [])
        return values[0] if len(values) == 1 and isinstance(values[0], str) else None

    def _tag_values(self, name: str, key: str) -> list[str]:
        """Return the values of a discriminator that stand for a component: those that it lists, or else its name."""
        flat = self._flat(
            self._flat(self._components[name], frozenset()).get("properties", {}).get(key, {}), frozenset()
        )
        values = [flat["const"]] if "const" in flat else flat.get("enum", [])
        texts = [value for value in values if isinstance(value, str)]
        return texts or [name]

    def _is_optional(self, part: Json, sent: bool) -> bool:
        return bool(self._annotation(part, "readOnly" if sent else "writeOnly", into_classes=True))

    # Requests and responses.

    def _directions(self) -> tuple[set[str], set[str]]:
        """Return the components that differ between requests and responses, and those that only requests use."""
        sent: set[str] = set()
        received: set[str] = set()
        for item in (self._raw.get("paths") or {}).values():
            for operation in self._referred(item).values():
                if isinstance(operation, dict):
                    self._reach(operation.get("requestBody"), sent)
                    self._reach(operation.get("responses"), received)
        flagged = {name for name in sent if self._is_flagged(name)}
        return flagged & received, sent - received

    def _reach(self, node: Json, found: set[str]) -> None:
        pending, done = [node], set()
        while pending:
            at = pending.pop()
            if id(at) in done:
                continue
            done.add(id(at))
            if isinstance(at, list):
                pending += at
            elif isinstance(at, dict):
                pending += at.values()
                references = [at.get("$ref"), *(at["mapping"].values() if isinstance(at.get("mapping"), dict) else ())]
                for reference in references:
                    pointer = target(self._raw, reference) if isinstance(reference, str) else None
                    if pointer:
                        pending.append(reduce(getitem, pointer, self._raw))
                        if pointer[:2] == ("components", "schemas") and len(pointer) > 2:
                            found.add(str(pointer[2]))

    def _is_flagged(self, name: str) -> bool:
        """Return whether a component contains a required key that is read-only or write-only."""
        names = {name}
        self._reach(self._components[name], names)
        for part in (part for each in names for part in _nodes(self._components[each])):
            properties = part.get("properties")
            required = part.get("required")
            if isinstance(properties, dict) and isinstance(required, list):
                for key in required:
                    flags = [self._annotation(properties.get(key), flag, into_classes=True) for flag in FLAGS]
                    if any(flags):
                        return True
        return False

    def _variant_schemas(self) -> Iterator[Json]:
        """Yield the schemas that are variants of a union."""
        for part in _nodes(self._raw):
            for key in ("oneOf", "anyOf"):
                options = part.get(key)
                if isinstance(options, list) and len(options) > 1:
                    yield from map(self._referred, options)


FLAGS = ("readOnly", "writeOnly")


def _nodes(node: Json) -> Iterator[Json]:
    """Yield all objects below a node."""
    pending = [node]
    while pending:
        at = pending.pop()
        if isinstance(at, dict):
            yield at
            pending += at.values()
        elif isinstance(at, list):
            pending += at


def _is_of(value: Json, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "integer" | "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, list if kind == "array" else dict)
