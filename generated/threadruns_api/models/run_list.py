# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define

if TYPE_CHECKING:
    from .run import Run


@define(kw_only=True)
class RunList(Object):
    """One page of the runs of a thread, in the requested order."""

    object: Literal["list"] = constant("list")
    """The kind of this object, always `list`."""
    data: list[Run]
    """The runs of this page."""
    first_id: str | None
    """The id of the first run of `data`, null if there is none."""
    last_id: str | None
    """The id of the last run of `data`, null if there is none."""
    has_more: bool
    """True if there are more runs beyond this page, in the direction of paging. False on an empty page."""
