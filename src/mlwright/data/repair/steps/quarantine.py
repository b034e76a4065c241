"""`quarantine where CONDITION`, `quarantine rows 'ID', …`: rows of training set aside, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.checks.tokens import quoted
from mlwright.data.repair.conditions import chosen, reason_of, written_condition
from mlwright.data.repair.reader import Reader
from mlwright.data.repair.step import Step

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "quarantine where CONDITION · quarantine rows 'ID', 'ID', …"
ABOUT = "Sets rows of training aside, to be looked at: `mlw data quarantine` lists them."


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    if reader.take_word("where"):
        return Step("quarantine", condition=reader.condition())
    if not reader.take_word("rows"):
        reader.fail("expected where or rows: quarantine where age < 0, quarantine rows 'ID'")
    rows = [reader.text_value("the id of a row")]
    while reader.take_symbol(","):
        rows.append(reader.text_value("the id of a row"))
    return Step("quarantine", rows=tuple(rows))


def write(step: Step) -> str:
    """Return the step as it is read back."""
    if step.condition is None:
        return f"quarantine rows {', '.join(map(quoted, step.rows))}"
    return f"quarantine where {written_condition(step.condition)}"


def rows(step: Step, frame: pl.DataFrame, ids: pl.Series) -> pl.Series:
    """Return which rows it takes out."""
    if step.condition is not None:
        return chosen(step.condition, frame)
    import polars as pl

    return ids.is_in(pl.Series(step.rows, dtype=pl.String).implode())


def reason(step: Step) -> str:
    """Return why a row is taken out."""
    return "named in the spec" if step.condition is None else reason_of(step.condition)
