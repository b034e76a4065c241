"""Judge by repeated nested cross-validation, where a table has too few rows to seal a part.

Each outer fold is answered by a model whose whole search (choice, tuning, fit) saw only the other
folds, so that no answer rests on a choice its own row took part in. The interval is over rows; it
does not hold how the search itself would vary on other rows of the same kind, so it is somewhat
too narrow (Bates, Hastie and Tibshirani 2024); the repeats average out where the folds fell.

Where a column orders the rows in time, each outer fold is answered by a search over the rows
before it: the first rows judge nothing, and there is one way to cut, so one repeat.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.estimate import DUMMY, LINEAR, MODEL, Round
from mlwright.evaluate.truth import Judged, judgeable
from mlwright.evaluate.unseen import Unseen
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.metrics import METRICS
from mlwright.train import portfolio
from mlwright.train.fit import answers as predict
from mlwright.train.fit import fit
from mlwright.train.memory import Forgetful, Memory, Within
from mlwright.train.progress import Progress, Silent
from mlwright.train.records import Plan, Task
from mlwright.train.rounds import rounds_of
from mlwright.train.search import search
from mlwright.train.target import rows_of

METHOD = "nested cross-validation"


@dataclass(frozen=True, slots=True)
class _Question:
    """What every search is asked."""

    task: Task
    plan: Plan
    drop: Sequence[str]
    interpretable_within: float
    unit: str | None
    memory: Memory


def nested(
    table: Table,
    task: Task,
    plan: Plan,
    drop: Sequence[str],
    *,
    interpretable_within: float,
    unit: str | None = None,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Unseen:
    """Return the answers of what the search makes of a table, each row's by models without it.

    Parameters
    ----------
    plan
        Says how many outer folds and repeats, and is what each inner search carries out.
    unit
        The column of the split's units: whole units are left out together.
    memory
        Keeps what was judged, for when this is cut short.
    """
    memory = memory or Forgetful()
    asked = _Question(task, plan, drop, interpretable_within, unit, memory)
    progress = progress or Silent()
    judged = judgeable(table, task)
    count = plan.repeats if plan.time is None else 1
    progress.start(count * plan.outer_folds, METHOD)
    # Another seed than the plan's own, which decides the inner folds.
    repeats = [
        _repeat(judged, asked, seed=plan.seed + 1 + repeat, progress=progress)
        for repeat in range(count)
    ]
    progress.finish()
    judged, rounds = _answered(judged, [each.round for each in repeats], plan)
    inside = [fold for each in repeats for fold in each.inside]
    return Unseen(
        METHOD,
        judged.places,
        judged.y,
        tuple(rounds),
        judged.left_out,
        train=_mean([fold.train for fold in inside]),
        validation=_mean([fold.validation for fold in inside]),
        choices=_choices(inside),
    )


@dataclass(frozen=True, slots=True)
class _Inside:
    """What the search in one outer fold chose, and its scores in the task's metric."""

    chosen: str
    train: float
    validation: float


@dataclass(frozen=True, slots=True, eq=False)
class _Repeat:
    """One pass over the outer folds."""

    round: Round
    inside: tuple[_Inside, ...]


def _repeat(judged: Judged, asked: _Question, *, seed: int, progress: Progress) -> _Repeat:
    outputs = len(asked.task.classes) or 1
    answers = {name: np.full((len(judged.y), outputs), math.nan) for name in (MODEL, DUMMY, LINEAR)}
    fold_of: IntArray = np.full(len(judged.y), -1, dtype=np.intp)
    inside = []
    folds = rounds_of(
        judged.table,
        asked.task,
        asked.plan.outer_folds,
        seed=seed,
        unit=asked.unit,
        time=asked.plan.time,
    )
    for fold, (fitting, judging) in enumerate(folds):
        fold_of[judging] = fold
        inside.append(_fold(judged, asked, fitting, judging, answers, f"{seed}-{fold}"))
        progress.advance(f"outer fold {fold + 1} of {len(folds)}")
    return _Repeat(Round(answers, fold_of), tuple(inside))


def _fold(
    judged: Judged,
    asked: _Question,
    fitting: IntArray,
    judging: IntArray,
    answers: dict[str, FloatArray],
    place: str,
) -> _Inside:
    """Answer one outer fold; ``place`` tells it from the others."""
    task, plan, drop = asked.task, asked.plan, asked.drop
    seen = rows_of(judged.table, fitting)
    held_out = judged.table.frame[judging]
    found = search(
        seen,
        None,
        task,
        plan,
        drop,
        interpretable_within=asked.interpretable_within,
        progress=Silent(),
        memory=Within(asked.memory, place),
    )
    chosen = {MODEL: found.chosen, DUMMY: portfolio.DUMMY, LINEAR: portfolio.LINEAR}
    fitted = {name: fit(seen, each, task, plan, drop) for name, each in chosen.items()}
    for name, each in fitted.items():
        answers[name][judging] = predict(each, held_out, threads=plan.threads)
    metric = METRICS[task.metric]
    known = metric.function(
        judged.y[fitting], predict(fitted[MODEL], seen.frame, threads=plan.threads)
    )
    scored = next(s for s in found.scored if s.configuration.name == found.chosen.name)
    return _Inside(found.chosen.name, known, scored.validation)


def _answered(
    judged: Judged, rounds: Sequence[Round], plan: Plan
) -> tuple[Judged, Sequence[Round]]:
    """Leave out the rows that no fold left out: they were only ever learned from."""
    folds = [each.folds for each in rounds if each.folds is not None]
    kept = np.flatnonzero(np.all([fold >= 0 for fold in folds], axis=0))
    alone = len(judged.y) - len(kept)
    if not alone:
        return judged, rounds
    why = "no other has its class" if plan.time is None else "nothing came before it to learn from"
    left_out = {**judged.left_out, why: alone}
    fewer = [
        Round({name: found[kept] for name, found in each.answers.items()}, fold[kept])
        for each, fold in zip(rounds, folds, strict=True)
    ]
    return Judged(rows_of(judged.table, kept), judged.y[kept], left_out, judged.places[kept]), fewer


def _choices(inside: Sequence[_Inside]) -> str:
    """Say what the searches chose: where they differ, the table says little which is best."""
    times = Counter(fold.chosen for fold in inside)
    ranked = sorted(times.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{name} {count}" for name, count in ranked)
    return f"chosen in {len(inside)} outer folds: {listed}"


def _mean(scores: Sequence[float]) -> float:
    defined = [score for score in scores if not math.isnan(score)]
    return math.fsum(defined) / len(defined) if defined else math.nan
