"""How far rows lie from what is usual: p-values that hold, and sums that are exact."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.stats import usual


def correlated(rows: int, seed: int, columns: int = 4) -> np.ndarray:
    draw = np.random.default_rng(seed)
    common = draw.normal(size=(rows, 1))
    return np.hstack([common + 0.3 * draw.normal(size=(rows, 1)) for _ in range(columns)])


@cache
def learned() -> usual.Usual:
    return usual.learn(correlated(60, 1), correlated(30, 2))


def test_of_new_rows_of_the_same_kind_as_many_are_unusual_as_the_level_says() -> None:
    shares = []
    for seed in range(30):
        X, new = correlated(400, seed), correlated(200, 1_000 + seed)
        model = usual.learn(X[:250], X[250:])
        shares.append((usual.chance(model, usual.score(model, new)) <= 0.1).mean())

    error = np.std(shares) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - 0.1) <= 3 * error + 1 / 151


def test_a_row_of_usual_numbers_that_do_not_go_together_is_unusual() -> None:
    X = correlated(900, 0)
    model = usual.learn(X[:600], X[600:])

    together, apart = np.array([[1.0, 1.0, 1.0, 1.0]]), np.array([[1.0, -1.0, 1.0, -1.0]])

    assert usual.chance(model, usual.score(model, together))[0] > 0.1
    assert usual.chance(model, usual.score(model, apart))[0] < 0.01
    assert usual.farthest(model, apart)[0] < 2  # no column alone tells it


def test_a_place_between_two_clusters_is_unusual_though_the_mean_lies_there() -> None:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(900, 2)) * 0.3 + np.where(draw.random((900, 1)) < 0.5, -5.0, 5.0)
    model = usual.learn(X[:600], X[600:])

    assert usual.chance(model, usual.score(model, np.zeros((1, 2))))[0] < 0.02


@given(seed=st.integers(0, 2**32), rows=st.integers(1, 12))
def test_a_row_scores_alone_as_beside_others_and_its_terms_add_up(seed: int, rows: int) -> None:
    draw = np.random.default_rng(seed)
    model = learned()
    X = draw.normal(size=(rows, 4)) * 10.0 ** draw.integers(-3, 12, (rows, 4))

    scores = usual.score(model, X)

    assert scores.tobytes() == b"".join(usual.score(model, row[None]).tobytes() for row in X)
    assert usual.terms(model, X).sum(axis=1) == pytest.approx(scores, rel=1e-12)
    assert np.isfinite(scores).all()


def test_what_was_learned_is_the_same_when_it_is_written_and_read() -> None:
    model = usual.learn(correlated(60, 1), correlated(30, 2))

    again = usual.read(json.loads(json.dumps(usual.written(model))))

    X = correlated(20, 3)
    assert usual.score(again, X).tobytes() == usual.score(model, X).tobytes()
    broken = {**usual.written(model), "near": [[1.0]]}
    with pytest.raises(ValueError, match="near is"):
        usual.read(broken)


def test_a_column_of_few_values_and_one_that_never_varies_are_taken_as_they_are() -> None:
    draw = np.random.default_rng(0)
    X = np.column_stack([(draw.random(300) < 0.02).astype(float), np.ones(300)])
    model = usual.learn(X[:200], X[200:])

    rare, common, moved = (
        usual.score(model, np.array([row])) for row in ([1.0, 1.0], [0.0, 1.0], [0.0, 9.0])
    )

    assert rare > common
    assert moved > common
