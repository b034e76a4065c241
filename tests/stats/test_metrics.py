from __future__ import annotations

import math
import tracemalloc
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import datasets, linear_model
from sklearn import metrics as oracle

from mlwright.stats.metrics import BINARY, METRICS, MULTICLASS, REGRESSION, Metric, metrics_for
from mlwright.stats.ranking import rank_auc

Arrays = tuple[np.ndarray, np.ndarray]
CASES = [
    (task, metric) for task in (BINARY, MULTICLASS, REGRESSION) for metric in metrics_for(task)
]
every_case = pytest.mark.parametrize(
    ("task", "metric"), CASES, ids=[f"{metric.name}-{task}" for task, metric in CASES]
)


def random_rows(task: str, seed: int, *, rows: int = 200, ties: bool = False) -> Arrays:
    generator = np.random.default_rng(seed)
    if task == REGRESSION:
        y = generator.normal(50, 10, rows)
        answers = (y + generator.normal(0, 5, rows))[:, None]
        return (y.round(), answers.round()) if ties else (y, answers)
    classes = 2 if task == BINARY else 4
    y = generator.integers(0, classes, rows).astype(float)
    scores = generator.normal(size=(rows, classes)) + np.eye(classes)[y.astype(int)]
    if ties:
        scores = scores.round()
    exponential = np.exp(scores)
    return y, exponential / exponential.sum(axis=1, keepdims=True)


def by_scikit_learn(name: str, y: np.ndarray, answers: np.ndarray) -> float:
    value = answers[:, -1]
    predicted = answers.argmax(axis=1)
    binary = answers.shape[1] == 2
    known: dict[str, Callable[[], float]] = {
        "auc": lambda: oracle.roc_auc_score(y, value),
        "auc_macro": lambda: oracle.roc_auc_score(y, answers, multi_class="ovr", average="macro"),
        "log_loss": lambda: oracle.log_loss(y, answers, labels=np.arange(answers.shape[1])),
        "brier": lambda: oracle.brier_score_loss(
            y, value if binary else answers, labels=None if binary else np.arange(answers.shape[1])
        ),
        "accuracy": lambda: oracle.accuracy_score(y, predicted),
        "balanced_accuracy": lambda: oracle.balanced_accuracy_score(y, predicted),
        "f1": lambda: oracle.f1_score(y, predicted, average="binary" if binary else "macro"),
        "average_precision": lambda: oracle.average_precision_score(y, value),
        "rmse": lambda: oracle.root_mean_squared_error(y, value),
        "mae": lambda: oracle.mean_absolute_error(y, value),
        "median_absolute_error": lambda: oracle.median_absolute_error(y, value),
        "r2": lambda: oracle.r2_score(y, value),
        "mape": lambda: oracle.mean_absolute_percentage_error(y, value),
        "ece": lambda: slow_ece(y, answers),
    }
    return float(known[name]())


def slow_ece(y: np.ndarray, answers: np.ndarray) -> float:
    """scikit-learn has no calibration error: row by row, from the definition."""
    binary = answers.shape[1] == 2
    stated = answers[:, 1] if binary else answers.max(axis=1)
    happened = y if binary else (answers.argmax(axis=1) == y).astype(float)
    bins: dict[int, list[int]] = {}
    for row, value in enumerate(stated):
        below, equal = int((stated < value).sum()), int((stated == value).sum())
        bins.setdefault(int((below + equal / 2) * 15 / len(y)), []).append(row)
    return sum(
        len(rows) / len(y) * abs(stated[rows].mean() - happened[rows].mean())
        for rows in bins.values()
    )


@every_case
@pytest.mark.parametrize("ties", [False, True])
def test_a_metric_equals_scikit_learns_on_random_rows(
    task: str, metric: Metric, ties: bool
) -> None:
    for seed in range(5):
        y, answers = random_rows(task, seed, ties=ties)

        assert metric.function(y, answers) == pytest.approx(
            by_scikit_learn(metric.name, y, answers), rel=1e-12, abs=1e-14
        )


