"""Which rows a condition means: a rule of the checks grammar about one column, or `is missing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.checks.grammar import render
from mlwright.data.repair.reader import written_name
from mlwright.data.repair.step import Condition

if TYPE_CHECKING:
    import polars as pl


def written_condition(condition: Condition) -> str:
    """Return a condition as it is read back."""
    if condition.rule is None:
        return f"{written_name(condition.column)} is missing"
    return render(condition.rule)


def reason_of(condition: Condition) -> str:
    """Return why a row is meant, in words."""
    return written_condition(condition)


def chosen(condition: Condition, frame: pl.DataFrame) -> pl.Series:
    """Return which rows keep a condition; a missing cell keeps none but `is missing`.

    Raises
    ------
    UsageError
        ``check-kind`` for numbers held against a column of days.
    """
    series = frame[condition.column]
    if condition.rule is None:
        return series.is_null()
    from mlwright.data.verdicts import kept

    return (kept(condition.rule, series) & series.is_not_null()).fill_null(value=False)
