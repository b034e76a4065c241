"""Choose how many clusters a table has: those that stand apart, and come again.

A number of clusters is worth how much better its silhouette is, on rows it was not fitted on, than
that of the same method on the same columns, each shuffled on its own, times how well fits on rows
drawn again agree with it. Nothing reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import transform
from mlwright.stats.clusters import adjusted_rand, kmeans, shuffled, silhouettes, squares_to
from mlwright.stats.counts import FloatArray
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Decision, Plan, Scored, SearchResult, Task
from mlwright.train.unsupervised.centres import bounded
from mlwright.train.unsupervised.fit import at_most, prepared

MOST_CLUSTERS = 10
AGAIN = 3
"""Fits on rows drawn again that a number of clusters is held against."""

_STARTS = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """One number of clusters: its silhouettes, and how far fits on rows drawn again agree."""

    train: float
    held_out: float
    shuffled: float
    stability: float

    @property
    def worth(self) -> float:
        """How far it stands out, and comes again."""
        return (self.held_out - self.shuffled) * max(self.stability, 0.0)


def only(configuration: Configuration, task: Task, reason: str) -> SearchResult:
    """Return the result of a search that had one configuration to choose from."""
    scored = Scored(configuration, float("nan"), float("nan"), configuration.parameters)
    decision = Decision(f"the configuration {configuration.name}", reason, "none: it is the only")
    named = configuration.name
    return SearchResult(task.metric, (scored,), configuration, named, 0.0, (decision,))


def choose(
    train: Table,
    validation: Table,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    *,
    progress: Progress,
) -> SearchResult:
    """Return every number of clusters with what it is worth, and the worthiest."""
    preparation, X = prepared(at_most(train, plan.rows), plan, drop)
    learnt = bounded(X)
    held_out = bounded(transform(preparation, at_most(validation, plan.rows).frame))
    scored: list[Scored] = []
    trials: list[Trial] = []
    progress.start(len(plan.configurations), "")
    for each in plan.configurations:
        trials.append(_trial(learnt, held_out, int(each.parameters["clusters"]), plan.seed))
        scored.append(Scored(each, trials[-1].held_out, trials[-1].train, each.parameters))
        progress.advance(f"{each.name}: silhouette {trials[-1].held_out:.3f}")
    progress.finish()
    worths = [each.worth for each in trials]
    best = int(np.argmax(worths))
    chosen, trial = plan.configurations[best], trials[best]
    why = (
        f"silhouette {trial.held_out:.3f} on rows not trained on, {trial.shuffled:.3f} without"
        f" clusters, agreement of fits on rows drawn again {trial.stability:.2f}: no other number"
        f" of clusters, of {len(trials)}, stands out as far and comes again as surely"
    )
    decisions = (
        Decision("the task", task.why, "--task"),
        Decision(f"{chosen.parameters['clusters']} clusters", why, "search.clusters"),
    )
    return SearchResult(task.metric, tuple(scored), chosen, chosen.name, 0.0, decisions)


def _trial(X: Matrix, held_out: Matrix, count: int, seed: int) -> Trial:
    centres = kmeans(X, count, seed)
    squares = squares_to(held_out, centres)
    nearest = np.argmin(squares, axis=1)
    once = np.ones((1, len(held_out)))
    agreed = [
        float(adjusted_rand(nearest, np.argmin(squares_to(held_out, again), axis=1))(once)[0])
        for again in fits_again(X, count, seed, AGAIN)
    ]
    loose = kmeans(shuffled(X, seed), count, seed, starts=_STARTS)
    return Trial(
        train=_silhouette(squares_to(X, centres)),
        held_out=_silhouette(squares),
        shuffled=_silhouette(squares_to(shuffled(held_out, seed + 1), loose)),
        stability=float(np.mean(agreed)),
    )


def fits_again(X: Matrix, count: int, seed: int, times: int) -> list[FloatArray]:
    """Return the centres of fits on rows drawn again, as many with repeats as there are."""
    found = []
    for number in range(times):
        draw = np.random.Generator(np.random.PCG64([seed, count, number]))
        rows = draw.integers(0, len(X), len(X))
        found.append(kmeans(X[rows], count, seed + number, starts=_STARTS))
    return found


def _silhouette(squares: FloatArray) -> float:
    return float(np.mean(silhouettes(np.sqrt(squares))))
