from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fairlearn import metrics as fairlearn

from mlwright.stats.bootstrap import observed, replicates, summarise
from mlwright.stats.fairness import CALIBRATION, gaps, group_rates
from mlwright.stats.records import Interval


def decided(
    seed: int, *, rows: int = 1_000, rates: tuple[float, ...] = (0.5, 0.7)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of several groups; a group's positives are selected at its own rate."""
    generator = np.random.default_rng(seed)
    group = generator.integers(0, len(rates), rows)
    positive = (generator.random(rows) < 0.5).astype(float)
    chance = np.where(positive == 1, np.array(rates)[group], 0.2)
    return positive, (generator.random(rows) < chance).astype(float), group


def gap(name: str, seed: int, rates: tuple[float, ...], resamples: int = 200) -> Interval:
    positive, selected, group = decided(seed, rates=rates)
    found = group_rates(positive, selected, group, ["a", "b", "c"][: len(rates)])
    of = gaps(positive, selected, group, found)[name]
    statistics = [of.statistic, of.noise]
    replicated = replicates(statistics, len(group), seed=seed, resamples=resamples)
    value = float(observed(statistics, len(group))[0])
    return summarise(value, replicated[0], replicated[1])


def test_rates_are_the_shares_of_their_group() -> None:
    positive, selected, group = decided(0)

    found = group_rates(positive, selected, group, ["a", "b"])

    for index, rates in enumerate(found):
        here = group == index
        assert rates.rows == here.sum()
        assert rates.selection_rate == pytest.approx(selected[here].mean())
        assert rates.true_positive_rate == pytest.approx(selected[here & (positive == 1)].mean())
        assert rates.false_positive_rate == pytest.approx(selected[here & (positive == 0)].mean())


def test_a_gap_is_the_largest_rate_less_the_smallest() -> None:
    positive, selected, group = decided(0, rates=(0.3, 0.5, 0.9))
    found = group_rates(positive, selected, group, ["a", "b", "c"])

    of = gaps(positive, selected, group, found)

    rates = [each.true_positive_rate for each in found]
    value = observed([of["tpr_gap"].statistic], len(group))[0]
    assert value == pytest.approx(max(rates) - min(rates))


def test_a_gaps_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    found = [gap("tpr_gap", seed, (0.5, 0.7)) for seed in range(200)]

    assert np.mean([each.low <= 0.2 <= each.high for each in found]) >= 0.91
    assert np.mean([each.low > 0 for each in found]) >= 0.95


def test_where_groups_are_treated_alike_the_interval_reaches_down_to_zero() -> None:
    found = [gap("tpr_gap", seed, (0.6, 0.6, 0.6)) for seed in range(200)]

    assert np.mean([each.low == 0 for each in found]) >= 0.9


def test_a_group_with_too_few_rows_beneath_a_rate_is_shown_but_not_compared() -> None:
    positive, selected, group = decided(0)
    group[:] = 0
    group[:40] = 1
    positive[:40] = np.arange(40) < 10

    found = group_rates(positive, selected, group, ["large", "small"])
    of = gaps(positive, selected, group, found)

    assert found[1].rows == 40
    assert found[1].compared == ("selection_gap", "fpr_gap")
    assert math.isnan(observed([of["tpr_gap"].statistic], len(group))[0])


def test_a_group_without_positives_has_no_true_positive_rate() -> None:
    positive, selected, group = decided(0)
    positive[group == 1] = 0

    found = group_rates(positive, selected, group, ["a", "b"])

    assert math.isnan(found[1].true_positive_rate)


def test_calibration_is_what_happened_less_what_was_stated_and_its_gap_the_range() -> None:
    positive, selected, group = decided(0, rates=(0.3, 0.5, 0.9))
    stated = np.where(group == 2, 0.3, 0.5)

    found = group_rates(positive, selected, group, ["a", "b", "c"], stated=stated)
    of = gaps(positive, selected, group, found, stated)[CALIBRATION]

    expected = [(positive - stated)[group == each].mean() for each in range(3)]
    assert [each.calibration for each in found] == pytest.approx(expected)
    value = observed([of.statistic], len(group))[0]
    assert value == pytest.approx(max(expected) - min(expected))
    assert observed([of.noise], len(group))[0] == 0


def test_without_what_was_stated_there_is_no_calibration() -> None:
    positive, selected, group = decided(0)

    found = group_rates(positive, selected, group, ["a", "b"])

    assert all(math.isnan(each.calibration) for each in found)
    assert CALIBRATION not in found[0].compared
    assert CALIBRATION not in gaps(positive, selected, group, found)


ADULT = ("income", ">50K", ["sex", "race"], "education_num", 12.0)
GERMAN = ("credit", "good", ["sex", "foreign_worker"], "duration", 24.0)


@pytest.mark.parametrize(("name", "of"), [("adult", ADULT), ("german", GERMAN)])
def test_rates_and_gaps_of_real_tables_are_those_of_fairlearn(
    name: str, of: tuple[str, str, list[str], str, float], dataset: Callable[[str], Path]
) -> None:
    target, good, protected, number, limit = of
    table = pl.read_csv(dataset(name), infer_schema_length=None)
    positive = (table[target] == good).to_numpy().astype(float)
    selected = (table[number] > limit).to_numpy().astype(float)

    for column in protected:
        names, codes = np.unique(table[column].to_numpy().astype(object), return_inverse=True)
        rates = group_rates(positive, selected, codes, list(names), smallest=1)
        gap = gaps(positive, selected, codes, rates)
        theirs = fairlearn.MetricFrame(
            metrics={
                "selection_gap": fairlearn.selection_rate,
                "tpr_gap": fairlearn.true_positive_rate,
                "fpr_gap": fairlearn.false_positive_rate,
            },
            y_true=positive,
            y_pred=selected,
            sensitive_features=codes,
        )
        ours = {each: observed([gap[each].statistic], len(codes))[0] for each in gap}

        assert ours == pytest.approx(theirs.difference().to_dict())
        assert [each.true_positive_rate for each in rates] == pytest.approx(
            theirs.by_group["tpr_gap"].tolist()
        )
