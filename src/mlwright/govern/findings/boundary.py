"""The boundary told."""

from __future__ import annotations

from mlwright.evaluate.robustness.records import NEAR, Boundary
from mlwright.govern.told import Figures, Told

_TITLE = "How little changes a decision"


def told(found: Boundary) -> Told:
    """Tell how far rows are from another decision."""
    if not found.rows:
        return Told(_TITLE, found.said)
    often = tuple(
        (column, rows, rows / found.rows)
        for column, rows in sorted(found.columns.items(), key=lambda each: -each[1])
    )
    return Told(
        _TITLE,
        found.said,
        (
            Figures(
                "The smallest change found",
                ("rows", "median distance (95 %)", f"within {NEAR} (95 %)", "queries a row (95 %)"),
                ((found.rows, found.distance, found.near, found.queries),),
            ),
            Figures("What had to change", ("column", "rows", "share"), often),
        ),
        (
            "The search sees answers only, as any caller does. It finds a small change, not the"
            " smallest there is: the true distance may be less, never more.",
        ),
    )
