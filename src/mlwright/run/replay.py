"""Execute a recorded run's steps again, in a fresh process, from its root inputs alone.

Caches are not read, nothing is written to the store that is proved, and no recorded output is
opened: each step is fed what the steps before it gave this time. The user's modules are those
that were recorded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import mlwright
from mlwright.core.errors import FaultError, RefusedError
from mlwright.core.records import dump, load
from mlwright.ledger.ledger import Ledger
from mlwright.run.environment import DECIDING
from mlwright.run.history import run_record
from mlwright.run.records import Environment, Replay, RunRecord, StepRecord
from mlwright.run.reexecute import DEFAULT_RESOURCES, Request
from mlwright.run.restore import MAIN
from mlwright.run.sources import Sources
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store


def replay(
    run_id: str,
    store: Store,
    ledger: Ledger,
    *,
    resources: str = DEFAULT_RESOURCES,
    environ: Mapping[str, str] | None = None,
    top: LocalStore | None = None,
    python: Path | None = None,
) -> Replay:
    """Execute the steps of a run again and compare the content of each output.

    Parameters
    ----------
    resources
        ``module:function`` that, given a store, returns the resources of the steps by name.
    environ
        Environment variables for the fresh process, beside those that were recorded.
    top
        Where the replay puts what it makes, for a closer comparison; forgotten by default.
    python
        The interpreter of the environment to replay in, such as a rebuilt one; this process's by
        default. Packages are then imported from that environment alone, mlwright from ours only
        where it has none.

    Raises
    ------
    NotFoundError
        ``run-unknown``; ``object-missing`` for what was recorded and is gone.
    RefusedError
        ``replay-no-source`` for a step whose code was not kept; ``replay-local-function`` for
        one defined inside another function.
    FaultError
        ``replay-died`` when the fresh process ended without an answer.
    """
    run = run_record(ledger, run_id)
    for step in run.steps:
        _check_source(step, store)
    if isinstance(store, LocalStore):
        return _replay(run, store, resources, environ, top, python)
    with TemporaryDirectory(prefix="mlwright-replay-") as folder:
        copy = LocalStore(Path(folder))
        for digest in store.digests():
            copy.put(store.get(digest))
        return _replay(run, copy, resources, environ, top, python)


def _check_source(step: StepRecord, store: Store) -> None:
    module, _, qualname = step.function.partition(":")
    if "<locals>" in qualname or "<lambda>" in qualname:
        raise RefusedError(
            "replay-local-function",
            f"step {step.step!r} is {qualname}, defined inside another function: its code "
            "cannot be imported again",
            fix="define the step at the top of a module, then run it again",
            facts={"step": step.step, "function": step.function},
        )
    kept = () if step.sources is None else load(Sources, store.get(step.sources)).modules
    if module == MAIN and MAIN not in kept:
        raise RefusedError(
            "replay-no-source",
            f"step {step.step!r} was typed into an interpreter that kept no text of it",
            fix="put the step into a script or a module, then run it again",
            facts={"step": step.step, "function": step.function},
        )


def _replay(
    run: RunRecord,
    store: LocalStore,
    resources: str,
    environ: Mapping[str, str] | None,
    top: LocalStore | None,
    python: Path | None,
) -> Replay:
    recorded = load(Environment, store.get(run.environment))
    puts = None if top is None else str(top.folder.absolute())
    path = _path(elsewhere=python is not None)
    request = Request(str(store.folder.absolute()), puts, run.steps, resources, path)
    done = subprocess.run(
        [str(python or sys.executable), "-P", "-c", _START, _ours()],
        input=dump(request),
        capture_output=True,
        check=False,
        env=_environ(recorded, environ or {}, elsewhere=python is not None),
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise FaultError(
            "replay-died",
            f"the process that replayed {run.id} ended with {done.returncode}: "
            f"{said.rpartition(chr(10))[2] or 'no word'}",
            fix="see that there is enough memory, then try again",
            facts={"run": run.id, "status": done.returncode, "said": said[-2000:]},
        )
    return load(Replay, done.stdout)


_START = "import sys; sys.path.append(sys.argv[1]); from mlwright.run.reexecute import main; main()"
"""What the fresh process does first; its own mlwright comes before ours."""


def _ours() -> str:
    return str(Path(mlwright.__file__).parents[1])


def _path(*, elsewhere: bool) -> tuple[str, ...]:
    """Return where the user's modules may lie; of another environment not where packages do."""
    path = tuple(str(Path(entry).absolute()) for entry in sys.path)
    if not elsewhere:
        return path
    library = {str(Path(sysconfig.get_path(key))) for key in ("stdlib", "platstdlib")}
    return tuple(
        entry
        for entry in path
        if not {"site-packages", "dist-packages"} & {*Path(entry).parts}
        and not any(Path(entry).is_relative_to(each) for each in library)
        and not entry.endswith(".zip")
        and entry != _ours()
    )


def _environ(recorded: Environment, more: Mapping[str, str], *, elsewhere: bool) -> dict[str, str]:
    """Return this process's variables, with those that decide a result as they were."""
    kept = {name: value for name, value in os.environ.items() if name not in DECIDING}
    if elsewhere:
        kept = {name: value for name, value in kept.items() if name not in _OF_PYTHON}
    elif Path(_ours()).name != "site-packages":
        found = (_ours(), kept.get("PYTHONPATH"))
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    decided = {name: value for name, value in recorded.variables.items() if name in DECIDING}
    return {**kept, **decided, **more}


_OF_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
