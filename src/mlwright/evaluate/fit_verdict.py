"""Did the model learn too little, as it should, or too much? Rules with numbers, said in words.

All sizes are shares of the way from the dummy to a perfect score in the task's metric (from .5 to
1 for an auc beside a dummy of .5; from the dummy's rmse down to 0), so that one set of limits
fits every metric. In order:

1. *Too little data*: fewer than ``FEWEST_ROWS`` rows, or ``FEWEST_OF_A_CLASS`` of one of two
   classes (an interval from fewer resamples the same few rows and looks surer than it is); or the
   metric is undefined on the test rows; or its gain over the dummy may as well be nothing (its
   interval reaches down to 0) as more than ``BARELY``.
2. *Underfit*: the gain over the dummy is under ``BARELY``.
3. *Overfit*: worse on the test rows than on the training rows by surely more than ``LARGE``, or
   by more than ``MOST`` of what it had gained over the dummy in training (and more than
   ``NOTICEABLE``), beyond the test score's interval. What is sure of the gap is its value less its
   own uncertainty, that of two scores as unsure as the test score.
   *Too little data*, when such a gap is not sure: it may be chance.
4. *Underfit*: worse than the linear baseline by more than ``NOTICEABLE``, the whole interval of
   their difference below 0.
5. *Good* otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlwright.evaluate.records import Fit, FitVerdict
from mlwright.stats.metrics import Metric
from mlwright.stats.records import Interval

FEWEST_ROWS = 30
FEWEST_OF_A_CLASS = 10
BARELY = 0.05
LARGE = 0.10
MOST = 0.50
NOTICEABLE = 0.02
_TWO_SCORES = math.sqrt(2.0)
"""Both scores of a gap are of some rows only."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the verdict rests on, in the task's metric; gains are positive where better.

    ``rarest`` counts the rows of the rarer of two classes; None for another task.
    """

    rows: int
    rarest: int | None
    train: float
    validation: float
    test: Interval
    dummy: float
    gain: Interval
    gain_over_linear: Interval


def fit_verdict(metric: Metric, scores: Scores) -> Fit:
    """Return the verdict with its reason in plain words."""
    sign = 1.0 if metric.greater_is_better else -1.0
    gap = sign * (scores.train - scores.test.value)
    verdict, why = _decide(metric, scores, gap)
    return Fit(verdict, scores.train, scores.validation, scores.test.value, gap, why)


def _decide(metric: Metric, scores: Scores, gap: float) -> tuple[FitVerdict, str]:
    gain = scores.gain
    if scores.rows < FEWEST_ROWS:
        return FitVerdict.TOO_LITTLE_DATA, f"judged on {scores.rows} rows, under {FEWEST_ROWS}"
    if scores.rarest is not None and scores.rarest < FEWEST_OF_A_CLASS:
        return (
            FitVerdict.TOO_LITTLE_DATA,
            f"judged on {scores.rarest} rows of the rarer class, under {FEWEST_OF_A_CLASS}",
        )
    if not all(map(math.isfinite, (scores.test.low, scores.test.high, gain.low, gain.high))):
        return (
            FitVerdict.TOO_LITTLE_DATA,
            f"{metric.name} or its interval is not defined on the rows it never saw",
        )
    way = abs((1.0 if metric.greater_is_better else 0.0) - scores.dummy)
    if gain.low <= 0 and gain.high >= BARELY * way and gain.high > 0:
        return (
            FitVerdict.TOO_LITTLE_DATA,
            f"the gain over the dummy in {metric.name} lies between {_number(gain.low)} and"
            f" {_number(gain.high)}: the rows are too few to tell it from nothing",
        )
    if gain.value < BARELY * way or gain.high <= 0:
        return (
            FitVerdict.UNDERFIT,
            f"{metric.name} {_number(scores.test.value)} is"
            f" {'barely' if gain.value > 0 else 'no'} better than the dummy's"
            f" {_number(scores.dummy)}: {_share(gain.value, way)} of the way to a perfect score"
            f" (limit {BARELY:.0%}). The columns say little about the target, or the search was"
            " too short",
        )
    return _by_gap(metric, scores, gap, way)


def _by_gap(metric: Metric, scores: Scores, gap: float, way: float) -> tuple[FitVerdict, str]:
    seen = (
        f"{metric.name} is {_number(scores.train)} on training rows,"
        f" {_number(scores.validation)} on rows it was chosen by and {_number(scores.test.value)}"
        " on rows it never saw"
    )
    sign = 1.0 if metric.greater_is_better else -1.0
    learned = sign * (scores.train - scores.dummy)
    loses_most = gap > MOST * learned and gap > NOTICEABLE * way
    is_large = gap > LARGE * way or loses_most
    best_test = scores.test.high if metric.greater_is_better else scores.test.low
    surely = gap - _TWO_SCORES * sign * (best_test - scores.test.value)
    is_real = surely > LARGE * way or (loses_most and sign * (scores.train - best_test) > 0)
    if is_large and not is_real:
        return (
            FitVerdict.TOO_LITTLE_DATA,
            f"{seen}; the gap of {_number(gap)} would be large, but the test score is known only"
            f" to lie between {_number(scores.test.low)} and {_number(scores.test.high)}",
        )
    over = scores.gain_over_linear
    beside = _beside_linear(over)
    if is_large:
        lost = (
            f"{_share(gap, way)} of the way from the dummy to a perfect score (limit {LARGE:.0%})"
        )
        if gap <= LARGE * way:
            lost = f"{_share(gap, learned)} of what it gained in training (limit {MOST:.0%})"
        return (
            FitVerdict.OVERFIT,
            f"{seen}: {lost} did not carry over. {_where(scores, sign, way)}; {beside}",
        )
    if over.high < 0 and over.value < -NOTICEABLE * way:
        return (
            FitVerdict.UNDERFIT,
            f"{seen}, but {beside}: the search found less than a straight line holds",
        )
    return FitVerdict.GOOD, f"{seen}; {beside}"


def _where(scores: Scores, sign: float, way: float) -> str:
    """Say whether validation already showed the loss."""
    if sign * (scores.validation - scores.test.value) > BARELY * way:
        return (
            "The choice did not show it: the rows it never saw differ from those before them, or"
            " the search tuned itself to the rows it chose by"
        )
    return (
        "The rows it was chosen by show it too: part of what it learned holds for its training"
        " rows alone"
    )


def _beside_linear(over: Interval) -> str:
    if over.value == 0 and over.low == 0 and over.high == 0:
        return "it answers as the linear baseline does"
    if not math.isfinite(over.low) or over.low <= 0 <= over.high:
        return "it cannot be told from the linear baseline"
    sure = f"(95 %: {_number(abs(over.low))} to {_number(abs(over.high))})"
    if over.high < 0:
        sure = f"(95 %: {_number(abs(over.high))} to {_number(abs(over.low))})"
        return f"it is worse than the linear baseline by {_number(-over.value)} {sure}"
    return f"it is better than the linear baseline by {_number(over.value)} {sure}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _share(part: float, way: float) -> str:
    return f"{part / way:.0%}" if way > 0 else "nothing"
