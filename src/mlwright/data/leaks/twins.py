"""Rows on one side of a cut that stand on the other side too, value for value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.leaks.sample import evenly
from mlwright.data.likeness import MOST_ROWS, needed, surprise
from mlwright.data.table import Table

BY_CHANCE = 1e-5
"""A twin counts when it would come by chance to fewer than one row in so many."""

_MOST_JUDGED = 20_000

Places = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Cut = tuple[Places, Places]
"""The places of the rows to fit on, and of those that judge."""


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """Rows that judge and have a twin among those that are fitted on; ``of`` is the twin's place.

    ``usual`` counts those whose values are so common that a twin says nothing.
    """

    places: Places
    of: Places
    usual: int


def twins(table: Table, names: Sequence[str], cuts: Sequence[Cut]) -> Twins:
    """Return which of the rows that judge stand among the fitted ones.

    How usual a row's values are is learnt from fitted rows alone.

    Parameters
    ----------
    cuts
        Pairs of the rows that are fitted on and of those that judge.
    """
    hashes = table.frame.select(names).hash_rows(seed=0).to_numpy()
    found = pl.concat([_matches(hashes, fitted, judging) for fitted, judging in cuts])
    if not found.height:
        return Twins(np.empty(0, np.int64), np.empty(0, np.int64), 0)
    places, of = found["place"].to_numpy(), found["of"].to_numpy()
    some = np.unique(places)
    some = some[:: max(1, len(some) // _MOST_JUDGED)]
    # Those with a twin are no evidence of what is usual.
    rest = np.concatenate([evenly(fitted, MOST_ROWS) for fitted, _ in cuts])
    rest = np.setdiff1d(rest, of)
    bits = surprise(_rows_of(table), some, rest, names).sum(axis=1)
    enough = bits >= needed(table.frame.height, BY_CHANCE)
    unlikely = enough[np.searchsorted(some, places, side="right") - 1]
    return Twins(places[unlikely], of[unlikely], int((~unlikely).sum()))


def _rows_of(table: Table) -> Callable[[Sequence[str], Places], pl.DataFrame]:
    return lambda names, places: table.frame.select(names)[places]


def _matches(hashes: Hashes, fitted: Places, judging: Places) -> pl.DataFrame:
    first = pl.DataFrame({"hash": hashes[fitted], "of": fitted}).unique("hash", keep="first")
    return (
        pl.DataFrame({"hash": hashes[judging], "place": judging})
        .join(first, on="hash", how="inner", maintain_order="left")
        .select("place", "of")
    )
