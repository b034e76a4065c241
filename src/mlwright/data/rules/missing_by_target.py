"""Cells whose absence depends on the answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, share, shown
from mlwright.data.sheet import Sheet
from mlwright.stats.association import benjamini_hochberg, rank_shift, share_shift

_FALSE_DISCOVERIES = 0.01
_LEAST_MISSING = 10

_Mask = npt.NDArray[np.bool_]


def _find(sheet: Sheet) -> Iterator[Marks]:
    """Test each column with missing cells, and control how many of those told are told wrongly."""
    if sheet.target is None:
        return
    learnable = sheet.learnable
    answers = learnable[sheet.target]
    known = answers.is_not_null()
    classes = sheet.classes
    tested = []
    for column in sheet.columns:
        if column.name == sheet.target:
            continue
        absent = _absent(sheet, column.name)
        missing = absent.filter(known).to_numpy()
        if _LEAST_MISSING <= missing.sum() <= len(missing) - _LEAST_MISSING:
            values = answers.filter(known)
            test = _by_class(values, missing) if classes is not None else _by_rank(values, missing)
            tested.append((column.name, *test))
    surely = benjamini_hochberg([chance for _, chance, _ in tested], _FALSE_DISCOVERIES)
    for (name, _, told), certain in zip(tested, surely, strict=True):
        if certain:
            yield Marks(name, f"whether it is missing depends on the target: {told}")


def _absent(sheet: Sheet, name: str) -> pl.Series:
    column = sheet.column(name)
    absent = column.series.is_null()
    if column.kind is Kind.STRING:
        words = column.words.table.filter("missing")["text"]
        if len(words):
            absent |= column.cells(words).fill_null(value=False)
    return absent if sheet.fitted is None else absent.filter(sheet.fitted)


def _by_class(values: pl.Series, missing: _Mask) -> tuple[float, str]:
    best = (1.0, "")
    classes = values.unique().sort().to_list()
    for each in classes[: 1 if len(classes) == 2 else None]:
        is_it = (values == each).to_numpy()
        found = share_shift(is_it, missing)
        chance = min(1.0, found.chance * (1 if len(classes) == 2 else len(classes)))
        if chance < best[0] or not best[1]:
            inside, outside = share(found.inside), share(found.outside)
            best = (chance, f"{shown(each)} is {inside} where it is missing, {outside} elsewhere")
    return best


def _by_rank(values: pl.Series, missing: _Mask) -> tuple[float, str]:
    numbers = values.cast(pl.Float64).to_numpy()
    inside, outside = (float(np.median(numbers[mask])) for mask in (missing, ~missing))
    chance = rank_shift(values.rank().to_numpy(), missing)
    return chance, f"its median is {inside:.4g} where it is missing, {outside:.4g} elsewhere"


RULE = Rule(
    "missing-by-target",
    "A column whose missing cells go with the target: tested in each column, at most 1 % of those "
    "told are told wrongly (Benjamini and Hochberg 1995).",
    _find,
)
