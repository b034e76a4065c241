"""A pipeline of your own: steps, connected by the names of their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.run.engine import Runner
from mlwright.run.graph import AnyStep, ordered


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished pipeline: the run's id, and each step's output by name."""

    run: str
    outputs: Mapping[str, object]


class Pipeline:
    """Steps that belong together, in the order of their edges.

    >>> from mlwright.run.step import step
    >>> @step
    ... def doubled(x: int) -> int:
    ...     return 2 * x
    >>> @step
    ... def shown(doubled: int) -> str:
    ...     return f"{doubled}!"
    >>> [each.name for each in Pipeline(shown, doubled).steps]
    ['doubled', 'shown']
    """

    def __init__(self, *steps: AnyStep) -> None:
        self.steps = ordered(steps)

    def run(
        self,
        runner: Runner,
        inputs: Mapping[str, object] | None = None,
        *,
        config: Mapping[str, object] | None = None,
        resources: Mapping[str, object] | None = None,
        command: str = "pipeline",
    ) -> Finished:
        """Carry the pipeline out as one run; what was done before is kept."""
        run = runner.start(command, inputs, config)
        outputs = runner.execute(self.steps, resources=resources)
        runner.finish("finished")
        return Finished(run, outputs)
