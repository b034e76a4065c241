"""`trim COLUMN`: no space before or after a text; a text of spaces alone is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mlwright.data.records import Kind
from mlwright.data.repair.blanks import BLANKS
from mlwright.data.repair.kinds import require_kind
from mlwright.data.repair.reader import Reader, written_name
from mlwright.data.repair.step import Step, Value

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "trim COLUMN"
ABOUT = "Takes spaces before and after a text away; a text of spaces alone becomes missing."


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    return Step("trim", reader.name())


def write(step: Step) -> str:
    """Return the step as it is read back."""
    return f"trim {written_name(str(step.column))}"


def becomes(step: Step, kind: Kind) -> Kind:
    """Return the kind of the cells it leaves."""
    require_kind(str(step.column), kind, (Kind.STRING,), "trim", "trim columns of text")
    return kind


def fit(step: Step, known: pl.Series) -> Step:  # noqa: ARG001 - the shape of a verb
    """Learn nothing."""
    return step


def cell(step: Step, kind: Kind) -> Callable[[Value], Value]:  # noqa: ARG001
    """Return the function of one cell."""

    def trimmed(value: Value) -> Value:
        return value.strip(BLANKS) or None if isinstance(value, str) else value

    return trimmed


def expression(step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:  # noqa: ARG001
    """Return the expression of all cells."""
    return cells.str.strip_chars(BLANKS).replace([""], [None])
