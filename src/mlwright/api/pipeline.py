"""A pipeline of your own, from Python: ``mw.pipeline(load, clean, fit).run(source=...)``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlwright.api.project import Project
from mlwright.core.errors import NotFoundError, nearest
from mlwright.flows.pipelines import Carried, carry_out
from mlwright.run.engine import StepReport
from mlwright.run.executors.terminal import Terminal
from mlwright.run.pipelines import pipeline as recipes
from mlwright.run.pipelines.pipeline import Part

if TYPE_CHECKING:
    from mlwright.govern.records import Proof, Why
    from mlwright.run.recorded import RunShape


class Pipeline(recipes.Pipeline):
    """Steps connected by the names of their arguments; :meth:`run` carries them out."""

    def run(
        self,
        inputs: Mapping[str, object] | None = None,
        /,
        *,
        project: str | Path | None = None,
        cache: bool = True,
        executor: str | None = None,
        **named: object,
    ) -> PipelineRun:
        """Carry the pipeline out as one run of the project; a step done before is kept.

        Parameters
        ----------
        inputs
            What the steps take and none of them gives, by name; also as arguments of that name. A
            parameter annotated ``mw.Table`` takes a polars frame as it is; a file, an address, the
            id of a data version or another library's frame is read as a data version first.
        project
            The project's folder; by default the nearest one upwards, else one is made here.
        cache
            False carries out every step, whatever was done before.
        executor
            ``inline``, ``processes`` or ``sandbox``, in place of the setting ``run.executor``.

        Raises
        ------
        MlwrightError
            With a stable ``code``: ``step-input-missing``, ``step-takes``, ``step-type``, each
            before anything runs.
        """
        opened = Project.open(
            None if project is None else Path(project), create=True, environ=os.environ
        )
        given = {**(inputs or {}), **named}
        live = Terminal(sys.stderr)
        carried = carry_out(
            opened.workspace, self, given, cache=cache, live=live, executor=executor
        )
        return PipelineRun(opened, self, carried)

    def _repr_html_(self) -> str:
        """Return the picture of the steps that a notebook shows in place of the pipeline."""
        from mlwright.govern.pipeline import shape_html

        return shape_html(self.laid.shape(self.name))


class PipelineRun:
    """A pipeline that was carried out: outputs by the name of the step, and what each step did."""

    def __init__(self, project: Project, pipeline: recipes.Pipeline, carried: Carried) -> None:
        self.project = project
        self.pipeline = pipeline
        self.carried = carried

    @property
    def id(self) -> str:
        """The run's id."""
        return self.carried.run

    @property
    def reports(self) -> Mapping[str, StepReport]:
        """What each step did: whether it was kept, its seconds, why it cannot be kept."""
        return self.carried.reports

    @property
    def value(self) -> Any:
        """The pipeline's own output: of ``gives``, or of the one step whose output no other takes.

        Raises
        ------
        NotFoundError
            ``step-unknown`` where several steps could be meant.
        """
        if self.carried.laid.result is None:
            raise self._unknown("value")
        return self[self.carried.laid.result]

    def __getitem__(self, step: str) -> Any:
        """Return a step's output; of one that was done over values, each output by its label."""
        if step in self.carried.reports:
            return self.carried.reports[step].value
        variants = self.carried.laid.variants.get(step)
        if variants is None:
            raise self._unknown(step)
        return {label: self.carried.reports[name].value for label, name in variants.items()}

    def __iter__(self) -> Iterator[str]:
        """Give the names of the steps, as they were carried out."""
        return iter(self.carried.reports)

    def _unknown(self, step: str) -> NotFoundError:
        known = [*self.carried.laid.variants, *self.carried.reports]
        near = nearest(step, known)
        return NotFoundError(
            "step-unknown",
            f"the run has no step {step!r}" + (f"; did you mean {near!r}?" if near else ""),
            fix=f"use {near!r}" if near else f"use one of {', '.join(dict.fromkeys(known))}",
            facts={"step": step, "nearest": near},
            looked=[f"the steps of {self.id}"],
        )

    def why(self, step: str | None = None) -> Why:
        """Explain a step (why it was kept or done), or the run, back to the data and the people."""
        return self.project.why(self.id if step is None else step)

    def prove(self) -> Proof:
        """Carry every step out again in a fresh process, from recorded code, and compare."""
        return self.project.prove(self.id)

    def show(self) -> None:
        """Print the steps: what each did, its seconds and its output."""
        print(self)  # noqa: T201 - it is what was asked for

    def _repr_html_(self) -> str:
        """Return the picture and the table that a notebook shows in place of the run."""
        from mlwright.govern.pipeline import run_html

        return run_html(self._shape())

    def __str__(self) -> str:
        from mlwright.govern.pipeline import run_text

        return run_text(self._shape())

    def _shape(self) -> RunShape:
        from mlwright.run.standing import run_shape

        workspace = self.project.workspace
        return run_shape(self.id, workspace.ledger, workspace.store)

    def __repr__(self) -> str:
        done = sum(not each.cached for each in self.reports.values())
        return (
            f"<run {self.id} of pipeline {self.pipeline.name}: {len(self.reports)} steps, "
            f"{done} of them done now>"
        )


def pipeline(*parts: Part, name: str = recipes.USUAL_NAME, gives: str | None = None) -> Pipeline:
    """Connect steps by the names of their arguments: ``mw.pipeline(load, clean, fit)``.

    Parameters
    ----------
    parts
        Functions made steps with ``@mw.step``, uses of them (``clean.named("clean_test",
        table="test")``, ``fit.over(depth=[3, 5])``), and pipelines.
    name
        What it is called: in the record of its runs, and as a part of another pipeline.
    gives
        The part whose output others take under the pipeline's name; by default the only one whose
        output is not taken inside.

    Raises
    ------
    UsageError
        ``step-type`` where the annotations of two steps contradict each other, ``step-cycle``,
        ``step-duplicate``, ``step-takes``, ``artefact-type``.
    """
    return Pipeline(*parts, name=name, gives=gives)