@every_case
def test_a_metric_equals_scikit_learns_on_constant_answers(task: str, metric: Metric) -> None:
    y, answers = random_rows(task, 0)
    constant = np.repeat(answers[:1], len(y), axis=0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = by_scikit_learn(metric.name, y, constant)

    assert metric.function(y, constant) == pytest.approx(expected, rel=1e-12, abs=1e-14)


REAL = {
    BINARY: (datasets.load_breast_cancer, linear_model.LogisticRegression),
    MULTICLASS: (datasets.load_wine, linear_model.LogisticRegression),
    REGRESSION: (datasets.load_diabetes, linear_model.LinearRegression),
}


@every_case
def test_a_metric_equals_scikit_learns_on_real_rows(task: str, metric: Metric) -> None:
    load, model = REAL[task]
    X, y = load(return_X_y=True)
    X = (X[:, :4] - X[:, :4].mean(axis=0)) / X[:, :4].std(axis=0)
    fitted = model().fit(X[::2], y[::2])
    answers = (
        fitted.predict(X[1::2])[:, None] if task == REGRESSION else fitted.predict_proba(X[1::2])
    )

    found = metric.function(y[1::2].astype(float), answers)

    assert found == pytest.approx(by_scikit_learn(metric.name, y[1::2], answers), rel=1e-12)


@every_case
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), ties=st.booleans(), data=st.data())
def test_counting_a_row_k_times_equals_repeating_it(
    task: str, metric: Metric, seed: int, ties: bool, data: st.DataObject
) -> None:
    y, answers = random_rows(task, seed, rows=12, ties=ties)
    counts = data.draw(hnp.arrays(np.int64, 12, elements=st.integers(0, 3)))
    repeated = np.repeat(np.arange(12), counts)

    counted = float(metric.statistic(y, answers)(counts[None].astype(float))[0])

    expected = metric.function(y[repeated], answers[repeated])
    assert counted == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@every_case
def test_a_line_of_counts_has_the_same_bits_alone_and_among_others(
    task: str, metric: Metric
) -> None:
    y, answers = random_rows(task, 1, rows=1_001, ties=task == BINARY)
    counts = np.random.default_rng(2).integers(0, 4, (7, 1_001)).astype(float)
    statistic = metric.statistic(y, answers)

    together = statistic(counts)

    alone = np.concatenate([statistic(line[None]) for line in counts])
    assert together.tobytes() == alone.tobytes()


@every_case
def test_a_metric_is_nan_without_rows_and_on_answers_that_are_not_finite(
    task: str, metric: Metric
) -> None:
    y, answers = random_rows(task, 3)
    broken = answers.copy()
    broken[5] = math.nan

    found = [metric.function(y[:0], answers[:0]), metric.function(y, broken)]

    assert all(math.isnan(value) for value in found)


@every_case
def test_a_metric_never_raises_on_one_row_one_class_or_huge_values(
    task: str, metric: Metric
) -> None:
    y, answers = random_rows(task, 4)

    found = [
        metric.function(y[:1], answers[:1]),
        metric.function(np.zeros_like(y), answers),
        metric.function(y, answers * (1e200 if task == REGRESSION else 1)),
    ]

    assert all(isinstance(value, float) for value in found)


@pytest.mark.parametrize("name", ["auc", "average_precision"])
def test_a_ranking_without_positives_is_undefined(name: str) -> None:
    answers = np.array([[0.2, 0.8], [0.6, 0.4]])

    found = METRICS[name].function(np.zeros(2), answers)

    assert math.isnan(found)


def test_r2_of_a_constant_target_is_undefined_even_far_from_zero() -> None:
    y = np.full(7, 1e9 + 0.1)

    found = METRICS["r2"].function(y, y[:, None] + 1)

    assert math.isnan(found)


def test_mape_leaves_out_rows_whose_true_value_is_zero() -> None:
    y, answers = np.array([0.0, 2.0, 4.0]), np.array([[9.0], [1.0], [5.0]])

    found = METRICS["mape"].function(y, answers)

    assert found == pytest.approx((0.5 + 0.25) / 2)


