from __future__ import annotations

import math

import numpy as np
import pytest

from mlwright.stats.bootstrap import (
    interval,
    observed,
    paired_difference,
    replicates,
    resamples_for,
    summarise,
)
from mlwright.stats.metrics import BINARY, METRICS, metrics_for
from mlwright.stats.records import Interval


def separated(rows: int, seed: int, *, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose scores are normal, the positive ones ``shift`` higher."""
    generator = np.random.default_rng(seed)
    y = (generator.random(rows) < 0.4).astype(float)
    score = generator.normal(size=rows) + shift * y
    return y, np.c_[-score, score]


def normal_auc(shift: float) -> float:
    return 0.5 * (1 + math.erf(shift / 2))


def covered(found: list[Interval], truth: float) -> float:
    return float(np.mean([each.low <= truth <= each.high for each in found]))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    y, answers = separated(300, 0)

    first, again, other = (
        interval(METRICS["auc"], y, answers, seed=seed, resamples=200) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_a_statistics_replicates_do_not_depend_on_what_is_computed_beside_it() -> None:
    y, answers = separated(300, 0)
    statistics = [metric.statistic(y, answers) for metric in metrics_for(BINARY)]

    together = replicates(statistics, 300, seed=3, resamples=50)

    alone = [replicates([one], 300, seed=3, resamples=50)[0] for one in statistics]
    assert together.tobytes() == np.stack(alone).tobytes()


def test_an_auc_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    found = []
    for seed in range(300):
        y, answers = separated(250, seed)
        found.append(interval(METRICS["auc"], y, answers, seed=seed, resamples=300))

    # 95 % with 300 simulations has a standard error of 1.3 points.
    assert 0.91 <= covered(found, normal_auc(1.0)) <= 0.985


def test_a_paired_difference_covers_the_truth_about_as_often_as_it_says() -> None:
    found = []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        y = generator.normal(size=200)
        first = y + generator.normal(0, 1.0, 200)
        second = y + generator.normal(0, 1.2, 200)
        found.append(
            paired_difference(
                METRICS["rmse"], y, first[:, None], second[:, None], seed=seed, resamples=300
            )
        )

    assert 0.91 <= covered(found, -0.2) <= 0.985


def test_a_calibration_errors_interval_reaches_down_to_a_calibrated_truth() -> None:
    found = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        stated = generator.uniform(0.05, 0.95, 1_000)
        y = (generator.random(1_000) < stated).astype(float)
        answers = np.c_[1 - stated, stated]
        found.append(interval(METRICS["ece"], y, answers, seed=seed, resamples=200))

    assert covered(found, 0.0) > 0.9
    assert all(each.low <= each.value <= each.high for each in found)


def test_a_calibration_errors_interval_covers_a_true_error() -> None:
    found = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        stated = generator.uniform(0.05, 0.85, 1_000)
        y = (generator.random(1_000) < stated + 0.1).astype(float)
        answers = np.c_[1 - stated, stated]
        found.append(interval(METRICS["ece"], y, answers, seed=seed, resamples=200))

    assert covered(found, 0.1) > 0.91
    assert covered(found, 0.0) < 0.1


def clustered(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """60 households of 10 rows whose errors share most of what makes them large."""
    generator = np.random.default_rng(seed)
    units = np.repeat(np.arange(60), 10)
    y = np.zeros(600)
    errors = 5 + generator.normal(0, 1, 60)[units] + generator.normal(0, 0.5, 600)
    return y, errors[:, None], units


def test_drawing_whole_units_covers_where_drawing_rows_does_not() -> None:
    by_unit, by_row = [], []
    for seed in range(200):
        y, answers, units = clustered(seed)
        mae = METRICS["mae"]
        by_unit.append(interval(mae, y, answers, seed=seed, resamples=200, units=units))
        by_row.append(interval(mae, y, answers, seed=seed, resamples=200))

    assert covered(by_unit, 5.0) >= 0.89
    assert covered(by_row, 5.0) <= 0.65


def test_units_of_one_row_each_are_rows() -> None:
    y, answers = separated(200, 0)
    auc = METRICS["auc"]

    by_unit = interval(auc, y, answers, seed=1, resamples=100, units=np.arange(200))

    assert by_unit == interval(auc, y, answers, seed=1, resamples=100)


def test_a_model_differs_from_itself_by_exactly_nothing() -> None:
    y, answers = separated(200, 0)

    found = paired_difference(METRICS["auc"], y, answers, answers, seed=1, resamples=100)

    assert found == Interval(0.0, 0.0, 0.0)


def test_pairing_makes_the_interval_of_a_difference_narrower() -> None:
    y, answers = separated(500, 0)
    slightly = answers + np.random.default_rng(1).normal(0, 0.1, answers.shape)
    auc = METRICS["auc"]

    paired = paired_difference(auc, y, answers, slightly, seed=1, resamples=300)

    alone = interval(auc, y, answers, seed=1, resamples=300)
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_rows_of_one_class_give_a_value_and_ends_that_are_nan() -> None:
    answers = separated(50, 0)[1]

    found = interval(METRICS["auc"], np.zeros(50), answers, seed=1, resamples=20)

    assert all(math.isnan(each) for each in (found.value, found.low, found.high))


def test_no_end_is_stated_when_many_resamples_have_no_value() -> None:
    y = np.array([1.0] + [0.0] * 49)
    answers = separated(50, 0)[1]

    found = interval(METRICS["auc"], y, answers, seed=1, resamples=200)

    assert not math.isnan(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_no_rows_give_nan_and_no_error() -> None:
    found = interval(METRICS["mae"], np.zeros(0), np.zeros((0, 1)), seed=1, resamples=20)

    assert all(math.isnan(each) for each in (found.value, found.low, found.high))


def test_the_low_end_of_an_inflated_value_is_never_negative() -> None:
    replicated = np.linspace(0.01, 0.09, 100)

    found = summarise(0.01, replicated, noise=replicated)

    assert found.low == 0.0


def test_observed_values_are_those_of_the_metrics() -> None:
    y, answers = separated(100, 0)
    metrics = metrics_for(BINARY)

    found = observed([metric.statistic(y, answers) for metric in metrics], 100)

    assert found.tolist() == [metric.function(y, answers) for metric in metrics]


def test_many_rows_get_fewer_resamples() -> None:
    assert resamples_for(60_000) < resamples_for(2_000)


def test_many_classes_are_resampled_less_often_but_often_enough() -> None:
    assert resamples_for(2_000, 10) == resamples_for(2_000)
    assert 200 < resamples_for(2_400, 300) < 1_000
    assert resamples_for(100_000, 1_000) == 200


def test_units_that_do_not_fit_the_rows_are_a_programming_error() -> None:
    y, answers = separated(50, 0)

    with pytest.raises(ValueError, match="do not fit"):
        interval(METRICS["auc"], y, answers, seed=1, resamples=2, units=np.arange(49))
