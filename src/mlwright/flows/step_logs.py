"""What the steps of a run printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from mlwright.core.digest import Digest
from mlwright.flows.workspace import Workspace
from mlwright.run.history import run_record


@dataclass(frozen=True, slots=True)
class StepLog:
    """What one step printed; None where it was kept once and was erased since.

    ``failed`` tells that the run failed there; ``failures`` are the codes of the attempts before
    one that gave something; ``cached`` tells that it was printed in the run that made the output.
    """

    step: str
    text: str | None
    cached: bool
    failed: bool
    failures: tuple[str, ...]
    executor: str


def step_logs(run: str, workspace: Workspace) -> tuple[StepLog, ...]:
    """Return what each step of a run printed, in the order they ended; silent ones are left out.

    Raises
    ------
    NotFoundError
        ``run-unknown``
    """
    record = run_record(workspace.ledger, run)
    found = [
        StepLog(
            step=each.step,
            text=_text(each.log, workspace),
            cached=each.cached,
            failed=False,
            failures=each.failures,
            executor=each.executor,
        )
        for each in record.steps
        if each.log is not None
    ]
    for event in workspace.ledger.events(subject=record.id, kind="run.failed"):
        log = event.facts.get("log")
        if log is not None:
            step = cast("str", event.facts["step"])
            text = _text(Digest(str(log)), workspace)
            found.append(StepLog(step, text, cached=False, failed=True, failures=(), executor=""))
    return tuple(found)


def _text(log: Digest, workspace: Workspace) -> str | None:
    if not workspace.store.has(log):
        return None
    return workspace.store.get(log).decode("utf-8", "replace")
