"""Membership told."""

from __future__ import annotations

from mlwright.evaluate.robustness.records import Membership
from mlwright.govern.told import Figures, Told

_TITLE = "Whether it gives away its training rows"


def told(found: Membership) -> Told:
    """Tell how far losses give away which rows were learnt from."""
    if not found.others:
        return Told(_TITLE, found.said)
    return Told(
        _TITLE,
        found.said,
        (
            Figures(
                "Told apart by their loss",
                ("training rows", "other rows", "gap (95 %)"),
                ((found.members, found.others, found.gap),),
            ),
        ),
        (
            "Whoever knows a row and its label, and asks the model, guesses by the loss whether"
            " it was learnt from. 0 gives nothing away; a model that fits its training rows much"
            " better than others gives away more.",
        ),
    )
