"""What every algorithm promises: the same bytes everywhere, and answers that can be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from mlwright.data.table import Table
from mlwright.stats.metrics import METRICS
from mlwright.train.algorithms.problem import Problem, Rows
from mlwright.train.catalogue import ALGORITHMS
from mlwright.train.fit import answers, fit
from mlwright.train.portfolio import PORTFOLIO
from mlwright.train.records import Configuration, Plan, Task, TaskKind
from mlwright.train.task import infer_task

OURS = [name for name in ALGORITHMS if name != "foreign"]
CONFIGURATIONS = {
    each.name: each
    for each in (
        *PORTFOLIO,
        *(Configuration(name, name, ALGORITHMS[name].DEFAULTS) for name in OURS),
    )
}
NAMES = list(CONFIGURATIONS)
BOOSTED = ["trees-deep", "xgboost", "catboost", "hist", "additive"]
CLASSES = {"binary": 2, "multiclass": 3, "regression": 0}
TREES = 6
ROWS = 2_600  # more than one of LightGBM's blocks of 1,024 rows for each of two threads

_ELSEWHERE = """
import json, sys
import numpy as np
from hashlib import sha256
from mlwright.train.algorithms.problem import Problem, Rows
from mlwright.train.catalogue import ALGORITHMS

digests = {}
for case in json.load(sys.stdin):
    held = np.load(case["rows"])
    problem = Problem(categorical=tuple(case.pop("categorical")), **case["problem"])
    content = ALGORITHMS[case["algorithm"]].fit(Rows(held["X"], held["y"]), problem, None).content
    digests[case["name"]] = sha256(content).hexdigest()
print(json.dumps(digests))
"""


@cache
def rows_for(kind: str, recipe: str) -> Rows:
    """Return rows with a constant feature, codes, and missing values where the recipe has them."""
    drawn = np.random.default_rng(3)
    X = drawn.normal(size=(ROWS, 6))
    X[:, 1] = 4.0
    X[:, 2] = drawn.integers(0, 7, ROWS)
    score = X[:, 0] + (X[:, 2] > 3) + 0.5 * drawn.normal(size=ROWS)
    if recipe == "tree":
        X[drawn.random(ROWS) < 0.2, 3] = np.nan
    if kind == "regression":
        return Rows(X, 1e6 + 300.0 * score)
    cuts = [0.4] if kind == "binary" else [-0.2, 0.9]
    return Rows(X, np.digitize(score, cuts).astype(np.float64))


def case(name: str, kind: str, threads: int = 1) -> tuple[str, Rows, Problem]:
    configuration = CONFIGURATIONS[name]
    recipe = ALGORITHMS[configuration.algorithm].RECIPE
    parameters = dict(configuration.parameters)
    if "trees" in parameters:
        # A tree of one feature each has little to say.
        parameters["trees"] = 6 * TREES if configuration.algorithm == "additive" else TREES
    problem = Problem(CLASSES[kind], (2,), parameters, seed=11, threads=threads)
    return configuration.algorithm, rows_for(kind, recipe), problem


@cache
def learned(name: str, kind: str, threads: int = 1) -> bytes:
    algorithm, rows, problem = case(name, kind, threads)
    return ALGORITHMS[algorithm].fit(rows, problem, None).content


@pytest.fixture(scope="module")
def digests_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return the digest of each case's content, fitted in a process with other text hashes."""
    folder = tmp_path_factory.mktemp("rows")
    cases = []
    for kind in CLASSES:
        for name in NAMES:
            algorithm, rows, problem = case(name, kind)
            path = folder / f"{kind}-{ALGORITHMS[algorithm].RECIPE}.npz"
            if not path.exists():
                np.savez(path, X=rows.X, y=rows.y)
            asked = {
                "classes": problem.classes,
                "parameters": dict(problem.parameters),
                "seed": problem.seed,
                "threads": problem.threads,
            }
            cases.append(
                {
                    "name": f"{kind} {name}",
                    "algorithm": algorithm,
                    "rows": str(path),
                    "categorical": list(problem.categorical),
                    "problem": asked,
                }
            )
    ended = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE],
        input=json.dumps(cases),
        env={**os.environ, "PYTHONHASHSEED": "4321", "OPENBLAS_NUM_THREADS": "2"},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    found: Mapping[str, str] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_and_problem_give_the_same_bytes_with_two_threads(
    name: str, kind: str
) -> None:
    assert learned(name, kind, threads=1) == learned(name, kind, threads=2)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_and_problem_give_the_same_bytes_in_another_process(
    name: str, kind: str, digests_elsewhere: Mapping[str, str]
) -> None:
    found = sha256(learned(name, kind)).hexdigest()

    assert found == digests_elsewhere[f"{kind} {name}"]


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", NAMES)
def test_answers_are_finite_and_probabilities_sum_to_one(name: str, kind: str) -> None:
    algorithm, rows, problem = case(name, kind)

    found = ALGORITHMS[algorithm].answer(learned(name, kind), rows.X, problem)

    assert found.shape == (ROWS, CLASSES[kind] or 1)
    assert np.isfinite(found).all()
    if CLASSES[kind]:
        assert ((found >= 0) & (found <= 1)).all()
        np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", BOOSTED)
