"""Clusters and how sure they are, with scikit-learn as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import datasets
from sklearn import metrics as oracle
from sklearn.cluster import KMeans

from mlwright.stats.clusters import adjusted_rand, kmeans, shuffled, silhouette, squares_to
from mlwright.stats.metrics import METRICS


@given(seed=st.integers(0, 2**32), rows=st.integers(2, 60), kinds=st.integers(1, 6))
def test_agreement_equals_scikit_learns_also_of_rows_that_count_twice(
    seed: int, rows: int, kinds: int
) -> None:
    draw = np.random.default_rng(seed)
    first, second = draw.integers(0, kinds, rows), draw.integers(0, kinds, rows)
    drawn = draw.integers(0, rows, rows)
    counts = np.stack([np.ones(rows), np.bincount(drawn, minlength=rows)])

    found = adjusted_rand(first, second)(counts)

    expected = [
        oracle.adjusted_rand_score(first, second),
        oracle.adjusted_rand_score(first[drawn], second[drawn]),
    ]
    assert found == pytest.approx(expected, abs=1e-12)


def test_centres_are_as_good_as_scikit_learns_and_the_largest_cluster_is_first() -> None:
    X = datasets.load_wine().data
    X = (X - X.mean(axis=0)) / X.std(axis=0)

    centres = kmeans(X, 3, 0)

    loss = squares_to(X, centres).min(axis=1).sum()
    assert loss <= 1.01 * KMeans(3, n_init=10, random_state=0).fit(X).inertia_
    sizes = np.bincount(squares_to(X, centres).argmin(axis=1))
    assert list(sizes) == sorted(sizes, reverse=True)
    assert centres.tobytes() == kmeans(X, 3, 0).tobytes()


def test_fewer_different_rows_than_clusters_are_no_fault() -> None:
    X = np.array([[0.0], [0.0], [1.0]])

    centres = kmeans(X, 3, 0)

    assert centres.shape == (3, 1)
    assert set(centres[:, 0]) <= {0.0, 1.0}


def test_shuffled_columns_hold_the_same_numbers_and_no_clusters() -> None:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(400, 3)) * 0.1 + draw.integers(0, 2, (400, 1)) * 3.0
    loose = shuffled(X, 0)

    assert (np.sort(loose, axis=0) == np.sort(X, axis=0)).all()
    values = [
        silhouette(np.zeros(400), np.sqrt(squares_to(rows, kmeans(rows, 2, 0))))(np.ones((1, 400)))
        for rows in (X, loose)
    ]
    assert values[0] > 0.8 > values[1]


def test_stability_is_the_agreement_of_the_nearest_centres_with_another_fits_clusters() -> None:
    distances = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [2.0, 1.0]])
    metric = METRICS["stability"]

    assert metric.function(np.array([1.0, 1.0, 0.0, 0.0]), distances) == 1.0
    assert metric.function(np.array([0.0, 1.0, 0.0, 1.0]), distances) < 0
