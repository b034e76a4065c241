"""One thing that two things of a kind do not have in common, and which part of them it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mlwright.core.digest import is_digest
from mlwright.evaluate.records import Interval
from mlwright.ledger.records import MetricSummary

_WIDEST = 60


class Part(str, Enum):
    """What a difference is about, in the order it is told."""

    MODEL = "model"
    DATA = "data"
    CODE = "code"
    PARAMETERS = "parameters"
    ENVIRONMENT = "environment"
    METRICS = "metrics"
    CHECKS = "checks"
    CONTRACT = "contract"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, with its value on both sides."""

    what: str
    first: object
    second: object
    part: Part = Part.MODEL


def side_told(value: object) -> str:
    """Return one side in a cell of a table: a digest by its start, a metric with its interval."""
    if isinstance(value, Interval):
        return f"{value.value:.4g} ({value.low:.4g} to {value.high:.4g})"
    if isinstance(value, MetricSummary):
        within = value.low is not None and value.high is not None and value.count > 1
        return f"{value.last:.4g}" + (f" ({value.low:.4g} to {value.high:.4g})" if within else "")
    text = _words(value)
    if is_digest(text):
        return text.removeprefix("sha256:")[:12]
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items() if each != [])
    if isinstance(value, tuple | list):
        return ", ".join(map(_words, value))
    return "" if value is None else str(value)
