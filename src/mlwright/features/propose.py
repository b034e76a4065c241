"""Features of two columns that say something of the target which a first model did not.

What the model leaves over (target less answer, on rows it did not see) is cut at quantiles of each
candidate on one half of the rows, and the means are held against the other half. A candidate is
taken when it explains more there than chance would of so many candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Column, Kind
from mlwright.features.catalogue import TARGET_STEPS, transform_columns
from mlwright.features.columns import NUMERIC
from mlwright.features.records import FittedStep
from mlwright.features.steps import arithmetic, from_group, target_mean
from mlwright.features.truth import Truth

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

MOST_PROPOSED = 6
_MOST_NUMBERS, _MOST_CATEGORIES = 10, 6  # columns that are combined
_BINS = 16
_DRAWN_TO_0 = 10.0  # rows: how strongly the mean of a bin of few is doubted
_CHANCE = 0.05  # that any candidate is taken where none says anything


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A fitted step, and the share of what was left over that it explains."""

    step: FittedStep
    gain: float


def proposed(
    frame: pl.DataFrame, columns: Sequence[Column], left_over: Floats, truth: Truth
) -> tuple[Proposal, ...]:
    """Return the candidates worth having, the best first.

    Parameters
    ----------
    frame
        Training rows.
    columns
        The columns that may be combined.
    left_over
        What a first model did not explain of each row's target: rows x outputs.
    """
    numbers = _varied(frame, [c for c in columns if c.kind in NUMERIC])
    found: list[tuple[Proposal, float]] = []
    tried = 0
    for step, values in _candidates(frame, columns, numbers, truth):
        tried += 1
        gain, sure = explained(values, left_over)
        if gain > 0.0:
            found.append((Proposal(step, gain), sure))
    bound = NormalDist().inv_cdf(1.0 - _CHANCE / max(tried, 1))
    kept = sorted((p for p, sure in found if sure > bound), key=lambda p: -p.gain)
    return tuple(_unlike(kept))[:MOST_PROPOSED]


def refitted(step: FittedStep, frame: pl.DataFrame, truth: Truth) -> FittedStep:
    """Return a step that was proposed from some rows, fitted on all of them."""
    columns = [frame[source.name] for source in step.sources]
    if step.step in TARGET_STEPS:
        return TARGET_STEPS[step.step].fit(columns, step.sources, truth)
    return from_group.fit(columns, step.sources) if step.step == "from_group" else step


def explained(values: Floats, left_over: Floats) -> tuple[float, float]:
    """Return the share that a candidate explains of what is left over, and how sure that is.

    Sureness is in standard errors of the gain over the rows.
    """
    half = np.arange(len(values)) % 2 == 0
    gains = np.zeros(len(values))
    for learning in (half, ~half):
        codes = _cut(values, values[learning])
        counts = np.bincount(codes[learning], minlength=_BINS + 1)
        for y in left_over.T:
            sums = np.bincount(codes[learning], weights=y[learning], minlength=_BINS + 1)
            guess = (sums / (counts + _DRAWN_TO_0))[codes[~learning]]
            gains[~learning] += y[~learning] ** 2 - (y[~learning] - guess) ** 2
    spread = float(np.std(gains)) / max(len(gains), 1) ** 0.5
    whole = float(np.mean(np.sum(left_over**2, axis=1)))
    if spread <= 0.0 or whole <= 0.0:
        return 0.0, 0.0
    mean = float(np.mean(gains))
    return mean / whole, mean / spread


def _cut(values: Floats, known: Floats) -> NDArray[np.intp]:
    """Return the bin of each value, by quantiles of known ones; a missing one has its own."""
    finite = np.sort(known[np.isfinite(known)])
    if not len(finite):
        return np.zeros(len(values), dtype=np.intp)
    edges = np.unique(finite[np.arange(1, _BINS) * (len(finite) - 1) // _BINS])
    codes = np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), _BINS, codes).astype(np.intp)


def _varied(frame: pl.DataFrame, numbers: Sequence[Column]) -> list[Column]:
    """Return the columns of numbers that vary most, in the order of the table."""
    varied = sorted(numbers, key=lambda column: -frame[column.name].n_unique())
    kept = {column.name for column in varied[:_MOST_NUMBERS]}
    return [column for column in numbers if column.name in kept]


def _candidates(
    frame: pl.DataFrame, columns: Sequence[Column], numbers: Sequence[Column], truth: Truth
) -> Iterator[tuple[FittedStep, Floats]]:
    names = [c for c in columns if c.kind is Kind.STRING][:_MOST_CATEGORIES]
    steps = [arithmetic.fit("ratio", pair) for pair in permutations(numbers, 2)]
    for pair in combinations(numbers, 2):
        steps.extend(arithmetic.fit(name, pair) for name in ("product", "difference"))
    for group, number in product(names, numbers):
        steps.append(from_group.fit([frame[group.name], frame[number.name]], (group, number)))
    for step in steps:
        yield step, transform_columns(step, frame)[:, 0]
    if not truth.width:
        return
    for pair in combinations(names, 2):
        series = [frame[column.name] for column in pair]
        step = target_mean.fit(series, pair, truth)
        values = TARGET_STEPS[step.step].transform_training(step, series, truth)
        for output in values.T[:1]:
            yield step, output


def _unlike(proposals: Sequence[Proposal]) -> Iterator[Proposal]:
    """Leave out what combines the same columns as a better one."""
    taken: set[frozenset[str]] = set()
    for each in proposals:
        names = frozenset(source.name for source in each.step.sources)
        if names not in taken:
            taken.add(names)
            yield each
