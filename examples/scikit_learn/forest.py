"""A forest of scikit-learn's: whatever has ``fit`` and ``predict`` is taken as it is."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import RandomForestClassifier

import mlwright as mw


@mw.train
def fit(
    train: mw.Fold, valid: mw.Fold | None, params: dict[str, Any], ctx: mw.Context
) -> RandomForestClassifier:
    """Fit forty trees whose leaves hold at least ``leaf`` rows."""
    forest = RandomForestClassifier(
        n_estimators=40, min_samples_leaf=params["leaf"], random_state=ctx.seed
    )
    return forest.fit(train.X, train.y, sample_weight=train.weight)
