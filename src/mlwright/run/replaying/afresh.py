"""Start a fresh process that does recorded work again, and hear its answer."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import mlwright
from mlwright.core.errors import FaultError
from mlwright.run.environments.record import DECIDING
from mlwright.run.records import Environment


def told(
    module: str, request: bytes, environ: Mapping[str, str], python: Path | None, *, about: str
) -> bytes:
    """Return what a module of this package answers to a request, in a process of its own.

    Raises
    ------
    FaultError
        ``replay-died`` when the process ended without an answer.
    """
    done = subprocess.run(
        [str(python or sys.executable), "-P", "-c", _START, _ours(), module],
        input=request,
        capture_output=True,
        check=False,
        env=dict(environ),
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise FaultError(
            "replay-died",
            f"the process that replayed {about} ended with {done.returncode}: "
            f"{said.rpartition(chr(10))[2] or 'no word'}",
            fix="see that there is enough memory, then try again",
            facts={"run": about, "status": done.returncode, "said": said[-2000:]},
        )
    return done.stdout


_START = """
import importlib, sys
sys.path.append(sys.argv[1])
importlib.import_module(f"mlwright.run.replaying.{sys.argv[2]}").main()
"""
"""What the fresh process does first; its own mlwright comes before ours."""


def _ours() -> str:
    return str(Path(mlwright.__file__).parents[1])


def modules_path(*, elsewhere: bool) -> tuple[str, ...]:
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


def deciding(recorded: Environment, *, elsewhere: bool) -> dict[str, str]:
    """Return this process's variables, with those that decide a result as they were."""
    kept = {name: value for name, value in os.environ.items() if name not in DECIDING}
    if elsewhere:
        kept = {name: value for name, value in kept.items() if name not in _OF_PYTHON}
    elif Path(_ours()).name != "site-packages":
        found = (_ours(), kept.get("PYTHONPATH"))
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    decided = {name: value for name, value in recorded.variables.items() if name in DECIDING}
    return {**kept, **decided}


_OF_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
