"""`fill COLUMN with VALUE`: a value in place of a missing one, given or learnt from training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from mlwright.core.errors import DataError
from mlwright.data.records import Kind, Scalar
from mlwright.data.repair.kinds import NUMBERS, as_scalar, fitting, require_kind
from mlwright.data.repair.reader import Reader, written_name, written_value
from mlwright.data.repair.step import MEAN, MEDIAN, MODE, STATISTICS, Step, Value

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "fill COLUMN with VALUE | median | mean | mode"
ABOUT = (
    "Puts a value in place of a missing one: a given one, or the median, mean or most frequent "
    "value of the training rows, a whole number where the column holds whole numbers."
)


def read(reader: Reader) -> Step:
    """Read what follows the verb; a statistic in quotes is a text."""
    column = reader.name()
    reader.word("with")
    for statistic in STATISTICS:
        if reader.take_word(statistic):
            return Step("fill", column, statistic=statistic)
    return Step("fill", column, value=reader.value())


def write(step: Step) -> str:
    """Return the step as it is read back."""
    what = step.statistic or written_value(step.value)
    return f"fill {written_name(str(step.column))} with {what}"


def becomes(step: Step, kind: Kind) -> Kind:
    """Return the kind of the cells it leaves."""
    column = str(step.column)
    if step.statistic in (MEDIAN, MEAN):
        fix = "fill it with a value or its mode, or parse it first"
        require_kind(column, kind, NUMBERS, f"take the {step.statistic} of", fix)
    elif step.value is not None:
        fitting(step.value, column, kind)
    return kind


def fit(step: Step, known: pl.Series) -> Step:
    """Return the step with the value that the present cells of training rows give.

    Raises
    ------
    DataError
        ``repair-nothing-known`` where no training row has a value.
    """
    if step.statistic is None:
        return step
    present = known.drop_nulls()
    if present.dtype.is_float():
        present = present.filter(present.is_finite())
    if not len(present):
        raise DataError(
            "repair-nothing-known",
            f"the {step.statistic} of {step.column!r} cannot be told: no training row has a value",
            fix=f"give a value: fill {written_name(str(step.column))} with VALUE, or drop the "
            "column",
            facts={"column": step.column, "statistic": step.statistic},
        )
    return replace(step, statistic=None, value=_learnt(step.statistic, present))


def cell(step: Step, kind: Kind) -> Callable[[Value], Value]:
    """Return the function of one cell."""
    value = _value(step, kind)
    return lambda found: value if found is None else found


def expression(step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:
    """Return the expression of all cells."""
    import polars as pl

    from mlwright.data.digests import DTYPES

    return cells.fill_null(pl.lit(_value(step, kind), dtype=DTYPES[kind]))


def _value(step: Step, kind: Kind) -> Value:
    assert step.value is not None, "fill is carried out after it was fitted"
    return fitting(step.value, str(step.column), kind)


def _learnt(statistic: str, present: pl.Series) -> Scalar:
    if statistic == MODE:
        counts = present.value_counts(name="rows")
        most = counts.filter(counts["rows"] == counts["rows"].max())
        found = as_scalar(most[present.name].min())  # type: ignore[arg-type]
        assert found is not None, "some value is the most frequent"
        return found
    values = present.sort().to_list()
    whole = present.dtype.is_integer()
    if statistic == MEDIAN:
        middle = len(values) // 2
        both = (values[middle], values[middle]) if len(values) % 2 else values[middle - 1 :][:2]
        # Half of each, as the sum of two could be beyond a float.
        return round(Fraction(sum(both), 2)) if whole else both[0] / 2 + both[1] / 2
    if whole:
        return round(Fraction(sum(values), len(values)))
    return math.fsum(value / len(values) for value in values)
