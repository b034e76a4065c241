"""Rows whose numbers do not go together, though each alone is usual."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Places
from mlwright.data.rules.rule import Marks, Rule, counted, shown
from mlwright.data.sheet import Sheet
from mlwright.data.tails import FEWEST, limits
from mlwright.data.unusual import Distances, Mask, Numbers, distances

_FEWEST_COLUMNS = 3
_MOST = 0.002
_NAMED = 3
_SPREAD = 1e-3


def _find(sheet: Sheet) -> Iterator[Marks]:
    places = sheet.judged
    fitted = np.ones(len(places), np.bool_)
    if sheet.fitted is not None:
        fitted = sheet.fitted.gather(places).to_numpy()
    scored = {name: sheet.seen(name).scores for name in sheet.names}
    columns = {
        name: scores
        for name, scores in scored.items()
        if scores is not None and np.nan_to_num(scores[fitted]).std() > _SPREAD
    }
    if len(columns) < _FEWEST_COLUMNS or int(fitted.sum()) < FEWEST:
        return
    found = distances(np.stack(list(columns.values()), axis=1), fitted)
    far = np.zeros(len(places), np.bool_)
    for scores in (found.whole, found.nearest):
        known = limits(np.sort(scores[fitted]), len(scores))
        if known is not None:
            far |= scores > known.high
    rows = np.flatnonzero(far)
    if len(rows) > max(1.0, _MOST * len(places)):
        yield Marks(None, f"{counted(len(rows), 'row')} lie apart from all others: another kind?")
    elif len(rows):
        whys = list(_whys(sheet, found, rows, fitted, list(columns)))
        yield Marks(None, "numbers that do not go together", places[rows], whys)


def _whys(
    sheet: Sheet, found: Distances, rows: Places, fitted: Mask, names: list[str]
) -> Iterator[str]:
    cells = sheet.rows(names, sheet.judged[rows]).to_dicts()
    for row, cell in zip(rows, cells, strict=True):
        first, *others = np.argsort(-np.abs(found.apart[row]), kind="stable")[:_NAMED]
        beside = " and ".join(f"{names[each]} {shown(cell[names[each]])}" for each in others)
        chance = max(
            conformal(scores[row], scores[fitted]) for scores in (found.whole, found.nearest)
        )
        yield (
            f"{names[first]} {shown(cell[names[first]])} does not go with {beside} "
            f"(conformal p {chance:.2g})"
        )


def conformal(score: float, others: Numbers) -> float:
    """Return the share of rows, this one among them, that lie as far or farther.

    >>> conformal(3.0, np.array([1.0, 2.0, 4.0]))
    0.5
    """
    return (1 + int((others >= score).sum())) / (len(others) + 1)


RULE = Rule(
    "unusual-row",
    "A row in which no other check finds a fault, whose numbers do not go together: its distance "
    "from the others (Mahalanobis' among ranks, or that to the nearest of some rows) lies where "
    "less than one clean row in 100 tables would. Of more than 50,000 rows 10,000, evenly drawn, "
    "are judged.",
    _find,
    rest=True,
)
