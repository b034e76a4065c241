"""The model of a build, ready to be asked about changed rows as its endpoint would be."""

from __future__ import annotations

import numpy as np

from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.robustness.subject import Subject, subject_of
from mlwright.evaluate.truth import judgeable
from mlwright.flows.tables import Tables, rows_judged
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.metrics import BINARY, MULTICLASS, REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

ASKED = (BINARY, MULTICLASS, REGRESSION)
"""The tasks whose rows have a truth, and whose models can be examined."""


def subject_asked(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Subject:
    """Return the model with the rows it is judged by: the sealed ones, or all where none is."""
    scorer = load(model, store)
    place = {each: number for number, each in enumerate(task.classes)}

    def decide(answers: FloatArray) -> IntArray:
        return np.array([place[each] for each in scorer.decide(answers)], dtype=np.intp)

    return subject_of(
        scorer.predict_frame,
        decide if task.classes else None,
        model.signature.inputs,
        model.contract,
        judgeable(rows_judged(snapshot, split, store, tables), task),
        task,
        unit=split.unit,
        seed=plan.seed,
    )
