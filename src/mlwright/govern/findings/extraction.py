"""Copies told."""

from __future__ import annotations

from mlwright.evaluate.robustness.records import Extraction
from mlwright.govern.told import Figures, Told

_TITLE = "How well it can be copied"


def told(found: Extraction) -> Told:
    """Tell how far copies made of answers agree with the model."""
    rows = found.told
    figures = (Figures("Copies", ("answers asked", "agreement (95 %)"), rows),) if rows else ()
    return Told(
        _TITLE,
        found.said,
        figures,
        (
            "Whoever copies knows what each column holds by itself, draws rows from that and"
            f" learns from the answers; compared on {found.rows:,} rows, seed {found.seed}.",
        ),
    )
