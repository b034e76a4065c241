"""The steps of making a queue: answers out of fold, then the rows; cached and replayable."""

from __future__ import annotations

import numpy as np

from mlwright.data.labels.choosing import Foretold, choose
from mlwright.data.labels.records import Choice, Queue
from mlwright.data.records import Kind, Snapshot
from mlwright.data.split import sealed
from mlwright.data.table import read
from mlwright.features.numbers import Matrix
from mlwright.flows.labelling.records import Asked
from mlwright.run.steps.step import step
from mlwright.store.protocol import Store
from mlwright.train.out_of_fold import out_of_fold
from mlwright.train.target import target_values


@step
def foretold(snapshot: Snapshot, asked: Asked, store: Store) -> Matrix:
    """Answer every row outside the sealed test part by models that did not see it; else NaN."""
    table = read(snapshot, store)
    hidden = sealed(table, asked.splits).to_numpy()
    answers = np.full((len(hidden), max(1, len(asked.task.classes))), np.nan)
    answers[~hidden] = out_of_fold(
        table.filter(~sealed(table, asked.splits)),
        asked.configuration,
        asked.task,
        asked.plan,
        asked.drop,
        folds=asked.folds,
    )
    return answers


@step
def queue(
    snapshot: Snapshot, asked: Asked, foretold: Matrix, choice: Choice, model: str, store: Store
) -> Queue:
    """Choose the rows that people are asked about."""
    table = read(snapshot, store)
    target = asked.task.target
    known = Foretold(target_values(table.frame, asked.task), foretold, asked.task.classes)
    judged, errors = known.suspects()
    kinds = {column.name: column.kind for column in snapshot.columns}
    return Queue(
        data=snapshot.id,
        model=model or None,
        target=target,
        kind=kinds.get(target, Kind.FLOAT),
        classes=asked.task.classes,
        columns=tuple(name for name in table.frame.columns if name != target),
        rows=choose(table, target, known, choice),
        labelled=len(known.labelled),
        sealed=int(sealed(table, asked.splits).sum()),
        judged=len(judged),
        contradicted=int(errors.contradicted.sum()),
        seed=choice.seed,
    )


ALL = (foretold, queue)
