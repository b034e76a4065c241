"""A threshold of 32 bits and the one of 64 bits say the same of every number."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlwright.train.algorithms.single_precision import as_read, at_most, below, in_single

SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(threshold=SINGLE, number=st.floats(allow_nan=False, allow_infinity=False))
def test_the_same_numbers_lie_on_the_same_side(threshold: float, number: float) -> None:
    single = np.array([threshold], dtype=np.float32)
    for turned, side in ((at_most, np.less_equal), (below, np.less)):
        limit = turned(single)
        beside = [np.nextafter(limit, np.inf), np.nextafter(limit, -np.inf)]
        for asked in (np.array([number]), single.astype(float), limit, *beside):
            finite = as_read(np.nan_to_num(asked, posinf=1e308, neginf=-1e308))
            assert (side(in_single(finite), single) == (finite <= limit)).all()
