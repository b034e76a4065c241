"""`map COLUMN: OLD -> NEW, …`: one value in place of another; `null` stands for missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mlwright.data.records import Kind
from mlwright.data.repair.kinds import fitting
from mlwright.data.repair.reader import Reader, written_name, written_value
from mlwright.data.repair.step import Step, Value

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "map COLUMN: OLD -> NEW, OLD -> NEW, …"
ABOUT = (
    "Puts one value in place of another, all at once; `null` as NEW makes the cell missing. "
    "Values that are not named stay."
)


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    column = reader.name()
    reader.symbol(":")
    pairs = []
    seen = set()
    while True:
        at = reader.peek()
        old = reader.value()
        if (type(old), old) in seen:
            reader.fail(f"{written_value(old)} stands here twice", at)
        seen.add((type(old), old))
        reader.symbol("->")
        pairs.append((old, reader.value_or_null()))
        if not reader.take_symbol(","):
            return Step("map", column, pairs=tuple(pairs))


def write(step: Step) -> str:
    """Return the step as it is read back."""
    pairs = ", ".join(f"{written_value(old)} -> {written_value(new)}" for old, new in step.pairs)
    return f"map {written_name(str(step.column))}: {pairs}"


def becomes(step: Step, kind: Kind) -> Kind:
    """Return the kind of the cells it leaves; each value has to be of the column's kind."""
    _pairs(step, kind)
    return kind


def fit(step: Step, known: pl.Series) -> Step:  # noqa: ARG001 - the shape of a verb
    """Learn nothing."""
    return step


def cell(step: Step, kind: Kind) -> Callable[[Value], Value]:
    """Return the function of one cell."""
    pairs = _pairs(step, kind)
    return lambda value: pairs.get(value, value)


def expression(step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:
    """Return the expression of all cells."""
    import polars as pl

    from mlwright.data.digests import DTYPES

    pairs = _pairs(step, kind)
    old = pl.Series(list(pairs), dtype=DTYPES[kind])
    new = pl.Series(list(pairs.values()), dtype=DTYPES[kind])
    return cells.replace_strict(old, new, default=cells, return_dtype=DTYPES[kind])


def _pairs(step: Step, kind: Kind) -> dict[Value, Value]:
    column = str(step.column)
    return {
        fitting(old, column, kind): None if new is None else fitting(new, column, kind)
        for old, new in step.pairs
    }
