from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlwright.stats.shift import chi_squared_beyond, shares_apart, steps_apart


@given(st.floats(0.001, 2000), st.integers(1, 400))
def test_chi_squared_is_scipys(value: float, freedom: int) -> None:
    expected = float(stats.chi2.sf(value, freedom))

    assert chi_squared_beyond(value, freedom) == pytest.approx(expected, rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("sizes", [(200, 300), (5_000, 1_000)])
def test_the_largest_step_and_its_chance_are_scipys(shift: float, sizes: tuple[int, int]) -> None:
    draw = np.random.default_rng(3)
    first, second = draw.normal(size=sizes[0]), draw.normal(shift, size=sizes[1])

    found = steps_apart(first, second)

    expected = stats.ks_2samp(first, second)
    assert found.effect == pytest.approx(float(expected.statistic))
    assert found.chance == pytest.approx(float(expected.pvalue), abs=0.02, rel=0.3)


@given(st.lists(st.tuples(st.integers(6, 900), st.integers(6, 900)), min_size=2, max_size=9))
def test_shares_of_common_categories_are_compared_as_scipy_does(
    counts: list[tuple[int, int]],
) -> None:
    table = np.array(counts).T
    smallest = (np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()).min()

    found = shares_apart(table[0], table[1])

    if smallest >= 5:
        expected = stats.chi2_contingency(table, correction=False)
        assert found.chance == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    assert 0 <= found.effect <= 1


def test_no_luck_is_seen_where_there_is_nothing_but_luck() -> None:
    draw = np.random.default_rng(0)
    numbers = [steps_apart(draw.normal(size=400), draw.normal(size=900)) for _ in range(400)]
    words = [
        shares_apart(draw.multinomial(400, [0.5, 0.3, 0.2]), draw.multinomial(900, [0.5, 0.3, 0.2]))
        for _ in range(400)
    ]

    for found in (numbers, words):
        assert 0.02 < np.mean([each.chance < 0.05 for each in found]) < 0.08


def test_categories_too_rare_to_compare_are_no_evidence() -> None:
    assert shares_apart(np.array([1, 1, 0]), np.array([0, 1, 1])).chance == 1.0
