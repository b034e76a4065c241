"""Whether labels treat groups differently that are otherwise alike.

Of rows outside the sealed test part, the label and the group are each foretold from the other
columns by models that did not see the row. What is left of the label is then held against what is
left of the group (the partly linear model, double machine learning: Chernozhukov and others
2018): where neither can be told from the other columns any better, a group that is still
labelled differently is labelled so for being that group, or for what no column says.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from mlwright.data.table import Table
from mlwright.evaluate.fairness.records import LabelGap, LabelGaps
from mlwright.evaluate.truth import Groups, judgeable, units_of
from mlwright.stats.association import benjamini_hochberg
from mlwright.stats.bootstrap import observed, replicates, summarise
from mlwright.stats.counts import FloatArray, IntArray, Statistic, ratio, total
from mlwright.stats.fairness import SMALLEST_GROUP
from mlwright.stats.records import Interval
from mlwright.train.out_of_fold import out_of_fold
from mlwright.train.records import Configuration, Plan, Task, TaskKind
from mlwright.train.target import rows_of

MOST_ROWS = 10_000
FOLDS = 5
RESAMPLES = 500
WRONGLY_NAMED = 0.01
"""The share of gaps of labels that may stand by chance: few, for it is said of people's work."""

FORETELLING = Configuration(
    "foretelling",
    "lightgbm",
    {
        "trees": 80,
        "rate": 0.06,
        "leaves": 12,
        "smallest_leaf": 20,
        "row_share": 0.8,
        "column_share": 0.7,
        "l2": 5.0,
        "bins": 255,
        "random_thresholds": False,
        "unordered": False,
    },
)


def label_gaps(
    table: Table,
    task: Task,
    plan: Plan,
    groups: Mapping[str, Groups],
    drop: Collection[str],
    *,
    unit: str | None,
) -> LabelGaps:
    """Return how differently each group of protected columns is labelled from others like it.

    Parameters
    ----------
    groups
        Each protected column's groups, in the rows of ``table``. None of these columns helps to
        foretell anything.
    drop
        Columns that are no features.
    """
    known = judgeable(table, task)
    kept = min(len(known.y), MOST_ROWS)
    places = np.arange(kept, dtype=np.intp) * len(known.y) // max(kept, 1)
    rows, y = rows_of(known.table, places), known.y[places]
    apart = tuple(dict.fromkeys((*drop, *groups)))
    alone = replace(plan, folds=0, time=None, rows=len(y))
    left = y - out_of_fold(rows, FORETELLING, task, alone, apart, folds=FOLDS)[:, 1]
    units = units_of(rows, unit)
    found: list[LabelGap] = []
    for column, each in groups.items():
        codes = each.codes[known.places[places]]
        chances = _told(rows, task, alone, apart, codes, len(each.names))
        for place, name in enumerate(each.names):
            inside = codes == place
            if min(inside.sum(), (~inside).sum()) < SMALLEST_GROUP:
                continue
            rest = inside - chances[:, place]
            size, chance = _effect(left, rest, units, plan.seed)
            if len(each.names) == 2 and size.value > 0:
                continue  # of two groups one says it all: that which is labelled so less often
            found.append(_gap(column, name, int(inside.sum()), size, chance, task))
    believed = benjamini_hochberg([gap.chance for gap in found], WRONGLY_NAMED)
    told = tuple(replace(gap, real=real) for gap, real in zip(found, believed, strict=True))
    return LabelGaps(len(y), tuple(groups), told, len(told), WRONGLY_NAMED, plan.seed)


def _told(
    rows: Table, task: Task, plan: Plan, drop: Sequence[str], codes: IntArray, count: int
) -> FloatArray:
    """Return the chance of each group, from the columns that are not protected."""
    name = "group"
    while name in rows.frame.columns:
        name += "_"
    present = np.unique(codes).tolist()
    kind = TaskKind.BINARY if len(present) == 2 else TaskKind.MULTICLASS
    told = np.zeros((len(codes), count))
    if len(present) < 2:
        told[:, present] = 1.0
        return told
    asked = Task(kind, name, tuple(present), "log_loss", "a protected column")
    frame = rows.frame.with_columns(pl.Series(name, codes.astype(np.int64)))
    # The label is no cause of the group: neither is foretold from the other.
    apart = (*drop, task.target)
    answers = out_of_fold(Table(frame, rows.row_ids), FORETELLING, asked, plan, apart, folds=FOLDS)
    told[:, present] = np.nan_to_num(answers, nan=0.0)
    return told


def _effect(
    left: FloatArray, rest: FloatArray, units: IntArray, seed: int
) -> tuple[Interval, float]:
    usable = np.isfinite(left)
    above, beneath = np.where(usable, left * rest, 0.0), np.where(usable, rest * rest, 0.0)

    def effect(counts: FloatArray) -> FloatArray:
        return ratio(total(counts * above), total(counts * beneath))

    statistics: list[Statistic] = [effect]
    drawn = replicates(statistics, len(left), seed=seed, resamples=RESAMPLES, units=units)
    found = summarise(float(observed(statistics, len(left))[0]), drawn[0])
    spread = float(np.nanstd(drawn[0]))
    score = abs(found.value) / spread if spread > 0 else 0.0
    return found, math.erfc(score / math.sqrt(2))


def _gap(column: str, group: str, rows: int, size: Interval, chance: float, task: Task) -> LabelGap:
    less = "less" if size.value < 0 else "more"
    ends = sorted((abs(size.low), abs(size.high)))
    sure = f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"
    if size.low <= 0 <= size.high:
        sure = f"{100 * size.low:+.1f} to {100 * size.high:+.1f}, so perhaps not at all"
    said = (
        f"{column} = {group} is labelled {task.classes[1]!r} {100 * abs(size.value):.1f} points"
        f" {less} often than rows whose other columns are alike (95 %: {sure})"
    )
    return LabelGap(column, group, rows, size, chance, False, said)
