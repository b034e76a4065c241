"""The portfolio: the configurations a search tries; a plan takes the first so many.

The dummy and the linear one come first, because every result is shown beside them. The trees after
them are ordered so that the first few differ from one another: sampled, categories without an
order, small, random thresholds. The order is a judgement, not a measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlwright.core.errors import UsageError, nearest
from mlwright.train.records import Configuration

DUMMY = Configuration("dummy", "dummy", {})
"""The prior, or the mean: what an answer is worth that ignores its input."""

LINEAR = Configuration("linear", "linear", {"l2": 1.0})
"""The interpretable baseline: logistic, multinomial or ridge regression."""


def _trees(
    name: str,
    *,
    trees: int = 400,
    rate: float = 0.06,
    leaves: int = 31,
    smallest_leaf: int = 20,
    row_share: float = 1.0,
    column_share: float = 1.0,
    l2: float = 0.0,
    bins: int = 255,
    random_thresholds: bool = False,
    unordered: bool = False,
) -> Configuration:
    return Configuration(
        name,
        "lightgbm",
        {
            "trees": trees,
            "rate": rate,
            "leaves": leaves,
            "smallest_leaf": smallest_leaf,
            "row_share": row_share,
            "column_share": column_share,
            "l2": l2,
            "bins": bins,
            "random_thresholds": random_thresholds,
            "unordered": unordered,
        },
    )


PORTFOLIO: tuple[Configuration, ...] = (
    DUMMY,
    LINEAR,
    _trees("trees", row_share=0.8, column_share=0.7),
    _trees("trees-unordered", rate=0.1, trees=300, unordered=True),
    _trees("trees-small", leaves=12, smallest_leaf=30, row_share=0.8, column_share=0.7, l2=5.0),
    _trees("trees-random", rate=0.08, leaves=64, smallest_leaf=5, random_thresholds=True),
    _trees("trees-whole", rate=0.1, leaves=8),
    _trees("trees-deep", rate=0.05, leaves=96, smallest_leaf=10, row_share=0.85, column_share=0.6),
    Configuration("linear-strict", "linear", {"l2": 30.0}),
    _trees("trees-fine", rate=0.08, bins=1023, column_share=0.8),
    _trees("trees-tiny-leaves", leaves=48, smallest_leaf=3, row_share=0.9, column_share=0.5),
    _trees("trees-stumpy", rate=0.15, leaves=4),
    _trees(
        "trees-deepest",
        rate=0.04,
        leaves=128,
        smallest_leaf=5,
        row_share=0.7,
        column_share=0.5,
        l2=10.0,
    ),
)

_FASTEST, _SLOWEST = 0.25, 0.01


def portfolio_for(models: Sequence[str], *, categories: bool) -> tuple[Configuration, ...]:
    """Return the configurations of some algorithms (``auto``: all), the dummy always first.

    Without ``categories`` in the table, a configuration that only treats them differently is
    left out.

    Raises
    ------
    UsageError
        ``models-unknown`` for an algorithm that is not in the portfolio.
    """
    known = ["auto", *dict.fromkeys(each.algorithm for each in PORTFOLIO)]
    for name in models:
        if name not in known:
            close = nearest(name, known)
            raise UsageError(
                "models-unknown",
                f"there is no algorithm {name!r}",
                fix=f"use {close!r}" if close else f"use one of {', '.join(known)}",
                facts={"models": name, "known": known},
            )
    return tuple(
        each
        for each in PORTFOLIO
        if (each is DUMMY or "auto" in models or each.algorithm in models)
        and (categories or not each.parameters.get("unordered"))
    )


def with_trees(configuration: Configuration, share: float) -> Configuration:
    """Return a configuration with a share of its trees, each learning as much more or less.

    >>> with_trees(PORTFOLIO[2], 0.5).parameters["trees"]
    200
    """
    if configuration.algorithm != "lightgbm":
        return configuration
    trees = max(10, round(float(configuration.parameters["trees"]) * share))
    rate = min(max(float(configuration.parameters["rate"]) / share, _SLOWEST), _FASTEST)
    return replace(
        configuration, parameters={**configuration.parameters, "trees": trees, "rate": rate}
    )
