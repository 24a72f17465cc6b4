"""What a table says: rows, each with a measured value and, where one is set, the target that it is held to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text


@dataclass(frozen=True)
class Target:
    """A bound for a ratio, or for a value that has none.

    Attributes:
        bound: The number itself.
        kind: On which side of it to be.
    """

    bound: float
    kind: Literal["at most", "at least"]

    def met(self, measured: float) -> bool:
        """Return whether a number keeps the bound."""
        return measured <= self.bound if self.kind == "at most" else measured >= self.bound

    def missed_by(self, measured: float) -> float:
        """Return by which share of the bound a number breaks it; 0 if it does not."""
        return 0.0 if self.met(measured) else abs(measured / self.bound - 1)


def at_most(bound: float) -> Target:
    """Return the target of staying at or below a number."""
    return Target(bound, "at most")


def at_least(bound: float) -> Target:
    """Return the target of reaching a number."""
    return Target(bound, "at least")


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        what: What was measured.
        value: The measured number; None if it could not be had.
        unit: What the number counts.
        ratio: How often another number goes into this one, or the other way round; None if neither is here.
        of: Which way round: ``x orjson``.
        target: What the ratio is held to; the value, if ``of`` is empty.
        why: Why there is no value.
    """

    what: str
    value: float | None
    unit: str
    ratio: float | None = None
    of: str = ""
    target: Target | None = None
    why: str = ""

    @property
    def judged(self) -> float | None:
        """The number that the target speaks of."""
        return self.ratio if self.of else self.value

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none, or nothing to hold to it."""
        return None if self.target is None or self.judged is None else self.target.met(self.judged)

    def as_json(self) -> dict[str, Any]:
        """Return the row for programs."""
        return {**asdict(self), "met": self.met}


@dataclass
class Table:
    """A measured table.

    Attributes:
        title: What it is about.
        note: What the numbers are, and how they were taken.
        rows: Its lines, in the order in which they are read.
    """

    title: str
    note: str
    rows: list[Row] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the table for programs."""
        return {"title": self.title, "note": self.note, "rows": [row.as_json() for row in self.rows]}

    def print(self, console: Console) -> None:
        """Print the table for people."""
        grid = Grid("", "measured", "ratio", "target", "", title=self.title, title_justify="left", title_style="bold")
        grid.columns[1].justify = grid.columns[2].justify = "right"
        for row in self.rows:
            measured = "-" if row.value is None else f"{number(row.value)} {row.unit}"
            ratio = f"{number(row.ratio)} {row.of}" if row.ratio is not None else ""
            target = f"{row.target.kind} {row.target.bound:g}" if row.target else ""
            grid.add_row(row.what, measured, ratio, target, _verdict(row))
        console.print(grid)
        console.print(Text(self.note, style="dim"), soft_wrap=False)
        console.print()


def ratio(number: float | None, other: float | None) -> float | None:
    """Return how often one number goes into another; None unless both are here."""
    return None if number is None or not other else number / other


def number(value: float) -> str:
    """Write a number with as many digits as its measurement is worth."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _verdict(row: Row) -> Text:
    if row.value is None:
        return Text(row.why, style="yellow")
    if row.target is None or row.judged is None:
        return Text("")
    if row.met:
        return Text("met", style="green")
    return Text(f"missed by {row.target.missed_by(row.judged):.0%}", style="red")
