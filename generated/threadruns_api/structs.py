# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The short cut from JSON text to models: msgspec parses and checks it in C, into a struct for each model.

A model then takes over the values of its struct, which need no second look. A struct has the fields that the document
knows and those that earlier bodies had beside them, and refuses whatever is else: a wrong type, an unknown variant, a
field that is new. Such a body is decoded by the model's own decoder, which keeps what can be kept and says what is
wrong. So structs are never the judge; they change nothing but the order of unknown fields.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from types import GenericAlias
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from attrs import fields
from msgspec import UNSET, Struct, UnsetType, defstruct
from msgspec import DecodeError as NotDecoded
from msgspec.json import Decoder
from msgspec.json import decode as parse
from msgspec.structs import astuple as astuple

from .errors import DecodeError

WORTHWHILE: Final = 8
"""Which body of a model is the first to get structs: making them costs as much as they save on a score of pages."""

LESSONS: Final = 8
"""How many bodies with something unknown in them are learnt from, for each model that bodies are decoded to."""

LEARNT_AT_MOST: Final = 64
"""How many unknown fields a struct has at most."""

LONGEST_LEARNT: Final = 64
"""How many characters the key of a field has at most that is learnt."""

_REFUSED: Final = (NotDecoded, UnicodeError, RecursionError)
_LEARNING: Final = Lock()


def parse_json(content: bytes | str) -> Any:
    """Parse JSON text.

    Raises:
        DecodeError: It is not JSON, or nested too deeply.
    """
    try:
        return parse(content)
    except RecursionError:
        raise DecodeError((), "not JSON: nested too deeply") from None
    except (NotDecoded, UnicodeError) as error:
        raise DecodeError((), f"not JSON: {error}") from None


class Codec:
    """How a model is decoded.

    Args:
        model: The class of the model.
        decode: Decodes a dict as an instance of the class that it is given; keeps or refuses, and says why.
        adopt: Makes a model of a struct of it; None if there can be no struct.
        keys: The keys that the document knows, in the order of the model's fields; none if it is free-form.
        tag: The key whose value tells the variants of a union apart, if the model is one of them.
    """

    __slots__ = ("_bodies", "_lessons", "_read", "adopt", "decode", "keys", "learnt", "model", "tag")

    def __init__(
        self,
        model: type[Any],
        decode: Callable[[Any, type[Any]], Any],
        adopt: Callable[[Any], Any] | None = None,
        keys: tuple[str, ...] = (),
        tag: str | None = None,
    ) -> None:
        self.model = model
        self.decode = decode
        self.adopt = adopt
        self.keys = keys
        self.tag = tag
        self.learnt: dict[str, None] = {}
        self._bodies = 0
        self._lessons = LESSONS
        self._read: Callable[[bytes | str], Any] | None = None

    def from_json(self, content: bytes | str, cls: type[Any]) -> Any:
        """Decode JSON text as an instance of `cls`, which is the model or derived from it.

        Raises:
            DecodeError: It is not JSON, or does not have the shape of the model.
        """
        if self.adopt is None or cls is not self.model:
            return self.decode(parse_json(content), cls)
        if self._read is None:
            bodies = self._bodies = self._bodies + 1
            if bodies != WORTHWHILE:
                return self.decode(parse_json(content), cls)
            self._read = self._reader()
        if self._read is not None:
            try:
                return self.adopt(self._read(content))
            except _REFUSED:
                pass
        decoded = self.decode(parse_json(content), cls)
        # Whoever finds another thread learning, or a lock that was held while the process forked, leaves it at that.
        if self._read is not None and self._lessons and _LEARNING.acquire(blocking=False):
            try:
                if learn(decoded):
                    self._lessons -= 1
                    self._read = self._reader() or self._read
            finally:
                _LEARNING.release()
        return decoded

    def _reader(self) -> Callable[[bytes | str], Any] | None:
        if self.tag is not None:
            return None  # by itself, msgspec would take a variant without its tag
        try:
            return Decoder(struct_of(self, {})).decode
        except (TypeError, ValueError, NameError):
            return None  # a document of which msgspec has no notion


def register(
    model: type[Any],
    decode: Callable[[Any, type[Any]], Any],
    adopt: Callable[[Any], Any] | None = None,
    keys: tuple[str, ...] = (),
    tag: str | None = None,
) -> None:
    """Give a model its codec, of which these are the arguments."""
    model._codec = CODECS[model] = Codec(model, decode, adopt, keys, tag)


CODECS: Final[dict[type[Any], Codec]] = {}
"""The codec of every model."""

ADOPT: Final[dict[type[Any], Callable[[Any], Any]]] = {}
"""What makes a model of a struct, by the type of the struct."""

