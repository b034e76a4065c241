"""`clip COLUMN to [LOW, HIGH]`: a number beyond a bound becomes the bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlwright.data.records import Kind
from mlwright.data.repair.kinds import NUMBERS, fitting, require_kind
from mlwright.data.repair.reader import Reader, written_name, written_value
from mlwright.data.repair.step import Step, Value

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "clip COLUMN to [LOW, HIGH]"
ABOUT = "Puts the nearer bound in place of a number outside the bounds."


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    column = reader.name()
    reader.word("to")
    reader.symbol("[")
    low = reader.number()
    reader.symbol(",")
    at = reader.peek()
    high = reader.number()
    if high < low:
        reader.fail("no number lies between these bounds", at)
    reader.symbol("]")
    return Step("clip", column, low=low, high=high)


def write(step: Step) -> str:
    """Return the step as it is read back."""
    bounds = f"[{written_value(step.low)}, {written_value(step.high)}]"
    return f"clip {written_name(str(step.column))} to {bounds}"


def becomes(step: Step, kind: Kind) -> Kind:
    """Return the kind of the cells it leaves; whole numbers have whole bounds."""
    require_kind(str(step.column), kind, NUMBERS, "clip", "clip columns of numbers; parse text")
    _bounds(step, kind)
    return kind


def fit(step: Step, known: pl.Series) -> Step:  # noqa: ARG001 - the shape of a verb
    """Learn nothing."""
    return step


def cell(step: Step, kind: Kind) -> Callable[[Value], Value]:
    """Return the function of one cell."""
    low, high = _bounds(step, kind)

    def clipped(value: Any) -> Value:
        if value is None:
            return None
        return low if value < low else high if value > high else value  # type: ignore[no-any-return]

    return clipped


def expression(step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:
    """Return the expression of all cells."""
    import polars as pl

    from mlwright.data.digests import DTYPES

    low, high = (pl.lit(bound, dtype=DTYPES[kind]) for bound in _bounds(step, kind))
    return pl.when(cells < low).then(low).when(cells > high).then(high).otherwise(cells)


def _bounds(step: Step, kind: Kind) -> tuple[Any, Any]:
    assert step.low is not None, "clip is read with its bounds"
    assert step.high is not None, "clip is read with its bounds"
    column = str(step.column)
    return fitting(step.low, column, kind), fitting(step.high, column, kind)
