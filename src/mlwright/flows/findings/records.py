"""What a finding is: a step, the terms its record measures, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlwright.checks.judge import Values
from mlwright.checks.records import Scale
from mlwright.core.settings import Settings
from mlwright.run.steps.graph import AnyStep

if TYPE_CHECKING:
    from mlwright.govern.told import Told


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of a model before anything is measured: its task, its columns.

    ``fairness`` are the columns whose groups the rules compare; ``costs`` tells whether mistakes
    have costs.
    """

    task: str
    metric: str
    columns: tuple[str, ...]
    fairness: tuple[str, ...]
    costs: bool = False


def nothing_more(settings: Settings) -> Mapping[str, object]:  # noqa: ARG001 - one of several
    """Return no inputs beside those of every run."""
    return {}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something told of a model by a step of its own, whose record has no clock in it.

    Parameters
    ----------
    step
        Takes any input or output of a build by name; the resources are ``store``, ``tables`` and
        ``progress``.
    scales
        The terms of the checks grammar it measures, by what they can be. Where there are none the
        finding does not apply, and is not carried out.
    values
        The terms' values, from the step's record.
    told
        The record in words and tables, for terminal, report and page.
    always
        Whether each run carries it out; else one whose rules name a term of it, and ``mlw eval``.
    terms
        Each plain term in a sentence, for the reference of checks.
    inputs
        Inputs of its own, out of the settings.
    """

    step: AnyStep
    scales: Callable[[Scope], Mapping[str, Scale]]
    values: Callable[[Any], Values]
    told: Callable[[Any], Told]
    always: bool
    terms: Mapping[str, str] = field(default_factory=dict)
    inputs: Callable[[Settings], Mapping[str, object]] = nothing_more

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name
