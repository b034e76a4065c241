"""Features of two columns are added where they say more; columns of no use are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mlwright.data.table import Table
from mlwright.train.fit import prepare_rows
from mlwright.train.task import infer_task

TableOf = Callable[[Mapping[str, Sequence[object]]], Table]


def test_a_ratio_that_decides_is_found_and_the_same_whenever_it_is_looked_for(
    table_of: TableOf,
) -> None:
    drawn = np.random.default_rng(2)
    a, b = drawn.uniform(1, 9, (2, 800))
    y = np.where(a / b > 1.3, "high", "low")
    table = table_of({"a": a.tolist(), "b": b.tolist(), "y": y.tolist()})
    task = infer_task(table.frame, "y", None, None)

    made, rows = prepare_rows(table, "rich", task, None, ())

    assert {"a / b", "b / a", "a - b"} & set(made.outputs)
    assert prepare_rows(table, "rich", task, None, ())[0] == made
    assert rows.X.shape == (800, len(made.outputs))


def test_columns_of_noise_that_drown_the_few_that_tell_are_left_out_with_the_reason(
    table_of: TableOf,
) -> None:
    noise = 30
    drawn = np.random.default_rng(5)
    X = drawn.normal(size=(400, noise + 2))
    y = X[:, 0] + X[:, 1] + drawn.normal(size=400)
    columns = {f"x{place}": each.tolist() for place, each in enumerate(X.T)}
    table = table_of({**columns, "y": y.tolist()})
    task = infer_task(table.frame, "y", None, None)

    made, _ = prepare_rows(table, "rich", task, None, ())

    kept = {column.name for column in made.inputs}
    assert {"x0", "x1"} <= kept
    assert len(kept) <= noise // 2 + 2
    assert all("shuffled column" in reason for _, reason in made.dropped)


def test_few_rows_are_prepared_as_without_a_search(table_of: TableOf) -> None:
    table = table_of({"a": list(range(0, 120, 2)), "y": [row % 2 for row in range(60)]})
    task = infer_task(table.frame, "y", "binary", None)

    rich, _ = prepare_rows(table, "rich", task, None, ())
    plain, _ = prepare_rows(table, "encoded", task, None, ())

    assert (rich.outputs, rich.recipe) == (plain.outputs, "rich")
