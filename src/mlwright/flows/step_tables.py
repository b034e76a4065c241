"""A table that a step of a run made, named as ``r_…/STEP``, as a source of data."""

from __future__ import annotations

from pathlib import Path, PurePath

from mlwright.core.errors import NotFoundError, UsageError, nearest
from mlwright.core.ids import Noun, noun_of, short
from mlwright.data.frame import Table
from mlwright.data.sources.address import absolute
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.run.artefacts import CONTAINER, unpack
from mlwright.run.history import run_record


def step_named(source: str | None, workspace: Workspace) -> tuple[str, str] | None:
    """Return the run and the step that a source names; None where it names a table.

    Raises
    ------
    NotFoundError
        ``id-unknown`` for a run that there is none of.
    """
    run, step = PurePath(source or "").parent.name, PurePath(source or "").name
    if noun_of(run) is not Noun.RUN or Path(absolute(f"{run}/{step}", workspace.folder)).exists():
        return None
    return resolve(run, workspace.ledger), step


def table_of_step(run: str, step: str, workspace: Workspace) -> Table:
    """Return the table that a step of a run made.

    Raises
    ------
    NotFoundError
        ``step-unknown`` when the run finished no such step.
    UsageError
        ``step-no-table`` when it made something else.
    """
    finished = {each.step: each for each in run_record(workspace.ledger, run).steps}
    if step not in finished:
        near = nearest(step, list(finished))
        raise NotFoundError(
            "step-unknown",
            f"run {short(run)} finished no step {step!r}"
            + (f"; did you mean {near!r}?" if near else ""),
            fix=f"use {short(run)}/{near}" if near else f"mlw show {short(run)}",
            facts={"run": run, "step": step, "nearest": near},
            looked=[f"the {len(finished)} steps of {short(run)}"],
        )
    found = finished[step]
    kind = found.kind.rpartition(":")[2]
    if kind == CONTAINER:  # a record may be of a class that is not here: it is not opened
        made = unpack(found.kind, workspace.store.get(found.output))
        if isinstance(made, Table):
            return made
        kind = type(made).__name__
    raise UsageError(
        "step-no-table",
        f"step {step!r} of {short(run)} made no table but a {kind}",
        fix=f"name a step that returns mw.Table: mlw show {short(run)}",
        facts={"run": run, "step": step},
    )
