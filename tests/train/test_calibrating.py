"""Probabilities are drawn to what happens where that pays, and only there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.stats.linear import shares_of
from mlwright.stats.metrics import METRICS
from mlwright.train.algorithms.problem import Vector
from mlwright.train.blend import can_blend
from mlwright.train.calibrating import fitted
from mlwright.train.calibration import SHIFT, STRETCH, of_parameters
from mlwright.train.fit import answers, fit
from mlwright.train.greedy import scores_behind
from mlwright.train.portfolio import ALL, DUMMY, LINEAR, with_trees
from mlwright.train.progress import Silent
from mlwright.train.records import Configuration, Plan, SearchResult
from mlwright.train.search import search
from mlwright.train.task import infer_task

Tables = Callable[[Mapping[str, Sequence[object]]], Table]


def drawn(scores: Matrix, seed: int) -> Vector:
    """Return classes that happen as often as the scores say."""
    shares = shares_of(
        np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] < 2 else scores
    )
    chance = np.random.default_rng(seed).random((len(scores), 1))
    y: Vector = np.sum(np.cumsum(shares, axis=1) < chance, axis=1).astype(np.float64)
    return y


def test_scores_that_say_too_much_are_drawn_back_by_as_much() -> None:
    generator = np.random.default_rng(0)
    true = generator.normal(size=(40_000, 1)) * 1.5
    many = generator.normal(size=(40_000, 3)) * 1.5

    binary = fitted((true - 0.4) * 2.5, drawn(true, 1), np.ones(40_000))
    three = fitted(many * 0.5, drawn(many, 2), np.ones(40_000))

    assert binary.stretch == pytest.approx(0.4, rel=0.03)
    assert binary.shift == pytest.approx(0.4, abs=0.03)
    assert three.stretch == pytest.approx(2.0, rel=0.03)


def test_rows_count_as_much_as_they_weigh() -> None:
    true = np.random.default_rng(3).normal(size=(3_000, 1))
    y = drawn(true, 4)
    twice = np.where(np.arange(3_000) < 1_000, 2.0, 1.0)

    weighed = fitted(true, y, twice)
    repeated = fitted(np.vstack([true, true[:1_000]]), np.append(y, y[:1_000]), np.ones(4_000))

    assert weighed.stretch == pytest.approx(repeated.stretch, rel=1e-6)
    assert weighed.shift == pytest.approx(repeated.shift, rel=1e-6)


def _noisy(table_of: Tables, classes: int, rows: int, seed: int) -> Table:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, 6))
    scores = np.column_stack([X[:, 0] * 1.2 + X[:, 1], X[:, 2] - X[:, 0], -X[:, 1]])
    y = drawn(scores[:, : 1 if classes == 2 else 3], seed + 1)
    columns: dict[str, list[object]] = {f"x{n}": X[:, n].tolist() for n in range(6)}
    return table_of({**columns, "y": [f"c{each:.0f}" for each in y]})


def _found(table: Table, plan: Plan, metric: str | None = None) -> SearchResult:
    task = infer_task(table.frame, "y", None, metric)
    return search(table, None, task, plan, (), interpretable_within=0.0, progress=Silent())


def _forest(plan: Plan, **more: int) -> Plan:
    random = next(each for each in ALL if each.algorithm == "extra_trees")
    few = replace(random, parameters={**random.parameters, "trees": 3, "smallest_leaf": 1})
    return replace(plan, configurations=(DUMMY, few), calibrate=True, **more)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("members", [1, 5])
def test_a_forest_that_knows_its_rows_by_heart_is_calibrated_and_keeps_its_order(
    table_of: Tables, plan: Plan, classes: int, members: int
) -> None:
    table, fresh = (_noisy(table_of, classes, 1_500, seed) for seed in (5, 6))
    asked = _forest(plan, members=members, fits=2)
    result = _found(table, asked)
    task = infer_task(table.frame, "y", None, None)
    y = np.array([float(each[1:]) for each in fresh.frame["y"]])

    calibration = of_parameters(result.chosen.parameters)
    kept = {n: v for n, v in result.chosen.parameters.items() if n not in (STRETCH, SHIFT)}
    one, plain = (
        fit(table, each, task, asked, ())
        for each in (result.chosen, replace(result.chosen, parameters=kept))
    )
    moved, before = (answers(each, fresh.frame) for each in (one, plain))

    assert calibration is not None
    assert any(each.what.startswith("calibrated") for each in result.decisions)
    assert can_blend(one.content) or members > 1
    loss = METRICS["log_loss"].function
    assert loss(y, moved) < loss(y, before) - 0.01
    behind = scores_behind(before) * calibration.stretch
    expected = behind + calibration.shift if classes == 2 else behind
    gone = scores_behind(moved) - expected
    assert np.ptp(gone, axis=1 if classes > 2 else None).max() < 1e-6  # shares know no common part


def test_what_states_its_probabilities_well_stays_and_is_told(table_of: Tables, plan: Plan) -> None:
    table = _noisy(table_of, 2, 1_500, 7)

    result = _found(table, replace(plan, configurations=(DUMMY, LINEAR), calibrate=True))
    unasked = _found(table, replace(_forest(plan), calibrate=False))
    values = table_of({"x": list(range(300)), "y": [each * 0.5 for each in range(300)]})
    amounts = _found(values, replace(plan, configurations=(DUMMY, LINEAR), calibrate=True))

    assert of_parameters(result.chosen.parameters) is None
    assert [e for e in result.decisions if e.what == "probabilities as the model states them"]
    assert of_parameters(unasked.chosen.parameters) is None
    assert not [e for e in amounts.decisions if e.override == "search.calibrate"]


def test_a_calibrated_linear_model_stays_one(table_of: Tables, plan: Plan) -> None:
    table = _noisy(table_of, 2, 400, 8)
    task = infer_task(table.frame, "y", None, None)
    asked: Configuration = replace(
        LINEAR, parameters={**LINEAR.parameters, STRETCH: 0.5, SHIFT: 1.0}
    )

    moved, plain = (fit(table, each, task, plan, ()) for each in (asked, LINEAR))

    expected = scores_behind(answers(plain, table.frame)) * 0.5 + 1.0
    assert scores_behind(answers(moved, table.frame)) == pytest.approx(expected, rel=1e-9)
    assert with_trees(asked, 0.5) == asked
