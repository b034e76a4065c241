"""A model whose own training code draws without a seed is told apart, by the line that draws."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Shell

MODELS = """
import time

import numpy as np

import mlwright as mw


class Sum:
    def __init__(self, weights):
        self.weights = weights

    def predict_proba(self, X):
        share = 1 / (1 + np.exp(-np.clip(X @ self.weights, -30, 30)))
        return np.column_stack([1 - share, share])

    def to_bytes(self):
        return self.weights.tobytes()

    @classmethod
    def from_bytes(cls, held):
        return cls(np.frombuffer(held))


@mw.train
def fit(train, valid, params, ctx):
    began = time.perf_counter()
    rng = np.random.default_rng()
    weights = train.X.T @ (train.y - train.y.mean()) / len(train.y)
    weights = weights + rng.normal(scale=0.5, size=len(weights))
    print("took", time.perf_counter() - began)
    return Sum(weights)
"""


@pytest.mark.deep
def test_the_line_of_a_training_function_that_draws_without_a_seed_is_named(mlw: Shell) -> None:
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True).frame.iloc[:240, [0, 1, 4, 5, 30]]
    data.to_csv(mlw.folder / "tumour.csv", index=False)
    (mlw.folder / "mymodels.py").write_text(MODELS)
    mlw.good(
        "run", "tumour.csv", "--target", "target", "--models", "mymodels:fit", "--budget", "1s"
    )

    answer = mlw("prove", "target@1", "--json")

    assert answer.code == 6, answer.out + answer.err
    proof = answer.json
    first = next(each for each in proof["steps"] if each["verdict"] == "different")
    assert (first["step"], first["cause"]) == ("search", "randomness"), first["why"]
    line = 1 + MODELS.splitlines().index("    rng = np.random.default_rng()")
    assert f"mymodels.py:{line} draws random numbers nobody seeded" in proof["why"]
    assert "clock" not in proof["why"]
    assert [each["text"] for each in first["seen"]] == ["rng = np.random.default_rng()"]
    (event,) = (e for e in mlw.good("ls", "events")["events"] if e["event"] == proof["event"])
    assert event["kind"] == "proof.made"
    why = mlw.good("why", "search")
    assert "draws random numbers nobody seeded" in why["facts"]["proved"]