def test_a_sure_wrong_answer_costs_a_finite_log_loss() -> None:
    found = METRICS["log_loss"].function(np.array([1.0]), np.array([[1.0, 0.0]]))

    assert found == pytest.approx(-math.log(1e-15))


def test_a_macro_auc_is_the_mean_over_the_classes_among_the_rows() -> None:
    y, answers = random_rows(MULTICLASS, 5)
    kept = y != 3
    expected = np.mean([oracle.roc_auc_score(y[kept] == k, answers[kept, k]) for k in range(3)])

    found = METRICS["auc_macro"].function(y[kept], answers[kept])

    assert found == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(
    scores=hnp.arrays(np.float64, 30, elements=st.floats(-1, 1)),
    y=hnp.arrays(np.float64, 30, elements=st.sampled_from([0.0, 1.0])),
)
def test_the_auc_of_reversed_scores_is_its_complement(scores: np.ndarray, y: np.ndarray) -> None:
    auc = METRICS["auc"].function
    there = np.c_[-scores, scores]

    both = auc(y, there) + auc(y, there[:, ::-1])

    assert both == pytest.approx(1) or (math.isnan(both) and y.min() == y.max())


@pytest.mark.parametrize("percent", [1, 50, 90, 99])
def test_a_metric_of_a_quantile_is_the_usual_pinball_loss_and_least_at_the_quantile(
    percent: int,
) -> None:
    level = percent / 100
    drawn = np.random.default_rng(percent)
    y, answers = drawn.normal(size=400), drawn.normal(size=(400, 1))
    loss, below = (METRICS[f"{name}_{percent}"].function for name in ("pinball", "below"))

    assert loss(y, answers) == pytest.approx(
        oracle.mean_pinball_loss(y, answers[:, 0], alpha=level)
    )
    constants = np.sort(y)
    best = min(constants, key=lambda each: loss(y, np.full((400, 1), each)))
    assert below(y, np.full((400, 1), best)) == pytest.approx(level, abs=0.01)


def test_only_whole_percents_name_a_quantile() -> None:
    for name in ("pinball_0", "pinball_100", "pinball_05", "pinball_9.5", "pinball_", "pinball"):
        assert name not in METRICS
        with pytest.raises(KeyError):
            METRICS[name]


def test_every_metric_says_what_it_computes_and_belongs_to_a_task() -> None:
    assert all(metric.doc and metric.tasks for metric in METRICS.values())


def test_shapes_that_do_not_fit_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        METRICS["rmse"].function(np.zeros(3), np.zeros((2, 1)))


@pytest.mark.parametrize("rows", [40, 1_000])
@pytest.mark.parametrize("ties", [False, True])
def test_a_rare_class_is_ranked_by_stretches_to_the_same_bits(rows: int, ties: bool) -> None:
    generator = np.random.default_rng(rows)
    scores = generator.random(rows).round(1 if ties else 17)
    counts = generator.poisson(1.0, (7, rows)).astype(float)

    for positives in (1, 3, rows // 10, rows // 2, rows - 1):
        positive = np.arange(rows) % rows < positives
        found = rank_auc(scores, positive)(counts)

        beaten = (scores[positive][:, None] > scores[~positive]) + 0.5 * (
            scores[positive][:, None] == scores[~positive]
        )
        for line, value in zip(counts, found, strict=True):
            weights = line[positive][:, None] * line[~positive]
            pairs = weights.sum()
            expected = (weights * beaten).sum() / pairs if pairs else math.nan
            assert value == expected or (math.isnan(value) and not pairs)


def test_many_classes_are_counted_without_a_table_of_classes_squared() -> None:
    generator = np.random.default_rng(0)
    y = generator.integers(0, 1_000, 5_000).astype(float)
    answers = generator.random((5_000, 1_000))
    counts = generator.poisson(1.0, (20, 5_000)).astype(float)

    for name in ("f1", "balanced_accuracy"):
        statistic = METRICS[name].statistic(y, answers)
        tracemalloc.start()
        statistic(counts)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 20 * 1_000 * 1_000 * 8 / 10
