from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlwright.stats.calibration import calibration_bins


def test_different_answers_fill_fifteen_bins_of_equal_count() -> None:
    stated = np.random.default_rng(0).permutation(150) / 150

    assert np.bincount(calibration_bins(stated)).tolist() == [10] * 15


@given(
    hnp.arrays(
        np.float64, st.integers(1, 60), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
    )
)
def test_equal_answers_share_a_bin_and_higher_ones_never_lie_in_a_lower(stated: np.ndarray) -> None:
    bins = calibration_bins(stated)

    order = np.argsort(stated, kind="stable")
    steps = np.diff(bins[order])
    assert (steps >= 0).all()
    assert (steps[np.diff(stated[order]) == 0] == 0).all()
    assert 0 <= bins.min() <= bins.max() < 15
