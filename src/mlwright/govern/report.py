"""A model's report: one HTML file that needs nothing else, for engineers and for others."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from mlwright.checks.records import Verdict
from mlwright.data.promises import values_told
from mlwright.evaluate.records import Evaluation
from mlwright.govern.card import in_words, interpretable, metric_chart, number
from mlwright.govern.records import Why
from mlwright.govern.told import Told, cell_text
from mlwright.registry.records import ModelVersion
from mlwright.scoring.records import ModelPackage
from mlwright.train.records import Decision, SearchResult


def render(
    version: ModelVersion,
    package: ModelPackage,
    search: SearchResult,
    evaluation: Evaluation,
    verdicts: tuple[Verdict, ...],
    why: Why,
    findings: tuple[Told, ...] = (),
    decisions: tuple[Decision, ...] = (),
) -> str:
    """Return the report as one HTML document; the same records give the same bytes."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["number"] = number
    environment.filters["cell"] = cell_text
    taken = {column.name for column in package.signature.inputs}
    template = environment.from_string(
        files("mlwright.govern").joinpath("templates/report.html").read_text("utf-8")
    )
    return template.render(
        version=version,
        package=package,
        search=search,
        interpretable=interpretable(search),
        evaluation=evaluation,
        verdicts=verdicts,
        findings=findings,
        decisions=decisions,
        features=[f for f in package.contract.features if f.name in taken],
        promises={f.name: values_told(f) for f in package.contract.features},
        why=why,
        summary=in_words(version, package, evaluation, verdicts),
        chart=metric_chart(version, evaluation),
    )
