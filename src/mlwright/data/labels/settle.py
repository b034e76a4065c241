"""A table with the labels that people settled in place of those it had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from mlwright.data.digests import DTYPES
from mlwright.data.records import Kind, Scalar
from mlwright.data.table import Table

PREDICTION = "prediction"
"""The column that names the rows of a table made of recorded predictions."""


def labels_of(table: Table, target: str, rows: Sequence[str]) -> dict[str, Scalar | None]:
    """Return the labels some rows have, by id; rows the table does not hold are left out."""
    held = table.row_ids.is_in(list(rows))
    found = zip(table.row_ids.filter(held), table.frame[target].filter(held), strict=True)
    return {row: None if label != label else label for row, label in found}


def relabelled(table: Table, target: str, labels: Mapping[str, Scalar]) -> pl.DataFrame:
    """Return a table's rows with the target of some replaced, by row id; the kind stays."""
    kind = table.frame.schema[target]
    known = pl.DataFrame(
        {"row": list(labels), "told": pl.Series(list(labels.values()), dtype=kind)},
        schema={"row": pl.String(), "told": kind},
    )
    told = (
        table.row_ids.rename("row")
        .to_frame()
        .join(known, on="row", how="left", maintain_order="left")
    )
    both = told.with_columns(table.frame[target].alias("had"))
    settled = both.select(pl.coalesce("told", "had")).to_series()
    return table.frame.with_columns(settled.rename(target))


def labelled_answers(
    frame: pl.DataFrame, rows: Sequence[str], target: str, kind: Kind, labels: Sequence[Scalar]
) -> pl.DataFrame:
    """Return rows that were answered as a table of their own: each prediction's id, cells, truth.

    A column of the request that is called like the first is left out.
    """
    told = pl.Series(target, list(labels), dtype=DTYPES[kind])
    cells = [frame[name] for name in frame.columns if name not in (PREDICTION, target)]
    return pl.DataFrame([pl.Series(PREDICTION, list(rows), dtype=pl.String), *cells, told])
