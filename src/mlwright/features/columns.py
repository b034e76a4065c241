"""Which columns of a table can be features, and why one is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.data.records import Column, Kind
from mlwright.features.categories import frequent
from mlwright.features.numbers import missing_in

if TYPE_CHECKING:
    import polars as pl

NUMERIC = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT})
DATES = frozenset({Kind.DATE, Kind.DATETIME})

# A text of its own in more than this share of the rows is a name or an id, or prose.
_OWN_TEXTS = 0.9
# All-distinct integers that fill at least this share of their range count rows. The training rows
# are a sample of the table, so its gaps are part of the range.
_FILLED_RANGE = 0.5
_ENOUGH_TO_TELL = 100


def reason_to_drop(series: pl.Series, column: Column) -> str | None:
    """Return why the training rows of a column teach nothing that holds elsewhere, or None."""
    missing = missing_in(series)
    if missing.all():
        return "every value is missing"
    known = series.filter(~missing) if missing.any() else series
    distinct = known.n_unique()
    if distinct == 1 and not missing.any():
        return "one value in every row"
    if column.kind is Kind.STRING and distinct > 1:
        if len(known) >= _ENOUGH_TO_TELL and distinct > _OWN_TEXTS * len(known):
            return f"nearly every row has a text of its own ({distinct:,} in {len(known):,} rows)"
        if not frequent(known, 1):
            return "no text occurs often enough to learn from"
    if column.kind is Kind.INTEGER and distinct == len(known) >= _ENOUGH_TO_TELL:
        low, high = known.min(), known.max()
        if isinstance(low, int) and isinstance(high, int):
            filled = distinct / (high - low + 1)
            if filled >= _FILLED_RANGE:
                return "it counts the rows (distinct integers without large gaps)"
    return None
