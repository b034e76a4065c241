"""What the flows hand to the handles: a finished build, and the small records its steps need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.checks.records import Verdict
from mlwright.core.digest import Digest
from mlwright.core.encoding import ABSENT, LATER
from mlwright.data.leaks.records import LeakReport
from mlwright.data.records import Snapshot, Source
from mlwright.data.repair.records import Repaired
from mlwright.evaluate.records import Evaluation
from mlwright.registry.records import ModelVersion
from mlwright.scoring.records import ModelPackage
from mlwright.train.records import Evening, Plan, SearchResult, Task


@dataclass(frozen=True, slots=True)
class Goal:
    """The question: which column to predict, and the task and metric where the user fixed them.

    ``evening`` is what is to be done so that groups are treated more alike, None for nothing.
    ``costs`` are those of mistakes, as they were named; ``weight`` is the column that says how much
    a row counts. ``text`` and ``categories`` are columns of texts that are read word by word, and
    that are not.
    """

    target: str
    task: str | None
    metric: str | None
    evening: Evening | None = field(default=None, metadata=LATER)
    costs: Mapping[str, float] = field(default_factory=dict, metadata=LATER)
    weight: str | None = field(default=None, metadata=LATER)
    text: tuple[str, ...] | None = field(default=None, metadata=ABSENT)
    categories: tuple[str, ...] | None = field(default=None, metadata=ABSENT)


@dataclass(frozen=True, slots=True)
class RowRoles:
    """Which columns say who a row is, when it happened and what it belongs to."""

    key: str | None
    time: str | None
    group: str | None
    seed: int


@dataclass(frozen=True, slots=True)
class SearchRule:
    """What the choice among searched configurations obeys.

    ``left_out`` are the columns that are no features whatever they hold, each with the reason.
    """

    left_out: Mapping[str, str]
    interpretable_within: float

    @property
    def drop(self) -> tuple[str, ...]:
        """The columns that are no features whatever they hold."""
        return tuple(self.left_out)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the evaluation is asked beside its metrics: columns to compare groups of."""

    fairness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Baselines:
    """The models every result is shown beside: one that ignores its input, and a linear one."""

    dummy: ModelPackage
    linear: ModelPackage


@dataclass(frozen=True, slots=True)
class ContractVersion:
    """One version of a name's contract: what it is, who made it when, and of what.

    ``stated`` are the lines a person wrote, ``kept_from`` the number of the version that gave
    what was agreed before; None where all of the rest was inferred.
    """

    name: str
    number: int
    digest: Digest
    stated: tuple[tuple[str, str], ...]
    kept_from: int | None
    data: str
    run: str
    time: str
    actor: str
    event: str


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: everything `mlw run` shows, from the data to the registered version.

    ``findings`` are the records of what was found beside the evaluation, by name. ``snapshot`` is
    the table as it was read, ``repaired`` what steps of the spec made of it, None
    without them. ``outgrown`` tells where the rows go beyond what the contract kept from before.
    """

    run: str
    snapshot: Snapshot
    source: Source
    task: Task
    plan: Plan
    plan_digest: Digest
    search: SearchResult
    package: ModelPackage
    evaluation: Evaluation
    findings: Mapping[str, object]
    leaks: LeakReport
    verdicts: tuple[Verdict, ...]
    version: ModelVersion
    looks: int
    seconds: Mapping[str, float]
    cached: tuple[str, ...]
    contract: ContractVersion
    outgrown: tuple[str, ...]
    repaired: Repaired | None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with rows under it; without ``columns`` a row is a name and a value.

    ``told`` rows are read one after the other, each in lines of its own, rather than compared.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    told: bool = False
