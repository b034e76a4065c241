"""What was found of a model, in words and tables: one form for terminal, report and page."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.govern.card import number
from mlwright.stats.records import Interval

Cell = str | int | float | Interval | None


@dataclass(frozen=True, slots=True)
class Figures:
    """A table: what it is of, its columns, and its rows; numbers with their intervals."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One finding: a title, its sentence for `mlw run`, tables, and how to read them.

    ``chart`` is an SVG, empty without one.
    """

    title: str
    summary: str
    figures: tuple[Figures, ...] = ()
    notes: tuple[str, ...] = ()
    chart: str = ""


def cell_text(cell: Cell) -> str:
    """Return a cell of a table as a person reads it.

    >>> cell_text(Interval(0.5, 0.4, 0.6)), cell_text(None), cell_text(1200)
    ('0.5 (0.4 to 0.6)', '', '1,200')
    """
    if cell is None:
        return ""
    if isinstance(cell, Interval):
        if cell.value != cell.value:
            return number(cell.value)
        return f"{number(cell.value)} ({number(cell.low)} to {number(cell.high)})"
    return number(cell)


def in_a_sentence(found: Interval) -> str:
    """Return a value with its interval, in a sentence.

    >>> in_a_sentence(Interval(0.5, 0.4, 0.6))
    '0.5 (95 %: 0.4 to 0.6)'
    """
    return f"{number(found.value)} (95 %: {number(found.low)} to {number(found.high)})"
