"""What a step of a run gave, read back."""

from __future__ import annotations

from typing import TypeVar

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError
from mlwright.core.ids import short
from mlwright.core.records import load
from mlwright.flows.workspace import Workspace

R = TypeVar("R")


def step_output(run: str, step: str, kind: type[R], workspace: Workspace) -> R:
    """Return the record a step of a run gave.

    Raises
    ------
    NotFoundError
        ``step-unknown`` when the run finished no such step.
    """
    for event in workspace.ledger.events(kind="step.finished", subject=run):
        if event.facts["step"] == step:
            return load(kind, workspace.store.get(Digest(str(event.facts["output"]))))
    raise NotFoundError(
        "step-unknown",
        f"run {short(run)} has no finished step {step!r}",
        fix=f"mlw show {short(run)}",
        facts={"run": run, "step": step},
        looked=[f"the step events of {short(run)}"],
    )
