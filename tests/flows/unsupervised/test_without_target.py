"""Models without a target, from a table to an answer that is explained and proved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import datasets

import mlwright as mw
from mlwright.api.run import Run
from mlwright.core.errors import DataError, UsageError
from mlwright.evaluate.records import FitVerdict
from mlwright.evaluate.unsupervised.steadiness import Steadiness
from mlwright.flows.evaluating import Evaluated
from mlwright.govern.records import ProofVerdict
from mlwright.train.progress import Silent


def customers(rows: int = 2_400) -> pl.DataFrame:
    """Return people whose columns go together: older ones earn more and pay otherwise."""
    draw = np.random.default_rng(0)
    age = draw.integers(18, 80, rows)
    income = (age * 1_000 + draw.normal(0, 3_000, rows)).round(1)
    plan = np.where(age + draw.normal(0, 6, rows) < 45, "mobile", "paper")
    return pl.DataFrame(
        {"id": np.arange(rows), "age": age, "income": income, "plan": plan}
    ).with_columns(pl.when(pl.col("id") % 20 == 0).then(None).otherwise("income").alias("income"))


class Unheard:
    """Hear of each finished stage, and say nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Say nothing."""


def looked_into(run: Run, rules: Sequence[str] = (), only: Sequence[str] = ()) -> Evaluated:
    """Return what `mlw eval` finds of a run's model."""
    return run.project.evaluate(
        run.model.ref, rules=rules, only=only, listener=Unheard(), progress=Silent()
    )


def test_an_anomaly_model_holds_its_level_and_finds_what_does_not_go_together(
    tmp_path: Path,
) -> None:
    run = mw.run(customers(), task="anomaly", key="id", project=tmp_path)
    model = run.model
    found = model.evaluation

    alarms = found.metrics["false_alarms"]
    assert alarms.low <= 0.05 <= alarms.high
    assert found.fit.verdict is FitVerdict.GOOD
    assert found.metrics["mixed_found"].value > 4 * found.baselines["columns"]["mixed_found"].value
    assert found.gain.low > 0
    odd = pl.DataFrame({"age": [70, 70], "income": [70_000.0, 20_000.0], "plan": ["paper"] * 2})
    usual, strange = model.predict(odd)["value"]
    assert usual > 0.05 > strange
    assert "p_value" in run.project.show(model.ref, decisions=True).document["task"]["target"]
    assert model.report().stat().st_size > 5_000

    rules = ("flip <= 30%", "reliance(plan) <= 90%", "false_alarms <= 8%")
    seen = looked_into(run, rules=rules)
    steady = seen.findings["steadiness"]
    assert isinstance(steady, Steadiness)
    assert {each.way for each in steady.changes} == {"noise", "missing", "swap", "unit", "range"}
    flips = {each.way: each.flip.value for each in steady.changes}
    assert flips["noise"] < 0.1 < flips["unit"]
    assert sum(share for _, share in steady.columns) == pytest.approx(1.0)
    assert [verdict.outcome.value for verdict in seen.verdicts if verdict.id][-3:] == ["pass"] * 3
    assert "How steady the answers are" in model.report().read_text()


def test_clusters_are_as_many_as_there_are_kinds_also_of_a_small_table_and_are_proved(
    tmp_path: Path,
) -> None:
    wine = datasets.load_wine(as_frame=True)
    table = pl.from_pandas(wine.data).with_columns(row=pl.Series(range(178)))

    run = mw.run(table, task="clustering", key="row", project=tmp_path)
    model = run.model

    assert model.evaluation.method == "nested cross-validation"
    assert run.build.package.task.classes == (1, 2, 3)
    assert model.evaluation.metrics["stability"].value > 0.7
    answers = model.predict(table)
    assert answers.columns == ["value", "distance:1", "distance:2", "distance:3"]
    nearest = answers.select("distance:1", "distance:2", "distance:3").to_numpy().argmin(axis=1)
    assert answers["value"].to_list() == (nearest + 1).tolist()
    same = [set(wine.target[answers["value"].to_numpy() == each]) for each in (1, 2, 3)]
    assert len({max(kinds) for kinds in same}) > 1
    assert model.prove().verdict is ProofVerdict.EXACT
    steady = looked_into(run).findings["steadiness"]
    assert isinstance(steady, Steadiness)
    assert next(each.flip.value for each in steady.changes if each.way == "noise") < 0.1
    with pytest.raises(UsageError, match="finding-unknown"):
        looked_into(run, only=["slices"])


def test_a_table_without_clusters_fails_its_gate(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    noise = pl.DataFrame({f"x{place}": draw.normal(size=2_000) for place in range(3)})

    run = mw.run(noise, task="clustering", project=tmp_path, clusters=3)

    assert run.build.version.failed
    assert run.model.evaluation.fit.verdict is FitVerdict.UNDERFIT


@pytest.mark.parametrize(
    ("table", "settings", "code"),
    [
        ({"a": [1, 2] * 50}, {"task": "anomaly", "target": "a"}, "task-without-target"),
        ({"a": [1, 2] * 50}, {"task": "clustering", "metric": "auc"}, "task-without-target"),
        ({"cluster": [1, 2] * 50}, {"task": "clustering"}, "answer-name"),
        ({"a": [1.5, 2.0] * 5}, {"task": "anomaly"}, "rows-too-few"),
        ({"a": [None] * 50, "b": [7] * 50}, {"task": "anomaly"}, "features-none"),
        ({"a": [1, 2] * 50}, {"task": "anomaly", "checks": "auc >= 0.7"}, "check-task"),
    ],
)
def test_what_cannot_be_asked_without_a_target_is_refused_by_name(
    table: dict[str, list[object]], settings: dict[str, str], code: str, tmp_path: Path
) -> None:
    with pytest.raises((UsageError, DataError)) as refused:
        mw.run(pl.DataFrame(table), project=tmp_path, **settings)

    assert refused.value.code == code
