"""A model in plain words and one picture: what its report and its page begin with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import cast

from mlwright.checks.records import Verdict
from mlwright.evaluate.costs import in_words as costs_in_words
from mlwright.evaluate.records import Evaluation
from mlwright.govern.charts import Bar, intervals
from mlwright.govern.plain_words import plainly
from mlwright.govern.reasons import number as in_digits
from mlwright.registry.records import ModelVersion
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import METRICS
from mlwright.train.records import SearchResult, TaskKind

_ROUNDING = 1e-6  # probabilities of classes sum to 1 but for this


def metric_chart(version: ModelVersion, evaluation: Evaluation) -> str:
    """Draw the metric a model was chosen by, with its interval, beside the baselines."""
    name = evaluation.metric
    bars = [Bar(version.ref, evaluation.metrics[name], emphasis=True)]
    bars += [
        Bar(f"{baseline} baseline", metrics[name], emphasis=False)
        for baseline, metrics in evaluation.baselines.items()
    ]
    return intervals(bars, title=f"{name} with 95 % intervals, beside the baselines")


def in_words(
    version: ModelVersion,
    package: ModelPackage,
    evaluation: Evaluation,
    verdicts: Sequence[Verdict],
) -> str:
    """Say in plain words what a model answers and how well, on rows it never saw."""
    found = evaluation.metrics[evaluation.metric]
    state = "passed all of its checks" if not version.failed else "did not pass all of its checks"
    waived = [verdict for verdict in verdicts if verdict.waiver is not None]
    if waived:
        state += " but for " + ", ".join(f"{v.name} (waived: {v.waiver})" for v in waived)
    if not math.isfinite(found.value):
        measured = "is not defined, so nothing is known of how good it is"
    elif not (math.isfinite(found.low) and math.isfinite(found.high)):
        measured = f"was {number(found.value)}; how sure that is, these rows cannot tell"
    else:
        measured = (
            f"was {number(found.value)}, with a 95 % interval from {number(found.low)} to"
            f" {number(found.high)}"
        )
    plain = plainly(package.task, evaluation)
    costs = package.task.costs
    decides = f" It {costs_in_words(costs, package.task.classes)}." if costs else ""
    return (
        f"This model {_question(package)} {len(package.signature.inputs)} columns. On"
        f" {evaluation.rows:,} rows it had never seen, its {evaluation.metric} {measured}."
        f"{' ' + plain if plain else ''}{decides} It {state}."
    )


def _question(package: ModelPackage) -> str:
    task = package.task
    if task.kind is TaskKind.ANOMALY:
        return "tells how unusual a row is, as the share of rows that are as unusual, from"
    if task.kind is TaskKind.CLUSTERING:
        return f"puts a row into the nearest of {len(task.classes)} clusters by"
    return f"answers a {task.kind.value} question: it predicts “{task.target}” from"


def interpretable(search: SearchResult) -> str:
    """Say what the interpretable configuration costs, or that it is the one chosen."""
    name, price = search.interpretable, search.interpretable_price
    # Where less is better the price is the share by which the loss grows.
    better = METRICS[search.metric].greater_is_better
    cost = f"{number(price)} of {search.metric}" if better else f"{price:.2%} more {search.metric}"
    if search.chosen.name == name:
        return f"{name} is also the interpretable one" + (
            f", chosen though another is better by {cost}" if price > 0 else ""
        )
    if price == math.inf:
        return f"{name}, the interpretable one, could not be compared"
    return f"{name}, the interpretable one, would cost {cost}"


def said(row: Mapping[str, object]) -> str:
    """Say what a listed prediction answered: its class and share, or its number.

    >>> said({"value": "yes", "answer": [0.2, 0.8]}), said({"value": 2.5, "answer": [2.5]})
    ('yes (80.0%)', '2.5')
    >>> said({"value": 2, "answer": [4.1, 1.25]})  # the nearest of two clusters
    '2 (at 1.25)'
    >>> said({"value": None, "answer": [0.25, 0.75]})  # of a model that the log does not know
    '0.25, 0.75'
    """
    answer = cast("Sequence[float]", row["answer"])
    if row["value"] is None:
        return ", ".join(map(number, answer))
    if len(answer) == 1:
        return number(row["value"])
    shares = math.isclose(sum(answer), 1.0, abs_tol=_ROUNDING)
    sure = f"{max(answer):.1%}" if shares else f"at {number(min(answer))}"
    return f"{number(row['value'])} ({sure})"


def number(value: object) -> str:
    """Return a number in the digits a person reads.

    >>> number(0.83412), number(18806.4), number(1234567), number(float("nan"))
    ('0.8341', '18,806', '1,234,567', 'not defined')
    """
    if isinstance(value, float):
        return in_digits(value) if math.isfinite(value) else "not defined"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
