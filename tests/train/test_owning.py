"""Models of the user's own in a plan, and in the search that carries it out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mlwright.core.errors import UsageError
from mlwright.core.records import dump
from mlwright.core.records import load as parsed
from mlwright.core.seam import SystemSeam
from mlwright.data.in_memory import table_of
from mlwright.data.table import Table
from mlwright.train.owning import with_own
from mlwright.train.portfolio import DUMMY
from mlwright.train.progress import Silent
from mlwright.train.records import Module, OwnModel, Plan, SearchResult, Task, TaskKind
from mlwright.train.search import search

TEXT = """
import json

class Line:
    def __init__(self, slope): self.slope = slope
    def predict(self, X): return X[:, 0] * self.slope
    def to_bytes(self): return json.dumps(self.slope).encode()
    @classmethod
    def from_bytes(cls, held): return cls(json.loads(held))

def fit(train, valid, params, ctx):
    assert params["trees"] == 0.5 and params["rate"] in (1, 2)
    assert set(train.frame.columns) == {"x", "y"}
    assert valid is None or len(valid.frame) == len(valid.X)
    spread = train.frame["x"].std()
    return Line(params["rate"] * spread)

def sloped(train, valid, params, ctx):
    return Line(params["slope"] * train.frame["x"].std())

def broken(train, valid, params, ctx):
    if valid is None:
        raise RuntimeError("no rows to judge by")
"""
TASK = Task(TaskKind.REGRESSION, "y", (), "rmse", "")
PLAN = Plan((DUMMY,), 90, 3, 0, 0, 1, 0, 1.0, "any", {}, mutations=2)


def _own(name: str) -> OwnModel:
    modules = (Module("own_lines", package=False, text=TEXT),)
    blueprint = json.dumps({"fit": f"own_lines:{name}"}, separators=(",", ":"))
    return OwnModel(name, blueprint, "linear", False, "sha256:0", (), modules, {})


@pytest.fixture(scope="module")
def table() -> Table:
    """Rows whose target is twice their one feature, which has the mean 0."""
    x = np.linspace(-1.0, 1.0, 90)
    return table_of({"x": x, "y": 2.0 * x})


def _planned(table: Table, name: str, budget: float = 600.0) -> Plan:
    space = {f"{name}.rate": "1, 2", f"{name}.trees": "0.5"}
    return with_own(
        PLAN,
        (_own(name),),
        table,
        TASK,
        (),
        space=space,
        tries=8,
        budget=budget,
        seam=SystemSeam(),
    )


def test_parameters_called_like_those_of_our_algorithms_stay_the_models_own(table: Table) -> None:
    plan = _planned(table, "fit")

    found = search(table, None, TASK, plan, (), interpretable_within=0.0, progress=Silent())

    names = [each.configuration.name for each in found.scored]
    assert names == ["dummy", "fit(rate=1, trees=0.5)", "fit(rate=2, trees=0.5)"]
    assert found.chosen.name == "fit(rate=2, trees=0.5)"
    assert found.chosen.parameters == {"own": "fit", "own.rate": 2, "own.trees": 0.5}
    assert found.scored[-1].validation < 0.2


def test_one_try_of_each_model_is_made_however_small_the_budget(table: Table) -> None:
    plan = _planned(table, "fit", budget=1e-9)

    assert [each.name for each in plan.configurations] == ["dummy", "fit(rate=1, trees=0.5)"]
    assert plan.own == (_own("fit"),)


def test_what_the_last_fit_will_raise_is_told_before_anything_is_searched(table: Table) -> None:
    with pytest.raises(UsageError, match="no rows to judge by") as raised:
        _planned(table, "broken")

    assert raised.value.code == "own-model-failed"


def test_without_models_of_ones_own_the_plan_stays_and_a_space_is_refused(table: Table) -> None:
    alone = replace(PLAN, seed=4)

    def planned(space: dict[str, str]) -> Plan:
        return with_own(
            alone, (), table, TASK, (), space=space, tries=8, budget=0.0, seam=SystemSeam()
        )

    assert planned({}) is alone
    with pytest.raises(UsageError) as raised:
        planned({"fit.rate": "1"})
    assert raised.value.code == "space-model"


def _drawn_by_scores(table: Table, budget: float) -> Plan:
    return with_own(
        replace(PLAN, mutations=0),
        (_own("sloped"),),
        table,
        TASK,
        (),
        space={"sloped.slope": "0.01 .. 100.0 log"},
        tries=12,
        budget=budget,
        seam=SystemSeam(),
        sampler="optuna",
    )


def test_a_plan_leaves_most_tries_to_the_scores_where_optuna_draws(table: Table) -> None:
    plan = _drawn_by_scores(table, 600.0)
    small = _drawn_by_scores(table, 1e-9)

    assert len(plan.configurations) == 1 + 4
    assert [each.tries for each in plan.spaces] == [8]
    assert parsed(Plan, dump(plan)) == plan
    assert (len(small.configurations), small.spaces) == (2, ())
    assert b"spaces" not in dump(small)


def test_what_optuna_draws_follows_the_scores_and_is_drawn_alike_again(table: Table) -> None:
    plan = _drawn_by_scores(table, 600.0)

    def searched() -> SearchResult:
        return search(table, None, TASK, plan, (), interpretable_within=0.0, progress=Silent())

    found = searched()

    names = [each.configuration.name for each in found.scored]
    assert len(set(names)) == 1 + 12
    assert repr(searched()) == repr(found)
    planned = min(each.validation for each in found.scored[:5])
    drawn = min(each.validation for each in found.scored[5:])
    assert drawn < planned
    assert "8 of the parameters of sloped drawn" in str(found.decisions)
