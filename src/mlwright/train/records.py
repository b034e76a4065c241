"""What leaves the training stage: the task, the work plan, the search's result, a fitted model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from mlwright.core.encoding import ABSENT, LATER
from mlwright.data.records import Scalar
from mlwright.features.records import Preparation


class TaskKind(str, Enum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    ANOMALY = "anomaly"
    CLUSTERING = "clustering"


@dataclass(frozen=True, slots=True)
class Evening:
    """How the groups of a column are treated more alike: asked for, never chosen.

    ``how`` is ``weights`` (rows count so that each group is labelled alike) or ``thresholds`` (each
    group's own limit, so that the rate behind ``aim`` is alike). ``name`` is a column, or several
    joined by `` & ``.
    """

    how: str
    name: str
    aim: str


@dataclass(frozen=True, slots=True)
class Task:
    """The target and how it is read; ``classes`` are sorted, the last of two is positive.

    Where rows are told apart without a target, ``target`` names what is answered (``p_value``,
    ``cluster``), and ``classes`` are the clusters, the largest first. ``evening`` is what is done
    so that groups are treated more alike, None where that was not asked. ``costs`` are what it
    costs to answer a class (the second place) where another is true (the first): the class that
    costs least to expect is then answered; without costs the most probable one. ``weight`` is the
    column that says how much a row counts in training and in the choice. ``text`` are columns that
    are read word by word, and ``categories`` those that are not, whatever they look like; None
    where none is named.
    """

    kind: TaskKind
    target: str
    classes: tuple[Scalar, ...]
    metric: str
    why: str
    evening: Evening | None = field(default=None, metadata=LATER)
    costs: tuple[tuple[float, ...], ...] = field(default=(), metadata=LATER)
    weight: str | None = field(default=None, metadata=LATER)
    text: tuple[str, ...] | None = field(default=None, metadata=ABSENT)
    categories: tuple[str, ...] | None = field(default=None, metadata=ABSENT)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One entry of the portfolio: an algorithm, its parameters, and how it wants its features.

    ``recipe`` names a recipe of :mod:`mlwright.features.prepare`; None is the algorithm's own.
    ``members`` are those of a ``blend``, whose scores are added up.
    """

    name: str
    algorithm: str
    parameters: Mapping[str, int | float | str | bool]
    recipe: str | None = None
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One configuration of a blend, what its score is multiplied by, and how often it is fitted.

    Several fits differ in their seed alone, and share the weight.
    """

    configuration: Configuration
    weight: float
    fits: int = 1


@dataclass(frozen=True, slots=True)
class Look:
    """A cheap look at all configurations before the few most promising are judged in full.

    Each is fitted on at most ``rows`` rows and judged by the first ``rounds`` rounds; then the best
    ``kept`` go on, among them the best of each algorithm.
    """

    rows: int
    rounds: int
    kept: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The work a search does, decided once by a probe and then only carried out.

    ``folds`` of 0 means the validation part judges; otherwise scores are out of fold.
    ``outer_folds`` and ``repeats`` are those of nested cross-validation, 0 with a sealed test.
    ``rows`` caps the rows a configuration is searched on; the final fit takes all.
    ``unit`` is the column whose equal values share a fold, ``time`` the column that orders the
    rows: folds then follow it, and its raw value is no feature. ``own`` are the models of the
    user's own that configurations name. ``measured`` holds what the probe timed and the seconds it
    foresees for the whole plan; nothing reads them when it is executed.
    ``looks`` come before the configurations are judged in full, and ``mutations`` are tried after
    the first of them, or at the end without one. A blend has at most ``members``, each fitted
    ``fits`` times; a model takes at most ``size`` bytes, and a row at most ``row_seconds`` as
    foreseen by :mod:`mlwright.train.bounds` (None: no bound). ``calibrate`` says that probabilities
    are drawn to what happens where that pays. Of ``spaces`` more configurations are drawn at the
    end, by the scores so far.
    """

    configurations: tuple[Configuration, ...]
    rows: int
    folds: int
    outer_folds: int
    repeats: int
    threads: int
    seed: int
    budget_seconds: float
    machine: str
    measured: Mapping[str, float]
    unit: str | None = None
    time: str | None = None
    own: tuple[OwnModel, ...] = ()
    looks: tuple[Look, ...] = ()
    mutations: int = 0
    members: int = 1
    fits: int = 1
    size: float | None = None
    row_seconds: float | None = None
    calibrate: bool = field(default=False, metadata=LATER)
    spaces: tuple[OwnSpace, ...] = field(default=(), metadata=ABSENT)


@dataclass(frozen=True, slots=True)
class OwnSpace:
    """What else is tried of a model of the user's own: so many draws out of its ``[space]``."""

    model: str
    lines: Mapping[str, str]
    tries: int


@dataclass(frozen=True, slots=True)
class Module:
    """The text of one module of the user's, by the name it is imported under."""

    name: str
    package: bool
    text: str


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A model of the user's own, as a search tries it.

    ``blueprint`` is canonical JSON: which function is called, or which estimator is made with
    which parameters. ``modules`` are the user's modules behind it, so that it can be made again
    when their files have changed; ``code`` is the digest of what in them can decide a fit, and
    ``parts`` the names in it. ``distributions`` are the packages it touches, by version.
    ``recipe`` says how its features are prepared, ``pickle`` whether the user asked for it to be
    kept as a pickle, and ``unseen`` what of the code could not be seen through.
    """

    name: str
    blueprint: str
    recipe: str
    pickle: bool
    code: str
    parts: tuple[str, ...]
    modules: tuple[Module, ...]
    distributions: Mapping[str, str]
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """A configuration's score on rows it was not trained on, and on those it was.

    ``chosen_parameters`` are the configuration's with what the search found out, such as the
    number of trees. ``size`` is the bytes of the predictor and ``row_seconds`` what it takes a row,
    as foreseen from its trees and their leaves; None where that was not foreseen.
    """

    configuration: Configuration
    validation: float
    train: float
    chosen_parameters: Mapping[str, int | float | str | bool]
    size: float | None = field(default=None, metadata=LATER)
    row_seconds: float | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Decision:
    """One automatic choice: what, why, how to override it, and what it cost where that is known."""

    what: str
    why: str
    override: str
    cost: str | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Every configuration's scores, the one chosen, and the price of an interpretable one.

    ``chosen`` is ready to be fitted: it holds what the search found out. ``interpretable`` names
    the best interpretable configuration and ``interpretable_price`` what choosing it costs, at
    least 0: the difference where greater is better, else the share by which the loss grows.
    ``unlabelled`` counts the rows left out because their target is missing.
    """

    metric: str
    scored: tuple[Scored, ...]
    chosen: Configuration
    interpretable: str
    interpretable_price: float
    decisions: tuple[Decision, ...]
    unlabelled: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model as training leaves it: the preparation and the predictor in its native format.

    ``content`` is what the algorithm's module wrote: JSON for ``dummy`` and ``linear``, the text
    of LightGBM's own format, cut after the trees, for ``lightgbm``. The answers of a model are
    rows x classes (probabilities, in the order of the task's classes) or rows x 1 (values).
    """

    configuration: Configuration
    task: Task
    preparation: Preparation
    content: bytes
