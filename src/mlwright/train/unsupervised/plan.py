"""The work of a model without a target: always the same, whatever the machine."""

from __future__ import annotations

from mlwright.data.records import Split
from mlwright.train.records import Configuration, Plan, TaskKind
from mlwright.train.settings import SearchSettings
from mlwright.train.unsupervised.catalogue import ALGORITHM_OF
from mlwright.train.unsupervised.choose import MOST_CLUSTERS

ROWS = {TaskKind.ANOMALY: 9_000, TaskKind.CLUSTERING: 2_000}
"""Rows a model is fitted on: more make it no better, and its p-values finer than anyone reads."""

FOLDS = 5


def plan_of(kind: TaskKind, split: Split, settings: SearchSettings, machine: str) -> Plan:
    """Return the plan for a task; ``search.clusters`` fixes how many clusters there are."""
    algorithm = ALGORITHM_OF[kind]
    configurations: tuple[Configuration, ...] = (Configuration(algorithm, algorithm, {}),)
    if kind is TaskKind.CLUSTERING:
        asked = settings.clusters
        counts = range(2, MOST_CLUSTERS + 1) if asked is None else (asked,)
        configurations = tuple(
            Configuration(f"{algorithm}-{count}", algorithm, {"clusters": count})
            for count in counts
        )
    return Plan(
        configurations=configurations,
        rows=ROWS[kind],
        folds=FOLDS if split.method == "nested" else 0,
        outer_folds=0,
        repeats=0,
        threads=1,
        seed=settings.seed,
        budget_seconds=settings.budget,
        machine=machine,
        measured={},
        unit=split.unit,
        time=split.time,
    )
