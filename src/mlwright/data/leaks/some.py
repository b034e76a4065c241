"""Some rows of a table that need not fit into memory."""

from __future__ import annotations

import polars as pl

from mlwright.data.cells import Cells
from mlwright.data.leaks.sample import Codes
from mlwright.data.records import Split
from mlwright.data.split import Numbers, parts
from mlwright.data.table import Table


def drawn(cells: Cells, places: Codes) -> Table:
    """Return some rows, read a column at a time."""
    if len(places) == cells.height:
        return cells.table(list(cells.schema))
    frame = pl.DataFrame([cells.column(name).gather(places) for name in cells.schema])
    return Table(frame, pl.Series("row_id", cells.ids(places), pl.String))


def parts_of(cells: Cells, split: Split) -> Numbers:
    """Return the part of every row, from the columns that decide it alone."""
    names = list(dict.fromkeys(filter(None, (split.unit, split.time))))
    return parts(cells.table(names or list(cells.schema)[:1]), split)
