"""Weights, balance and quantiles mean the same to every algorithm."""

from __future__ import annotations

import numpy as np
import pytest

from mlwright.train.algorithms.problem import Parameters, Problem, Rows
from mlwright.train.catalogue import ALGORITHMS

FITTED = [name for name in ALGORITHMS if name not in ("dummy", "foreign")]
FEW: Parameters = {"trees": 25, "rate": 0.1, "leaves": 4, "depth": 3}


def rows(seed: int, count: int = 1_500) -> Rows:
    drawn = np.random.default_rng(seed)
    X = drawn.normal(size=(count, 3))
    y = (X[:, 0] + drawn.normal(size=count) > 2.1).astype(np.float64)
    return Rows(X, y)


@pytest.mark.parametrize("name", FITTED)
def test_a_balance_leaves_probabilities_those_of_the_data(name: str) -> None:
    seen, fresh = rows(5), rows(7)
    problem = Problem(2, (), {**FEW, "balance": 1.0}, 3, 1)

    content = ALGORITHMS[name].fit(seen, problem, None).content

    found = ALGORITHMS[name].answer(content, fresh.X, problem)[:, 1]
    assert found.mean() == pytest.approx(fresh.y.mean(), rel=0.5)
    assert found[fresh.y == 1.0].mean() > 1.5 * found[fresh.y == 0.0].mean()


@pytest.mark.parametrize("name", [*FITTED, "dummy"])
def test_rows_that_count_more_move_the_answers(name: str) -> None:
    seen, fresh = rows(5), rows(7)
    problem = Problem(2, (), FEW, 3, 1)
    weight, weight_of_fresh = (np.where(each.y == 1.0, 9.0, 1.0) for each in (seen, fresh))

    plain, counted = (
        ALGORITHMS[name].answer(
            ALGORITHMS[name].fit(each, problem, None).content, fresh.X, problem
        )[:, 1]
        for each in (seen, Rows(seen.X, seen.y, weight))
    )

    share = 9.0 * seen.y.sum() / weight.sum()
    assert plain.mean() == pytest.approx(fresh.y.mean(), rel=0.5)
    assert np.average(counted, weights=weight_of_fresh) == pytest.approx(share, rel=0.3)


@pytest.mark.parametrize("name", [*FITTED, "dummy"])
@pytest.mark.parametrize("share", [0.1, 0.8])
def test_a_quantile_has_its_share_of_values_below(name: str, share: float) -> None:
    drawn = np.random.default_rng(6)
    X = drawn.normal(size=(1_500, 3))
    seen = Rows(X, 50.0 + 10.0 * (X[:, 0] + drawn.normal(size=1_500)))
    problem = Problem(0, (), {**FEW, "quantile": share}, 3, 1)

    content = ALGORITHMS[name].fit(seen, problem, None).content

    found = ALGORITHMS[name].answer(content, X, problem)[:, 0]
    assert (seen.y <= found).mean() == pytest.approx(share, abs=0.08)
