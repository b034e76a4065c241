from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, false_discovery_control, mannwhitneyu

from mlwright.stats.association import benjamini_hochberg, rank_shift, share_shift

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=8, max_size=200)


@given(PAIRS)
def test_a_difference_of_shares_is_tested_as_scipy_does(pairs: list[tuple[bool, bool]]) -> None:
    positive, group = (np.array(side) for side in zip(*pairs, strict=True))
    counts = np.array([[int((positive == p)[group == g].sum()) for p in (0, 1)] for g in (0, 1)])
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        return

    found = share_shift(positive, group)

    assert found.chance == pytest.approx(chi2_contingency(counts, correction=True).pvalue)
    assert found.inside == positive[group].mean()


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=8, max_size=200))
def test_a_difference_of_ranks_is_tested_as_scipy_does(pairs: list[tuple[int, bool]]) -> None:
    values, group = (np.array(side) for side in zip(*pairs, strict=True))
    if group.all() or not group.any() or len(set(values.tolist())) == 1:
        return
    ranks = np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])

    found = rank_shift(ranks, group)

    wanted = mannwhitneyu(
        values[group], values[~group], method="asymptotic", use_continuity=False
    ).pvalue
    assert found == pytest.approx(wanted)


@given(st.lists(st.floats(0, 1), max_size=30), st.sampled_from([0.01, 0.05, 0.2]))
def test_many_tests_are_believed_as_scipy_s_adjusted_chances_say(
    chances: list[float], rate: float
) -> None:
    found = benjamini_hochberg(chances, rate)

    adjusted = false_discovery_control(chances) if chances else []
    edge = [abs(a - rate) < 1e-12 for a in adjusted]
    assert [f or e for f, e in zip(found, edge, strict=True)] == [
        bool(a <= rate) or e for a, e in zip(adjusted, edge, strict=True)
    ]
