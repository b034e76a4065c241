"""Metrics of answers to no question: how unusual a row is, and which rows are alike.

Of unusual rows ``y`` says which were planted (0 real, 1 mixed from two rows, 2 moved away) and the
answers are p-values. Of clusters ``y`` is the cluster another fit gives and the answers are the
distances to the centres.
"""

from __future__ import annotations

from mlwright.stats.counts import FloatArray, Statistic, ratio, total
from mlwright.stats.ranking import rank_auc

ANOMALY, CLUSTERING = "anomaly", "clustering"
REAL, MIXED, MOVED = 0.0, 1.0, 2.0
LEVEL = 0.05
"""The p-value up to which a row is called unusual."""


def false_alarms(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return the share of real rows that are called unusual."""
    return _called(y == REAL, answers)


def found(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return the share of planted rows that are called unusual."""
    return _called(y != REAL, answers)


def found_mixed(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return the share of rows mixed from two that are called unusual."""
    return _called(y == MIXED, answers)


def found_moved(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return the share of rows moved away that are called unusual."""
    return _called(y == MOVED, answers)


def planted_auc(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return how often a planted row is more unusual than a real one."""
    return rank_auc(-answers[:, 0], y != REAL)


def _called(among: FloatArray, answers: FloatArray) -> Statistic:
    rows = among.astype(float)
    called = rows * (answers[:, 0] <= LEVEL)
    return lambda counts: ratio(total(counts * called), total(counts * rows))
