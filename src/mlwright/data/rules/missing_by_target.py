"""Cells whose absence depends on the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from mlwright.data.rules.rule import Marks, Rule, share, shown
from mlwright.data.sheet import Sheet
from mlwright.stats.association import benjamini_hochberg, count_shift, rank_shift

_FALSE_DISCOVERIES = 0.01
_LEAST_MISSING = 10

_Shift = Callable[[pl.Series], tuple[float, str]]


def _find(sheet: Sheet) -> Iterator[Marks]:
    """Test each column with missing cells, and control how many of those told are told wrongly."""
    target = sheet.answers
    if target is None:
        return
    answers = target.learnt_from(target.series)
    known = answers.is_not_null() if answers.null_count() else None
    values = answers.drop_nulls()
    shift = _by_class(values) if sheet.classes is not None else _by_rank(values)
    tested = []
    for name in sheet.names:
        absent = None if name == target.name else sheet.seen(name).absent
        if absent is None:
            continue
        absent = target.learnt_from(absent)
        missing = absent if known is None else absent.filter(known)
        if _LEAST_MISSING <= int(missing.sum()) <= len(missing) - _LEAST_MISSING:
            tested.append((name, *shift(missing)))
    surely = benjamini_hochberg([chance for _, chance, _ in tested], _FALSE_DISCOVERIES)
    for (name, _, told), certain in zip(tested, surely, strict=True):
        if certain:
            yield Marks(name, f"whether it is missing depends on the target: {told}")


def _by_class(values: pl.Series) -> _Shift:
    """Return the test of one column's missing cells against classes."""
    classes = values.unique().sort()
    # Of two classes one tells both.
    rows = [values == each for each in classes.head(1 if len(classes) == 2 else len(classes))]

    def shift(missing: pl.Series) -> tuple[float, str]:
        best = (1.0, "")
        inside = int(missing.sum())
        for each, own in zip(classes, rows, strict=False):
            hits = int((own & missing).sum())
            found = count_shift(hits, inside, int(own.sum()), len(values))
            chance = min(1.0, found.chance * len(rows))
            if chance < best[0] or not best[1]:
                shares = f"{share(found.inside)} where it is missing, {share(found.outside)}"
                best = (chance, f"{shown(each)} is {shares} elsewhere")
        return best

    return shift


def _by_rank(values: pl.Series) -> _Shift:
    """Return the test of one column's missing cells against amounts."""
    numbers = values.cast(pl.Float64).to_numpy()
    ranks = values.rank().to_numpy()

    def shift(missing: pl.Series) -> tuple[float, str]:
        group = missing.to_numpy()
        inside, outside = (float(np.median(numbers[mask])) for mask in (group, ~group))
        told = f"its median is {inside:.4g} where it is missing, {outside:.4g} elsewhere"
        return rank_shift(ranks, group), told

    return shift


RULE = Rule(
    "missing-by-target",
    "A column whose missing cells go with the target: tested in each column, at most 1 % of those "
    "told are told wrongly (Benjamini and Hochberg 1995).",
    _find,
)
