"""What everything fitted without a target can do: the same bytes, and a row as a table."""

from __future__ import annotations

import numpy as np
import pytest

from mlwright.scoring.native.open import open_native
from mlwright.train.unsupervised.catalogue import UNSUPERVISED


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_a_fit_gives_the_same_bytes_and_a_row_is_answered_as_in_a_table(name: str) -> None:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(200, 5)) + draw.integers(0, 2, (200, 1)) * 4.0
    algorithm = UNSUPERVISED[name]

    content = algorithm.fit(X, {"clusters": 3}, 7)

    assert algorithm.fit(X.copy(order="F"), {"clusters": 3}, 7) == content
    expected = algorithm.answer(content, X)
    native = open_native(name, content, features=5, outputs=expected.shape[1])
    assert native.matrix(X).tobytes() == expected.tobytes()
    assert np.array([native.row(row) for row in X.tolist()]).tobytes() == expected.tobytes()
    for row in X[:20].tolist():
        terms, scores = native.terms(row), native.scores(row)
        assert terms.shape == (expected.shape[1], 6)
        assert terms.sum(axis=1) == pytest.approx(scores, rel=1e-12)
