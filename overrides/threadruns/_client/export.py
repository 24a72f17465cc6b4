"""Writing items to files: JSON lines, which are complete, and CSV, for spreadsheets.

A CSV row has one cell for each field of the model, and a last cell, ``other``, with the unknown fields. Strings are
written as they are and other values as JSON; null and absent are both an empty cell.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from attrs import AttrsInstance

    class ModelInstance(AttrsInstance, Protocol):
        """An object of a generated model."""

        def to_dict(self) -> dict[str, Any]:
            """Return the object as parsed JSON."""
            ...

        def to_json(self) -> bytes:
            """Return it as JSON text."""
            ...


OTHER = "other"
"""The column of the unknown fields."""


def json_line(item: ModelInstance) -> bytes:
    """Return an item as a line of JSON."""
    return item.to_json() + b"\n"


def csv_header(kind: type[AttrsInstance]) -> list[str]:
    """Return the column names for a model."""
    from attrs import fields

    return [*(field.name for field in fields(kind) if field.name != "unknown_fields"), OTHER]


def csv_row(item: ModelInstance, header: list[str]) -> list[str]:
    """Return an item as the cells of a row."""
    raw = item.to_dict()
    known = {name: raw.pop(name, None) for name in header[:-1]}
    return [*map(_cell, known.values()), _cell(raw or None)]


def _cell(value: Any) -> str:
    import json

    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate cannot be encoded in UTF-8. It is written as a JSON escape, as it was received.
    return text.encode("utf-8", "backslashreplace").decode()


def write_json_lines(items: Iterable[ModelInstance], file: IO[bytes]) -> int:
    """Write items as JSON lines and return their number. Each is written as it arrives.

    Args:
        items: The items, such as the page that ``client.runs.list`` returns.
        file: A file that is open for writing bytes.
    """
    count = 0
    for item in items:
        file.write(json_line(item))
        count += 1
    return count


def write_csv(items: Iterable[ModelInstance], file: IO[str]) -> int:
    """Write items as CSV and return their number. Each is written as it arrives; without items the file stays empty.

    Args:
        items: The items, all of one model.
        file: A file that is open for writing text, with ``newline=""``.
    """
    writer = csv.writer(file)
    header: list[str] = []
    count = 0
    for item in items:
        if not header:
            header = csv_header(type(item))
            writer.writerow(header)
        writer.writerow(csv_row(item, header))
        count += 1
    return count
