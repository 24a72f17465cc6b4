"""Items to files: JSON lines, which lose nothing, and CSV, which spreadsheets read.

A row of CSV has one cell for each field of the model, in its order, and a last one, ``other``, with the fields that the
document does not know. Texts stand as they are, everything else as JSON; null and absent are both an empty cell.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from attrs import AttrsInstance

    class Decoded(AttrsInstance, Protocol):
        """A decoded object."""

        def to_dict(self) -> dict[str, Any]:
            """Return it as JSON has it."""
            ...


OTHER = "other"
"""The column of what the document does not know."""


def json_line(item: Decoded) -> bytes:
    """Return an item as a line of JSON."""
    import msgspec

    return msgspec.json.encode(item.to_dict()) + b"\n"


def csv_header(kind: type[AttrsInstance]) -> list[str]:
    """Return the names of the columns for items of a model."""
    from attrs import fields

    return [*(field.name for field in fields(kind) if not field.name.startswith("_")), OTHER]


def csv_row(item: Decoded, header: list[str]) -> list[str]:
    """Return an item as the cells of a row."""
    import msgspec

    raw = item.to_dict()
    known = {name: raw.pop(name, None) for name in header[:-1]}

    def cell(value: Any) -> str:
        return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()

    return [*map(cell, known.values()), cell(raw or None)]


def write_json_lines(items: Iterable[Decoded], file: IO[bytes]) -> int:
    """Write items as JSON lines, each as it comes, and return how many.

    Args:
        items: What to write, such as the page that ``client.runs.list`` returns.
        file: A file that is open for bytes.
    """
    count = 0
    for item in items:
        file.write(json_line(item))
        count += 1
    return count


def write_csv(items: Iterable[Decoded], file: IO[str]) -> int:
    """Write items as CSV, each as it comes, and return how many. No items make an empty file.

    Args:
        items: What to write, of one model.
        file: A file that is open for text, with ``newline=""``.
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
