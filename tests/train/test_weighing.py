"""How much a row counts, by a column that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from mlwright.core.errors import DataError
from mlwright.data.table import Table
from mlwright.train.fit import answers, fit
from mlwright.train.portfolio import DUMMY
from mlwright.train.progress import Silent
from mlwright.train.records import Plan, Task
from mlwright.train.search import search
from mlwright.train.task import infer_task
from mlwright.train.weighing import row_weights

Tables = Callable[[Mapping[str, Sequence[object]]], Table]


def weighed(table: Table) -> Task:
    return replace(infer_task(table.frame, "y", None, "log_loss"), weight="w")


def test_what_counts_more_moves_the_model_and_its_score(table_of: Tables, plan: Plan) -> None:
    drawn = np.random.default_rng(0)
    y = [["no", "yes"][i % 2] for i in range(120)]
    w = [3.0 if each == "yes" else 1.0 for each in y]
    table = table_of({"a": drawn.normal(size=120).tolist(), "w": w, "y": y})
    task = weighed(table)

    dummy = fit(table, DUMMY, task, plan, ["w"])
    result = search(table, None, task, plan, ["w"], interpretable_within=0.0, progress=Silent())

    assert answers(dummy, table.frame.drop("w"))[0].tolist() == pytest.approx([0.25, 0.75])
    assert "w" not in {column.name for column in dummy.preparation.inputs}
    expected = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert result.scored[0].validation == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("wrong", [0.0, -1.0, None, float("inf")])
def test_a_weight_that_is_no_number_above_zero_is_refused(
    wrong: float | None, table_of: Tables
) -> None:
    table = table_of({"w": [1.0] * 19 + [wrong], "y": [0, 1] * 10})

    with pytest.raises(DataError, match="number above 0") as refused:
        row_weights(table.frame, weighed(table))

    assert refused.value.code == "weight-cells"


def test_texts_are_no_weights_and_no_column_is_no_weight(table_of: Tables) -> None:
    table = table_of({"w": ["a", "b"] * 10, "y": [0, 1] * 10})

    with pytest.raises(DataError, match="string values"):
        row_weights(table.frame, weighed(table))

    assert row_weights(table.frame, infer_task(table.frame, "y", None, None)) is None
