"""From the columns a preparation reads back to the table's own; rows filled up to be prepared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlwright.scoring.own.apart import shared_steps
from mlwright.scoring.own.compiled import fuller_table, with_made
from mlwright.scoring.records import ModelPackage

if TYPE_CHECKING:
    import polars as pl


def table_columns(package: ModelPackage, name: str) -> tuple[str, ...]:
    """Return the columns of the table behind one that a preparation reads: mostly itself."""
    made = {} if package.own is None else {each.name: each.sources for each in package.own.makes}
    return made.get(name, (name,))


def fuller_row(package: ModelPackage, row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a row with what steps of the user's own make of it."""
    if package.own is None:
        return row
    return with_made(package.own, shared_steps(package.own), package.signature)([row])[0]


def fuller_frame(package: ModelPackage, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table, cast to the signature, with what steps of the user's own make of its rows."""
    if package.own is None:
        return frame
    return fuller_table(package.own, shared_steps(package.own), frame)
