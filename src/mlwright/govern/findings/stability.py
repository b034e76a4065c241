"""Stability over seeds told."""

from __future__ import annotations

from mlwright.evaluate.records import Stability
from mlwright.govern.card import number
from mlwright.govern.told import Figures, Told, in_a_sentence


def told(found: Stability) -> Told:
    """Tell how far fits differ that only chance tells apart."""
    apart = f"two of them answer {in_a_sentence(found.disagreement)} apart on average"
    if found.decides:
        apart = f"two of them decide {in_a_sentence(found.disagreement)} of the rows otherwise"
    summary = (
        f"{found.fits} fits with other seeds, each without another fifth of the rows, have"
        f" {found.metric} from {number(min(found.scores))} to {number(max(found.scores))} on the"
        f" same {found.rows:,} rows; {apart}"
    )
    rows = tuple((f"fit {place}", score) for place, score in enumerate(found.scores, 1))
    return Told(
        "Would it be the same again",
        summary,
        (Figures("Fits that only chance tells apart", ("", found.metric), rows),),
        ("What changes between these fits is owed to chance, not to the question.",),
    )
