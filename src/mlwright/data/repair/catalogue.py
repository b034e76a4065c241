"""The catalogue of verbs, and what every verb can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from mlwright.data.records import Kind
from mlwright.data.repair.reader import Reader
from mlwright.data.repair.step import Step, Value
from mlwright.data.repair.steps import (
    cast,
    clip,
    dedupe,
    drop,
    fill,
    map,  # noqa: A004 - the trade's word
    parse,
    quarantine,
    trim,
)

if TYPE_CHECKING:
    import polars as pl


class Verb(Protocol):
    """A module of ``data/repair/steps``: how a step is read from its text and written back."""

    SYNTAX: str
    ABOUT: str

    def read(self, reader: Reader) -> Step:
        """Read what follows the verb."""

    def write(self, step: Step) -> str:
        """Return the step as it is read back."""


class CellVerb(Verb, Protocol):
    """A verb that changes the cells of one column.

    The universal promise, held by a test over the whole catalogue: ``cell`` gives for each cell
    what ``expression`` gives for its row.
    """

    def becomes(self, step: Step, kind: Kind) -> Kind:
        """Return the kind of the cells it leaves, or refuse the step on such a column."""

    def fit(self, step: Step, known: pl.Series) -> Step:
        """Return the step with what the cells of training rows show put in."""

    def cell(self, step: Step, kind: Kind) -> Callable[[Value], Value]:
        """Return the function of one cell, in plain Python."""

    def expression(self, step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:
        """Return the expression of all cells."""


class RowVerb(Verb, Protocol):
    """A verb that takes rows of training out."""

    def rows(self, step: Step, frame: pl.DataFrame, ids: pl.Series) -> pl.Series:
        """Return which rows it takes out."""

    def reason(self, step: Step) -> str:
        """Return why a row is taken out."""


CELL_VERBS: Mapping[str, CellVerb] = {
    "parse": parse,
    "trim": trim,
    "map": map,
    "cast": cast,
    "clip": clip,
    "fill": fill,
}

ROW_VERBS: Mapping[str, RowVerb] = {
    "drop": drop,
    "dedupe": dedupe,
    "quarantine": quarantine,
}

VERBS: Mapping[str, Verb] = {**CELL_VERBS, **ROW_VERBS}
