"""From a file to a snapshot: read, normalised, named by content, kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Snapshot, Source
from mlwright.data.settings import DataSettings
from mlwright.data.snapshot import build_from, slices
from mlwright.data.sources import csv, parquet
from mlwright.data.sources.raw import RawTable
from mlwright.store.protocol import Store

_FOREIGN = {
    b"\x1f\x8b": "compressed with gzip",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format 3\0": "a SQLite database",
    b"ARROW1": "an Arrow file",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
}


def ingest(
    path: Path,
    settings: DataSettings,
    *,
    store: Store,
    known: Callable[[str], Snapshot | None],
    parent: Callable[[Sequence[Column]], Snapshot | None] = lambda _: None,
) -> tuple[Snapshot, Source]:
    """Read a file into a snapshot; the objects are in the store when it returns.

    Parameters
    ----------
    known
        Gives the manifest of a data id that exists already; the same rows in another order are
        the same data and get the first snapshot's manifest.
    parent
        Gives an earlier snapshot with these columns; rows it holds are not written again.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with the file or its settings, by code.
    """
    table = read_source(path, settings)
    snapshot = build_from(
        lambda: slices(table.frame),
        key=settings.key,
        store=store,
        readings=lambda: table.readings,
        known=known,
        parent=parent,
    )
    source = Source(str(path), table.format, table.content, table.size, table.encoding)
    return snapshot, source


def read_table(path: Path, settings: DataSettings, *, texts: Collection[str] = ()) -> pl.DataFrame:
    """Return a file's rows in the file's order, read as :func:`ingest` reads them.

    ``texts`` are columns that stay text whatever their cells look like: in a short file a column
    of codes may happen to hold digits alone.
    """
    frame, _ = normalise(read_source(path, settings, texts).frame)
    return frame


def read_source(path: Path, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read a file by its format, which its ending and its first bytes tell."""
    if path.suffix.lower() in (".parquet", ".pq"):
        return parquet.read(path, settings)
    head = _head(path)
    if head.startswith(b"PAR1"):
        return parquet.read(path, settings)
    for mark, what in _FOREIGN.items():
        if head.startswith(mark):
            raise DataError(
                "source-format",
                f"{path} is {what}",
                fix="give a CSV or Parquet file: unpack or export the table first",
                facts={"path": str(path)},
            )
    return csv.read(path, settings, texts)


def _head(path: Path) -> bytes:
    """Return the first bytes; none where the reader itself will say what is wrong."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(16)
    except (OSError, ValueError):
        return b""
