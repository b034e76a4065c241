"""Reasons of a model of the user's own: how far its score moves, and no sum that is not there."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlwright.core.errors import RefusedError
from mlwright.data.in_memory import table_of
from mlwright.data.records import Contract
from mlwright.scoring.additive import additive, amounts
from mlwright.scoring.native.foreign import ForeignModel
from mlwright.scoring.package import MOST_ASKED, package
from mlwright.scoring.row import compile_features
from mlwright.scoring.scorer import load
from mlwright.store.memory import MemoryStore
from mlwright.train.fit import fit
from mlwright.train.records import Configuration, Module, OwnModel, Plan, Task, TaskKind

TEXT = """
class Product:
    def predict(self, X): return X[:, 0] * X[:, 1] + 10.0 * X[:, 2]
    def to_bytes(self): return b""
    @classmethod
    def from_bytes(cls, held): return cls()

def fit(train, valid, params, ctx): return Product()
"""
OWN = OwnModel(
    "product",
    json.dumps({"fit": "own_product:fit"}, separators=(",", ":")),
    "tree",
    False,
    "sha256:0",
    (),
    (Module("own_product", package=False, text=TEXT),),
    {},
)
PLAN = Plan((), 0, 0, 0, 0, 1, 0, 1.0, "test", {}, own=(OWN,))
TASK = Task(TaskKind.REGRESSION, "y", (), "rmse", "")


def test_an_own_model_is_packaged_answers_alike_in_every_way_and_gives_reasons_that_miss() -> None:
    drawn = np.random.default_rng(2).normal(size=(120, 3))
    table = table_of({**{f"x{i}": drawn[:, i] for i in range(3)}, "y": drawn[:, 0]})
    configuration = Configuration("product", "foreign", {"own": "product"}, "tree")
    store = MemoryStore()

    made = package(fit(table, configuration, TASK, PLAN, ()), Contract((), ()), table, store)
    scorer = load(made, store)
    content = store.get(made.predictor)
    row = {"x0": 2.0, "x1": 3.0, "x2": 0.5}
    found = additive(made, content, row, [1.0, 1.0, 0.0])

    assert made.verified_rows == MOST_ASKED
    assert scorer.predict_row(row) == (11.0,)
    assert scorer.predict_rows([row, row]).tolist() == [[11.0], [11.0]]
    assert scorer.probe_answers() == made.probe_answers
    assert (found.base, found.score) == (1.0, 11.0)
    assert dict(found.columns) == {"x0": 3.0, "x1": 4.0, "x2": 5.0}
    assert (found.gap, found.moved, found.exact) == (2.0, True, False)
    assert isinstance(scorer.native, ForeignModel)
    features = [compile_features(made.preparation)(each) for each in (row, {**row, "x2": 1.5})]
    several = amounts(made, scorer.native, features)
    assert [each["x2"] for each in several] == [[-5.0], [5.0]]
    with pytest.raises(RefusedError, match="only answers"):
        scorer.native.terms(features[0])
    scorer.native.stop()
