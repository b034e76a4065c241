"""A model to be examined: asked as it is served, about rows of which the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import polars as pl

from mlwright.data.records import Column, Contract
from mlwright.evaluate.truth import Judged, units_of
from mlwright.features.numbers import numbers_of
from mlwright.scoring.frames import cast_frame
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.spread import deviation_of
from mlwright.train.records import Task

MOST_ROWS = 2_000
MOST_CELLS = 80_000
"""Rows times columns: of many columns each is changed in fewer rows."""

FEWEST_ROWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model and the rows it is asked about.

    ``ask`` answers a table's rows; ``decide`` gives the place of each row's class, None for a
    regression. ``rows`` are the model's inputs in their kinds, ``y`` their truth, ``units`` which
    of them belong together. ``scale`` is what moves of an answer are measured in: 1 for shares,
    the spread of the target for values.
    """

    ask: Callable[[pl.DataFrame], FloatArray]
    decide: Callable[[FloatArray], IntArray] | None
    inputs: tuple[Column, ...]
    contract: Contract
    rows: pl.DataFrame
    y: FloatArray
    units: IntArray
    task: Task
    scale: float
    seed: int

    def generator(self, name: str) -> np.random.Generator:
        """Return a generator of its own for a column, whichever others there are."""
        drawn = sha256(f"{self.seed}\0{name}".encode()).digest()[:8]
        return np.random.Generator(np.random.PCG64(int.from_bytes(drawn, "little")))

    def evenly(self, most: int) -> Subject:
        """Return the same model with at most so many of its rows, evenly drawn."""
        places = _evenly(len(self.y), most)
        _, units = np.unique(self.units[places], return_inverse=True)
        return Subject(
            self.ask,
            self.decide,
            self.inputs,
            self.contract,
            self.rows[places],
            self.y[places],
            units.astype(np.intp),
            self.task,
            self.scale,
            self.seed,
        )


def subject_of(
    ask: Callable[[pl.DataFrame], FloatArray],
    decide: Callable[[FloatArray], IntArray] | None,
    inputs: Sequence[Column],
    contract: Contract,
    judged: Judged,
    task: Task,
    *,
    unit: str | None,
    seed: int,
) -> Subject:
    """Return a model with all rows it may be asked about."""
    spread = 1.0
    if decide is None and len(judged.y):
        spread = deviation_of(judged.y) or 1.0
    return Subject(
        ask,
        decide,
        tuple(inputs),
        contract,
        cast_frame(judged.table.frame, inputs),
        judged.y,
        units_of(judged.table, unit),
        task,
        spread,
        seed,
    )


def rows_for(subject: Subject) -> int:
    """Return how many rows a change is tried on, so that many columns cost no more."""
    return max(FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // max(1, len(subject.inputs))))


def spread_of(series: pl.Series) -> float:
    """Return the standard deviation of a column's numbers, 1 where they do not vary."""
    numbers = numbers_of(series)
    return deviation_of(numbers[np.isfinite(numbers)]) or 1.0


def _evenly(count: int, most: int) -> IntArray:
    kept = min(count, most)
    return np.arange(kept, dtype=np.intp) * count // max(kept, 1)
