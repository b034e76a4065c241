"""Gaps of labels told."""

from __future__ import annotations

from mlwright.evaluate.fairness.records import LabelGaps
from mlwright.govern.told import Figures, Told

_TITLE = "Whether labels treat groups alike"


def told(found: LabelGaps) -> Told:
    """Tell which groups are labelled otherwise than rows like theirs."""
    real = sorted((gap for gap in found.gaps if gap.real), key=lambda gap: -abs(gap.size.value))
    tried = f"{found.tested:,} groups of {', '.join(found.protected)}"
    summary = f"none of {tried} is labelled otherwise than rows like its own, beyond chance"
    if real:
        others = f"; and {len(real) - 1:,} more" if len(real) > 1 else ""
        summary = f"labels may be unfair: {real[0].said}{others}"
    rows = tuple(
        (gap.column, gap.group, gap.rows, gap.size, gap.chance, "yes" if gap.real else "no")
        for gap in found.gaps
    )
    columns = ("column", "group", "rows", "labelled positive more often by", "chance", "stands")
    return Told(
        _TITLE,
        summary,
        (Figures("Labels of groups against rows that are otherwise alike", columns, rows),),
        (
            f"{found.rows:,} rows outside the sealed test part; label and group are each foretold"
            " from the columns that are not protected by models that did not see the row, and what"
            " is left of one is held against what is left of the other (Chernozhukov and others"
            f" 2018), seed {found.seed}. Of those that stand {found.rate:.0%} at most are chance.",
            "A gap says that the label differs with the group, or with something that goes with it"
            " and that no column tells. A model learns such labels and repeats them; no metric on"
            " the same labels shows it.",
        ),
    )