def test_judging_rows_decide_when_to_stop_and_the_same_whatever_the_threads(
    name: str, kind: str
) -> None:
    algorithm, rows, problem = case(name, kind)
    problem = replace(problem, parameters={**problem.parameters, "trees": 60, "rate": 0.3})
    half = ROWS // 2
    fitting, judging = Rows(rows.X[:half], rows.y[:half]), Rows(rows.X[half:], rows.y[half:])

    stopped = ALGORITHMS[algorithm].fit(fitting, problem, judging)
    again = ALGORITHMS[algorithm].fit(fitting, replace(problem, threads=2), judging)

    assert 1 <= int(stopped.parameters["trees"]) < 60
    assert stopped.content == again.content
    exactly = replace(problem, parameters=stopped.parameters)
    assert ALGORITHMS[algorithm].fit(fitting, exactly, None).content == stopped.content


@pytest.mark.parametrize("name", [each for each in OURS if each != "dummy"])
def test_what_is_learned_on_real_tables_beats_the_dummy(name: str) -> None:
    for load, classes, metric in (
        (load_breast_cancer, 2, "log_loss"),
        (load_digits, 10, "log_loss"),
        (load_diabetes, 0, "rmse"),
    ):
        held = load()
        X, y = np.ascontiguousarray(held.data, dtype=np.float64), held.target.astype(np.float64)
        loss = {}
        for each in (name, "dummy"):
            algorithm, _, problem = case(each, "binary")
            if algorithm == "linear":
                X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
            problem = replace(problem, classes=classes, categorical=())
            content = ALGORITHMS[algorithm].fit(Rows(X[::2], y[::2]), problem, None).content
            found = ALGORITHMS[algorithm].answer(content, X[1::2], problem)
            loss[each] = METRICS[metric].function(y[1::2], found)
        assert loss[name] < 0.9 * loss["dummy"]


Tables = Callable[[Mapping[str, Sequence[object]]], Table]

_COUNT = 60
_AWKWARD: Mapping[str, Mapping[str, Sequence[object]]] = {
    "one feature": {"a": [float(i % 17) for i in range(_COUNT)]},
    "a constant feature": {"a": [1.0] * _COUNT, "b": [float(i % 7) for i in range(_COUNT)]},
    "only a constant feature": {"a": [1.0] * _COUNT},
    "missing values": {
        "a": [None if i % 3 else float(i) for i in range(_COUNT)],
        "b": [float("nan") if i % 5 == 0 else float(i % 11) for i in range(_COUNT)],
        "c": [None if i % 4 == 0 else ["red", "blue"][i % 2] for i in range(_COUNT)],
    },
    "one value among missing ones": {"a": [None if i % 2 else 3.0 for i in range(_COUNT)]},
    "huge and tiny values": {"a": [(-1) ** i * 10.0 ** (i * 5 - 150) for i in range(_COUNT)]},
}


