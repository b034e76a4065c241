"""The compiled plan: one function for a row and one for a table, with the same bits.

The path of a row touches no table library: the cells of the columns in step order, each through
its compiled function, then the native predictor. The path of a table goes through the steps' own
table code. Nobody trusts the two to agree; :mod:`mlwright.scoring.package` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from mlwright.features.prepare import transform
from mlwright.features.records import FittedStep, Preparation
from mlwright.scoring.cast import missing_columns
from mlwright.scoring.cells import compile_many, compile_one
from mlwright.scoring.native.protocol import Matrix, Native

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, object]
Answer = tuple[float, ...]

_PIECE = 131_072  # rows prepared at once, so that a long table needs little memory


@dataclass(frozen=True, slots=True)
class Plan:
    """What a preparation and a predictor compile to; each may be called from several threads.

    ``row`` answers for one mapping of column to value, ``rows`` for several in one call of the
    predictor, ``table`` for a table whose columns are of the preparation's kinds.
    """

    row: Callable[[Row], Answer]
    rows: Callable[[Sequence[Row]], Matrix]
    table: Callable[[pl.DataFrame], Matrix]


def compile_plan(preparation: Preparation, native: Native) -> Plan:
    """Return the plan of a preparation and a predictor."""
    features = compile_features(preparation)
    answer = native.row

    def row(record: Row) -> Answer:
        return answer(features(record))

    def rows(records: Sequence[Row]) -> Matrix:
        width = len(preparation.outputs)
        X = np.array([features(record) for record in records], dtype=np.float64)
        return native.matrix(X.reshape(len(records), width))

    def table(frame: pl.DataFrame) -> Matrix:
        pieces = [frame.slice(start, _PIECE) for start in range(0, max(frame.height, 1), _PIECE)]
        return np.concatenate([native.matrix(transform(preparation, piece)) for piece in pieces])

    return Plan(row, rows, table)


def compile_features(preparation: Preparation) -> Callable[[Row], list[float]]:
    """Return the function from a row to its features."""
    steps = preparation.steps
    if not steps:
        return lambda _: []
    pick = _picker(steps)
    # A step with several outputs holds one place until its own cells take it.
    cells = tuple(compile_one(s) if len(s.outputs) == 1 else _hold for s in steps)
    wide = tuple(
        (place, compile_many(step))
        for place, step in reversed(list(enumerate(steps)))
        if len(step.outputs) != 1
    )

    def row(record: Row) -> list[float]:
        try:
            values = pick(record)
        except KeyError:
            raise missing_columns(record, preparation.inputs) from None
        features = [cell(value) for cell, value in zip(cells, values, strict=True)]
        for place, several in wide:
            features[place : place + 1] = several(values[place])
        return features

    return row


def _hold(_: object) -> float:
    return 0.0


def _picker(steps: Sequence[FittedStep]) -> Callable[[Row], tuple[object, ...]]:
    names = [step.column for step in steps]
    if len(names) == 1:
        name = names[0]
        return lambda record: (record[name],)
    return itemgetter(*names)
