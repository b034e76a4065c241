"""Put models of the user's own into a plan: timed on a sample, as many tries as its share holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from mlwright.core.seam import Seam
from mlwright.data.table import Table
from mlwright.train.algorithms.foreign import parameters_of
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond
from mlwright.train.own.content import ALGORITHM
from mlwright.train.records import Configuration, OwnModel, Plan, Task
from mlwright.train.space import draws, require_names
from mlwright.train.target import labelled, rows_of

_SAMPLE = 1_000


def with_own(
    plan: Plan,
    own: tuple[OwnModel, ...],
    table: Table,
    task: Task,
    drop: Collection[str],
    *,
    space: Mapping[str, str],
    tries: int,
    budget: float,
    seam: Seam,
) -> Plan:
    """Return a plan that tries models of the user's own beside what it held.

    Each is fitted on a sample first: what cannot be fitted is told before anything else is done,
    and the seconds say how many of its parameters fit into its share of the budget. One try of
    each is always made.

    Parameters
    ----------
    space
        The lines of ``[space]``.
    budget
        Seconds for all of them.
    """
    require_names(space, [each.name for each in own])
    if not own:
        return plan
    known = labelled(table, task.target)
    sample = rows_of(known, _some(len(known.row_ids)))
    drafted = replace(plan, own=own)
    added: list[Configuration] = []
    measured = dict(plan.measured)
    rounds = plan.folds or 1
    fits = rounds + plan.repeats * plan.outer_folds * (rounds + 1) + 1
    for each in own:
        offered = [
            Configuration(_named(each, draw), ALGORITHM, parameters_of(each, draw), each.recipe)
            for draw in draws(space, each.name, tries, plan.seed)
        ]
        seconds = _timed(sample, offered[0], task, drafted, drop, seam)
        one = fits * seconds * max(1.0, min(plan.rows, len(known.row_ids)) / len(sample.row_ids))
        held = max(1, min(len(offered), int(budget / len(own) / max(one, 1e-9))))
        added += offered[:held]
        measured[f"seconds_a_try {each.name}"] = one
    return replace(drafted, configurations=(*plan.configurations, *added), measured=measured)


def _some(count: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    places = np.arange(min(_SAMPLE, count), dtype=np.intp)
    return places * count // len(places)


def _named(own: OwnModel, draw: Mapping[str, object]) -> str:
    told = ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in draw.items()
    )
    return f"{own.name}({told})" if told else own.name


def _timed(
    sample: Table,
    configuration: Configuration,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    seam: Seam,
) -> float:
    """Return the seconds of a fit: without rows to judge by, as the last one, and with them."""
    preparation, rows = prepare_rows(
        sample, recipe_of(configuration), task, plan.time, drop, unit=plan.unit
    )
    if not preparation.outputs:
        return 0.0
    learned = learn(rows, configuration, preparation, task, plan, None)
    respond(learned, rows.X[:2], configuration, preparation, task, plan)
    began = seam.elapsed()
    learned = learn(rows, configuration, preparation, task, plan, rows)
    respond(learned, rows.X, configuration, preparation, task, plan)
    return seam.elapsed() - began
