"""How good a model is, in words that need no metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

from mlwright.evaluate.records import Evaluation
from mlwright.govern.plain_words import plainly
from mlwright.stats.records import Interval
from mlwright.train.records import Task, TaskKind

BINARY = Task(TaskKind.BINARY, "left", ("no", "yes"), "auc", "")
VALUE = Task(TaskKind.REGRESSION, "price", (), "rmse", "")


def measured(model: Mapping[str, Interval], dummy: Mapping[str, Interval]) -> Evaluation:
    found = SimpleNamespace(metrics=model, baselines={"dummy": dummy})
    return cast("Evaluation", found)  # the words read these two alone


def test_two_classes_are_told_in_rows_of_a_hundred_beside_what_no_model_gives() -> None:
    evaluation = measured(
        {"accuracy": Interval(0.80, 0.78, 0.82), "auc": Interval(0.84, 0.82, 0.86)},
        {"accuracy": Interval(0.73, 0.72, 0.74), "auc": Interval(0.5, 0.5, 0.5)},
    )

    assert plainly(BINARY, evaluation) == (
        "Of 100 such rows it answers 80 (78 to 82) rightly; the same answer for every row would be"
        " right for 73. Shown one row that is yes and one that is no, it tells which is which"
        " 84 (82 to 86) times of 100, where guessing does 50 times."
    )


def test_a_number_is_told_by_how_far_it_is_off() -> None:
    evaluation = measured(
        {"mae": Interval(520.0, 500.0, 541.0)}, {"mae": Interval(3031.4, 3000.0, 3100.0)}
    )

    assert plainly(VALUE, evaluation) == (
        "On average it is off by 520 (500 to 541); the same answer for every row would be off by"
        " 3,031."
    )


def test_what_is_not_defined_is_not_told() -> None:
    nothing = Interval(math.nan, math.nan, math.nan)

    assert plainly(BINARY, measured({"accuracy": nothing}, {"accuracy": nothing})) == ""
    assert plainly(VALUE, measured({}, {})) == ""
