# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final, Literal

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    Object,
    encode,
    new,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class RunList(Object):
    """One page of the runs of a thread, in the requested order."""

    object: Literal["list"] = "list"
    """The kind of this object, always `list`."""
    data: list[Run]
    """The runs of this page."""
    first_id: str | None
    """The id of the first run of `data`, null if there is none."""
    last_id: str | None
    """The id of the last run of `data`, null if there is none."""
    has_more: bool
    """Whether runs are left beyond this page in the direction walked. False on an empty page."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "object": self.object,
            "data": encode(self.data),
            "first_id": self.first_id,
            "last_id": self.last_id,
            "has_more": self.has_more,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "object",
    "data",
    "first_id",
    "last_id",
    "has_more",
)


def decode_run_list(source: Any, cls: type[Any] = RunList) -> Any:
    """Decode a `RunList` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_object_ = source["object"]
        v_data = source["data"]
        v_first_id = source["first_id"]
        v_last_id = source["last_id"]
        v_has_more = source["has_more"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if v_object_ != "list":
        raise wrong(v_object_, "'list'", "object")
    if type(v_data) is not list:
        raise wrong(v_data, "an array", "data")
    else:
        v_data_items: list[Any] = []
        try:
            for item in v_data:
                v_data_items.append(decode_run(item))
        except DecodeError as error:
            raise error.within(len(v_data_items)).within("data") from None
        v_data = v_data_items
    if v_first_id is not None:
        if type(v_first_id) is not str:
            raise wrong(v_first_id, "a string or null", "first_id")
    if v_last_id is not None:
        if type(v_last_id) is not str:
            raise wrong(v_last_id, "a string or null", "last_id")
    if type(v_has_more) is not bool:
        raise wrong(v_has_more, "a boolean", "has_more")
    decoded = new(cls)
    decoded.object = "list"
    decoded.data = v_data
    decoded.first_id = v_first_id
    decoded.last_id = v_last_id
    decoded.has_more = v_has_more
    if fields == 5:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_run_list(struct: Any) -> Any:
    """Make a `RunList` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 5:
        values, unknown = beyond(struct, values, 5)
    (
        _,
        v_data,
        v_first_id,
        v_last_id,
        v_has_more,
    ) = values

    for place, item in enumerate(v_data):
        v_data[place] = adopt_run(item)

    made = new(RunList)
    made.object = "list"
    made.data = v_data
    made.first_id = v_first_id
    made.last_id = v_last_id
    made.has_more = v_has_more
    made._unknown = unknown
    return made


register(RunList, decode_run_list, adopt_run_list, _KEYS)

from .run import Run, adopt_run, decode_run  # noqa: E402
