"""A Delta table: rows written as one, and the rows of one read again to be compared."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.core.files import disk_faults
from mlwright.data.digests import columns_of, row_digests
from mlwright.data.fragments import digests_of
from mlwright.data.identity import table_digest
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Snapshot
from mlwright.data.sources.extras import missing_extra
from mlwright.store.protocol import Store

LOG = "_delta_log"
"""The folder within a Delta table that tells which of its files count."""


def write_delta(rows: pl.LazyFrame, out: Path) -> None:
    """Write rows as a new Delta table.

    Raises
    ------
    UsageError
        ``extra-missing`` without its library.
    """
    library = _library()
    with disk_faults(out):
        library.write_deltalake(str(out), rows.collect_batches(maintain_order=True))


def content_of(path: Path) -> Digest:
    """Return the digest over the columns and rows a Delta table has now, in no order.

    Raises
    ------
    UsageError
        ``extra-missing`` without its library.
    DataError
        ``delta-unreadable``; ``type-unsupported`` for a column that no data version has.
    """
    library = _library()
    columns: tuple[Column, ...] = ()
    digests: list[bytes] = []
    try:
        for batch in pl.scan_delta(str(path)).collect_batches():
            rows, _ = normalise(batch)
            columns = columns_of(rows)
            digests.append(row_digests(rows))
    except (library.exceptions.DeltaError, pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            "delta-unreadable",
            f"{path} cannot be read as a Delta table: {str(error).splitlines()[0]}",
            fix="write it anew: mlw data export DATA --out FOLDER",
            facts={"path": str(path)},
        ) from error
    return table_digest(columns, None, b"".join(digests))


def content_to_be(snapshot: Snapshot, store: Store) -> Digest:
    """Return what :func:`content_of` is of a Delta table with the rows of a snapshot."""
    digests = b"".join(digests_of(fragment, store) for fragment in snapshot.fragments)
    return table_digest(snapshot.columns, None, digests)


def _library() -> ModuleType:
    try:
        import deltalake
    except ModuleNotFoundError:
        raise missing_extra("delta", "a Delta table") from None
    return deltalake
