"""The same answer for every row, from the JSON that training writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.protocol import Matrix


class DummyModel:
    """The share of each class, or the mean."""

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:  # noqa: ARG002
        self._answers = _read(content)
        if len(self._answers) != outputs:
            raise predictor_broken(f"{len(self._answers)} answers for {outputs} outputs")

    def row(self, features: Sequence[float]) -> tuple[float, ...]:  # noqa: ARG002
        """Return the outputs, whatever the features."""
        return self._answers

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs, each row the same."""
        return np.tile(np.array(self._answers, dtype=np.float64), (len(X), 1))


def _read(content: bytes) -> tuple[float, ...]:
    try:
        read = json.loads(content)
        if read["format"] == "mlwright/dummy/1":
            return tuple(float(answer) for answer in read["answers"])
    except (ValueError, KeyError, TypeError) as error:
        raise predictor_broken("it is not the JSON of a constant answer") from error
    raise predictor_broken(f"its format {read['format']!r} is not known")
