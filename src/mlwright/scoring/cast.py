"""One cell or one row, cast strictly to a signature: no value is altered in silence.

What is exact is accepted (``3.0`` for an integer, a whole number for a float, a date at midnight
for a date, ISO text for a date); everything else is refused with the value and the column.
Missing is None, NaN or pandas' NaT.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time

from mlwright.core.errors import DataError, listed, nearest
from mlwright.data.records import Column, Kind
from mlwright.features.records import Value

INTEGERS = range(-(2**63), 2**63)
"""The integers a table can hold."""

_SHOWN = 60
_WANTED = {
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number of at most 64 bits",
    Kind.FLOAT: "a number",
    Kind.STRING: "text",
    Kind.DATE: "a date such as 2026-01-31",
    Kind.DATETIME: "a time such as 2026-01-31T08:30:00",
}


def cast_row(row: Mapping[str, object], inputs: Iterable[Column]) -> tuple[Value, ...]:
    """Return a row's values in the order of ``inputs``; columns beyond them are left out.

    Raises
    ------
    DataError
        ``column-missing`` or ``value-kind``.
    """
    inputs = tuple(inputs)
    if any(column.name not in row for column in inputs):
        raise missing_columns(row, inputs)
    return tuple(cast_value(row[column.name], column) for column in inputs)


def cast_value(value: object, column: Column) -> Value:
    """Return one cell as the column's kind, or None where it is missing.

    >>> cast_value(3.0, Column("age", Kind.INTEGER))
    3
    """
    value = _plain(value)
    if value is None or _is_nan(value):
        return None
    found = _CASTS[column.kind](value)
    if found is None:
        raise refusal(column, value)
    return found


def ignored(names: Iterable[str], inputs: Iterable[Column]) -> tuple[str, ...]:
    """Return the names that are no input of the model, in the order given: for telling."""
    known = {column.name for column in inputs}
    return tuple(name for name in names if name not in known)


def missing_columns(names: Collection[str], inputs: Iterable[Column]) -> DataError:
    """Return the error for inputs that are not there, naming the nearest that are."""
    missing = [column.name for column in inputs if column.name not in names]
    first = missing[0]
    close = nearest(first, (name for name in names if isinstance(name, str)))
    hint = f"; the name given that is nearest to {first!r} is {close!r}" if close else ""
    what = "the column" if len(missing) == 1 else "the columns"
    verb = "is" if len(missing) == 1 else "are"
    return DataError(
        "column-missing",
        f"{what} {listed(missing)} {verb} missing, which the model reads{hint}",
        fix="give every column the model reads; a value that is not known is null",
        facts={"missing": missing, "nearest": close},
        looked=[f"the columns given: {listed([str(name) for name in names])}"],
    )


def refusal(column: Column, value: object, *, row: int | None = None) -> DataError:
    """Return the error for a value that is not of the column's kind."""
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    where = "" if row is None else f" in row {row:,}"
    return DataError(
        "value-kind",
        f"the column {column.name!r} holds {shown}{where}: not {_WANTED[column.kind]}",
        fix=f"give {_WANTED[column.kind]} for {column.name!r}, or null when it is not known",
        facts={"column": column.name, "kind": column.kind.value, "value": shown, "row": row},
    )


def parse_time(text: str) -> datetime | None:
    """Return a time in ISO form, or None; one with an offset is turned to UTC, as in tables."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # the first or last day of all, moved beyond it
        return None


def _plain(value: object) -> object:
    """Return the plain Python value inside a number or time of numpy."""
    item = getattr(value, "item", None)
    return item() if callable(item) and type(value).__module__ == "numpy" else value


def _is_nan(value: object) -> bool:
    # Besides a float, pandas' NaT, which is a datetime, differs from itself.
    return isinstance(value, float | datetime) and value != value


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _integer(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value in INTEGERS:
        return int(value)
    return None


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _string(value: object) -> str | None:
    return str(value) if isinstance(value, str) else None


def _date(value: object) -> date | None:
    found = _datetime(value)
    return found.date() if found is not None and found.time() == time() else None


def _datetime(value: object) -> datetime | None:
    if isinstance(value, str):
        return parse_time(value)
    if isinstance(value, datetime):
        return parse_time(value.isoformat())
    return datetime.combine(value, time()) if isinstance(value, date) else None


_CASTS: Mapping[Kind, Callable[[object], Value]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.STRING: _string,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
}
