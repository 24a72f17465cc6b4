"""Tables of results: rows with a measured value, a ratio and a target."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text


@dataclass(frozen=True)
class Target:
    """A bound for a ratio, or for the value of a row without a ratio.

    Attributes:
        bound: The bound.
        kind: The side of the bound that is permitted.
    """

    bound: float
    kind: Literal["at most", "at least"]

    def met(self, measured: float) -> bool:
        """Return whether a number meets the target."""
        return measured <= self.bound if self.kind == "at most" else measured >= self.bound

    def missed_by(self, measured: float) -> float:
        """Return the distance of a number from the bound, relative to the bound; 0 if the target is met."""
        return 0.0 if self.met(measured) else abs(measured / self.bound - 1)


def at_most(bound: float) -> Target:
    """Return a target with an upper bound."""
    return Target(bound, "at most")


def at_least(bound: float) -> Target:
    """Return a target with a lower bound."""
    return Target(bound, "at least")


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        name: The measured thing.
        value: The measured number, or None.
        unit: The unit of the number.
        ratio: The number relative to that of another row; None if one of them is missing.
        base: The name of the other row, as in ``x orjson``.
        target: The target of the ratio, or of the value if ``base`` is empty.
        reason: The reason why the value is missing.
        omits: What the measured thing does not do that threadruns does.
    """

    name: str
    value: float | None
    unit: str
    ratio: float | None = None
    base: str = ""
    target: Target | None = None
    reason: str = ""
    omits: str = ""

    @property
    def compared(self) -> float | None:
        """The number that the target applies to."""
        return self.ratio if self.base else self.value

    @property
    def met(self) -> bool | None:
        """True if the target is met; None without a target or a number."""
        return None if self.target is None or self.compared is None else self.target.met(self.compared)

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON."""
        return {**asdict(self), "met": self.met}


@dataclass
class Table:
    """A measured table.

    Attributes:
        title: The subject.
        note: A description of the numbers and of the measurement.
        rows: The rows, in order.
    """

    title: str
    note: str
    rows: list[Row] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the table as JSON."""
        return {"title": self.title, "note": self.note, "rows": [row.as_json() for row in self.rows]}

    def print(self, console: Console) -> None:
        """Print the table."""
        grid = Grid(
            "", "measured", "ratio", "target", "", "without", title=self.title, title_justify="left", title_style="bold"
        )
        grid.columns[1].justify = grid.columns[2].justify = "right"
        for row in self.rows:
            measured = "-" if row.value is None else f"{number(row.value)} {row.unit}"
            ratio = f"{number(row.ratio)} {row.base}" if row.ratio is not None else ""
            target = f"{row.target.kind} {row.target.bound:g}" if row.target else ""
            grid.add_row(row.name, measured, ratio, target, _verdict(row), Text(row.omits, style="dim"))
        console.print(grid)
        console.print(Text(self.note, style="dim"), soft_wrap=False)
        console.print()


def ratio(number: float | None, other: float | None) -> float | None:
    """Divide one number by another; return None if either is missing."""
    return None if number is None or not other else number / other


def number(value: float) -> str:
    """Format a number with three significant digits, or as an integer from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _verdict(row: Row) -> Text:
    if row.value is None:
        return Text(row.reason, style="yellow")
    if row.target is None or row.compared is None:
        return Text("")
    if row.met:
        return Text("met", style="green")
    return Text(f"missed by {row.target.missed_by(row.compared):.0%}", style="red")
