"""Plain data for charts: reliability, ROC points and a histogram of the answers."""

from __future__ import annotations

import numpy as np

from mlwright.evaluate.records import Curves, HistogramBin, ReliabilityBin, RocPoint
from mlwright.stats.calibration import calibration_bins, stated_and_happened
from mlwright.stats.counts import FloatArray
from mlwright.stats.metrics import BINARY, REGRESSION

MOST_POINTS = 200
HISTOGRAM_BINS = 20
_LARGEST = float(np.finfo(np.float64).max)


def curves(y: FloatArray, answers: FloatArray, task: str) -> Curves:
    """Return what can be drawn of a model's answers.

    Empty without rows, without finite answers, and where the numbers are so large that a float
    cannot hold their sum.
    """
    if not len(y) or not np.isfinite(answers).all():
        return Curves((), (), ())
    if max(np.abs(y).max(), np.abs(answers).max()) > _LARGEST / (4 * len(y)):
        return Curves((), (), ())
    return Curves(
        reliability=_reliability(y, answers, task),
        roc=_roc(y, answers[:, 1]) if task == BINARY else (),
        histogram=_histogram(y, answers, task),
    )


def _reliability(y: FloatArray, answers: FloatArray, task: str) -> tuple[ReliabilityBin, ...]:
    if task == REGRESSION:
        stated, happened = answers[:, 0], y
    else:
        stated, happened = stated_and_happened(y, answers)
    bins = calibration_bins(stated)
    return tuple(
        ReliabilityBin(
            low=float(stated[rows].min()),
            high=float(stated[rows].max()),
            rows=len(rows),
            stated=float(stated[rows].mean()),
            happened=float(happened[rows].mean()),
        )
        for rows in (np.flatnonzero(bins == number) for number in np.unique(bins))
    )


def _roc(y: FloatArray, score: FloatArray) -> tuple[RocPoint, ...]:
    """Return at most ``MOST_POINTS`` points from (0, 0) to (1, 1), one for each threshold kept."""
    positives = float((y == 1).sum())
    negatives = float((y == 0).sum())
    if not positives or not negatives:
        return ()
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    found = np.cumsum(y[order] == 1)[last]
    alarms = last + 1 - found
    if len(last) > MOST_POINTS - 1:
        # Evenly along the curve's own length, so that steep and flat stretches keep their shape.
        along = found / positives + alarms / negatives
        wanted = np.linspace(0, 2, MOST_POINTS)[1:]
        kept = np.unique(np.searchsorted(along, wanted - 1e-9).clip(max=len(last) - 1))
        last, found, alarms = last[kept], found[kept], alarms[kept]
    points = zip(
        ordered[last].tolist(),
        (alarms / negatives).tolist(),
        (found / positives).tolist(),
        strict=True,
    )
    # Above the largest score nothing is called positive.
    return (RocPoint(float("inf"), 0.0, 0.0), *(RocPoint(*point) for point in points))


def _histogram(y: FloatArray, answers: FloatArray, task: str) -> tuple[HistogramBin, ...]:
    if task == REGRESSION:
        values = answers[:, 0] - y
        series = [np.ones(len(y), dtype=bool)]
        low, high = np.quantile(values, [0.005, 0.995]).tolist()
        edges = _edges(low, high)
        # The outermost hundredth of the errors is counted in the outermost bins.
        values = values.clip(edges[0], edges[-1])
    else:
        values, happened = (answers[:, 1], y) if task == BINARY else stated_and_happened(y, answers)
        series = [happened == 0, happened == 1]
        edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    counts = [np.histogram(values[rows], edges)[0].tolist() for rows in series]
    return tuple(
        HistogramBin(float(low), float(high), tuple(each))
        for low, high, each in zip(edges[:-1], edges[1:], zip(*counts, strict=True), strict=True)
    )


def _edges(low: float, high: float) -> FloatArray:
    """Return rising edges from ``low`` to ``high``, wider where floats lie too far apart."""
    edges = np.linspace(low, high if high > low else low + 1, HISTOGRAM_BINS + 1)
    if (np.diff(edges) > 0).all():
        return edges
    width = 2 * HISTOGRAM_BINS * float(np.spacing(max(abs(low), abs(high))))
    return np.linspace(low - width, high + width, HISTOGRAM_BINS + 1)
