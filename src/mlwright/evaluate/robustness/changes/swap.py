"""Swap: one column at a time holds another of its categories."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from mlwright.evaluate.robustness.changes.numbers import category_columns
from mlwright.evaluate.robustness.subject import Subject

SAID = "one column holds another of its categories"


def swap(subject: Subject) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """Yield the rows with each column's category drawn among the others, by how often each is."""
    for name in category_columns(subject.inputs):
        series = subject.rows[name]
        if series.n_unique() > 1:
            yield name, subject.rows.with_columns(_another(series, subject.generator(name)))


def _another(series: pl.Series, generator: np.random.Generator) -> pl.Series:
    order = series.arg_sort(nulls_last=True).to_numpy()
    ordered = series.gather(order)
    starts = (ordered != ordered.shift()).fill_null(value=True).to_numpy().copy()
    nulls = ordered.null_count()
    if nulls > 1:
        starts[len(starts) - nulls + 1 :] = False
    firsts = np.flatnonzero(np.append(starts, True))
    run = np.cumsum(starts) - 1
    size = np.diff(firsts)[run]
    drawn = (generator.random(len(order)) * (len(order) - size)).astype(np.intp)
    drawn += np.where(drawn >= firsts[run], size, 0)  # past the run of the own category
    place = np.empty(len(order), dtype=np.intp)
    place[order] = drawn
    return ordered.gather(place).alias(series.name)
