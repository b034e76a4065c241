"""The portfolio: the configurations a search tries; a plan takes the first so many.

The dummy and the linear one come first, because every result is shown beside them. The trees after
them are ordered so that the first few differ from one another: sampled, categories without an
order, small, random thresholds. A thorough plan takes them from a longer list with other
algorithms and slower learning between them: after one of each kind come those that were learned
to help most over real tables (:mod:`mlwright.train.learned`). The rest of the order is a judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlwright.core.errors import UsageError, nearest
from mlwright.train.learned import LEARNED
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
    recipe: str | None = None,
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
        recipe,
    )


def _boosted(name: str, **parameters: int | float | str | bool) -> Configuration:
    usual = {"trees": 400, "rate": 0.06, "row_share": 0.8, "column_share": 0.7}
    return Configuration(name, "xgboost", {**usual, **parameters})


def _random(name: str, **parameters: int | float | str | bool) -> Configuration:
    return Configuration(name, "extra_trees", {"trees": 100, "leaves": 500, **parameters})


def _curves(name: str, **parameters: int | float | str | bool) -> Configuration:
    usual = {"trees": 600, "rate": 0.05, "leaves": 3, "row_share": 0.8, "column_share": 0.5}
    return Configuration(name, "additive", {**usual, **parameters})


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

_BY_NAME = {each.name: each for each in PORTFOLIO}

_FIRST: tuple[Configuration, ...] = (
    DUMMY,
    LINEAR,
    _BY_NAME["trees"],
    _trees(
        "trees-slow",
        trees=800,
        rate=0.03,
        leaves=24,
        smallest_leaf=15,
        row_share=0.75,
        column_share=0.45,
        l2=2.0,
    ),
    _boosted("boosted", leaves=31, smallest_leaf=2.0, l2=1.0),
    _random("random-trees", smallest_leaf=3, column_share=0.5),
    _curves("curves", pairs=10),
    Configuration("linear-binned", "linear", {"l2": 1.0}, "binned"),
)
"""One of each kind, so that a blend has members that differ."""

_LAST: tuple[Configuration, ...] = (
    _trees(
        "trees-encoded-small",
        leaves=12,
        smallest_leaf=30,
        row_share=0.8,
        column_share=0.6,
        l2=5.0,
        recipe="encoded",
    ),
    _BY_NAME["trees-small"],
    _BY_NAME["trees-deep"],
    _trees("trees-encoded", row_share=0.8, column_share=0.7, recipe="encoded"),
    _boosted("boosted-small", leaves=10, smallest_leaf=5.0, l2=2.0),
    _BY_NAME["trees-tiny-leaves"],
    _BY_NAME["linear-strict"],
    _BY_NAME["trees-unordered"],
    _boosted("boosted-deep", rate=0.05, leaves=80, smallest_leaf=4.0, l2=4.0, column_share=0.5),
    _BY_NAME["trees-random"],
    _BY_NAME["trees-whole"],
    _random("random-trees-fine", leaves=1_000, smallest_leaf=1, column_share=0.8),
    _BY_NAME["trees-deepest"],
    _BY_NAME["trees-fine"],
    _BY_NAME["trees-stumpy"],
)

_LEARNED_NAMES = frozenset(each.name for each in LEARNED)
THOROUGH = (*_FIRST, *LEARNED, *(each for each in _LAST if each.name not in _LEARNED_NAMES))
"""The longer list, of which a plan with time to look around takes the first so many."""

ON_REQUEST: tuple[Configuration, ...] = (
    _curves("curves-alone", pairs=0),
    Configuration("histogram", "hist", {"trees": 300, "rate": 0.08, "leaves": 31}),
    Configuration("histogram-small", "hist", {"trees": 400, "rate": 0.06, "leaves": 10, "l2": 2.0}),
    Configuration("symmetric", "catboost", {"trees": 400, "rate": 0.08, "depth": 6}),
    Configuration("symmetric-flat", "catboost", {"trees": 500, "rate": 0.08, "depth": 4}),
)
"""Tried only where their algorithm is asked for: it needs an extra, or is much like another."""

ALL = (*PORTFOLIO, *(each for each in THOROUGH if each.name not in _BY_NAME), *ON_REQUEST)

_FASTEST, _SLOWEST = 0.25, 0.01


def portfolio_for(
    models: Sequence[str], *, categories: bool, thorough: bool = False
) -> tuple[Configuration, ...]:
    """Return the configurations of some algorithms (``auto``: all), the dummy always first.

    Without ``categories`` in the table, a configuration that only treats them differently is
    left out.

    Parameters
    ----------
    thorough
        Take them from the longer list; without it ``auto`` is what the shorter one holds.

    Raises
    ------
    UsageError
        ``models-unknown`` for an algorithm that is not in the portfolio.
    """
    known = ["auto", *dict.fromkeys(each.algorithm for each in ALL)]
    for name in models:
        if name not in known:
            close = nearest(name, known)
            raise UsageError(
                "models-unknown",
                f"there is no algorithm {name!r}",
                fix=f"use {close!r}" if close else f"use one of {', '.join(known)}",
                facts={"models": name, "known": known},
            )
    usual = THOROUGH if thorough else PORTFOLIO
    offered = (*usual, *(each for each in ALL if each not in usual))
    return tuple(
        each
        for each in offered
        if (each is DUMMY or ("auto" in models and each in usual) or each.algorithm in models)
        and (categories or not (each.parameters.get("unordered") or each.recipe == "encoded"))
    )


def with_trees(configuration: Configuration, share: float) -> Configuration:
    """Return a configuration with a share of its trees, each learning as much more or less.

    >>> with_trees(PORTFOLIO[2], 0.5).parameters["trees"]
    200
    """
    if "rate" not in configuration.parameters:
        return configuration
    trees = max(10, round(float(configuration.parameters["trees"]) * share))
    rate = min(max(float(configuration.parameters["rate"]) / share, _SLOWEST), _FASTEST)
    return replace(
        configuration, parameters={**configuration.parameters, "trees": trees, "rate": rate}
    )
