"""What leaves the evaluation: metrics with intervals, baselines, the fit verdict, curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mlwright.data.records import Scalar
from mlwright.stats.records import GroupRates as GroupRates
from mlwright.stats.records import Interval as Interval


class FitVerdict(str, Enum):
    """Whether a model learned too little, as it should, or too much."""

    GOOD = "good"
    UNDERFIT = "underfit"
    OVERFIT = "overfit"
    TOO_LITTLE_DATA = "too little data to tell"


@dataclass(frozen=True, slots=True)
class Fit:
    """The fit verdict with the scores it rests on (in the search metric).

    ``gap`` is how much worse the model is on the test rows than on its training rows: positive
    is worse, whichever way the metric points.
    """

    verdict: FitVerdict
    train: float
    validation: float
    test: float
    gap: float
    why: str


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows with like answers: what the model stated on average, and what happened."""

    low: float
    high: float
    rows: int
    stated: float
    happened: float


@dataclass(frozen=True, slots=True)
class RocPoint:
    """The rates at one threshold: everything answered at or above it is called positive."""

    threshold: float
    false_positive_rate: float
    true_positive_rate: float


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """How many rows of each class (of each series) fall between two values."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """Plain data for charts; what a task has no such curve for is empty.

    The histogram is of the positive class's probability, one series a class (binary), of the top
    class's probability with wrong and right rows apart (multiclass), or of the error, answer less
    truth, in one series (regression).
    """

    reliability: tuple[ReliabilityBin, ...]
    roc: tuple[RocPoint, ...]
    histogram: tuple[HistogramBin, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model judged on rows it never saw.

    ``method`` is ``sealed test`` or ``nested cross-validation``. ``metrics`` and each of
    ``baselines`` (``dummy``, ``linear``) hold the same metric names. ``gain`` is how much better
    the model is than the dummy in ``metric``, ``gain_over_linear`` than the linear baseline:
    paired on the same rows, positive is better. ``fairness`` maps ``column`` to gap names
    (``tpr_gap``, ``fpr_gap``, ``selection_gap``) with intervals, ``groups`` to the rates behind
    them; a column the task has no such rates for maps to nothing. ``left_out`` says why and how
    many rows could not be judged. ``seed`` and ``resamples`` are those of the intervals.
    """

    method: str
    rows: int
    metric: str
    metrics: Mapping[str, Interval]
    baselines: Mapping[str, Mapping[str, Interval]]
    gain: Interval
    gain_over_linear: Interval
    fit: Fit
    fairness: Mapping[str, Mapping[str, Interval]]
    groups: Mapping[str, tuple[GroupRates, ...]]
    curves: Curves
    left_out: Mapping[str, int]
    seed: int
    resamples: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows with one value of a column, or two of two, on which a model loses more than elsewhere.

    ``loss`` is the mean on its rows, ``elsewhere`` on all others, ``excess`` their difference.
    ``stated`` and ``happened`` tell whether it misjudges these rows or they are hard to tell: the
    positive class's mean probability and its share (binary), the top class's mean probability and
    how often it was right (multiclass), or the mean answer and the mean truth (regression).
    """

    where: tuple[tuple[str, str], ...]
    rows: int
    loss: float
    elsewhere: float
    excess: Interval
    chance: float
    stated: float
    happened: float


@dataclass(frozen=True, slots=True)
class Slices:
    """The worst slices of the rows a model never saw, the largest sure excess first.

    ``loss`` names the metric whose part of a row is compared. ``tested`` counts the slices of at
    least ``smallest`` rows, ``believed`` those that are worse beyond chance; ``slices`` are those
    of them that do not share most of their rows.
    """

    loss: str
    rows: int
    columns: tuple[str, ...]
    smallest: int
    tested: int
    believed: int
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """A configuration fitted on so many rows: its score on them, and on rows it never saw."""

    rows: int
    train: float
    unseen: Interval


@dataclass(frozen=True, slots=True)
class Learning:
    """How the scores of the chosen configuration change with the rows it is fitted on.

    ``doubling`` is what the last doubling of rows gave, paired, positive where better; None where
    half of the rows are too few to fit on. ``verdict`` and ``why`` are those of the evaluation,
    ``promise`` says what more rows would bring.
    """

    metric: str
    rounds: int
    points: tuple[LearningPoint, ...]
    doubling: Interval | None
    verdict: FitVerdict
    why: str
    promise: str


@dataclass(frozen=True, slots=True)
class ConformalBand:
    """How far answers up to ``to``, or rows of one class, are from the truth at most, as asked.

    The margin of classes is in probability: a class is held where 1 less its probability is no
    more. It is infinite where too few rows calibrate.
    """

    to: float
    margin: float


@dataclass(frozen=True, slots=True)
class ConformalGroup:
    """How often the truth was inside: of the rows of one class, or of one band of answers."""

    name: str
    rows: int
    coverage: Interval


@dataclass(frozen=True, slots=True)
class Conformal:
    """Sets of classes, or intervals, that hold the truth in a share of ``level`` of rows.

    ``calibrated`` rows told the margins, ``checked`` other rows how often the truth was inside
    (``coverage``) and how large a set or how wide an interval is (``size``). ``bands`` are one a
    class, or one of like answers each; without any there were too few rows.
    """

    level: float
    calibrated: int
    checked: int
    classes: tuple[Scalar, ...]
    bands: tuple[ConformalBand, ...]
    coverage: Interval
    size: Interval
    groups: tuple[ConformalGroup, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Rows on which two models' answers differ more than elsewhere, by ``excess`` on average."""

    where: tuple[tuple[str, str], ...]
    rows: int
    moved: float
    elsewhere: float
    excess: Interval


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that two models answer differently: its truth and both answers, as they are read."""

    row: str
    truth: str
    first: str
    second: str
    moved: float


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How two models answer rows that neither saw.

    ``gain`` is how much better the second is in ``metric``, paired on the same rows and resamples.
    ``changed`` is the share of rows with another decision (of numbers: another answer);
    ``righted`` of them became right, ``wronged`` became wrong (of numbers: nearer, further).
    ``moved`` is the mean distance of the answers: in probability, or in the target's unit;
    ``where`` are slices in which they moved more than elsewhere, ``most`` the rows that moved most.
    ``decides`` tells classes from numbers.
    """

    rows: int
    metric: str
    first: Mapping[str, Interval]
    second: Mapping[str, Interval]
    gain: Interval
    changed: Interval
    righted: int
    wronged: int
    moved: float
    where: tuple[Change, ...]
    most: tuple[ChangedRow, ...]
    decides: bool = True


@dataclass(frozen=True, slots=True)
class DecisionCost:
    """What decisions cost a row on average: by the costs, by probability, and always alike.

    ``saved`` is what deciding by the costs saves against the most probable class, paired, and
    ``saved_beside_always`` against answering ``always``, the class that costs least here.
    ``changed`` rows are decided otherwise than by probability; ``confusion`` counts the rows of
    each class (first place) by the class answered.
    """

    rows: int
    costs: tuple[tuple[float, ...], ...]
    classes: tuple[Scalar, ...]
    cost: Interval
    most_probable: Interval
    always_alike: Interval
    always: Scalar
    saved: Interval
    saved_beside_always: Interval
    changed: int
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Stability:
    """How far fits with other seeds, each without another fifth of the rows, differ.

    ``scores`` are theirs in ``metric`` on the same rows that none saw, ``spread`` is between the
    best and the worst. ``disagreement`` is how often two of them decide a row otherwise, or where
    they do not decide (``decides``) how far their answers lie apart on average.
    """

    fits: int
    rows: int
    metric: str
    scores: tuple[float, ...]
    spread: float
    disagreement: Interval
    decides: bool
