"""Scores do not depend on the rows they are computed beside."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlwright.stats.linear import scores_of, shares_of


@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(1, 30),
    features=st.integers(0, 300),
    scores=st.integers(1, 12),
)
def test_a_row_scores_alone_as_beside_others(
    seed: int, rows: int, features: int, scores: int
) -> None:
    drawn = np.random.default_rng(seed)
    X, weights = drawn.normal(size=(rows, features)), drawn.normal(size=(scores, features))
    intercepts = drawn.normal(size=scores)

    together = scores_of(X, weights, intercepts)
    alone = np.concatenate([scores_of(row[None], weights, intercepts) for row in X])

    assert together.tobytes() == alone.tobytes()
    assert np.allclose(together, X @ weights.T + intercepts)
    shares = np.concatenate([shares_of(row[None]) for row in together])
    assert shares_of(together).tobytes() == shares.tobytes()


def test_blocks_of_rows_leave_no_seam() -> None:
    drawn = np.random.default_rng(0)
    X, weights = drawn.normal(size=(3_000, 50)), drawn.normal(size=(9, 50))

    whole = scores_of(X, weights, np.zeros(9))

    assert whole[1_500:].tobytes() == scores_of(X[1_500:], weights, np.zeros(9)).tobytes()


def test_shares_sum_to_one_and_stand_the_largest_scores() -> None:
    shares = shares_of(np.array([[1e300, -1e300, 0.0], [0.0, 0.0, 0.0]]))

    assert shares[0].tolist() == [1.0, 0.0, 0.0]
    assert np.allclose(shares.sum(axis=1), 1.0)
