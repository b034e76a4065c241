"""Directions told."""

from __future__ import annotations

from mlwright.core.errors import listed
from mlwright.evaluate.robustness.records import Directions
from mlwright.govern.card import number
from mlwright.govern.told import Figures, Told

_TITLE = "Up or down with a column"


def told(found: Directions) -> Told:
    """Tell how the answer goes with each column of numbers."""
    if not found.columns:
        return Told(_TITLE, "no column of numbers has a direction")
    kept = [each.column for each in found.columns if each.monotone.value == 1]
    rows = tuple(
        (
            each.column,
            f"{number(each.low)} to {number(each.high)}",
            each.effect,
            each.rising,
            each.falling,
        )
        for each in sorted(found.columns, key=lambda each: -abs(each.effect.value))
    )
    summary = f"{len(kept):,} of {len(found.columns):,} columns of numbers keep one direction" + (
        f": {listed(kept, 5)}" if kept else ""
    )
    columns = ("column", "from … to", "the answer goes by", "steps not down", "steps not up")
    return Told(
        _TITLE,
        summary,
        (Figures("All else as it is", columns, rows),),
        (
            *(each.said for each in found.columns),
            f"Asked about {found.rows:,} rows, each at values from the column's low end to its"
            f" high end, seed {found.seed}. The intervals are over rows.",
        ),
    )
