"""How well a copy of the model can be made by asking it, and nothing else.

Whoever asks knows what the columns hold, each by itself, draws rows from that, and learns from the
answers: of two classes the stated log-odds, of more the decision, of a regression the value.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from mlwright.data.table import Table
from mlwright.evaluate.robustness.records import Extraction
from mlwright.evaluate.robustness.subject import Subject
from mlwright.stats.bootstrap import interval
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval
from mlwright.stats.shares import wilson
from mlwright.train.fit import answers, fit
from mlwright.train.records import Configuration, Fitted, Plan, Task, TaskKind

BUDGETS = (250, 1_000, 4_000)
MOST_ROWS = 2_000
COPY = Configuration(
    "copy",
    "lightgbm",
    {
        "trees": 200,
        "rate": 0.08,
        "leaves": 31,
        "smallest_leaf": 5,
        "row_share": 1.0,
        "column_share": 0.8,
        "l2": 0.0,
        "bins": 255,
        "random_thresholds": False,
        "unordered": False,
    },
)
_SUREST = 12.0
"""Log-odds beyond which an answer is 0 or 1 for anybody who reads it."""


def extraction(subject: Subject, plan: Plan) -> Extraction:
    """Return how often copies decide as the model does, after each number of queries.

    No copy is made of a model that gives the same answer to all rows: asking once is enough.
    """
    judged = subject.evenly(MOST_ROWS)
    truth = judged.ask(judged.rows)
    queries = _drawn(subject, max(BUDGETS))
    told = subject.ask(queries)
    if not len(judged.y) or (told == told[0]).all():
        said = "It gives the same answer to all rows: asking once copies it."
        return Extraction(len(judged.y), {}, 1.0, subject.seed, said)
    found: dict[str, Interval] = {}
    for budget in BUDGETS:
        copied = _copied(subject, queries[:budget], told[:budget], judged.rows, plan)
        found[str(budget)] = _alike(judged, truth, copied)
    guess = 0.0
    if judged.decide is not None:
        _, counts = np.unique(judged.decide(truth), return_counts=True)
        guess = float(counts.max() / counts.sum())
    return Extraction(
        len(judged.y), found, guess, subject.seed, _in_words(found, guess, judged.decide is None)
    )


def _drawn(subject: Subject, count: int) -> pl.DataFrame:
    """Return rows whose cells are drawn column by column, as those of real rows are."""
    height = subject.rows.height
    return pl.DataFrame(
        [
            subject.rows[name].gather(subject.generator(f"{name} asked").integers(0, height, count))
            for name in subject.rows.columns
        ]
    )


def _copied(
    subject: Subject, queries: pl.DataFrame, told: FloatArray, rows: pl.DataFrame, plan: Plan
) -> FloatArray | IntArray:
    """Return the decisions of a copy that learnt from answers, or its values."""
    name = _unused(queries.columns)
    if subject.decide is None or told.shape[1] == 2:
        values = _log_odds(told) if subject.decide is not None else told[:, 0]
        guessed = _learned(queries, name, pl.Series(name, values), None, rows, plan)[:, 0]
        if subject.decide is None:
            return guessed
        called = subject.decide(told)
        return (guessed > _cut(values, called)).astype(np.intp)
    called = subject.decide(told)
    classes = np.unique(called)
    if len(classes) == 1:
        return np.full(rows.height, classes[0])
    guessed = _learned(queries, name, pl.Series(name, called), tuple(classes.tolist()), rows, plan)
    return np.asarray(classes[guessed.argmax(axis=1)], dtype=np.intp)


def _learned(
    queries: pl.DataFrame,
    name: str,
    target: pl.Series,
    classes: tuple[int, ...] | None,
    rows: pl.DataFrame,
    plan: Plan,
) -> FloatArray:
    kind = TaskKind.REGRESSION
    if classes is not None:
        kind = TaskKind.BINARY if len(classes) == 2 else TaskKind.MULTICLASS
    task = Task(kind, name, classes or (), "rmse" if classes is None else "log_loss", "a copy")
    ids = pl.Series([f"{place:032x}" for place in range(queries.height)])
    table = Table(queries.with_columns(target.alias(name)), ids)
    alone = replace(plan, folds=0, unit=None, time=None)
    fitted: Fitted = fit(table, COPY, task, alone, ())
    return answers(fitted, rows, threads=plan.threads)


def _log_odds(told: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        odds = np.log(told[:, 1]) - np.log(told[:, 0])
    clipped: FloatArray = np.clip(odds, -_SUREST, _SUREST)
    return clipped


def _cut(values: FloatArray, called: IntArray) -> float:
    """Return where between the log-odds told the decision changes; 0 where that was not seen."""
    below, above = values[called == 0], values[called == 1]
    if not len(below) or not len(above) or below.max() > above.min():
        return 0.0
    return float(below.max() + above.min()) / 2


def _alike(judged: Subject, truth: FloatArray, copied: FloatArray | IntArray) -> Interval:
    if judged.decide is not None:
        same = judged.decide(truth) == copied
        return wilson(float(same.sum()), len(same))
    # Of a regression: the model's answers are the truth of the copy.
    column = np.asarray(copied, dtype=np.float64)[:, None]
    return interval(METRICS["r2"], truth[:, 0], column, seed=judged.seed, units=judged.units)


def _unused(names: list[str]) -> str:
    name = "answer"
    while name in names:
        name += "_"
    return name


def _in_words(found: dict[str, Interval], guess: float, values: bool) -> str:
    budget, last = list(found.items())[-1]
    sure = f"(95 %: {last.low:.1%} to {last.high:.1%})"
    if values:
        return (
            f"A copy made of {int(budget):,} answers explains {last.value:.1%} of what the model's"
            f" answers vary {sure}."
        )
    return (
        f"A copy made of {int(budget):,} answers decides {last.value:.1%} of unseen rows as the"
        f" model does {sure}; always giving the commonest decision would {guess:.1%}."
    )
