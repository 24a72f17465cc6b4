"""Pages as tables in notebooks."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from threadruns._text import printable

MAX_CELL = 60
"""The largest number of characters that a cell shows."""


def html_table(caption: str, rows: list[dict[str, Any]]) -> str:
    """Return rows as an HTML table, with the columns in which a row has a text or a number.

    Times, the columns whose names end in ``_at``, are shown in UTC. Objects and lists are left out.

    Args:
        caption: The text above the table.
        rows: The rows, as JSON objects.
    """
    columns = list(dict.fromkeys(name for row in rows for name, value in row.items() if _is_scalar(value)))
    head = "".join(f"<th>{_escaped(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(name, row.get(name))}</td>' for name in columns)}</tr>" for row in rows)
    title = f"<caption>{escape(printable(caption))}</caption>"
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _cell(name: str, value: Any) -> str:
    if not _is_scalar(value):
        return ""
    if name.endswith("_at") and not isinstance(value, str):
        try:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")
        except (ValueError, OverflowError, OSError):
            pass
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return escape(printable(text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}..."))
