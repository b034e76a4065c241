from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.data.tally import BINS, tally

WHOLE = st.lists(st.integers(-(10**6), 10**6) | st.integers(-3, 3), min_size=1, max_size=200)
BROKEN = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.5]), min_size=1)


@given(WHOLE | BROKEN, st.integers(1, 30))
def test_a_tally_says_what_the_numbers_themselves_say(
    numbers: list[int] | list[float], bins: int
) -> None:
    values = np.array(numbers)
    found = tally(values)

    assert (found.total, found.different) == (len(numbers), len(set(numbers)))
    assert found.mean == pytest.approx(float(np.mean(values)), abs=1e-6)
    assert found.quantiles((0.5,))[0] == np.quantile(values, 0.5, method="inverted_cdf")
    edges, bars = found.histogram(bins)
    if found.different > 1:
        assert (edges[0], edges[-1]) == (values.min(), values.max())
        assert sum(bars) == len(numbers)
        wanted = [sum(low <= n < high for n in numbers) for low, high in pairwise(edges)]
        wanted[-1] += sum(n == edges[-1] for n in numbers)
        assert list(bars) == wanted
    else:
        assert (edges, bars) == ((), ())


def test_a_far_value_does_not_flatten_the_histogram() -> None:
    edges, bars = tally(np.append(np.random.default_rng(0).normal(size=10_000), 1e9)).histogram()

    assert len(bars) == BINS
    assert max(bars) < 2_000
    assert edges[-1] == 1e9


def test_the_skew_of_an_exponential_distribution_is_two() -> None:
    draw = np.random.default_rng(1)

    assert tally(draw.exponential(size=400_000)).skew == pytest.approx(2, abs=0.1)
    assert tally(-draw.exponential(size=400_000)).skew == pytest.approx(-2, abs=0.1)
    assert tally(draw.integers(0, 10, 100_000)).skew == pytest.approx(0, abs=0.02)
    assert tally(np.array([5, 5, 5])).skew is None
    assert tally(np.array([math.inf, 1.0, 2.0])).finite.mean == 1.5
