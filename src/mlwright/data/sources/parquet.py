"""Parquet files, by Polars; types become the six kinds when the snapshot is built."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.pages import DamagedError, check_pages
from mlwright.data.sources.raw import RawTable, Readable
from mlwright.data.sources.steady import steady

FORMAT = "parquet"

_FAULTS = (DamagedError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def read(path: Path, settings: DataSettings) -> RawTable:
    """Read a Parquet file.

    Raises
    ------
    NotFoundError, DataError
        Whatever is wrong with the file; ``parquet-broken`` where it is no whole Parquet file.
    """
    with steady(path) as source:
        frame, readings = parse(source, settings)
    return RawTable(frame, readings, FORMAT, None, source.digest(), source.size)


def parse(source: Readable, settings: DataSettings) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
    """Read the table of a Parquet file that is open already.

    Raises
    ------
    DataError
        ``data-empty``, ``parquet-broken``.
    """
    content = source.read()
    if not content:
        raise DataError(
            "data-empty",
            f"{source.name} is empty",
            fix="give a table with at least two rows",
            facts={"path": source.name},
        )
    try:
        check_pages(content)
        frame = pl.read_parquet(content, hive_partitioning=False, glob=False)
    except _FAULTS as error:
        raise DataError(
            "parquet-broken",
            f"{source.name} is no whole Parquet file: {str(error).splitlines()[0]}",
            fix="write the file again, or give the table as CSV",
            facts={"path": source.name, "size": len(content)},
        ) from error
    names, readings = settle_names(frame.columns, settings.max_columns)
    return frame.rename(dict(zip(frame.columns, names, strict=True))), tuple(readings)
