"""Logistic, multinomial and ridge regression, from the JSON that training writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.lanes import Fill, Held, Lane, shares_of_two
from mlwright.scoring.native.protocol import Matrix
from mlwright.stats.linear import scores_of, shares_of, shares_of_row

_LINKS = ("identity", "logistic", "softmax")


class LinearModel:
    """Weights and intercepts, one score an output; ``logistic`` has one, of the second class."""

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        self._link, self._weights, self._intercepts = _read(content)
        scores = 1 if self._link == "logistic" else outputs
        if self._weights.shape != (scores, features) or self._intercepts.shape != (scores,):
            raise predictor_broken(f"{self._weights.shape} weights for {features} features")
        self._pack = Struct(f"={features}d").pack

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the outputs for one row of features."""
        values = np.frombuffer(self._pack(*features))
        scores = np.add.reduce(self._weights * values, axis=1) + self._intercepts
        if self._link == "identity":
            return tuple(scores.tolist())
        if self._link == "softmax":
            return shares_of_row(scores.tolist())
        return shares_of_two(float(scores[0]))

    def lane(self, order: Sequence[int]) -> Lane:
        """Return a thread's way from features packed in an order."""
        held = Held(order)
        view, scores = held.view, self.sums(*held.read(None))
        link: Callable[[tuple[float, ...]], tuple[float, ...]] | None = {
            "logistic": lambda scores: shares_of_two(scores[0]),
            "softmax": shares_of_row,
        }.get(self._link)

        def answer(packed: bytes) -> tuple[float, ...]:
            view[:] = packed
            return scores() if link is None else link(scores())

        return answer

    def sums(self, fill: Fill, row: Matrix) -> Callable[[], tuple[float, ...]]:
        """Return what gives the scores of the row that ``fill`` puts at ``row``."""
        multiply, total = np.multiply, np.add.reduce
        if len(self._intercepts) > 1:
            weights, intercepts = self._weights, self._intercepts
            many = np.empty(weights.shape)

            def several() -> tuple[float, ...]:
                fill()
                multiply(weights, row, many)
                return tuple((total(many, 1) + intercepts).tolist())

            return several
        own, intercept, products = self._weights[0], float(self._intercepts[0]), row * 0.0

        def one() -> tuple[float, ...]:
            fill()
            multiply(own, row, products)
            return (float(total(products)) + intercept,)

        return one

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the scores behind the outputs of one row."""
        scores = np.add.reduce(self._products(features), axis=1) + self._intercepts
        return tuple(scores.tolist())

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return each weight times its feature, and the intercept last."""
        return np.hstack([self._products(features), self._intercepts.reshape(-1, 1)])

    def _products(self, features: Sequence[float]) -> Matrix:
        products: Matrix = self._weights * np.frombuffer(self._pack(*features))
        return products

    def raw_matrix(self, X: Matrix) -> Matrix:
        """Return rows x scores for a matrix of features."""
        return scores_of(X, self._weights, self._intercepts)

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs for a matrix of features."""
        scores = scores_of(X, self._weights, self._intercepts)
        if self._link == "identity":
            return scores
        if self._link == "logistic":
            scores = np.hstack([np.zeros_like(scores), scores])
        return shares_of(scores)


def _read(content: bytes) -> tuple[str, Matrix, NDArray[np.float64]]:
    try:
        read = json.loads(content)
        link = read["link"]
        weights = np.array(read["weights"], dtype=np.float64)
        intercepts = np.array(read["intercepts"], dtype=np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise predictor_broken("it is not the JSON of a linear model") from error
    if read.get("format") != "mlwright/linear/1" or link not in _LINKS:
        raise predictor_broken(f"its format {read.get('format')!r} is not known")
    return link, weights, intercepts
