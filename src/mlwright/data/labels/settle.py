"""A table with the labels that people settled in place of those it had."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from mlwright.data.records import Scalar
from mlwright.data.table import Table


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
