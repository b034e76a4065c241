"""Remedies and their prices told."""

from __future__ import annotations

from mlwright.evaluate.fairness.records import Remedies, Remedy
from mlwright.govern.told import Figures, Told

_TITLE = "What treating groups more alike would cost"


def told(found: Remedies) -> Told:
    """Tell what each remedy does and what it costs."""
    notes = [
        *(f"{column}: {why}." for column, why in found.without.items()),
        f"Tried on {found.rows:,} rows that neither model saw ({found.method}), seed {found.seed};"
        " both fitted alike but for the remedy. A price below 0 is a gain.",
        'Nothing of this is done unless you ask: remedy = "weights" or "thresholds" under'
        " [fairness]. Limits of their own read the protected column of every row, which some laws"
        " forbid; weights do not need it.",
    ]
    if not found.tried:
        return Told(_TITLE, "no remedy could be tried", (), tuple(notes))
    most = sorted(found.tried, key=_closes, reverse=True)
    gaps = tuple(
        (each.how, each.column, name, each.before[name], each.after[name])
        for each in found.tried
        for name in each.before
        if name in each.after
    )
    prices = tuple(
        (each.how, each.column, name, price)
        for each in found.tried
        for name, price in each.price.items()
    )
    return Told(
        _TITLE,
        most[0].said,
        (
            Figures(
                "Gaps without and with it",
                ("remedy", "column", "gap", "without (95 %)", "with (95 %)"),
                gaps,
            ),
            Figures("Its price", ("remedy", "column", "metric", "worse by (95 %)"), prices),
        ),
        (*(each.said + "." for each in most[1:]), *notes),
    )


def _closes(remedy: Remedy) -> float:
    """Return how much narrower its gaps get, all together."""
    shared = remedy.before.keys() & remedy.after.keys()
    return sum(remedy.before[name].value - remedy.after[name].value for name in sorted(shared))
