"""Planted label errors come first in the order of suspicion."""

from __future__ import annotations

import numpy as np
import pytest

from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.label_errors import class_errors, value_errors
from mlwright.stats.shares import wilson


def noisy(seed: int = 0, rows: int = 2_000) -> tuple[IntArray, FloatArray, IntArray]:
    """Return labels with a tenth flipped, answers that know the truth roughly, and the flips."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 3, rows)
    weight = np.exp(2.5 * (np.eye(3)[truth] + generator.normal(0, 0.3, (rows, 3))))
    flips = generator.choice(rows, rows // 10, replace=False)
    labels = truth.copy()
    labels[flips] = (truth[flips] + generator.integers(1, 3, len(flips))) % 3
    return labels, weight / weight.sum(axis=1, keepdims=True), flips


def test_most_flips_lie_among_as_many_most_suspect_rows() -> None:
    labels, answers, flips = noisy()

    found = class_errors(labels, answers)

    assert np.isin(flips, found.order[: len(flips)]).mean() > 0.95
    assert np.isin(np.flatnonzero(found.contradicted), flips).mean() > 0.95


def test_what_is_confidently_another_class_is_by_the_rule_of_the_paper() -> None:
    labels, answers, _ = noisy(1, 400)
    limits = [answers[labels == k, k].mean() for k in range(3)]

    found = class_errors(labels, answers)

    for row, (label, answer) in enumerate(zip(labels, answers, strict=True)):
        above = [k for k in range(3) if answer[k] >= limits[k]]
        truth = max(above, key=lambda k: answer[k]) if above else label
        assert found.contradicted[row] == (truth != label)
        assert found.suspicion[row] == pytest.approx(1 - answer[label])


def test_a_class_without_rows_is_nobodys_truth() -> None:
    labels = np.array([0, 0, 1, 1])
    answers = np.array([[0.1, 0.1, 0.8]] * 4)

    found = class_errors(labels, answers)

    assert not found.contradicted.any()


def test_a_wrong_number_counts_by_how_far_its_neighbours_lie() -> None:
    generator = np.random.default_rng(0)
    answers = np.sort(generator.uniform(1, 100, 5_000))
    labels = answers * np.exp(generator.normal(0, 0.05, 5_000))
    small, large = 300, 4_900
    labels[small] += 4 * 0.05 * answers[small] * 3
    # Beside the dearest rows the same distance is usual.
    labels[large] += 4 * 0.05 * answers[small] * 3

    found = value_errors(labels, answers)

    assert found.order[0] == small
    assert found.suspicion[large] < 5


def test_numbers_that_are_met_exactly_are_not_suspect() -> None:
    answers = np.arange(200.0)
    labels = answers.copy()
    labels[7] = 50.0

    found = value_errors(labels, answers)

    assert found.order[0] == 7
    assert found.suspicion[[6, 8, 100]].tolist() == [0.0, 0.0, 0.0]


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    # Brown, Cai and DasGupta (2001): 95 % of 3 of 10.
    found = wilson(3, 10)

    assert (round(found.low, 4), round(found.high, 4)) == (0.1078, 0.6032)
    assert wilson(0, 50).low == 0.0
    assert wilson(50, 50).high == 1.0
    assert np.isnan(wilson(0, 0).value)
