from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from mlwright.evaluate.curves import MOST_POINTS, curves


def answered(rows: int, *, digits: int = 10) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(rows)
    stated = generator.uniform(size=rows).round(digits)
    y = (generator.random(rows) < stated).astype(float)
    return y, np.c_[1 - stated, stated]


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(50, 2_000), digits=st.sampled_from([1, 10]))
def test_roc_points_rise_from_nothing_to_everything_and_enclose_the_auc(
    rows: int, digits: int
) -> None:
    y, answers = answered(rows, digits=digits)

    points = curves(y, answers, "binary").roc

    x = np.array([point.false_positive_rate for point in points])
    height = np.array([point.true_positive_rate for point in points])
    assert (x[0], height[0], x[-1], height[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(height) >= 0).all()
    assert len(points) <= MOST_POINTS
    area = float((np.diff(x) * (height[1:] + height[:-1]) / 2).sum())
    assert area == pytest.approx(roc_auc_score(y, answers[:, 1]), abs=2e-3)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_reliability_bins_hold_every_row_once_in_rising_order(task: str) -> None:
    y, answers = answered(1_000)
    if task == "regression":
        answers = answers[:, 1:]

    bins = curves(y, answers, task).reliability

    assert sum(each.rows for each in bins) == 1_000
    assert all(one.high < other.low for one, other in pairwise(bins))
    assert all(each.low <= each.stated <= each.high for each in bins)


def test_a_calibrated_model_states_about_what_happens() -> None:
    y, answers = answered(20_000)

    bins = curves(y, answers, "binary").reliability

    assert all(abs(each.stated - each.happened) < 0.06 for each in bins)


def test_a_histogram_of_errors_counts_the_outermost_errors_too() -> None:
    y = np.zeros(100)
    answers = np.r_[np.linspace(-1, 1, 99), 1e6][:, None]

    bins = curves(y, answers, "regression").histogram

    assert sum(each.counts[0] for each in bins) == 100


def test_constant_answers_have_curves_too() -> None:
    y = np.r_[np.zeros(30), np.ones(10)]

    binary = curves(y, np.tile([0.75, 0.25], (40, 1)), "binary")
    value = curves(np.zeros(40), np.zeros((40, 1)), "regression")

    assert [(each.rows, each.stated, each.happened) for each in binary.reliability] == [
        (40, 0.25, 0.25)
    ]
    assert len(binary.roc) == 2
    assert sum(each.counts[0] for each in value.histogram) == 40


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows_are_no_error(rows: int) -> None:
    y, answers = answered(60)

    found = curves(y[:rows], answers[:rows], "binary")

    assert found.roc == ()


@pytest.mark.parametrize("size", [1e-310, 1e17, 1e100, 1e200, 1.7e308])
def test_errors_of_any_size_have_a_histogram_or_none(size: float) -> None:
    generator = np.random.default_rng(0)
    y = generator.uniform(0.5, 1.0, 500) * size
    answers = np.full((500, 1), 0.75 * size)

    for constant in (False, True):
        truth = np.full(500, size) if constant else y
        bins = curves(truth, answers, "regression").histogram
        assert sum(each.counts[0] for each in bins) in ((0,) if size > 1e300 else (500,))
