"""`drop column COLUMN`, `drop where CONDITION`: a column, or rows of training, taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.data.repair.conditions import chosen, reason_of, written_condition
from mlwright.data.repair.reader import Reader, written_name
from mlwright.data.repair.step import Step

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "drop column COLUMN · drop where CONDITION"
ABOUT = "Takes a column out of the table, or rows out of training."


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    if reader.take_word("where"):
        return Step("drop", condition=reader.condition())
    if not reader.take_word("column"):
        reader.fail("expected column or where: drop column notes, drop where age is missing")
    return Step("drop", reader.name())


def write(step: Step) -> str:
    """Return the step as it is read back."""
    if step.condition is None:
        return f"drop column {written_name(str(step.column))}"
    return f"drop where {written_condition(step.condition)}"


def rows(step: Step, frame: pl.DataFrame, ids: pl.Series) -> pl.Series:  # noqa: ARG001
    """Return which rows it takes out."""
    assert step.condition is not None, "a column is dropped elsewhere"
    return chosen(step.condition, frame)


def reason(step: Step) -> str:
    """Return why a row is taken out."""
    assert step.condition is not None, "a column is dropped elsewhere"
    return reason_of(step.condition)
