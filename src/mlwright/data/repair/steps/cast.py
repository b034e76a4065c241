"""`cast COLUMN to KIND`: the same value in another kind; what it cannot be becomes missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from mlwright.data.records import Kind
from mlwright.data.repair.kinds import INTEGERS, require_kind
from mlwright.data.repair.reader import Reader, written_name
from mlwright.data.repair.step import Step, Value

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "cast COLUMN to KIND"
ABOUT = (
    "The same value in another kind, where it is exactly that: a float that is whole to an "
    "integer, an integer to a float or to text, 0 and 1 to truth values and back, a day to its "
    "first moment and a time to its day. What is not becomes missing."
)

_BEYOND = 2.0**63  # the first whole number that 64 bits do not hold
_Cast = Callable[[Any], Value]


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    column = reader.name()
    reader.word("to")
    return Step("cast", column, kind=reader.kind())


def write(step: Step) -> str:
    """Return the step as it is read back."""
    assert step.kind is not None, "cast is read with its kind"
    return f"cast {written_name(str(step.column))} to {step.kind.value}"


def becomes(step: Step, kind: Kind) -> Kind:
    """Return the kind of the cells it leaves."""
    assert step.kind is not None, "cast is read with its kind"
    column = str(step.column)
    among = [one for one, other in _CELLS if other is step.kind]
    fix = (
        f"parse it instead: parse {written_name(column)} as {step.kind.value}"
        if kind is Kind.STRING
        else "docs/how-to/repair-data.md says which kinds can be cast to which"
    )
    require_kind(column, kind, among, f"cast to {step.kind.value}", fix)
    return step.kind


def fit(step: Step, known: pl.Series) -> Step:  # noqa: ARG001 - the shape of a verb
    """Learn nothing."""
    return step


def cell(step: Step, kind: Kind) -> Callable[[Value], Value]:
    """Return the function of one cell."""
    assert step.kind is not None, "cast is read with its kind"
    found = _CELLS[kind, step.kind]
    return lambda value: None if value is None else found(value)


def expression(step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:
    """Return the expression of all cells."""
    import polars as pl

    from mlwright.data.digests import DTYPES

    assert step.kind is not None, "cast is read with its kind"
    dtype = DTYPES[step.kind]
    if (kind, step.kind) == (Kind.FLOAT, Kind.INTEGER):
        whole = (cells.floor() == cells) & (cells >= -_BEYOND) & (cells < _BEYOND)
        return pl.when(whole).then(cells).otherwise(None).cast(dtype, strict=False)
    if (kind, step.kind) == (Kind.INTEGER, Kind.BOOLEAN):
        return pl.when(cells == 0).then(False).when(cells == 1).then(True).otherwise(None)
    if (kind, step.kind) == (Kind.DATE, Kind.STRING):
        return cells.dt.to_string("%Y-%m-%d")
    return cells.cast(dtype)


def _whole(value: float) -> int | None:
    found = int(value) if value == value and abs(value) <= _BEYOND else None
    return found if found is not None and found == value and found in INTEGERS else None


_CELLS: Mapping[tuple[Kind, Kind], _Cast] = {
    (Kind.INTEGER, Kind.FLOAT): float,
    (Kind.INTEGER, Kind.STRING): str,
    (Kind.INTEGER, Kind.BOOLEAN): {0: False, 1: True}.get,
    (Kind.FLOAT, Kind.INTEGER): _whole,
    (Kind.BOOLEAN, Kind.INTEGER): int,
    (Kind.BOOLEAN, Kind.FLOAT): float,
    (Kind.BOOLEAN, Kind.STRING): lambda value: str(value).lower(),
    (Kind.DATE, Kind.DATETIME): lambda value: datetime.combine(value, time()),
    (Kind.DATE, Kind.STRING): date.isoformat,
    (Kind.DATETIME, Kind.DATE): datetime.date,
}
