"""Columns of Python values, where a format or a library gives one value at a time.

Types that say what they are stay; whole numbers and decimals in one column are decimals. A column
that mixes numbers and texts is text, and told. Where the format has no dates, a column of texts
that are all ISO dates is read as dates, and told.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.records import Reading
from mlwright.data.sources.kinds import Told, dates_in

_LARGEST = 2**63
_MOMENT = pl.Datetime("us")
_ZONED = pl.Datetime("us", "UTC")

_Block = Mapping[pl.DataType, pl.Series]


class ValueColumn:
    """A column that arrives in lists of Python values and ends as one type.

    Parameters
    ----------
    text
        The column stays text whatever it holds.
    dated
        The values come from a format that has dates: its texts are texts.
    """

    def __init__(self, name: str, *, text: bool = False, dated: bool = False) -> None:
        self.name = name
        self._text = text
        self._dated = dated
        self._blocks: list[_Block] = []

    def add(self, values: Sequence[object]) -> None:
        """Take the next values.

        Raises
        ------
        DataError
            ``type-unsupported`` for a value that is no table cell, such as a list.
        """
        kinds = set(map(type, values)) - {type(None)}
        block: dict[pl.DataType, pl.Series] = {}
        for kind in sorted(kinds, key=lambda each: each.__name__):
            only = values if len(kinds) == 1 else [v if type(v) is kind else None for v in values]
            for series in _series(only, kind, self.name):
                before = block.get(series.dtype)
                block[series.dtype] = series if before is None else _either(before, series)
        self._blocks.append(block or {pl.Null(): pl.Series([None] * len(values), dtype=pl.Null)})

    def finish(self) -> tuple[pl.Series, list[Reading]]:
        """Return the whole column under its name, and what was normalised."""
        blocks, self._blocks = self._blocks, []
        values, told = _joined(blocks, text=self._text)
        if values.dtype == pl.String and not told and not self._text and not self._dated:
            values, told = dates_in(values)
        return values.rename(self.name), [Reading(self.name, what, count) for what, count in told]


def _joined(blocks: Sequence[_Block], *, text: bool) -> tuple[pl.Series, list[Told]]:
    kinds = {kind for block in blocks for kind in block} - {pl.Null()}
    if not kinds:
        return pl.Series([None] * sum(map(_length, blocks)), dtype=pl.String), []
    told: list[Told] = []
    if len(kinds) == 1:
        (wanted,) = kinds
    elif kinds == {pl.Int64(), pl.Float64()}:
        wanted = pl.Float64()
    elif kinds == {pl.Date(), _MOMENT}:
        wanted = _MOMENT
    else:
        wanted = pl.String()
    if text:
        wanted = pl.String()
    elif wanted == pl.String() and len(kinds) > 1:
        others = kinds - {pl.String()}
        count = sum(len(s) - s.null_count() for b in blocks for k, s in b.items() if k in others)
        told.append((f"{_named(others)} among texts written as text", count))
    pieces = [_as_one(block, wanted) for block in blocks]
    whole = pl.concat(pieces)
    if wanted == pl.Float64() and len(kinds) > 1:
        rounded = sum(
            int((block[pl.Int64()] != piece.cast(pl.Int64, strict=False)).sum())
            for block, piece in zip(blocks, pieces, strict=True)
            if pl.Int64() in block
        )
        if rounded:
            told.append(("more digits than 64 bits hold, rounded to the nearest number", rounded))
    return whole, told


def _length(block: _Block) -> int:
    return len(next(iter(block.values())))


def _as_one(block: _Block, wanted: pl.DataType) -> pl.Series:
    whole: pl.Series | None = None
    for series in block.values():
        cast = _texts(series) if wanted == pl.String() else series.cast(wanted)
        whole = cast if whole is None else _either(whole, cast)
    assert whole is not None
    return whole


def _texts(series: pl.Series) -> pl.Series:
    if series.dtype == pl.Datetime:
        return series.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    return series.cast(pl.String)


def _either(first: pl.Series, second: pl.Series) -> pl.Series:
    return first.zip_with(first.is_not_null(), second)


def _named(kinds: set[pl.DataType]) -> str:
    names = {
        pl.Boolean(): "truth values",
        pl.Int64(): "numbers",
        pl.Float64(): "numbers",
        pl.Date(): "dates",
    }
    return " and ".join(sorted({names.get(kind, "times") for kind in kinds}))


def _series(values: Sequence[object], kind: type, name: str) -> list[pl.Series]:
    """Return the values of one Python type as one series, or two where some are too large."""
    if kind is int:
        large = [v for v in values if v is not None and not -_LARGEST <= v < _LARGEST]  # type: ignore[operator]
        if large:
            beyond = set(large)
            fits = [None if v in beyond else v for v in values]
            texts = [str(v) if v in beyond else None for v in values]
            return [pl.Series(fits, dtype=pl.Int64), pl.Series(texts, dtype=pl.String)]
    if kind is Decimal:
        values = [None if v is None else float(v) for v in values]  # type: ignore[arg-type]
    if kind is datetime.datetime:
        return _moments(values, name)
    if kind not in _TYPES:
        raise DataError(
            "type-unsupported",
            f"the column {name!r} holds a value of the type {kind.__name__}, which is no table "
            "cell here",
            fix="leave the column out, or write it as numbers, text, truth values, dates or times",
            facts={"column": name, "type": kind.__name__},
        )
    return [pl.Series(values, dtype=_TYPES[kind])]


def _moments(values: Sequence[object], name: str) -> list[pl.Series]:
    zoned = [isinstance(v, datetime.datetime) and v.tzinfo is not None for v in values]
    plain = [isinstance(v, datetime.datetime) and v.tzinfo is None for v in values]
    if any(zoned) and any(plain):
        raise DataError(
            "type-unsupported",
            f"the column {name!r} holds times with a zone and times without one",
            fix="give all of them a zone, or none",
            facts={"column": name, "type": "datetime"},
        )
    return [pl.Series(values, dtype=_ZONED if any(zoned) else _MOMENT)]


_TYPES: Mapping[type, pl.DataType] = {
    bool: pl.Boolean(),
    int: pl.Int64(),
    float: pl.Float64(),
    Decimal: pl.Float64(),
    str: pl.String(),
    datetime.date: pl.Date(),
}
