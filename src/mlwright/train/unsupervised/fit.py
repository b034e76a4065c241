"""Fit a model without a target on rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import fit as fit_preparation
from mlwright.features.prepare import transform
from mlwright.features.recipes import Recipe
from mlwright.features.records import Preparation
from mlwright.train.records import Configuration, Fitted, Plan, Task
from mlwright.train.target import rows_of
from mlwright.train.unsupervised.catalogue import UNSUPERVISED

if TYPE_CHECKING:
    import polars as pl

RECIPE: Recipe = "linear"
FEWEST_ROWS = 30


def fit(
    table: Table, configuration: Configuration, task: Task, plan: Plan, drop: Collection[str]
) -> Fitted:
    """Return a configuration fitted on at most ``plan.rows`` rows of a table."""
    preparation, X = prepared(at_most(table, plan.rows), plan, drop)
    content = UNSUPERVISED[configuration.algorithm].fit(X, configuration.parameters, plan.seed)
    clusters = int(configuration.parameters.get("clusters", 0))
    named = replace(task, classes=tuple(range(1, clusters + 1)))
    return Fitted(configuration, named, preparation, content)


def prepared(table: Table, plan: Plan, drop: Collection[str]) -> tuple[Preparation, Matrix]:
    """Return the preparation of rows and its features.

    Raises
    ------
    DataError
        ``features-none`` when no column can be a feature, ``rows-too-few``.
    """
    if len(table.row_ids) < FEWEST_ROWS:
        raise DataError(
            "rows-too-few",
            f"{len(table.row_ids):,} rows are too few to tell what is usual among them:"
            f" {FEWEST_ROWS} are the least",
            fix="give more rows",
            facts={"rows": len(table.row_ids), "least": FEWEST_ROWS},
        )
    columns = columns_of(table.frame)
    preparation = fit_preparation(table.frame, columns, RECIPE, drop, time=plan.time)
    if not preparation.outputs:
        reasons = dict(preparation.dropped)
        raise DataError(
            "features-none",
            "there is nothing to tell rows apart by: none of the columns can be a feature",
            fix="give a table with columns that tell rows apart, or drop fewer",
            facts={"columns": reasons},
            looked=[f"column {name!r}: {why}" for name, why in reasons.items()],
        )
    return preparation, transform(preparation, table.frame)


def at_most(table: Table, rows: int) -> Table:
    """Return at most so many rows, evenly drawn from the whole length of a table."""
    count = len(table.row_ids)
    if count <= rows:
        return table
    return rows_of(table, np.arange(rows, dtype=np.intp) * count // rows)


def answers(fitted: Fitted, frame: pl.DataFrame) -> Matrix:
    """Return a fitted model's answers for each row."""
    X = transform(fitted.preparation, frame)
    return UNSUPERVISED[fitted.configuration.algorithm].answer(fitted.content, X)
