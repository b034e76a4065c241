"""The steadiness of a model without a target told."""

from __future__ import annotations

from mlwright.core.errors import listed
from mlwright.evaluate.unsupervised.steadiness import Steadiness
from mlwright.govern.told import Figures, Told, in_a_sentence
from mlwright.stats.without_target import ANOMALY, LEVEL

_TITLE = "How steady the answers are, and by what they go"
_SHOWN = 12


def told(found: Steadiness) -> Told:
    """Tell how many answers flip in each way, and each column's share of the scores."""
    answer = f"whether a p-value is at most {LEVEL:g}" if found.task == ANOMALY else "the cluster"
    usual = next((each for each in found.changes if each.most is None), None)
    first = [f"{name!r} ({share:.0%})" for name, share in found.columns[:3]]
    summary = f"it goes most by {listed(first)}" if first else "it reads no column"
    if usual is not None:
        summary = f"{in_a_sentence(usual.flip)} of the answers flip when {usual.said}; {summary}"
    return Told(
        _TITLE,
        summary,
        (
            Figures(
                f"Share of rows for which {answer} becomes another",
                ("when", "flips", "most by"),
                tuple((each.said, each.flip, each.most or "") for each in found.changes),
            ),
            Figures(
                "Share of what the columns add to the scores",
                ("column", "share"),
                tuple((name, round(share, 4)) for name, share in found.columns[:_SHOWN]),
            ),
        ),
        (
            f"Asked about {found.rows:,} rows it is judged by, seed {found.seed}; where one column"
            " changes, the mean over the columns. The intervals are over rows.",
        ),
    )
