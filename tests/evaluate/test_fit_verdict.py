from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mlwright.evaluate.fit_verdict import Scores, fit_verdict
from mlwright.evaluate.records import FitVerdict
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval

AUC, RMSE = METRICS["auc"], METRICS["rmse"]
GOOD = Scores(
    rows=1_000,
    rarest=300,
    train=0.87,
    validation=0.86,
    test=Interval(0.85, 0.84, 0.86),
    dummy=0.5,
    gain=Interval(0.35, 0.34, 0.36),
    gain_over_linear=Interval(0.02, 0.01, 0.03),
)
GOOD_RMSE = Scores(
    rows=1_000,
    rarest=None,
    train=530.0,
    validation=550.0,
    test=Interval(560.0, 540.0, 580.0),
    dummy=4_000.0,
    gain=Interval(3_440.0, 3_420.0, 3_460.0),
    gain_over_linear=Interval(600.0, 550.0, 650.0),
)


def test_a_model_that_carries_over_and_beats_its_baselines_is_good() -> None:
    auc, rmse = fit_verdict(AUC, GOOD), fit_verdict(RMSE, GOOD_RMSE)

    assert auc.verdict is rmse.verdict is FitVerdict.GOOD
    assert "better than the linear baseline by 0.02" in auc.why


def test_the_gap_is_positive_where_the_test_is_worse_whichever_way_the_metric_points() -> None:
    assert fit_verdict(AUC, GOOD).gap == pytest.approx(0.02)
    assert fit_verdict(RMSE, GOOD_RMSE).gap == pytest.approx(30.0)


def test_a_gap_that_is_large_and_beyond_the_interval_is_overfit() -> None:
    auc = fit_verdict(AUC, replace(GOOD, train=0.99))
    rmse = fit_verdict(RMSE, replace(GOOD_RMSE, train=100.0))

    assert auc.verdict is rmse.verdict is FitVerdict.OVERFIT
    assert "28% of the way" in auc.why
    assert "The rows it was chosen by show it too" in auc.why


def test_an_overfit_that_validation_did_not_show_points_to_the_test_rows() -> None:
    found = fit_verdict(AUC, replace(GOOD, train=0.99, validation=0.98))

    assert "the rows it never saw differ" in found.why


def test_a_large_gap_within_the_test_scores_interval_is_too_little_data() -> None:
    wide = replace(GOOD, train=0.95, test=Interval(0.85, 0.7, 0.97))

    assert fit_verdict(AUC, wide).verdict is FitVerdict.TOO_LITTLE_DATA


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [
        # german as it is, and with 200 columns of noise: 1,000 rows in nested cross-validation
        (0.8669, Interval(0.7855, 0.755, 0.8152), FitVerdict.TOO_LITTLE_DATA),
        (0.9699, Interval(0.6674, 0.6332, 0.7017), FitVerdict.OVERFIT),
        (0.8669, Interval(0.7855, 0.782, 0.789), FitVerdict.OVERFIT),
    ],
)
def test_a_gap_over_the_limit_is_overfit_once_its_own_uncertainty_is_taken_off(
    train: float, test: Interval, verdict: FitVerdict
) -> None:
    gain = Interval(*(each - 0.5 for each in (test.value, test.low, test.high)))

    found = fit_verdict(AUC, replace(GOOD, train=train, test=test, gain=gain))

    assert found.verdict is verdict


def test_losing_most_of_a_small_gain_is_overfit_though_the_gap_is_small() -> None:
    lost = replace(
        GOOD, train=0.58, test=Interval(0.535, 0.53, 0.54), gain=Interval(0.035, 0.03, 0.04)
    )

    found = fit_verdict(AUC, lost)

    assert found.verdict is FitVerdict.OVERFIT
    assert "56% of what it gained in training (limit 50%)" in found.why


def test_barely_above_the_dummy_is_underfit() -> None:
    weak = replace(
        GOOD, train=0.52, test=Interval(0.51, 0.505, 0.515), gain=Interval(0.01, 0.005, 0.015)
    )

    found = fit_verdict(AUC, weak)

    assert found.verdict is FitVerdict.UNDERFIT
    assert "barely better than the dummy's 0.5" in found.why


def test_the_dummy_itself_is_underfit() -> None:
    dummy = replace(GOOD, train=0.5, test=Interval(0.5, 0.5, 0.5), gain=Interval(0.0, 0.0, 0.0))

    found = fit_verdict(AUC, dummy)

    assert found.verdict is FitVerdict.UNDERFIT
    assert "no better" in found.why


def test_clearly_below_the_linear_baseline_is_underfit() -> None:
    below = replace(GOOD, gain_over_linear=Interval(-0.03, -0.04, -0.02))

    found = fit_verdict(AUC, below)

    assert found.verdict is FitVerdict.UNDERFIT
    assert "worse than the linear baseline by 0.03 (95 %: 0.02 to 0.04)" in found.why


def test_a_difference_from_the_linear_baseline_too_small_to_matter_is_said_and_is_good() -> None:
    found = fit_verdict(AUC, replace(GOOD, gain_over_linear=Interval(-0.002, -0.003, -0.001)))

    assert found.verdict is FitVerdict.GOOD
    assert "worse than the linear baseline by 0.002" in found.why


def test_a_gain_that_may_be_nothing_or_much_is_too_little_data() -> None:
    unsure = replace(GOOD, gain=Interval(0.08, -0.05, 0.2))

    assert fit_verdict(AUC, unsure).verdict is FitVerdict.TOO_LITTLE_DATA


@pytest.mark.parametrize("end", ["value", "low", "high"])
def test_an_undefined_metric_is_too_little_data(end: str) -> None:
    undefined = replace(GOOD, test=replace(GOOD.test, **{end: math.nan}))

    if end == "value":
        undefined = replace(undefined, gain=Interval(math.nan, math.nan, math.nan))
    assert fit_verdict(AUC, undefined).verdict is FitVerdict.TOO_LITTLE_DATA


@pytest.mark.parametrize("few", [{"rows": 29}, {"rarest": 9}])
def test_a_handful_of_rows_is_too_little_data_whatever_they_say(few: dict[str, int]) -> None:
    assert fit_verdict(AUC, replace(GOOD, **few)).verdict is FitVerdict.TOO_LITTLE_DATA


def test_the_linear_model_is_said_to_answer_as_the_baseline_does() -> None:
    same = replace(GOOD, gain_over_linear=Interval(0.0, 0.0, 0.0))

    assert "answers as the linear baseline does" in fit_verdict(AUC, same).why


def test_a_dummy_that_is_perfect_leaves_nothing_to_learn() -> None:
    nothing = Interval(0.0, 0.0, 0.0)
    constant = Scores(50, None, 0.0, 0.0, nothing, 0.0, nothing, nothing)

    assert fit_verdict(RMSE, constant).verdict is FitVerdict.UNDERFIT
