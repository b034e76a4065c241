"""The compiled plan: one function for a row and one for a table, with the same bits.

The path of a row touches no table library: its cells become features by
:mod:`mlwright.scoring.row`, then the native predictor answers. Columns of cells go through the
compiled function of each step, those that are plain numbers as a whole. The path of a table goes
through the steps' own table code. Nobody trusts the two to agree;
:mod:`mlwright.scoring.package` compares them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

from mlwright.data.records import Kind
from mlwright.features.catalogue import WIDE_STEPS
from mlwright.features.prepare import transform
from mlwright.features.records import FittedStep, Preparation
from mlwright.scoring.cast import INTEGERS
from mlwright.scoring.cells import compile_many, compile_one, compile_wide
from mlwright.scoring.native.lanes import Lane, inverse, lane_of
from mlwright.scoring.native.protocol import Matrix, Native
from mlwright.scoring.row import Row, compile_packed

if TYPE_CHECKING:
    import polars as pl

Cells = Sequence[object]
Answer = tuple[float, ...]

_MOST = INTEGERS[-1]
_PIECE = 131_072  # rows prepared at once, so that a long table needs little memory


@dataclass(frozen=True, slots=True)
class Plan:
    """What a preparation and a predictor compile to; each may be called from several threads.

    ``row`` answers for one mapping of column to value, ``rows`` for several in one call of the
    predictor, ``columns`` for a mapping of column to as many cells as there are rows, ``table``
    for a table whose columns are of the preparation's kinds. ``prepare`` and ``answer`` are the
    two halves of ``columns``: from cells to features, and on to answers.
    """

    row: Callable[[Row], Answer]
    rows: Callable[[Sequence[Row]], Matrix]
    columns: Callable[[Mapping[str, Cells], int], Matrix]
    table: Callable[[pl.DataFrame], Matrix]
    prepare: Callable[[Mapping[str, Cells], int], Matrix]
    answer: Callable[[Matrix], Matrix]


def compile_plan(preparation: Preparation, native: Native) -> Plan:
    """Return the plan of a preparation and a predictor."""
    pack, order = compile_packed(preparation)
    at = inverse(order)
    here = threading.local()

    def row(record: Row) -> Answer:
        packed = pack(record)
        try:
            lane: Lane = here.lane
        except AttributeError:
            lane = here.lane = lane_of(native, order)
        return lane(packed)

    def rows(records: Sequence[Row]) -> Matrix:
        packed = b"".join([pack(record) for record in records])
        X = np.frombuffer(packed).reshape(len(records), len(order))
        return native.matrix(np.ascontiguousarray(X[:, at]))

    prepare = compile_columns(preparation)

    def columns(cells: Mapping[str, Cells], height: int) -> Matrix:
        return native.matrix(prepare(cells, height))

    def table(frame: pl.DataFrame) -> Matrix:
        pieces = [frame.slice(start, _PIECE) for start in range(0, max(frame.height, 1), _PIECE)]
        return np.concatenate([native.matrix(transform(preparation, piece)) for piece in pieces])

    return Plan(row, rows, columns, table, prepare, native.matrix)


def _is_narrow(step: FittedStep) -> bool:
    """Tell whether a step makes one feature of one column."""
    return len(step.outputs) == 1 and step.step not in WIDE_STEPS


_PLAIN_KINDS = {Kind.FLOAT: frozenset((int, float)), Kind.INTEGER: frozenset((int,))}


def _passes_on(step: FittedStep, kind: Kind) -> bool:
    return (step.step, step.kind) == ("passthrough", kind)


def compile_columns(
    preparation: Preparation,
) -> Callable[[Mapping[str, Cells], int], Matrix]:
    """Return the function from columns of cells to the features of all rows."""
    width = len(preparation.outputs)
    writers: list[_Writer] = []
    others: list[_Writer] = []
    place = 0
    for step in preparation.steps:
        several = len(step.outputs)
        writer = _Writer([c.name for c in step.sources], place, place + several, _column(step))
        writers.append(writer)
        if not any(_passes_on(step, kind) for kind in _PLAIN_KINDS):
            others.append(writer)
        place += several
    passed_on = places_passed_on(preparation)
    blocks = tuple(
        (names, [passed_on[name] for name in names], _BLOCK_TYPES[kind])
        for kind in _PLAIN_KINDS
        if (names := [s.column for s in preparation.steps if _passes_on(s, kind)])
    )

    def columns(cells: Mapping[str, Cells], height: int) -> Matrix:
        # Feature by feature in memory while it is filled, which is quicker; then row by row.
        X = np.empty((width, height))
        left = others
        for names, places, types in blocks:
            block = _block([cells[name] for name in names], types)
            if block is None:
                left = writers
                break
            X[places] = block
        for each in left:
            X[each.first : each.last] = each.write(*[cells[name] for name in each.names])
        return np.ascontiguousarray(X.T)

    return columns


@dataclass(frozen=True, slots=True)
class _Writer:
    """The columns a step reads, the places of its features, and the way from one to the other."""

    names: Sequence[str]
    first: int
    last: int
    write: Callable[..., Any]


def places_passed_on(preparation: Preparation) -> dict[str, int]:
    """Return the columns whose numbers are features as they are, each with its feature's place.

    What is missing in them is NaN.
    """
    found, place = {}, 0
    for step in preparation.steps:
        if any(_passes_on(step, kind) for kind in _PLAIN_KINDS):
            found[step.column] = place
        place += len(step.outputs)
    return found


_BLOCK_TYPES = {kind: types | {NoneType} for kind, types in _PLAIN_KINDS.items()}


def _block(columns: list[Cells], types: frozenset[type]) -> Matrix | None:
    """Return columns of plain numbers as they are; None where a cell needs a look of its own."""
    if not types.issuperset(map(type, chain.from_iterable(columns))):
        return None
    block: Matrix = np.array(columns, dtype=np.float64)
    return None if (np.abs(block) >= _MOST).any() else block


def _column(step: FittedStep) -> Callable[..., Any]:
    """Return the function from the cells of a step's columns to each of its features in turn."""
    width = len(step.outputs)
    if _is_narrow(step):
        one = compile_one(step)
        return lambda cells: [one(cell) for cell in cells]
    if step.step in WIDE_STEPS:
        wide = compile_wide(step)
        return lambda *columns: _turned([wide(row) for row in zip(*columns, strict=True)], width)
    several = compile_many(step)
    return lambda cells: _turned([several(cell) for cell in cells], width)


def _turned(rows: list[tuple[float, ...]], width: int) -> Matrix:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width).T
