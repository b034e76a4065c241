"""Sets and intervals that hold the truth as often as they say: split conformal prediction.

Vovk, Gammerman and Shafer (2005): of rows that chose nothing, one half tells how far answers are
from the truth, and with the answers of new rows of the same kind the truth is inside as often as
was asked, whatever the model. Classes by 1 less the true one's probability, each class for itself
(Sadinle, Lei and Wasserman 2019); numbers by the distance (Lei and others 2018), in bands of like
answers (Boström and Johansson 2020), so that where errors are small the interval is narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray

ROWS_A_BAND = 200
MOST_BANDS = 5


def margin_of(distances: FloatArray, level: float) -> float:
    """Return the distance within which a new row lies as often as ``level``; inf for too few rows.

    >>> margin_of(np.arange(1.0, 100.0), 0.9), margin_of(np.arange(5.0), 0.9)
    (90.0, inf)
    """
    place = math.ceil((len(distances) + 1) * level)
    return float(np.sort(distances)[place - 1]) if place <= len(distances) else math.inf


def distances_of(y: FloatArray, answers: FloatArray) -> FloatArray:
    """Return how far each truth is from its answer: of classes 1 less its probability."""
    if answers.shape[1] == 1:
        apart: FloatArray = np.abs(y - answers[:, 0])
        return apart
    wrong: FloatArray = 1.0 - answers[np.arange(len(y)), y.astype(np.intp)]
    return wrong


def edges_of(answers: FloatArray) -> tuple[float, ...]:
    """Return the upper edges of bands of like answers, of about equal count; the last is inf."""
    count = min(MOST_BANDS, len(answers) // ROWS_A_BAND) if answers.shape[1] == 1 else 1
    shares = np.arange(1, max(count, 1)) / max(count, 1)
    edges = np.unique(np.quantile(answers[:, 0], shares)) if count > 1 else np.empty(0)
    return (*edges.tolist(), math.inf)


def band_of(answers: FloatArray, edges: Sequence[float]) -> IntArray:
    """Return the band each answer lies in; an answer on an edge lies below it."""
    if len(edges) == 1:
        return np.zeros(len(answers), dtype=np.intp)
    found: IntArray = np.searchsorted(np.array(edges), answers[:, 0], side="left")
    return found


def sets_of(answers: FloatArray, margins: Sequence[float]) -> FloatArray:
    """Return rows x classes: 1 for each class in a row's set, the most probable one always.

    >>> sets_of(np.array([[0.7, 0.3], [0.5, 0.5], [0.95, 0.05]]), [0.6, 0.6]).tolist()
    [[1.0, 0.0], [1.0, 1.0], [1.0, 0.0]]
    """
    inside = 1.0 - answers <= np.array(margins)
    inside[np.arange(len(answers)), answers.argmax(axis=1)] = True
    return inside.astype(np.float64)
