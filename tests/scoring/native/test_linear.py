"""A linear row has the bits of its table, whatever the number of rows, features and scores."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core.errors import BrokenError
from mlwright.scoring.native.linear import LinearModel

SHAPES = [("identity", 1, 1), ("logistic", 1, 2), ("softmax", 3, 3), ("softmax", 17, 17)]


def content(link: str, scores: int, features: int, seed: int) -> bytes:
    drawn = np.random.default_rng(seed)
    weights = drawn.normal(size=(scores, features)) * 10.0 ** drawn.uniform(-4, 3, (1, features))
    written = {
        "format": "mlwright/linear/1",
        "link": link,
        "intercepts": drawn.normal(size=scores).tolist(),
        "weights": weights.tolist(),
    }
    return json.dumps(written).encode()


@pytest.mark.parametrize(("link", "scores", "outputs"), SHAPES)
@pytest.mark.parametrize("features", [0, 1, 2, 7, 8, 9, 35, 130, 1_000])
@settings(max_examples=20)
@given(rows=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_a_row_has_the_bits_of_its_table(
    link: str, scores: int, outputs: int, features: int, rows: int, seed: int
) -> None:
    model = LinearModel(content(link, scores, features, seed), features=features, outputs=outputs)
    X = np.random.default_rng(seed).normal(size=(rows, features))

    found = np.array([model.row(row) for row in X.tolist()])

    assert found.tobytes() == model.matrix(X).tobytes()
    assert found.shape == (rows, outputs)


def test_a_logistic_answer_is_a_probability_even_far_out() -> None:
    written = json.loads(content("logistic", 1, 1, 0)) | {"weights": [[1.0]], "intercepts": [0.0]}
    model = LinearModel(json.dumps(written).encode(), features=1, outputs=2)

    assert model.row([1e308]) == (0.0, 1.0)
    assert model.row([-1e308]) == (1.0, 0.0)
    assert model.row([0.0]) == (0.5, 0.5)
    assert model.row([-0.0]) == (0.5, 0.5)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": "mlwright/linear/2", "link": "identity", "weights": [[1]], "intercepts": [1]}',
        b'{"format": "mlwright/linear/1", "link": "cubic", "weights": [[1]], "intercepts": [1]}',
        b'{"format": "mlwright/linear/1", "link": "identity", "weights": [], "intercepts": [1]}',
        b'{"format": "mlwright/linear/1", "link": "identity", "weights": [[1]], "intercepts": []}',
        b'{"format": "mlwright/linear/1", "link": "identity", "weights": "x", "intercepts": [1]}',
    ],
)
def test_content_that_is_no_linear_model_is_refused(broken: bytes) -> None:
    with pytest.raises(BrokenError, match="predictor-broken"):
        LinearModel(broken, features=1, outputs=1)
