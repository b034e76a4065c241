"""Values of a step made to fit the kind of its column, or refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time

from mlwright.core.errors import DataError
from mlwright.data.records import Kind, Scalar
from mlwright.data.repair.reader import written_value
from mlwright.data.repair.step import Value

NUMBERS = (Kind.INTEGER, Kind.FLOAT)
INTEGERS = range(-(2**63), 2**63)

_WANTED = {
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number of at most 64 bits",
    Kind.FLOAT: "a number",
    Kind.STRING: "a text in quotes",
    Kind.DATE: "a day in quotes such as '2026-01-31'",
    Kind.DATETIME: "a time in quotes such as '2026-01-31T08:30:00'",
}


def require_kind(column: str, kind: Kind, among: Collection[Kind], verb: str, fix: str) -> None:
    """Refuse a step on a column whose values it cannot work on.

    Raises
    ------
    DataError
        ``repair-kind``.
    """
    if kind not in among:
        raise DataError(
            "repair-kind",
            f"cannot {verb} the column {column!r}: it holds {kind.value} values",
            fix=fix,
            facts={"column": column, "kind": kind.value, "verb": verb},
        )


def fitting(value: Scalar, column: str, kind: Kind) -> Value:
    """Return a value of a step as the kind of its column.

    Raises
    ------
    DataError
        ``repair-kind`` where it is none.

    >>> fitting(3, "price", Kind.FLOAT), fitting("2026-01-31", "day", Kind.DATE)
    (3.0, datetime.date(2026, 1, 31))
    """
    found = _MAKERS[kind](value)
    if found is None:
        raise DataError(
            "repair-kind",
            f"the column {column!r} holds {kind.value} values, and {written_value(value)} is none",
            fix=f"write {_WANTED[kind]}",
            facts={"column": column, "kind": kind.value, "value": value},
        )
    return found


def as_scalar(value: Value) -> Scalar | None:
    """Return a cell as a step is written with it: days and times as ISO text."""
    return value.isoformat() if isinstance(value, date) else value


def _boolean(value: Scalar) -> Value:
    return value if isinstance(value, bool) else None


def _integer(value: Scalar) -> Value:
    if isinstance(value, bool | str) or value != value:
        return None
    whole = int(value) if isinstance(value, int) or value.is_integer() else None
    return whole if whole is not None and whole in INTEGERS else None


def _float(value: Scalar) -> Value:
    if isinstance(value, bool | str):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _string(value: Scalar) -> Value:
    return value if isinstance(value, str) else None


def _date(value: Scalar) -> Value:
    found = _datetime(value)
    return found.date() if isinstance(found, datetime) and found.time() == time() else None


def _datetime(value: Scalar) -> Value:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is None else None


_MAKERS: Mapping[Kind, Callable[[Scalar], Value]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.STRING: _string,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
}
