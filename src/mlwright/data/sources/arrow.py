"""Arrow files (Feather) and streams, by Polars."""

from __future__ import annotations

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.raw import Readable

FORMAT = "arrow"

_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
_FILE = b"ARROW1"


def parse(source: Readable, settings: DataSettings) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
    """Read the table of an Arrow file or stream.

    Raises
    ------
    DataError
        ``data-empty``; ``arrow-broken`` where it is no whole Arrow file.
    """
    content = source.read()
    if not content:
        raise DataError(
            "data-empty",
            f"{source.name} is empty",
            fix="give a table with at least two rows",
            facts={"path": source.name},
        )
    read = pl.read_ipc if content.startswith(_FILE) else pl.read_ipc_stream
    try:
        frame = read(content)
    except _FAULTS as error:
        raise DataError(
            "arrow-broken",
            f"{source.name} is no whole Arrow file: {str(error).splitlines()[0]}",
            fix="write the file again, or give the table as Parquet",
            facts={"path": source.name, "size": len(content)},
        ) from error
    names, readings = settle_names(frame.columns, settings.max_columns)
    return frame.rename(dict(zip(frame.columns, names, strict=True))), tuple(readings)
