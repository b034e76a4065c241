"""Rows that were taken out of training, written to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from mlwright.data.faults import as_text, write_rows
from mlwright.data.faults import require_format as require_format
from mlwright.data.repair.records import Quarantined


def write_quarantine(rows: Sequence[Quarantined], out: Path) -> None:
    """Write rows whole or not at all: id, step and reason, then what they held, as text.

    A column that the table has too keeps its name; the three of the quarantine come first, and
    are told apart by a word before theirs where they would be the same.
    """
    require_format(out)
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    about = {"row_id": "row", "step": "step", "reason": "reason"}
    columns = {
        (f"quarantine {name}" if name in names else name): [getattr(row, kept) for row in rows]
        for name, kept in about.items()
    }
    columns |= {name: [as_text(row.values.get(name)) for row in rows] for name in names}
    write_rows(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), out)
