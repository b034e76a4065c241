"""A model's report: one HTML file that needs nothing else, for engineers and for others."""

from __future__ import annotations

import math
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from mlwright.checks.records import Verdict
from mlwright.evaluate.records import Evaluation
from mlwright.govern.charts import Bar, intervals
from mlwright.govern.records import Why
from mlwright.registry.records import ModelVersion
from mlwright.scoring.records import ModelPackage
from mlwright.train.records import SearchResult


def render(
    version: ModelVersion,
    package: ModelPackage,
    search: SearchResult,
    evaluation: Evaluation,
    verdicts: tuple[Verdict, ...],
    why: Why,
) -> str:
    """Return the report as one HTML document; the same records give the same bytes."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["number"] = _number
    taken = {column.name for column in package.signature.inputs}
    template = environment.from_string(
        files("mlwright.govern").joinpath("templates/report.html").read_text("utf-8")
    )
    return template.render(
        version=version,
        package=package,
        search=search,
        evaluation=evaluation,
        verdicts=verdicts,
        features=[f for f in package.contract.features if f.name in taken],
        why=why,
        summary=_in_words(version, package, evaluation),
        chart=_chart(version, evaluation),
    )


def _chart(version: ModelVersion, evaluation: Evaluation) -> str:
    name = evaluation.metric
    bars = [Bar(version.ref, evaluation.metrics[name], emphasis=True)]
    bars += [
        Bar(f"{baseline} baseline", metrics[name], emphasis=False)
        for baseline, metrics in evaluation.baselines.items()
    ]
    return intervals(bars, title=f"{name} with 95 % intervals, beside the baselines")


def _in_words(version: ModelVersion, package: ModelPackage, evaluation: Evaluation) -> str:
    found = evaluation.metrics[evaluation.metric]
    state = "passed all of its checks" if not version.failed else "did not pass all of its checks"
    if not math.isfinite(found.value):
        measured = "is not defined, so nothing is known of how good it is"
    elif not (math.isfinite(found.low) and math.isfinite(found.high)):
        measured = f"was {_number(found.value)}; how sure that is, these rows cannot tell"
    else:
        measured = (
            f"was {_number(found.value)}; the true value lies between {_number(found.low)} and"
            f" {_number(found.high)} in 95 of 100 such samples"
        )
    return (
        f"This model answers a {package.task.kind.value} question: it predicts"
        f" “{package.task.target}” from {len(package.signature.inputs)} columns. On"
        f" {evaluation.rows:,} rows it had never seen, its {evaluation.metric} {measured}."
        f" It {state}."
    )


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "not defined"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
