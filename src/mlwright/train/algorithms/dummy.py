"""The same answer for every row: the share of each class, or the mean."""

from __future__ import annotations

import json

import numpy as np

from mlwright.core.encoding import canonical_json
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms.problem import Learned, Parameters, Problem, Rows, centre_and_spread
from mlwright.train.algorithms.weights import quantile_of, totals

RECIPE: Recipe = "tree"
FORMAT = "mlwright/dummy/1"

DEFAULTS: Parameters = {}


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:  # noqa: ARG001
    """Return ``{"format", "answers"}``, one answer an output."""
    if problem.classes:
        held = totals(rows, problem)
        answers = (held / held.sum()).tolist()
    elif problem.quantile is not None:
        answers = [quantile_of(rows.y, rows.weight, problem.quantile)]
    else:
        answers = [centre_and_spread(rows.y, rows.weight)[0]]
    return Learned(canonical_json({"format": FORMAT, "answers": answers}), problem.parameters)


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:  # noqa: ARG001
    """Return the same answers for each row."""
    answers = np.array(json.loads(content)["answers"], dtype=np.float64)
    return np.tile(answers, (len(X), 1))
