"""A model of the user's own, asked in a confined process of its own: slow, and never opened here.

Its answers are what its own code says; nothing about it adds up, so it has no scores and no terms.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

import numpy as np

from mlwright.core.errors import RefusedError
from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.protocol import Matrix
from mlwright.train.own.content import ALGORITHM, head_of, words
from mlwright.train.own.kept import rested

__all__ = ["ALGORITHM", "ForeignModel"]

_LEAST = 1e-6


class ForeignModel:
    """A kept model of the user's own; its process starts with the first question.

    ``timeout`` is how many seconds a question may take before the process is ended.
    """

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        self.head = head_of(content)
        self.timeout: float | None = None
        self._content = content
        self._features = features
        self._kept = rested(content)
        weakref.finalize(self, self._kept.rest)
        if self.head.outputs != outputs:
            raise predictor_broken(f"{self.head.outputs} answers for {outputs} outputs")

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.head.name

    @property
    def pid(self) -> int | None:
        """The number of its process, None while there is none."""
        return self._kept.pid

    @property
    def confined(self) -> Mapping[str, bool]:
        """What its process has given up."""
        return self._kept.confined

    @property
    def told(self) -> str:
        """What it is, in words."""
        return words(self.head)

    def stop(self) -> None:
        """End its process for good, also in the midst of a question."""
        self._kept.stop()

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the outputs for one row of features."""
        X = np.array([features], dtype=np.float64)
        return tuple(self.matrix(X)[0].tolist())

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs for a matrix of features."""
        return self._kept.ask(self._content, X, self.timeout)

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the scores behind one row's answers: see :meth:`score_matrix`."""
        return tuple(self.score_matrix(np.array([features], dtype=np.float64))[0].tolist())

    def score_matrix(self, X: Matrix) -> Matrix:
        """Return rows x scores: the values, or logarithms of shares; of two classes, of the odds.

        A share counts as no less than a millionth, so that a score is a number.
        """
        answers = self.matrix(X)
        if answers.shape[1] == 1:
            return answers
        logarithms = np.log(np.maximum(answers, _LEAST))
        return logarithms[:, 1:] - logarithms[:, :1] if answers.shape[1] == 2 else logarithms

    def terms(self, features: Sequence[float]) -> Matrix:  # noqa: ARG002
        """Refuse: what a feature adds is not known of code that only answers.

        Raises
        ------
        RefusedError
            ``reasons-none``.
        """
        raise RefusedError(
            "reasons-none",
            f"{self.head.name} only answers: what each column adds to its answers is not known",
            fix="mlw why tells by how much its answer moves when a column is exchanged",
            facts={"model": self.head.name},
        )
