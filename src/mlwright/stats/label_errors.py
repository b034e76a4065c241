"""Which labels are probably wrong, by what a model that did not see them would have said.

Classes by confident learning (Northcutt, Jiang and Chuang 2021, Journal of Artificial
Intelligence Research 70, 1373-1411); numbers by how far they lie from the answer, measured by
how far others with such an answer lie. ``labels`` are class numbers or values, ``answers`` rows x
classes or one number a row, each from a model that was fitted without the row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlwright.stats.counts import FloatArray, IntArray

_NEIGHBOURS = 0.02
_FEWEST_NEIGHBOURS = 50
_MEDIAN_TO_DEVIATION = 1.4826
"""The deviation of a normal variable, by the median of its sizes."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelErrors:
    """Every row's place in the order of suspicion.

    ``order`` holds rows, the most suspect first; ``suspicion`` is each row's own number, greater
    is worse: what the model does not give the label, or deviations from the answer. ``expected``
    is what the model says instead. ``contradicted`` marks the rows the model is confident have
    another class; of numbers none.
    """

    order: IntArray
    suspicion: FloatArray
    expected: FloatArray
    contradicted: NDArray[np.bool_]


def class_errors(labels: IntArray, answers: FloatArray) -> LabelErrors:
    """Return how suspect each label of a class is.

    Rows are ordered by what the model gives their label alone: of the orders proposed that one
    found most of the flips planted in tables of many classes, and in two classes all are one.

    >>> sure = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
    >>> found = class_errors(np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]), sure)
    >>> int(found.order[0]), found.contradicted.nonzero()[0].tolist()
    (4, [4])
    """
    own = answers[np.arange(len(labels)), labels]
    # A class is confidently the truth where its answer is as sure as for the rows labelled so; of
    # two that are equally sure the label is right.
    sure = np.where(answers >= self_confidence(labels, answers), answers, -1.0)
    other = sure.max(axis=1) > sure[np.arange(len(labels)), labels]
    truth = np.where(other, sure.argmax(axis=1), labels)
    contradicted = truth != labels
    suspicion = 1.0 - own
    order: IntArray = np.argsort(-suspicion, kind="stable")
    expected = np.where(contradicted, truth, answers.argmax(axis=1)).astype(np.float64)
    return LabelErrors(order, suspicion, expected, contradicted)


def self_confidence(labels: IntArray, answers: FloatArray) -> FloatArray:
    """Return the mean answer for a class among the rows labelled so; 2 where there is none."""
    classes = range(answers.shape[1])
    return np.array([answers[labels == k, k].mean() if k in labels else 2.0 for k in classes])


def value_errors(labels: FloatArray, answers: FloatArray) -> LabelErrors:
    """Return how suspect each number is: its distance from the answer, in local deviations.

    The deviation is the median distance among the rows with the nearest answers, 2 % of all, so
    that where every value is uncertain a distance means less.
    """
    distance = np.abs(labels - answers)
    by_answer = np.argsort(answers, kind="stable")
    scale = np.empty(len(labels))
    scale[by_answer] = _local_medians(distance[by_answer])
    # Where most neighbours are met exactly, half the usual distance is the least that counts.
    floor = np.median(distance) / 2 if len(distance) else 0.0
    unit = np.maximum(scale, floor) * _MEDIAN_TO_DEVIATION
    suspicion = distance / np.where(unit > 0, unit, 1.0)
    order: IntArray = np.argsort(-suspicion, kind="stable")
    return LabelErrors(order, suspicion, answers, np.zeros(len(labels), np.bool_))


def _local_medians(values: FloatArray) -> FloatArray:
    """Return the median around each place, over a window that keeps its length at the ends."""
    count = len(values)
    width = min(count, max(_FEWEST_NEIGHBOURS, int(count * _NEIGHBOURS)))
    if not count:
        return values
    step = max(1, width // 10)
    starts = np.clip(np.arange(0, count, step) - width // 2, 0, count - width)
    medians = np.array([np.median(values[start : start + width]) for start in starts])
    return np.repeat(medians, step)[:count]
