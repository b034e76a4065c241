"""Two model versions held against each other on rows that neither of them saw."""

from __future__ import annotations

import numpy as np

from mlwright.data.records import Snapshot, Split
from mlwright.data.table import Table
from mlwright.evaluate.behaviour import behaviour
from mlwright.evaluate.records import Behaviour
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.flows.known import Known
from mlwright.flows.tables import Tables, rows_judged
from mlwright.flows.workspace import Workspace
from mlwright.train.records import Plan, Task
from mlwright.train.target import rows_of


def behaviour_of(first: str, second: str, workspace: Workspace) -> Behaviour | None:
    """Return how the models of two runs answer the rows that both were judged by.

    None where they answer different questions, share no such row, or one is from before answers
    were kept.
    """
    sides = [Known(run, workspace) for run in (first, second)]
    if not all(side.has("unseen") and side.has("task") for side in sides):
        return None
    old, new = (side.of("task", Task) for side in sides)
    if (old.kind, old.target, old.classes) != (new.kind, new.target, new.classes):
        return None
    tables = [_judged(side, workspace) for side in sides]
    answered = [side.of("unseen", Unseen) for side in sides]
    ids = [table.row_ids.to_numpy() for table in tables]
    _, before, after = np.intersect1d(ids[0], ids[1], return_indices=True)
    # In the order of the second table; a row whose truth was corrected since is left out.
    order = np.argsort(after)
    before, after = before[order], after[order]
    same = answered[0].y[before] == answered[1].y[after]
    before, after = before[same], after[same]
    if not len(after):
        return None
    columns = [column.name for column in sides[1].of("snapshot", Snapshot).columns]
    return behaviour(
        rows_of(tables[1], after),
        answered[1].y[after],
        answered[0].answers[before],
        answered[1].answers[after],
        new,
        [name for name in columns if name != new.target],
        unit=sides[1].of("split", Split).unit,
        seed=sides[1].of("plan", Plan).seed,
    )


def _judged(side: Known, workspace: Workspace) -> Table:
    """Return the rows a version was judged by, as they were answered."""
    snapshot, split = side.of("snapshot", Snapshot), side.of("split", Split)
    table = rows_judged(snapshot, split, workspace.store, Tables())
    return judged_rows(table, side.of("unseen", Unseen)).table
