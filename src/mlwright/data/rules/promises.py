"""Cells that break what a contract promises, judged as an endpoint judges them."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.digests import DTYPES
from mlwright.data.promises import is_ranged, promises_of
from mlwright.data.records import Breach, FeatureContract, Kind
from mlwright.data.rules.rule import Marks, Rule, where
from mlwright.data.sheet import Sheet

_NUMBERS = (Kind.INTEGER, Kind.FLOAT)
_LONGEST = 160
_BEYOND = 2.0**63  # the first whole number that 64 bits do not hold


def _find(sheet: Sheet) -> Iterator[Marks]:
    if sheet.contract is None:
        return
    said = promises_of(sheet.contract)
    for feature in sheet.contract.features:
        if feature.name not in sheet.names:
            yield Marks(feature.name, "the model reads this column, and the table has none")
            continue
        series = sheet.cells.column(feature.name)
        for breach, mask in breaches(feature, series).items():
            if mask.any():
                yield Marks(feature.name, _told(feature, breach, said[feature.name]), where(mask))


def breaches(feature: FeatureContract, series: pl.Series) -> dict[Breach | None, pl.Series]:
    """Return which cells of a column break its promise, by how: a whole column at a time.

    Gives for each cell what :func:`mlwright.data.promises.breach_of` gives for it alone; under
    None stand the cells that are not of the column's kind, which an endpoint refuses.
    """
    values, other = _of_kind(feature, series)
    nothing = pl.repeat(value=False, n=len(series), eager=True)
    found: dict[Breach | None, pl.Series] = {None: other}
    found[Breach.NULL] = nothing if feature.nullable else series.is_null()
    if is_ranged(feature):
        inside = (values >= pl.lit(feature.low)) & (values <= pl.lit(feature.high))
        found[Breach.OUT_OF_RANGE] = pl.select(~inside).to_series().fill_null(value=False)
    if feature.categories is not None:
        known = pl.Series(feature.categories, dtype=values.dtype)
        found[Breach.UNSEEN] = (~values.is_in(known.implode())).fill_null(value=False)
    return found


def _of_kind(feature: FeatureContract, series: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the cells as the promised kind, and which cannot be: those are no longer there."""
    wanted = DTYPES[feature.kind]
    if feature.kind in _NUMBERS and series.dtype in (pl.Int64(), pl.Float64()):
        values = series
        if feature.kind is Kind.INTEGER and series.dtype == pl.Float64():
            whole = (series == series.floor()) & (series >= -_BEYOND) & (series < _BEYOND)
            values = series.set(~whole.fill_null(value=True), None)
    elif series.dtype == wanted:
        values = series
    elif series.dtype == pl.String() and feature.kind in _NUMBERS:
        values = series.cast(wanted, strict=False)
    elif series.dtype == pl.Date() and feature.kind is Kind.DATETIME:
        values = series.cast(wanted)
    else:
        values = pl.Series(series.name, [None] * len(series), dtype=wanted)
    return values, series.is_not_null() & values.is_null()


def _told(feature: FeatureContract, breach: Breach | None, promise: str) -> str:
    if breach is None:
        return f"not of the kind {feature.kind.value}, which the contract is about"
    if breach is Breach.NULL:
        return "null: empty, which the contract lets no cell be"
    promise = promise if len(promise) <= _LONGEST else f"{promise[:_LONGEST]}…"
    return f"{breach.value}: {promise}"


RULE = Rule(
    "contract",
    "A cell that breaks what the contract promises (unseen, out-of-range, null, another kind), "
    "judged as its endpoint judges the same value. Only where a model is named.",
    _find,
    beside=True,
)
