"""The environment of a run: kept with it, and built again to prove it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlwright.core.errors import MlwrightError
from mlwright.core.records import load
from mlwright.flows.workspace import Workspace
from mlwright.run.closure.origin import loaded_distributions, with_requirements
from mlwright.run.code.trees import Shelf, read_tree, shelf_in, tree_digest
from mlwright.run.environments.lock import locked
from mlwright.run.environments.rebuild import rebuild
from mlwright.run.environments.record import OURS
from mlwright.run.environments.records import Rebuilt, Wheels
from mlwright.run.environments.wheels import keep_wheels, kept_wheels, record_wheels, wheels_of_run
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord
from mlwright.run.records import Environment, Installed, KeyTerms
from mlwright.run.settings import EnvironmentSettings
from mlwright.store.memory import MemoryStore
from mlwright.train.records import Plan


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What a run is done again in: ``python`` is another environment's, or None for this one.

    ``differs`` names what is installed otherwise here; ``why`` tells why the recorded environment
    could not be built again, or is empty. ``ours_of_then`` tells that it holds the mlwright that
    was recorded; else today's is used in it.
    """

    python: Path | None
    differs: tuple[str, ...]
    why: str
    ours_of_then: bool = False


def keep_environment(run: str, workspace: Workspace, *, always: bool = False) -> Wheels | None:
    """Keep the wheels of what a run used, where the settings or the caller ask for it."""
    if not (always or workspace.settings.section(EnvironmentSettings).keep_wheels):
        return None
    record = run_record(workspace.ledger, run)
    names = {*used_by(record, workspace), *loaded_distributions(), OURS}
    if OURS not in locked():
        names.update(locked())  # nobody tells what we require: all that is installed is kept
    return record_wheels(run, names, shelf_in(workspace.store), workspace.ledger)


def used_by(run: RunRecord, workspace: Workspace) -> frozenset[str]:
    """Return the distributions a run was done with, as far as its records tell; never our own.

    Those its steps touch, those that models of the user's own touch, what these require, what
    mlwright itself requires, and what was kept with it.
    """
    found = with_requirements({OURS: ""})
    kept = wheels_of_run(run.id, workspace.ledger, workspace.store)
    if kept is not None:
        found |= {name: "" for name in kept.names if name not in kept.wheels.left}
    for step in run.steps:
        found |= load(KeyTerms, workspace.store.get(step.terms)).distributions
    if "plan" in run.inputs:
        plan = load(Plan, workspace.store.get(run.inputs["plan"]))
        for own in plan.own:
            found |= own.distributions
    return frozenset(found) - {OURS}


@contextmanager
def interpreter_of(
    run: RunRecord, workspace: Workspace, *, as_it_was: bool = False
) -> Iterator[Interpreter]:
    """Give what to do a run again in: here where the same is installed, else as it was.

    The recorded environment is built again from its wheels, in the project's folder, or in one
    that is forgotten where the project can only be read.

    Parameters
    ----------
    as_it_was
        Build it again in any case, with the mlwright of then.
    """
    recorded = load(Environment, workspace.store.get(run.environment))
    differs = differences(recorded, used_by(run, workspace), locked())
    if not (differs or as_it_was):
        yield Interpreter(None, (), "")
        return
    with _place(workspace) as place:
        try:
            built = build_environment(run, workspace, place, leave=() if as_it_was else (OURS,))
        except MlwrightError as error:
            yield Interpreter(None, differs, f"[{error.code}] {error.message}", as_it_was)
        else:
            yield Interpreter(Path(built.python), differs, "", as_it_was)


def ours_changed(run: RunRecord, workspace: Workspace) -> bool:
    """Tell whether the mlwright that a run was done with was kept with it, and is not this one."""
    kept = wheels_of_run(run.id, workspace.ledger, workspace.store)
    if kept is None:
        return False
    tree = kept.wheels.trees.get(OURS)
    if tree is None:
        recorded = load(Environment, workspace.store.get(run.environment)).distributions
        then, now = recorded.get(OURS), locked().get(OURS)
        held = then is not None and then.files in kept.wheels.wheels
        return held and (now is None or then is None or now.files != then.files)
    store = MemoryStore()
    today = keep_wheels([OURS], Shelf(store)).trees.get(OURS)
    before = tree_digest(read_tree(tree, workspace.store))
    return today is None or tree_digest(read_tree(today, store)) != before


def told(where: Interpreter) -> str:
    """Tell in what a run was done again, where that was not what is installed here."""
    here = "; ".join((*where.differs[:3], *(("mlwright is another",) * where.ours_of_then)))
    if where.python is not None:
        return f" Done in the recorded environment, built again: here {here}."
    if where.why:
        return f" The recorded environment ({here}) could not be built again: {where.why}."
    return ""


def build_environment(
    run: RunRecord, workspace: Workspace, folder: Path, *, leave: Collection[str] = ()
) -> Rebuilt:
    """Build the environment of a run again in a folder, from the wheels in the store.

    Parameters
    ----------
    leave
        The distributions that it must not hold.

    Raises
    ------
    MlwrightError
        As :func:`mlwright.run.environments.rebuild.rebuild`.
    """
    recorded = load(Environment, workspace.store.get(run.environment))
    kept = wheels_of_run(run.id, workspace.ledger, workspace.store)
    wheels = kept_wheels(workspace.ledger, workspace.store)
    return rebuild(
        recorded,
        workspace.store,
        folder,
        # Folders are the run's own: what was kept of them at another time is other code.
        wheels=replace(wheels, trees={} if kept is None else kept.wheels.trees),
        needed=used_by(run, workspace),
        leave=leave,
        environ=workspace.environ,
    )


def differences(
    recorded: Environment, needed: Collection[str], here: Mapping[str, Installed]
) -> tuple[str, ...]:
    """Tell what of a recorded environment is not installed here as it was."""
    found = []
    python = f"{sys.implementation.name} {platform.python_version()}"
    if (before := f"{recorded.implementation} {recorded.python}") != python:
        found.append(f"{before} became {python}")
    for name in sorted(recorded.distributions.keys() & set(needed)):
        old, new = recorded.distributions[name], here.get(name)
        if new is None:
            found.append(f"{name} {old.version} is gone")
        elif old.version != new.version:
            found.append(f"{name} {old.version} became {new.version}")
        elif not _same_files(old, new):
            found.append(f"{name} {old.version} has other files")
    return tuple(found)


def _same_files(old: Installed, new: Installed) -> bool:
    if old.files is not None and new.files is not None:
        return old.files == new.files
    return old.record == new.record or old.tree is not None


@contextmanager
def _place(workspace: Workspace) -> Iterator[Path]:
    if workspace.ledger.writable:
        yield workspace.state / "environments"
        return
    with TemporaryDirectory(prefix="mlwright-environment-") as folder:
        yield Path(folder)
