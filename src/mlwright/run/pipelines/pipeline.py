"""A pipeline of your own: steps, connected by the names of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mlwright.core.errors import UsageError
from mlwright.run.engine import Runner
from mlwright.run.pipelines.layout import Input, Laid, lay_out
from mlwright.run.pipelines.scope import Scope, require_known
from mlwright.run.steps.graph import AnyStep
from mlwright.run.steps.step import Step
from mlwright.run.steps.use import Use

USUAL_NAME = "pipeline"


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished pipeline: the run's id, and each step's output by the step's name in the run."""

    run: str
    outputs: Mapping[str, object]


class Pipeline:
    """Steps that belong together, in the order of their edges.

    Parameters
    ----------
    parts
        Steps, plain functions, uses of steps (``step.named(...)``, ``step.over(...)``) and
        pipelines, each under a name of its own.
    name
        What it is called: in the record, and as a part of another pipeline.
    gives
        The part whose output others take under the pipeline's name; by default the only one whose
        output is not taken inside.

    >>> from mlwright.run.steps.step import step
    >>> @step
    ... def doubled(x: int) -> int:
    ...     return 2 * x
    >>> @step
    ... def shown(doubled: int) -> str:
    ...     return f"{doubled}!"
    >>> [each.name for each in Pipeline(shown, doubled.over(x=[1, 2])).steps]
    ['doubled[x=1]', 'doubled[x=2]', 'shown[x=1]', 'shown[x=2]']
    """

    def __init__(self, *parts: Part, name: str = USUAL_NAME, gives: str | None = None) -> None:
        self.__name__ = self.name = name
        self.gives = gives
        self.parts = _by_name(parts)
        if not self.parts:
            raise UsageError(
                "pipeline-empty",
                "a pipeline was given no steps",
                fix="give its steps: mw.pipeline(load, clean, fit)",
            )
        self.laid = self.lay_out()

    @property
    def steps(self) -> tuple[AnyStep, ...]:
        """The steps as they will be carried out, in the order of their edges."""
        return self.laid.steps

    @property
    def inputs(self) -> Mapping[str, Input]:
        """What a run of it is given, by name."""
        return self.laid.inputs

    def named(self, name: str, /, **takes: str) -> Use:
        """Return the pipeline as a part of another, under a name: see :meth:`Use.named`."""
        return Use(self, self.name).named(name, **takes)

    def over(
        self, together: Sequence[Mapping[str, object]] = (), /, **values: Sequence[object]
    ) -> Use:
        """Return the pipeline as a part of another, once for each value: see :meth:`Use.over`."""
        return Use(self, self.name).over(together, **values)

    def lay_out(self, sources: Mapping[str, AnyStep] | None = None) -> Laid:
        """Lay the steps out; ``sources`` are steps that make inputs: see :func:`lay_out`."""
        return lay_out(_scope(self, "", None, None), sources)

    def carry_out(
        self,
        runner: Runner,
        inputs: Mapping[str, object] | None = None,
        *,
        config: Mapping[str, object] | None = None,
        resources: Mapping[str, object] | None = None,
        laid: Laid | None = None,
        command: str = USUAL_NAME,
    ) -> Finished:
        """Carry the pipeline out as one run; what was done before is kept."""
        laid = laid or self.laid
        run = runner.start(command, inputs, config, laid.shape(self.name), hold=True)
        outputs = runner.execute(laid.steps, resources=resources, hold=True)
        runner.finish("finished")
        return Finished(run, outputs)

    def __repr__(self) -> str:
        return f"<pipeline {self.name} of {', '.join(self.parts)}>"


Part: TypeAlias = AnyStep | Callable[..., Any] | Use | Pipeline
"""What a pipeline may be made of."""


def _by_name(parts: Sequence[Part]) -> dict[str, Use]:
    by_name: dict[str, Use] = {}
    for part in parts:
        use = _use(part)
        if use.name in by_name:
            raise UsageError(
                "step-duplicate",
                f"two parts of a pipeline are named {use.name!r}: "
                f"{_told(by_name[use.name])} and {_told(use)}",
                fix=f"give one another name: {use.part.__name__}.named('OTHER')",
                facts={"step": use.name},
            )
        by_name[use.name] = use
    return by_name


def _use(part: Part) -> Use:
    if isinstance(part, Use):
        return part
    if isinstance(part, Pipeline | Step):
        return Use(part, part.name)
    if callable(part) and hasattr(part, "__code__"):
        return Use(Step(part), part.__name__)
    kind = type(part).__qualname__
    raise UsageError(
        "pipeline-part",
        f"a {kind} is no part of a pipeline",
        fix="give functions made steps with @mw.step, and pipelines",
        facts={"type": kind},
    )


def _told(use: Use) -> str:
    return f"pipeline {use.part.name}" if isinstance(use.part, Pipeline) else use.part.qualified


def _scope(pipeline: Pipeline, name: str, use: Use | None, around: Scope | None) -> Scope:
    """Return a pipeline in its place, those inside it too."""
    scope = Scope(name, pipeline.gives, use, around, {})
    for part in pipeline.parts.values():
        inner = part.part
        if isinstance(inner, Pipeline):
            require_known(part, inner.inputs)
            scope.parts[part.name] = _scope(inner, scope.full(part.name), part, scope)
        else:
            scope.parts[part.name] = part
    return scope
