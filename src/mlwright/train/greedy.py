"""Choose a blend from scores on rows that no member was trained on.

Members are added one at a time, each the one that helps most, any as often as it helps; how often
is its weight (Caruana and others 2004). What a blend is worth is told by rows that did not choose
its weights: two halves choose for each other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import Matrix
from mlwright.stats.metrics import METRICS, level_of
from mlwright.train.algorithms.problem import Rows
from mlwright.train.blend import linked

MOST_ADDED = 12
_MOST_ROWS = 20_000
_RUNS = (1, 3)
"""Ways to cut in halves: every other row, and every other three rows where rows are few."""

_FEW_ROWS = 4_000

_SMALLEST = 1e-15
_SMOOTH = ("auc", "auc_macro", "average_precision", "log_loss", "brier", "rmse", "mae", "r2")
"""Metrics that a small step of the weights can move; for another the log loss stands in."""

Weights = Mapping[int, float]
"""What each chosen candidate's score is multiplied by, by its place; the sum is 1."""

Within = Callable[[Sequence[int]], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model's scores of the rows that judge, a round each."""

    scores: Sequence[Matrix]


@dataclass(frozen=True, slots=True)
class Blended:
    """The weights chosen on all rows, and how much better than the best alone they are.

    ``seen`` is told by the rows that chose them, ``gain`` by halves that chose for each other;
    ``worth`` is what those halves told of the blend itself.
    """

    weights: Weights
    seen: float
    gain: float
    worth: float


def scores_behind(answers: Matrix) -> Matrix:
    """Return the scores behind answers: values, log-odds of the second class, or logarithms.

    >>> scores_behind(np.array([[0.5, 0.5]])).tolist()
    [[0.0]]
    """
    if answers.shape[1] == 1:
        return answers
    logarithms: Matrix = np.log(np.maximum(answers, _SMALLEST))
    return logarithms[:, 1:] - logarithms[:, :1] if answers.shape[1] == 2 else logarithms


def choose(
    candidates: Sequence[Candidate],
    rounds: Sequence[Rows],
    *,
    classes: int,
    metric: str,
    most: int,
    within: Within = lambda _: True,
) -> Blended:
    """Return the best blend of at most ``most`` candidates.

    Parameters
    ----------
    rounds
        The rows that judge, in the order of each candidate's scores.
    metric
        What decides; gain and worth are in it, greater where better.
    within
        Tells of the places of some candidates whether a blend may have them together.
    """
    places = _spread(rounds)
    drawn = [_Drawn(c.scores, places) for c in candidates]
    every = _Truth(rounds, places, classes, _deciding(metric, classes))
    sign = 1.0 if METRICS[metric].greater_is_better else -1.0
    gains: list[float] = []
    worths: list[float] = []
    # Each half is judged by what the other one chose.
    runs = _RUNS if every.rows < _FEW_ROWS else _RUNS[:1]
    for run in runs:
        halves = [every.half(run, number) for number in (0, 1)]
        for choosing, judging in (halves, halves[::-1]):
            weights = _added(drawn, within, choosing, most)
            alone = _added(drawn, within, choosing, 1)
            of = judging.of(metric)
            worths.append(sign * of.worth(drawn, weights))
            gains.append(worths[-1] - sign * of.worth(drawn, alone))
    weights = _added(drawn, within, every, most)
    of = every.of(metric)
    seen = sign * (of.worth(drawn, weights) - of.worth(drawn, _added(drawn, within, every, 1)))
    return Blended(weights, seen=seen, gain=float(np.mean(gains)), worth=float(np.mean(worths)))


class _Drawn:
    """A candidate's scores at the places drawn."""

    def __init__(self, scores: Sequence[Matrix], places: Sequence[NDArray[np.intp]]) -> None:
        self.scores = [each[where] for each, where in zip(scores, places, strict=True)]


class _Truth:
    """Rows that judge, at the places drawn, or one half of them."""

    def __init__(
        self,
        rounds: Sequence[Rows],
        places: Sequence[NDArray[np.intp]],
        classes: int,
        metric: str,
        part: tuple[int, int] | None = None,
    ) -> None:
        self._given = (rounds, places, classes)
        self._classes = classes
        self._metric = METRICS[metric]
        self.name = metric
        self._part = part
        self._rows = [self._cut(each) for each in places]
        self._y = [each.y[rows] for each, rows in zip(rounds, self._rows, strict=True)]
        self._weight = [
            None if each.weight is None else each.weight[rows]
            for each, rows in zip(rounds, self._rows, strict=True)
        ]

    def _cut(self, each: NDArray[Any]) -> NDArray[Any]:
        if self._part is None:
            return each
        run, number = self._part
        cut: NDArray[Any] = each[np.arange(len(each)) // run % 2 == number]
        return cut

    @property
    def rows(self) -> int:
        return sum(map(len, self._y))

    def half(self, run: int, number: int) -> _Truth:
        return _Truth(*self._given, self.name, (run, number))

    def of(self, metric: str) -> _Truth:
        return _Truth(*self._given, metric, self._part)

    @property
    def sign(self) -> float:
        return 1.0 if self._metric.greater_is_better else -1.0

    def sums(self, drawn: _Drawn) -> list[Matrix]:
        return [self._cut(each) for each in drawn.scores]

    def value(self, sums: Sequence[Matrix]) -> float:
        """Return the mean metric over the rounds where it is defined."""
        found = []
        for y, weight, each in zip(self._y, self._weight, sums, strict=True):
            answers = linked(each, self._classes)
            counts = np.ones((1, len(y))) if weight is None else weight.reshape(1, -1)
            found.append(float(self._metric.statistic(y, answers)(counts)[0]))
        defined = [each for each in found if math.isfinite(each)]
        return float(np.mean(defined)) if defined else math.nan

    def worth(self, drawn: Sequence[_Drawn], weights: Weights) -> float:
        parts = [[weight * s for s in self.sums(drawn[p])] for p, weight in weights.items()]
        return self.value([sum(each[1:], each[0]) for each in zip(*parts, strict=True)])


def _added(drawn: Sequence[_Drawn], within: Within, truth: _Truth, most: int) -> Weights:
    """Return the weights after the step at which the blend was best."""
    sums = [truth.sums(each) for each in drawn]
    counts: Counter[int] = Counter()
    total: list[Matrix] | None = None
    allowed = [place for place in range(len(sums)) if within((place,))]
    best, kept = -math.inf, {allowed[0]: 1.0}
    for step in range(1, (MOST_ADDED if most > 1 else 1) + 1):
        found: list[tuple[float, int]] = []
        for place in allowed:
            each = sums[place]
            is_new = place not in counts
            if is_new and counts and (len(counts) >= most or not within((*counts, place))):
                continue
            trial = each if total is None else [a + b for a, b in zip(total, each, strict=True)]
            value = truth.sign * truth.value([s / step for s in trial])
            found.append((value if math.isfinite(value) else -math.inf, -place))
        value, minus = max(found)
        counts[-minus] += 1
        chosen = sums[-minus]
        total = chosen if total is None else [a + b for a, b in zip(total, chosen, strict=True)]
        if value > best:
            best, kept = value, {place: count / step for place, count in counts.items()}
    return kept


def _deciding(metric: str, classes: int) -> str:
    if metric in _SMOOTH or level_of(metric) is not None:
        return metric
    return "log_loss" if classes else "rmse"


def _spread(rounds: Sequence[Rows]) -> list[NDArray[np.intp]]:
    """Return which rows of each round choose: all, or as many evenly drawn as are enough."""
    total = sum(len(each.y) for each in rounds)
    share = min(1.0, _MOST_ROWS / max(total, 1))
    return [_evenly(len(each.y), max(2, math.ceil(len(each.y) * share))) for each in rounds]


def _evenly(count: int, most: int) -> NDArray[np.intp]:
    kept = min(count, most)
    return np.arange(kept, dtype=np.intp) * count // max(kept, 1)
