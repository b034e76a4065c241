"""The catalogue of changes, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from mlwright.evaluate.robustness.changes import far, missing, noise, swap, unit
from mlwright.evaluate.robustness.subject import Subject

Make = Callable[[Subject], Iterator[tuple[str | None, pl.DataFrame]]]
"""Yields changed rows: as many as the subject has, in its order and kinds, with the column that
was changed; None where all that can be were."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to change rows, and what becomes of them in words."""

    make: Make
    said: str


WAYS: Mapping[str, Way] = {
    "noise": Way(noise.noise, noise.SAID),
    "missing": Way(missing.missing, missing.SAID),
    "swap": Way(swap.swap, swap.SAID),
    "unit": Way(unit.unit, unit.SAID),
    "range": Way(far.out_of_range, far.SAID),
}
