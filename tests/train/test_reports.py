"""What fits of one's own tell while they go on, and which are given up for it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mlwright.data.in_memory import table_of
from mlwright.data.table import Table
from mlwright.train.algorithms.foreign import parameters_of
from mlwright.train.fit import fit
from mlwright.train.own.content import ALGORITHM
from mlwright.train.portfolio import DUMMY
from mlwright.train.progress import Silent
from mlwright.train.records import (
    Configuration,
    Module,
    OwnModel,
    Plan,
    SearchResult,
    Task,
    TaskKind,
)
from mlwright.train.reports import Reports, bar_at, best_until
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
    ctx.log("slope", params["slope"])
    ctx.log(seed=ctx.seed, step=7)
    for step in range(3):
        ctx.report(-abs(2.0 - params["slope"]) - (3 - step), step)
        ctx.log(went=step)
    return Line(params["slope"] * train.frame["x"].std())
"""
OWN = OwnModel(
    "fit",
    json.dumps({"fit": "told_lines:fit"}, separators=(",", ":")),
    "linear",
    False,
    "sha256:0",
    (),
    (Module("told_lines", package=False, text=TEXT),),
    {},
)
TASK = Task(TaskKind.REGRESSION, "y", (), "rmse", "")


class Kept:
    """A sink, and a memory, that keep what they are given."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.points: list[tuple[str, float, int | None]] = []
        self.held: dict[str, bytes] = {}

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Keep numbers."""
        self.points += [(name, value, step) for name, value in values.items()]

    def say(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)

    def flush(self) -> None:
        """Do nothing."""

    def recall(self, name: str) -> bytes | None:
        """Return what was kept by name."""
        return self.held.get(name)

    def keep(self, name: str, content: bytes) -> None:
        """Keep bytes by name."""
        self.held[name] = content


def _table() -> Table:
    x = np.linspace(-1.0, 1.0, 60)
    return table_of({"x": x, "y": 2.0 * x})


def _plan(*slopes: float) -> Plan:
    tried = [
        Configuration(f"fit({slope})", ALGORITHM, parameters_of(OWN, {"slope": slope}), "linear")
        for slope in slopes
    ]
    return Plan((DUMMY, *tried), 60, 2, 0, 0, 1, 5, 1.0, "any", {}, own=(OWN,))


def _searched(plan: Plan, kept: Kept) -> SearchResult:
    return search(
        _table(),
        None,
        TASK,
        plan,
        (),
        interpretable_within=0.0,
        progress=Silent(),
        memory=kept,
        sink=kept,
    )


def test_what_a_fit_logs_is_told_by_configuration_and_round() -> None:
    kept = Kept()

    _searched(_plan(1.5), kept)

    assert kept.lines == ["fit(1.5), round 0: slope 1.5", "fit(1.5), round 1: slope 1.5"]
    assert ("fit(1.5)/0/seed", 5.0, 7) in kept.points
    assert ("fit(1.5)/1/report", -1.5, 2) in kept.points
    assert [p for p in kept.points if p[0] == "fit(1.5)/0/went"] == [
        ("fit(1.5)/0/went", float(went), None) for went in range(3)
    ]


def test_a_fit_clearly_behind_is_given_up_and_never_chosen_and_a_search_cut_short_agrees() -> None:
    plan = _plan(1.5, 1.8, 2.1, 40.0, 2.0)
    kept = Kept()

    found = _searched(plan, kept)
    cut_short = Kept()
    cut_short.held = {n: c for n, c in kept.held.items() if not n.startswith("1-")}
    again = _searched(plan, cut_short)

    scores = {each.configuration.name: each.validation for each in found.scored}
    assert math.isnan(scores["fit(40.0)"])
    assert all(math.isfinite(score) for name, score in scores.items() if name != "fit(40.0)")
    told = [each for each in found.decisions if "given up" in each.what]
    assert [each.what for each in told] == ["fit(40.0) given up at step 0 of round 0"]
    assert "half of the 3 before it -3.2 or more" in told[0].why
    assert ("fit(40.0)/0/went", 0.0, None) not in kept.points
    assert not any(name.startswith("fit(40.0)/1/") for name, _, _ in kept.points)
    assert found.chosen.name != "fit(40.0)"
    assert repr(again) == repr(found)
    assert not any(name.startswith("fit(1.5)/0/") for name, _, _ in cut_short.points)


def test_a_fit_that_will_not_end_when_it_is_given_up_has_no_score_either() -> None:
    stubborn = TEXT.replace("        ctx.report(", "        try: ctx.report(").replace(
        "(3 - step), step)", "(3 - step), step)\n        except BaseException: pass"
    )
    own = replace(OWN, modules=(Module("told_stubbornly", package=False, text=stubborn),))
    own = replace(own, blueprint=own.blueprint.replace("told_lines", "told_stubbornly"))
    plan = replace(_plan(1.5, 1.8, 2.1, 40.0), own=(own,))

    found = _searched(plan, Kept())

    assert math.isnan(found.scored[-1].validation)
    assert sum("given up" in each.what for each in found.decisions) == 1


def test_the_last_fit_is_not_given_up_whatever_it_reports() -> None:
    plan = _plan(1.5, 1.8, 2.1, 40.0)

    fitted = fit(_table(), plan.configurations[-1], TASK, plan, ())

    assert fitted.content


def test_a_nan_is_behind_every_number_and_steps_of_others_do_not_count() -> None:
    nan = math.nan

    assert best_until({0: nan}, 0) == -math.inf
    assert best_until({0: 1.0, 1: nan}, 1) == 1.0
    assert bar_at([{0: nan}, {0: nan}, {0: 3.0}], 0) == -math.inf
    assert bar_at([{0: 1.0}, {0: 2.0}, {1: 3.0}], 0) is None


def test_a_metric_keeps_its_name_however_long_its_configurations_is() -> None:
    kept = Kept()
    long = Configuration("fit(" + "x" * 300 + ")", ALGORITHM, {"own": "fit"}, "linear")

    Reports("0", kept).hearer(long)({"numbers": {"auc": 0.5}, "step": 1})

    ((name, value, step),) = kept.points
    assert (len(name), name[-4:], value, step) == (200, "/auc", 0.5, 1)
