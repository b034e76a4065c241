"""What a run was done with, written out: its code as it stood, its environment built again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlwright.core.errors import NotFoundError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import load
from mlwright.flows.environments import build_environment
from mlwright.flows.workspace import Workspace
from mlwright.registry.versions import find
from mlwright.run.code.snapshot import restore_code
from mlwright.run.environments.records import Rebuilt
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord
from mlwright.run.records import CodeState


@dataclass(frozen=True, slots=True)
class CodeOut:
    """The code of a run as it was written out: where, how many files, and what was never kept."""

    run: str
    folder: str
    files: int
    state: CodeState


@dataclass(frozen=True, slots=True)
class EnvironmentOut:
    """The environment of a run as it was built again, and its interpreter."""

    run: str
    built: Rebuilt


def export_code(ref: str, folder: Path, workspace: Workspace) -> CodeOut:
    """Write the code of a run, or of the run that made a model, into an empty folder.

    Raises
    ------
    NotFoundError
        ``run-unknown`` or ``model-unknown``; ``code-not-kept`` where only its commit is known.
    UsageError
        ``folder-not-empty``.
    """
    run = _run_of(ref, workspace)
    state = load(CodeState, workspace.store.get(run.code))
    if state.tree is None and not state.files:
        raise NotFoundError(
            "code-not-kept",
            f"no file of code was kept with {run.id}",
            fix=f"git checkout {state.commit}" if state.commit else "look where it was started",
            facts={"run": run.id, "commit": state.commit, "skipped": list(state.skipped)},
        )
    files = restore_code(state, workspace.store, folder)
    return CodeOut(run.id, str(folder), files, state)


def export_environment(ref: str, folder: Path, workspace: Workspace) -> EnvironmentOut:
    """Build the environment of a run, or of the run that made a model, again in a folder.

    Raises
    ------
    MlwrightError
        As :func:`mlwright.run.environments.rebuild.rebuild`.
    """
    run = _run_of(ref, workspace)
    return EnvironmentOut(run.id, build_environment(run, workspace, folder.absolute()))


def _run_of(ref: str, workspace: Workspace) -> RunRecord:
    if noun_of(ref) is Noun.RUN:
        return run_record(workspace.ledger, ref)
    return run_record(workspace.ledger, find(workspace.ledger, ref).run)
