"""Logistic, multinomial and ridge regression; the only module that knows scikit-learn.

The content is ``{"format", "link", "intercepts", "weights"}``. A score is an intercept plus the
sum of weight times feature; with ``link`` ``logistic`` there is one score, that of the second of
two classes, with ``softmax`` one a class, with ``identity`` the score is the answer.
"""

from __future__ import annotations

import json
import warnings

import numpy as np
from numpy.typing import NDArray

from mlwright.core.encoding import canonical_json
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.stats.linear import scores_of, shares_of
from mlwright.stats.spread import deviation_of
from mlwright.train.algorithms.problem import Learned, Parameters, Problem, Rows, centre_and_spread
from mlwright.train.algorithms.weights import (
    UNSEEN,
    multipliers,
    quantile_of,
    taken_back,
    weight_of,
)
from mlwright.train.threads import one_blas_thread, wait_passively

RECIPE: Recipe = "linear"
FORMAT = "mlwright/linear/1"

DEFAULTS: Parameters = {"l2": 1.0}

_ITERATIONS = 300
_REACH = 1e6  # of numbers over their deviation, at most


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:  # noqa: ARG001
    """Return weights that minimise the loss plus ``l2`` times half their squared length.

    A quantile is as far from the mean for every row: that of what the mean leaves over.
    """
    wait_passively()
    l2 = float({**DEFAULTS, **problem.parameters}["l2"])
    factors = multipliers(rows, problem)
    counted = Rows(rows.X, rows.y, weight_of(rows, factors))
    with one_blas_thread():
        if problem.classes == 0:
            link, intercepts, weights = "identity", *_ridge(counted, l2)
        elif problem.classes == 2:
            link = "logistic"
            intercepts, weights = _classes(counted, 2, l2)
            intercepts, weights = intercepts[1:] - intercepts[:1], weights[1:] - weights[:1]
        else:
            link, intercepts, weights = "softmax", *_classes(counted, problem.classes, l2)
    if problem.classes:
        intercepts = intercepts + taken_back(factors)
    elif problem.quantile is not None:
        off = rows.y - scores_of(rows.X, weights, intercepts)[:, 0]
        intercepts = intercepts + quantile_of(off, rows.weight, problem.quantile)
    written = {
        "format": FORMAT,
        "link": link,
        "intercepts": intercepts.tolist(),
        "weights": weights.tolist(),
    }
    return Learned(canonical_json(written), problem.parameters)


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:  # noqa: ARG001
    """Return the answers for each row."""
    read = json.loads(content)
    weights = np.array(read["weights"], dtype=np.float64)
    scores = scores_of(X, weights, np.array(read["intercepts"], dtype=np.float64))
    if read["link"] == "identity":
        return scores
    if read["link"] == "logistic":
        scores = np.hstack([np.zeros_like(scores), scores])
    return shares_of(scores)


_Weights = tuple[NDArray[np.float64], NDArray[np.float64]]


def _ridge(rows: Rows, l2: float) -> _Weights:
    from sklearn.linear_model import Ridge

    mean, spread = centre_and_spread(rows.y, rows.weight)
    # What says something in units of a large target would leave no digit to the others.
    reach = np.abs(rows.X).max(axis=0, initial=0.0)
    units = np.ones(len(reach))
    for place in np.flatnonzero(reach > _REACH):
        units[place] = deviation_of(rows.X[:, place]) or reach[place]
    model = Ridge(alpha=l2, solver="cholesky")
    X = rows.X / units if (reach > _REACH).any() else rows.X
    model.fit(X, (rows.y - mean) / spread, rows.weight)
    weights = np.asarray(model.coef_, dtype=np.float64).reshape(1, -1) / units * spread
    return np.array([float(model.intercept_) * spread + mean]), weights


def _classes(rows: Rows, classes: int, l2: float) -> _Weights:
    """Return an intercept and weights for each class, also for one without a row."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    seen = np.unique(rows.y).astype(np.intp)
    intercepts = np.zeros(classes)
    weights = np.zeros((classes, rows.X.shape[1]))
    if len(seen) > 1:
        model = LogisticRegression(C=1.0 / l2, max_iter=_ITERATIONS)
        with warnings.catch_warnings():
            # Cut short, the weights are as reproducible, and judged like all others.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(rows.X, rows.y, rows.weight)
        fitted = seen[1:] if len(seen) == 2 else seen
        intercepts[fitted] = model.intercept_
        weights[fitted] = model.coef_
    unseen = np.setdiff1d(np.arange(classes), seen)
    intercepts[unseen] = intercepts[seen].min() - UNSEEN
    return intercepts, weights
