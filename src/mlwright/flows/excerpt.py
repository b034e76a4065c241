"""Parts of a table by time: what was known before a day, and what came after."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from mlwright.core.errors import DataError, listed


def rows_before(source: Path, target: Path, *, column: str, day: str) -> int:
    """Write the rows of a CSV file whose ``column`` sorts before ``day``; return how many.

    Values are copied as text, so that nothing is read into them twice.

    Raises
    ------
    DataError
        ``column-unknown`` when there is no such column.
    """
    table = pl.read_csv(source, infer_schema=False)
    if column not in table.columns:
        raise DataError(
            "column-unknown",
            f"{source} has no column {column!r}",
            fix="give the table that make demo prepares",
            facts={"column": column},
            looked=[f"the columns {listed(table.columns)}"],
        )
    earlier = table.filter(pl.col(column) < day)
    earlier.write_csv(target)
    return earlier.height


def rows_from(source: Path, *, column: str, day: str, limit: int) -> list[dict[str, object]]:
    """Return the first rows of a CSV file whose ``column`` is not before ``day``, in that order.

    Numbers and truth values are read as such, dates stay text: rows as a request holds them.
    """
    later = pl.scan_csv(source).filter(pl.col(column).cast(pl.String) >= day)
    return later.sort(column, maintain_order=True).head(limit).collect().to_dicts()
