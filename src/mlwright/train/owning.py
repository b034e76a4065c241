"""Put models of the user's own into a plan: timed on a sample, as many tries as its share holds."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from mlwright.core.seam import Seam
from mlwright.data.table import Table
from mlwright.train.algorithms.foreign import tried_with
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond
from mlwright.train.records import Configuration, OwnModel, OwnSpace, Plan, Task
from mlwright.train.sampling import OPTUNA, require_optuna
from mlwright.train.space import draws, is_whole, require_names, space_of
from mlwright.train.target import labelled, rows_of

_SAMPLE = 1_000

_MOST_FIRST = 10
"""Draws that are made before there are scores to go by."""


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
    sampler: str = "random",
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
    sampler
        With ``optuna`` a third of the tries are drawn here, and the others by the scores so far.

    Raises
    ------
    UsageError
        ``space-model``, ``space-syntax``, ``optuna-extra``.
    """
    require_names(space, [each.name for each in own])
    if not own:
        return plan
    if sampler == OPTUNA:
        require_optuna()
    known = labelled(table, task.target)
    sample = rows_of(known, _some(len(known.row_ids)))
    drafted = replace(plan, own=own)
    added: list[Configuration] = []
    spaces: list[OwnSpace] = []
    measured = dict(plan.measured)
    rounds = plan.folds or 1
    fits = rounds + plan.repeats * plan.outer_folds * (rounds + 1) + 1
    for each in own:
        offered = [tried_with(each, draw) for draw in draws(space, each.name, tries, plan.seed)]
        seconds = _timed(sample, offered[0], task, drafted, drop, seam)
        one = fits * seconds * max(1.0, min(plan.rows, len(known.row_ids)) / len(sample.row_ids))
        held = max(1, min(len(offered), int(budget / len(own) / max(one, 1e-9))))
        measured[f"seconds_a_try {each.name}"] = one
        if sampler == OPTUNA and not is_whole(space_of(space, each.name), tries):
            first = min(_MOST_FIRST, math.ceil(held / 3))
            mine = {key: line for key, line in space.items() if key.startswith(f"{each.name}.")}
            spaces.append(OwnSpace(each.name, mine, held - first))
            held = first
        added += offered[:held]
    return replace(
        drafted,
        configurations=(*plan.configurations, *added),
        measured=measured,
        spaces=tuple(each for each in spaces if each.tries),
    )


def _some(count: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    places = np.arange(min(_SAMPLE, count), dtype=np.intp)
    return places * count // len(places)


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
