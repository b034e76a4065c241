"""Changed rows told."""

from __future__ import annotations

from mlwright.evaluate.robustness.records import Change, Robustness
from mlwright.govern.told import Figures, Told

_TITLE = "When rows change"


def told(found: Robustness) -> Told:
    """Tell what became of decisions and answers when rows were changed."""
    changes = found.told
    if not changes:
        return Told(_TITLE, "no column could be changed")
    rows = tuple((c.way, c.flip, c.move, c.drop, c.unnoticed) for c in changes)
    columns = ("change", "flips", "moves by", f"{found.metric} lost", "flips unflagged")
    worst = Figures(
        "The columns that matter most",
        ("change", "column", "flips", "moves by"),
        tuple(
            (c.way, each.column, each.flip, each.move) for c in changes for each in c.columns[:3]
        ),
    )
    return Told(
        _TITLE,
        changes[0].said,
        (Figures("What becomes of the answers", columns, rows), worst),
        (
            *(change.said for change in changes[1:]),
            f"Asked about {changes[0].rows:,} rows, seed {found.seed}. {_measure(changes[0])}"
            " Where one column changes at a time, each number is the mean over the columns, as if"
            " one at random went wrong.",
        ),
    )


def _measure(change: Change) -> str:
    if change.flip is None:
        return "Moves are in spreads of the target."
    return "Moves are in probability; unflagged are flips in rows that break no promise."
