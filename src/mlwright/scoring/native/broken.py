"""The error for a stored predictor that cannot be read."""

from __future__ import annotations

from mlwright.core.errors import BrokenError


def predictor_broken(why: str) -> BrokenError:
    """Return the error; whoever read the content has verified its digest before."""
    return BrokenError(
        "predictor-broken",
        f"the stored predictor cannot be read: {why}",
        fix="build the model again: mlw run",
        facts={"why": why},
    )
