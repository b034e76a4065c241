"""`dedupe`, `dedupe by COLUMN, …`: of rows of training that repeat, the first by row id stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.core.errors import listed
from mlwright.data.repair.reader import Reader, written_name
from mlwright.data.repair.step import Step

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "dedupe · dedupe by COLUMN, COLUMN, …"
ABOUT = (
    "Of rows of training that are alike in every cell, or in the named columns, the first by row "
    "id stays. A row that has no value in a named column repeats none."
)


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    columns: list[str] = []
    if reader.take_word("by"):
        columns.append(reader.name())
        while reader.take_symbol(","):
            columns.append(reader.name())
    return Step("dedupe", columns=tuple(columns))


def write(step: Step) -> str:
    """Return the step as it is read back."""
    by = f" by {', '.join(map(written_name, step.columns))}" if step.columns else ""
    return f"dedupe{by}"


def rows(step: Step, frame: pl.DataFrame, ids: pl.Series) -> pl.Series:
    """Return which rows it takes out."""
    import polars as pl

    names = list(step.columns) or frame.columns
    known = (
        ~pl.any_horizontal(pl.col(name).is_null() for name in step.columns)
        if step.columns
        else pl.lit(value=True)
    )
    ranked = frame.select(names).with_columns(ids.rename("\0id"))
    first = pl.col("\0id") == pl.col("\0id").min().over(names)
    return ranked.select((known & ~first).alias("out")).to_series()


def reason(step: Step) -> str:
    """Return why a row is taken out."""
    return f"repeats {listed(step.columns)} of another row" if step.columns else "repeats a row"
