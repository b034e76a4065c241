"""Faults written to a file, one a row."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import polars as pl

from mlwright.core.errors import UsageError
from mlwright.core.files import write_durably
from mlwright.data.records import Fault

_TEXTS = ("check", "column", "row", "value", "why")


def require_format(out: Path) -> None:
    """Refuse a file that faults cannot be written to.

    Raises
    ------
    UsageError
        ``faults-out-format``.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise UsageError(
            "faults-out-format",
            f"cannot write faults as {out.suffix or 'a file without an ending'!r}: {out}",
            fix="give --out a name that ends in .csv or .parquet",
            facts={"out": str(out)},
        )


def write_faults(faults: Sequence[Fault], out: Path) -> None:
    """Write faults whole or not at all; values are written as text, whatever their columns hold."""
    require_format(out)
    columns = {
        name: pl.Series([as_text(getattr(fault, name)) for fault in faults], dtype=pl.String)
        for name in _TEXTS
    }
    places = pl.Series([fault.place for fault in faults], dtype=pl.Int64)
    write_rows(pl.DataFrame({**columns, "place": places}), out)


def write_rows(frame: pl.DataFrame, out: Path) -> None:
    """Write a table whole or not at all, as its file's ending says: .csv or .parquet."""
    buffer = BytesIO()
    if out.suffix == ".csv":
        frame.write_csv(buffer)
    else:
        frame.write_parquet(buffer)
    write_durably(out.resolve(), buffer.getvalue())


def as_text(value: object) -> str | None:
    """Return a cell as text; None where it is missing."""
    return None if value is None else str(value)
