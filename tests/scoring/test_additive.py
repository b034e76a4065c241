"""The reasons of an answer add up to the model's own score, on real tables and on odd cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import pytest

from mlwright.data.records import Contract
from mlwright.data.table import Table
from mlwright.scoring.additive import additive, prepared
from mlwright.scoring.package import package
from mlwright.scoring.records import ADDITIVE_TOLERANCE, Additive, ModelPackage, Scale
from mlwright.scoring.scorer import load, native_of
from mlwright.store.memory import MemoryStore
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]
Data = Callable[[str], Path]

TARGETS = {"churn": "Churn", "adult": "income", "diamonds": "price", "digits": "target"}
SCALES = {
    "churn": Scale.LOG_ODDS,
    "adult": Scale.LOG_ODDS,
    "diamonds": Scale.VALUE,
    "digits": Scale.LOG_WEIGHT,
}


def opened(fitted: Fitted, table: Table) -> tuple[ModelPackage, bytes, MemoryStore]:
    store = MemoryStore()
    made = package(fitted, Contract((), ()), table, store)
    return made, store.get(made.predictor), store


def real(dataset: Data, name: str) -> Table:
    frame = pl.read_csv(dataset(name), infer_schema_length=None)
    frame = frame.rename({"y": "width"}, strict=False).rename({TARGETS[name]: "y"})
    return Table(frame[:3_000], pl.Series([f"r{place}" for place in range(3_000)])[: frame.height])


def answered(found: Additive, outputs: Mapping[object, float]) -> float:
    """Return the score as the model's outputs have it."""
    if found.scale is Scale.VALUE:
        return outputs[None]
    share = outputs[found.output]
    return math.log(share / (1 - share)) if found.scale is Scale.LOG_ODDS else math.log(share)


@pytest.mark.parametrize("algorithm", ["lightgbm", "unordered", "linear", "dummy"])
@pytest.mark.parametrize("name", TARGETS)
def test_base_and_reasons_sum_to_the_score_that_makes_the_answer(
    dataset: Data, refit: Callable[[Table, str], Fitted], name: str, algorithm: str
) -> None:
    table = real(dataset, name)
    made, content, store = opened(refit(table, algorithm), table)
    scorer = load(made, store)
    shifts = []

    for row in table.frame.gather_every(100).iter_rows(named=True):
        found = additive(made, content, row)
        outputs = dict(zip(made.task.classes or (None,), scorer.predict_row(row), strict=True))

        assert found.scale is SCALES[name]
        assert [column for column, _ in found.columns] == [c.name for c in made.signature.inputs]
        total = found.base + sum(amount for _, amount in found.columns)
        largest = max(abs(found.base), *(abs(amount) for _, amount in found.columns), 1.0)
        assert abs(total - found.score) <= 2 * ADDITIVE_TOLERANCE * largest
        assert found.exact
        shifts.append(answered(found, outputs) - found.score)
        if found.scale is not Scale.LOG_WEIGHT:
            assert shifts[-1] == pytest.approx(0.0, abs=1e-6)
        if algorithm == "dummy":
            assert not any(amount for _, amount in found.columns)
        elif found.scale is Scale.LOG_WEIGHT:
            assert found.output == max(outputs, key=lambda each: outputs[each])


def test_trees_are_taken_apart_as_the_package_of_their_makers_does(fitted: Fit) -> None:
    model, table = fitted("mixed", "unordered")
    made, content, _ = opened(model, table)
    booster = lightgbm.Booster(model_str=content.decode())
    width = len(made.preparation.outputs) + 1

    for row in table.frame.gather_every(60).iter_rows(named=True):
        features = [number for *_, number in prepared(made, row)]
        oracle = np.asarray(booster.predict([features], pred_contrib=True)).reshape(3, width)

        found = additive(made, content, row)

        place = made.task.classes.index(found.output or "")
        of = {column: 0.0 for column, _ in found.columns}
        at = 0
        for step in made.preparation.steps:
            of[step.column] += float(oracle[place, at : at + len(step.outputs)].sum())
            at += len(step.outputs)
        assert dict(found.columns) == pytest.approx(of, abs=1e-12)
        assert found.base == oracle[place, -1]


def test_a_linear_models_terms_are_its_weights_times_what_it_was_given(fitted: Fit) -> None:
    model, table = fitted("mixed", "linear")
    made, content, _ = opened(model, table)
    native = native_of(made, content)
    base = [column[-1] for column in native.terms([0.0] * len(made.preparation.outputs))]

    for row in table.frame.gather_every(60).iter_rows(named=True):
        features = [number for *_, number in prepared(made, row)]

        terms = native.terms(features)

        for place, _ in enumerate(features):
            alone = [0.0] * len(features)
            alone[place] = features[place]
            assert native.scores(alone) == pytest.approx(terms[:, place] + base, abs=1e-12)


def test_a_linear_models_reasons_may_start_from_any_row(fitted: Fit) -> None:
    model, table = fitted("mixed", "linear")
    made, content, _ = opened(model, table)
    rows = list(table.frame.gather_every(60).iter_rows(named=True))
    centre = [number for *_, number in prepared(made, rows[0])]

    for row in rows:
        plain, moved = additive(made, content, row), additive(made, content, row, centre)

        assert moved.exact
        assert (moved.score, moved.output) == (plain.score, plain.output)
    itself = additive(made, content, rows[0], centre)
    assert not any(amount for _, amount in itself.columns)
    assert itself.base == pytest.approx(itself.score, abs=1e-12)


def test_a_class_that_had_no_row_has_no_finite_score(refit: Callable[[Table, str], Fitted]) -> None:
    frame = pl.DataFrame({"x": [float(n) for n in range(90)], "y": ["a", "b", "c"] * 30})
    table = Table(frame, pl.Series([str(n) for n in range(90)]))
    made, _, _ = opened(refit(table, "dummy"), table)
    content = b'{"answers":[0.25,0.75,0.0],"format":"mlwright/dummy/1"}'

    found = additive(made, content, {"x": 1.0})

    assert native_of(made, content).scores([1.0])[2] == -math.inf
    assert (found.output, found.score) == ("b", math.log(0.75))


def test_missing_unseen_and_extreme_cells_are_taken_apart_too(fitted: Fit) -> None:
    model, table = fitted("mixed", "lightgbm")
    made, content, _ = opened(model, table)
    usual = table.frame.drop("y").row(1, named=True)
    odd = [dict.fromkeys(usual), {**usual, "colour": "never seen"}, {**usual, "number": 1e308}]

    for row in odd:
        assert additive(made, content, row).exact