@pytest.mark.parametrize("target", ["binary", "lone class", "regression", "huge regression"])
@pytest.mark.parametrize("features", _AWKWARD)
def test_every_algorithm_answers_awkward_tables(
    features: str, target: str, table_of: Tables, plan: Plan, quick: tuple[Configuration, ...]
) -> None:
    wanted: dict[str, list[object]] = {
        "binary": [("no", "yes")[i % 3 == 0] for i in range(_COUNT)],
        "lone class": ["once" if i == 30 else ("no", "yes")[i % 2] for i in range(_COUNT)],
        "regression": [i * 0.25 for i in range(_COUNT)],
        "huge regression": [i * 1e147 for i in range(_COUNT)],
    }
    table = table_of({**_AWKWARD[features], "y": wanted[target]})
    task = infer_task(table.frame, "y", None, None)

    for configuration in quick[:4]:
        model = fit(table, configuration, task, plan, ())
        found = answers(model, table.frame)
        again = fit(table, configuration, task, replace(plan, threads=2), ())

        assert model == again
        assert np.isfinite(found).all()
        if task.kind is not TaskKind.REGRESSION:
            np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e12, 1e149])
def test_a_line_through_a_feature_in_units_of_a_large_target_uses_the_others_too(
    size: float,
) -> None:
    drawn = np.random.default_rng(0)
    X = drawn.normal(size=(400, 2))
    y = size * (X[:, 0] + X[:, 1])
    X[:, 1] *= size

    content = ALGORITHMS["linear"].fit(Rows(X, y), Problem(0, (), {"l2": 1.0}, 0, 1), None).content
    found = ALGORITHMS["linear"].answer(content, X, Problem(0, (), {}, 0, 1))[:, 0]

    assert np.abs(found - y).max() < 0.05 * size


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost", "hist", "additive"])
def test_a_row_that_judges_may_lie_beyond_what_32_bits_hold(name: str) -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    y = X[:, 0].copy()
    judging = Rows(X[200:], np.where(np.arange(100) == 7, 1e140, y[200:]))
    problem = Problem(0, (), {**ALGORITHMS[name].DEFAULTS, "trees": TREES}, seed=0, threads=1)

    content = ALGORITHMS[name].fit(Rows(X[:200], y[:200]), problem, judging).content
    found = ALGORITHMS[name].answer(content, X, problem)

    assert np.abs(found).max() < 10


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "hist", "extra_trees", "additive"])
def test_trees_learn_from_the_largest_numbers_of_either_sign(name: str) -> None:
    X = np.random.default_rng(0).uniform(-1.7, 1.7, (200, 2)) * 1e308
    y = (X[:, 0] > 0).astype(np.float64)
    problem = Problem(2, (), {**ALGORITHMS[name].DEFAULTS, "trees": TREES}, seed=0, threads=1)

    content = ALGORITHMS[name].fit(Rows(X, y), problem, None).content
    found = ALGORITHMS[name].answer(content, X, problem)

    assert np.isfinite(found).all()


def test_a_class_without_a_row_gets_a_probability_that_is_small_and_finite(
    table_of: Tables, plan: Plan, quick: tuple[Configuration, ...]
) -> None:
    table = table_of(
        {"a": [float(i % 9) for i in range(80)], "y": [("no", "yes")[i % 9 > 4] for i in range(80)]}
    )
    for classes in (("maybe", "no", "yes"), ("no", "yes", "zebra")):
        task = Task(TaskKind.MULTICLASS, "y", classes, "log_loss", "")
        for configuration in quick:
            model = fit(table, configuration, task, plan, ())
            unseen = answers(model, table.frame)[:, [c in ("maybe", "zebra") for c in classes]]

            assert (unseen < 0.01).all(), configuration.name


def test_rows_of_one_class_alone_can_be_fitted(
    table_of: Tables, plan: Plan, quick: tuple[Configuration, ...]
) -> None:
    table = table_of({"a": [float(i) for i in range(40)], "y": ["yes"] * 40})
    task = Task(TaskKind.BINARY, "y", ("no", "yes"), "auc", "")

    for configuration in quick:
        found = answers(fit(table, configuration, task, plan, ()), table.frame)

        assert (found[:, 1] > 0.99).all(), configuration.name
