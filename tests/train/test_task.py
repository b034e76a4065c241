"""What a target asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest

from mlwright.core.errors import DataError, MlwrightError, UsageError
from mlwright.train.records import TaskKind
from mlwright.train.target import target_values
from mlwright.train.task import MOST_CLASSES, infer_task


def frame_of(values: Sequence[object], **options: Any) -> pl.DataFrame:
    return pl.DataFrame({"x": range(len(values)), "y": pl.Series(values, **options)})


def test_two_texts_are_binary_and_the_last_in_order_is_positive() -> None:
    task = infer_task(frame_of(["yes", "no"] * 10), "y", None, None)

    assert (task.kind, task.classes, task.metric) == (TaskKind.BINARY, ("no", "yes"), "auc")
    assert "'yes' is the positive one" in task.why


def test_truth_values_are_binary_and_true_is_positive() -> None:
    task = infer_task(frame_of([True, False] * 10), "y", None, None)

    assert (task.kind, task.classes) == (TaskKind.BINARY, (False, True))


def test_few_whole_numbers_are_classes() -> None:
    task = infer_task(frame_of([3, 1, 2] * 10), "y", None, None)

    assert (task.kind, task.classes) == (TaskKind.MULTICLASS, (1, 2, 3))
    assert task.metric == "log_loss"


@pytest.mark.parametrize(
    "values",
    [
        list(range(40)),
        [1, 2, 3, 4] * 4,  # each of them too seldom
        list(range(21)) * 10,  # each often, but too many
        [0.5, 1.5] * 10,
        [float(i) for i in range(30)],
    ],
)
def test_other_numbers_are_amounts(values: list[float]) -> None:
    task = infer_task(frame_of(values), "y", None, None)

    assert (task.kind, task.classes, task.metric) == (TaskKind.REGRESSION, (), "rmse")


def test_zero_and_one_as_decimals_are_classes() -> None:
    assert infer_task(frame_of([0.0, 1.0] * 10), "y", None, None).kind is TaskKind.BINARY


def test_rows_without_a_target_change_nothing() -> None:
    known = ["a", "b", "c"] * 10

    task = infer_task(frame_of([*known, None, None]), "y", None, None)

    assert task == infer_task(frame_of(known), "y", None, None)


def test_not_a_number_is_a_missing_target() -> None:
    frame = frame_of([0.0, 1.0, float("nan")] * 10)

    task = infer_task(frame, "y", None, None)

    assert task.classes == (0.0, 1.0)
    assert target_values(frame, task)[:2].tolist() == [0.0, 1.0]


def test_what_the_user_fixes_stands() -> None:
    frame = frame_of([3, 1, 2] * 10)

    assert infer_task(frame, "y", "regression", "mae").metric == "mae"
    assert infer_task(frame, "y", "multiclass", "accuracy").metric == "accuracy"
    assert infer_task(frame_of([1, 2] * 9), "y", "multiclass", None).kind is TaskKind.BINARY


@pytest.mark.parametrize(
    ("values", "target", "task", "metric", "code"),
    [
        ([1, 2] * 9, "z", None, None, "column-unknown"),
        ([date(2026, 1, day) for day in range(1, 20)], "y", None, None, "target-kind"),
        (["a", "b"] * 4, "y", None, None, "target-too-few-rows"),
        ([*["a", "b"] * 4, *[None] * 90], "y", None, None, "target-too-few-rows"),
        (["a"] * 20, "y", None, None, "target-one-class"),
        ([7.5] * 20, "y", None, None, "target-one-class"),
        ([f"name {i}" for i in range(20)], "y", None, None, "target-too-many-classes"),
        (
            [f"name {i}" for i in range(MOST_CLASSES + 1)] * 3,
            "y",
            None,
            None,
            "target-too-many-classes",
        ),
        ([float(i) for i in range(20)], "y", "multiclass", None, "target-too-many-classes"),
        ([*[0.5, 1.5] * 9, float("inf")], "y", None, None, "target-infinite"),
    ],
)
def test_a_target_no_model_can_be_fitted_to_is_refused(
    values: list[object], target: str, task: str | None, metric: str | None, code: str
) -> None:
    with pytest.raises(MlwrightError) as error:
        infer_task(frame_of(values), target, task, metric)

    assert isinstance(error.value, DataError)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("values", "task", "metric", "code", "fix"),
    [
        ([1, 2, 3] * 9, "binary", None, "task-mismatch", "another target"),
        (["a", "b"] * 9, "regression", None, "task-mismatch", "another target"),
        ([True, False] * 9, "regression", None, "task-mismatch", "another target"),
        ([1, 2] * 9, "regresion", None, "task-unknown", "'regression'"),
        ([1, 2] * 9, None, "acuracy", "metric-unknown", "accuracy"),
        ([1, 2] * 9, None, "rmse", "metric-task", "auc"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused_with_the_way_out(
    values: list[object], task: str | None, metric: str | None, code: str, fix: str
) -> None:
    with pytest.raises(UsageError) as error:
        infer_task(frame_of(values), "y", task, metric)

    assert error.value.code == code
    assert fix in error.value.fix


def test_each_class_has_its_place_and_the_unknown_none() -> None:
    task = infer_task(frame_of(["b", "a", "c"] * 9), "y", None, None)

    places = target_values(frame_of(["c", None, "a", "z"]), task)

    assert str(places.tolist()) == "[2.0, nan, 0.0, nan]"