EXTRA: Final[dict[type[Any], tuple[str, ...]]] = {}
"""The keys that a struct has beyond those that the document knows, by its type."""


def struct_of(codec: Codec, made: dict[type[Any], type[Struct] | None]) -> type[Struct]:
    """Make the struct of a model, and those that it needs.

    Args:
        codec: The codec of the model.
        made: The structs that there are, by model; None for one that is being made.

    Raises:
        TypeError: There can be none, for this model or one that it holds.
    """
    if codec.model in made:
        struct = made[codec.model]
        if struct is None:
            raise TypeError(f"{codec.model.__name__} holds itself")
        return struct
    made[codec.model] = None
    hints = get_type_hints(codec.model)
    names = [attribute.name for attribute in fields(codec.model) if attribute.init]
    renamed = dict(zip(names, codec.keys, strict=True))
    tag = next((name for name in names if renamed[name] == codec.tag), None)
    members: list[Any] = []
    for name in names:
        if name == tag:
            del renamed[name]
        elif UnsetType in get_args(hints[name]):
            members.append((name, wire(hints[name], made), UNSET))
        else:
            members.append((name, wire(hints[name], made)))
    learnt = tuple(codec.learnt)  # at once, as another thread may be learning
    for number, key in enumerate(learnt):
        renamed[f"_{number}"] = key
        members.append((f"_{number}", Any, UNSET))
    tagged: dict[str, Any] = {"tag_field": codec.tag, "tag": get_args(hints[tag])[0]} if tag is not None else {}
    struct = defstruct(codec.model.__name__, members, rename=renamed, forbid_unknown_fields=True, gc=False, **tagged)
    made[codec.model] = struct
    if codec.adopt is not None:
        ADOPT[struct] = codec.adopt
    EXTRA[struct] = learnt
    return struct


def wire(hint: Any, made: dict[type[Any], type[Struct] | None], *, variant: bool = False) -> Any:
    """Return what msgspec is to read for a type of a model's field.

    Raises:
        TypeError: The models that the type names have no structs.
    """
    if hint is float:
        return float | int
    if hint in CODECS and CODECS[hint].adopt is None:
        raise TypeError(f"{hint.__name__} has no struct")
    if is_map(hint):
        [rest] = [get_args(base)[1] for base in hint.__orig_bases__ if get_origin(base) is dict]
        return GenericAlias(dict, (str, wire(rest, made)))
    if hint in CODECS:
        codec = CODECS[hint]
        if (codec.tag is None) is variant:
            raise TypeError(f"{codec.model.__name__} is both a variant of a union and not")
        return struct_of(codec, made)
    if get_origin(hint) is list:
        return GenericAlias(list, (wire(get_args(hint)[0], made),))
    if isinstance(hint, type) or hint is Any or get_origin(hint) is Literal:
        return hint
    # What keeps an unknown variant whole is no model: structs refuse those.
    members = [
        member for member in get_args(hint) if member is not UnsetType and (member in CODECS or not is_map(member))
    ]
    if str in members or int in members:
        members = [member for member in members if get_origin(member) is not Literal]
    several = sum(member in CODECS for member in members) > 1
    return Union[tuple(wire(member, made, variant=several and member in CODECS) for member in members)]


def is_map(hint: Any) -> bool:
    """Say whether a type is a dict with a name."""
    return isinstance(hint, type) and issubclass(hint, dict)


def learn(decoded: Any) -> bool:
    """Note the unknown fields of a model and of those that it holds; say whether any was noted that is new."""
    codec = CODECS.get(type(decoded))
    if codec is None or not codec.keys:
        return False
    room = LEARNT_AT_MOST - len(codec.learnt)
    fresh = [key for key in decoded._unknown or () if key not in codec.learnt and is_learnable(key)][: max(room, 0)]
    codec.learnt.update(dict.fromkeys(fresh))
    noted = bool(fresh)
    for attribute in fields(codec.model):
        value = getattr(decoded, attribute.name)
        for item in value if type(value) is list else (value,):
            noted = learn(item) or noted
    return noted


def is_learnable(key: str) -> bool:
    """Say whether a struct can have a field of this key: msgspec takes none that JSON would have to escape."""
    return len(key) <= LONGEST_LEARNT and key.isprintable() and not {'"', "\\"} & {*key}


def beyond(struct: Any, values: tuple[Any, ...], known: int) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
    """Split the values of a struct into those that the document knows and, by key, the others that it has."""
    more = values[known:]
    absent = more.count(UNSET)
    if absent == len(more):
        return values[:known], None
    unknown = dict(zip(EXTRA[type(struct)], more))
    if absent:
        unknown = {key: value for key, value in unknown.items() if value is not UNSET}
    return values[:known], unknown
