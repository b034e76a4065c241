"""Rows that say the same of everything and give another answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from mlwright.data.likeness import needed, surprise
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, counted, shown
from mlwright.data.sheet import Sheet
from mlwright.data.sums import alike

BY_CHANCE = 1e-5
_MOST_ALIKE = 20_000
_MOST_CLASSES = 20
_APART = 0.5


def _find(sheet: Sheet) -> Iterator[Marks]:
    target = sheet.answers
    if target is None:
        return
    others = [name for name in sheet.names if name != target.name]
    features = [name for name in others if not sheet.seen(name).identifies]
    sums = sheet.sums.features
    rows = sheet.are_known(alike(sums))
    if not features or not len(rows):
        return
    twins = pl.DataFrame(
        {
            "place": rows,
            "like": sums[rows],
            "answer": target.series.gather(rows),
        }
    )
    twins = twins.drop_nulls("answer").filter(pl.col("like").is_duplicated())
    if target.kind in (Kind.INTEGER, Kind.FLOAT) and target.different > _MOST_CLASSES:
        least = _APART * (
            float(str(target.known.quantile(0.75))) - float(str(target.known.quantile(0.25)))
        )
        apart = (pl.col("answer").max() - pl.col("answer").min()).over("like") > least
    else:
        apart = pl.col("answer").n_unique().over("like") > 1
    twins = twins.filter(apart).sort("like", "place")
    if not twins.height or twins.height > _MOST_ALIKE:
        return
    bits = surprise(sheet.rows, twins["place"].to_numpy(), sheet.known, features)
    kept = bits.sum(axis=1) >= needed(sheet.cells.height, BY_CHANCE)
    told = twins.height - int(kept.sum())
    if told:
        yield Marks(
            target.name,
            f"{counted(told, 'row')} of common profiles stand with several answers, as chance "
            "would have it: no model can tell them apart",
        )
    twins = twins.filter(pl.Series(kept))
    if twins.height:
        yield Marks(
            target.name,
            "the same in every feature as another row, with another answer",
            twins["place"].to_numpy(),
            list(_whys(sheet, twins)),
        )


def _whys(sheet: Sheet, twins: pl.DataFrame) -> Iterator[str]:
    groups: dict[int, list[tuple[int, object]]] = {}
    for place, like, answer in twins.rows():
        groups.setdefault(like, []).append((place, answer))
    pairs = [
        next(((p, a) for p, a in groups[like] if a != answer), groups[like][0])
        for _, like, answer in twins.rows()
    ]
    ids = sheet.cells.ids(np.array([place for place, _ in pairs]))
    for row, (_, told) in zip(ids, pairs, strict=True):
        yield f"row {row} has the same features and {shown(told)}"


RULE = Rule(
    "contradiction",
    "Rows alike in every feature with another target, where that many equal cells come together "
    "by chance in fewer than one of 100,000 rows. Sealed rows are left out.",
    _find,
)
