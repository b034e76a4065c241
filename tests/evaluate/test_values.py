from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mlwright.checks.grammar import parse
from mlwright.checks.judge import judge
from mlwright.checks.records import Outcome
from mlwright.core.errors import UsageError
from mlwright.evaluate.records import Curves, Evaluation, Fit, FitVerdict
from mlwright.evaluate.values import LATENCY, EvaluationValues, require_task, scales
from mlwright.stats.metrics import metrics_for
from mlwright.stats.records import Interval

EVALUATION = Evaluation(
    method="sealed test",
    rows=1_000,
    metric="auc",
    metrics={"auc": Interval(0.85, 0.83, 0.87), "ece": Interval(math.nan, math.nan, math.nan)},
    baselines={},
    gain=Interval(0.35, 0.33, 0.37),
    gain_over_linear=Interval(-0.01, -0.02, 0.0),
    fit=Fit(FitVerdict.GOOD, 0.9, 0.86, 0.85, 0.05, ""),
    fairness={"sex": {"tpr_gap": Interval(0.08, 0.0, 0.16)}, "age": {}},
    groups={},
    curves=Curves((), (), ()),
    left_out={},
    seed=0,
    resamples=1_000,
)


def outcome(text: str, name: str | None = None) -> Outcome:
    values = EvaluationValues(EVALUATION, {"latency_p99": 0.002})
    return judge([parse(text, name=name)], values, "m_1")[0].outcome


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (">= 0.70", "auc"),
        ("auc.low >= 0.83", None),
        ("auc.high <= 0.87", None),
        ("<= 0.05", "gap"),
        ("> 0", "gain"),
        ("gain.low > 0.3", None),
        ("gain_over_linear >= -0.05", None),
        ("tpr_gap <= 0.1", "fairness.sex"),
        ("fairness.sex: tpr_gap <= 0.1", None),
        ("tpr_gap(sex) <= 0.1", None),
        ("<= 20ms", "latency_p99"),
    ],
)
def test_a_rule_that_holds_passes(rule: str, name: str | None) -> None:
    assert outcome(rule, name) is Outcome.PASS


@pytest.mark.parametrize(
    ("rule", "name"),
    [(">= 0.86", "auc"), ("auc.low >= 0.85", None), ("tpr_gap <= 0.05", "fairness.sex")],
)
def test_a_rule_that_does_not_hold_fails(rule: str, name: str | None) -> None:
    assert outcome(rule, name) is Outcome.FAIL


def test_a_verdict_on_an_end_says_that_it_is_one() -> None:
    values = EvaluationValues(EVALUATION, {})

    low, value = judge([parse("gain.low > 0"), parse("gain > 0")], values, "m_1")

    assert low.why.startswith("the lower end of gain is ")
    assert "end" not in value.why


def test_an_undefined_metric_never_passes() -> None:
    assert outcome("<= 1", "ece") is Outcome.FAIL


def test_a_gap_the_task_has_no_rates_for_is_not_applicable() -> None:
    assert outcome("tpr_gap <= 0.1", "fairness.age") is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("rule", ["acu >= 0.7", "null(age) <= 5%", "rmse <= 3"])
def test_a_value_that_does_not_exist_is_refused(rule: str) -> None:
    with pytest.raises(UsageError, match="check-unknown-value"):
        outcome(rule)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_scale_is_known_of_exactly_what_will_be_measured(task: str) -> None:
    metric = metrics_for(task)[0].name
    found = Interval(0.5, 0.4, 0.6)
    evaluation = replace(
        EVALUATION, metric=metric, metrics={each.name: found for each in metrics_for(task)}
    )

    for fairness in ((), ("sex",)):
        judged = replace(evaluation, fairness={column: {} for column in fairness})
        known = EvaluationValues(judged, {LATENCY: 0.002}).known()
        assert set(scales(task, metric, fairness)) == set(known)


def test_a_metric_of_another_task_is_refused_by_the_name_of_its_task() -> None:
    rules = [parse("> 0", name="gain"), parse("auc.low >= 0.7")]

    with pytest.raises(UsageError, match=r"auc, a metric of binary tasks.*regression") as caught:
        require_task(rules, "regression")

    assert caught.value.code == "check-task"
    require_task(rules, "binary")


def test_everything_known_has_a_value_or_is_a_gap() -> None:
    values = EvaluationValues(EVALUATION, {"size": 1.0})

    unmeasured = {
        text for text in values.known() if values.value(parse(f"{text} > 0").term, text) is None
    }

    gaps = {"tpr_gap", "fpr_gap", "selection_gap", "calibration_gap"}
    assert {text.split("(")[0] for text in unmeasured} == gaps


def test_the_gap_is_as_uncertain_as_the_test_score() -> None:
    found = EvaluationValues(EVALUATION, {}).value(parse("gap <= 1").term, "gap")

    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.03), pytest.approx(0.07))
