"""A model's one-page card, as a notebook shows it in place of the object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from mlwright.checks.records import Verdict
from mlwright.evaluate.records import Evaluation
from mlwright.govern.card import in_words, metric_chart, number
from mlwright.registry.records import ModelVersion
from mlwright.scoring.records import ModelPackage


def card_html(
    version: ModelVersion,
    package: ModelPackage,
    evaluation: Evaluation,
    verdicts: Sequence[Verdict],
) -> str:
    """Return a piece of HTML that needs nothing from elsewhere: no style, no script, no host."""
    parts = [
        f"<h3>{escape(version.ref)}</h3>",
        f"<p>{escape(in_words(version, package, evaluation, verdicts))}</p>",
        metric_chart(version, evaluation),
        "".join(_metrics(evaluation)),
        "".join(_checks(verdicts)),
        f"<p>fit: {escape(evaluation.fit.verdict.value)}. {escape(evaluation.fit.why)}</p>",
        f"<p><code>{escape(version.model)}</code>, registered {escape(version.time)} by "
        f"{escape(version.actor)}</p>",
    ]
    return f"<section>{''.join(parts)}</section>"


def _metrics(evaluation: Evaluation) -> Iterator[str]:
    names = ("metric", "value", "low", "high", *evaluation.baselines)
    yield f"<table><tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
    for name, found in evaluation.metrics.items():
        others = (metrics[name].value for metrics in evaluation.baselines.values())
        cells = (name, *map(number, (found.value, found.low, found.high, *others)))
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _checks(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "<ul>"
    for verdict in verdicts:
        yield f"<li>{escape(f'{verdict.outcome.value}: {verdict.rule}: {verdict.why}')}</li>"
    yield "</ul>"
