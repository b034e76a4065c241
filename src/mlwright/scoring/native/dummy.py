"""The same answer for every row, from the JSON that training writes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np

from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.protocol import Matrix


class DummyModel:
    """The share of each class, or the mean."""

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        self._answers = _read(content)
        self._features = features
        if len(self._answers) != outputs:
            raise predictor_broken(f"{len(self._answers)} answers for {outputs} outputs")

    def row(self, features: Sequence[float]) -> tuple[float, ...]:  # noqa: ARG002
        """Return the outputs, whatever the features."""
        return self._answers

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs, each row the same."""
        return np.tile(np.array(self._answers, dtype=np.float64), (len(X), 1))

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:  # noqa: ARG002
        """Return the mean, or logarithms of the shares; that of a class without a row is -inf."""
        if len(self._answers) == 1:
            return self._answers
        logarithms = tuple(math.log(share) if share > 0 else -math.inf for share in self._answers)
        return (logarithms[1] - logarithms[0],) if len(logarithms) == 2 else logarithms

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return the scores as bases: no feature adds anything."""
        bases = np.array(self.scores(features)).reshape(-1, 1)
        return np.hstack([np.zeros((len(bases), self._features)), bases])


def _read(content: bytes) -> tuple[float, ...]:
    try:
        read = json.loads(content)
        if read["format"] == "mlwright/dummy/1":
            return tuple(float(answer) for answer in read["answers"])
    except (ValueError, KeyError, TypeError) as error:
        raise predictor_broken("it is not the JSON of a constant answer") from error
    raise predictor_broken(f"its format {read['format']!r} is not known")
