"""Rows that say the same of everything and give another answer."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.likeness import needed, surprise
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, counted, shown, where
from mlwright.data.sheet import Sheet

BY_CHANCE = 1e-5
_MOST_ALIKE = 20_000
_MOST_CLASSES = 20
_APART = 0.5


def _find(sheet: Sheet) -> Iterator[Marks]:
    if sheet.target is None:
        return
    target = sheet.column(sheet.target)
    aside = [n for n in sheet.names if n != sheet.target and sheet.is_identifying(n)]
    features = [n for n in sheet.names if n != sheet.target and n not in aside]
    if not features:
        return
    hashes = sheet.hashes(features)
    known = target.series.is_not_null()
    if sheet.fitted is not None:
        known &= sheet.fitted
    rows = where(known)
    alike = pl.DataFrame(
        {"place": rows, "like": hashes[rows], "answer": target.series.gather(rows)}
    )
    alike = alike.filter(pl.col("like").is_duplicated())
    if target.kind in (Kind.INTEGER, Kind.FLOAT) and target.different > _MOST_CLASSES:
        least = _APART * (
            float(str(target.known.quantile(0.75))) - float(str(target.known.quantile(0.25)))
        )
        apart = (pl.col("answer").max() - pl.col("answer").min()).over("like") > least
    else:
        apart = pl.col("answer").n_unique().over("like") > 1
    alike = alike.filter(apart).sort("like", "place")
    if not alike.height or alike.height > _MOST_ALIKE:
        return
    bits = surprise(sheet.frame, alike["place"].to_numpy(), sheet.known, features)
    kept = bits.sum(axis=1) >= needed(sheet.frame.height, BY_CHANCE)
    told = alike.height - int(kept.sum())
    if told:
        yield Marks(
            sheet.target,
            f"{counted(told, 'row')} of common profiles stand with several answers, as chance "
            "would have it: no model can tell them apart",
        )
    alike = alike.filter(pl.Series(kept))
    if alike.height:
        yield Marks(
            sheet.target,
            "the same in every feature as another row, with another answer",
            alike["place"].to_numpy(),
            list(_whys(sheet, alike)),
        )


def _whys(sheet: Sheet, alike: pl.DataFrame) -> Iterator[str]:
    groups: dict[int, list[tuple[int, object]]] = {}
    for place, like, answer in alike.rows():
        groups.setdefault(like, []).append((place, answer))
    for _, like, answer in alike.rows():
        other, told = (
            next((p, a) for p, a in groups[like] if a != answer)
            if any(a != answer for _, a in groups[like])
            else groups[like][0]
        )
        yield f"row {sheet.row_ids[other]} has the same features and {shown(told)}"


RULE = Rule(
    "contradiction",
    "Rows alike in every feature with another target, where that many equal cells come together "
    "by chance in fewer than one of 100,000 rows. Sealed rows are left out.",
    _find,
)
