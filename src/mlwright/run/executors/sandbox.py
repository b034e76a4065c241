"""Carry steps out in processes that bubblewrap confines: no network, nothing to write, few files.

A step sees Python, the installed packages and its arguments; the files it names as its inputs
are there to be read. ``/tmp`` is empty, its own, and gone with it. Where no sandbox can be made
nothing is carried out: it is never left away without a word.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import mlwright
from mlwright.core.errors import FaultError, UsageError
from mlwright.run.executors.process import Launch
from mlwright.run.executors.processes import Processes
from mlwright.run.executors.protocol import Task

_PROGRAM = "bwrap"
_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/opt/conda")
_TOLD = (
    "/etc/alternatives",
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/timezone",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
)
_OF_THE_NETWORK = ("/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/ssl", "/etc/pki")
_VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ", "VIRTUAL_ENV")
"""Variables a step is told; others may hold what is nobody's business."""

_SCRATCH = "/tmp"  # noqa: S108 - inside, where it is the step's own
_SECONDS = 20.0


class Sandbox(Processes):
    """Fresh processes that reach nothing but what is theirs.

    Raises
    ------
    FaultError
        ``sandbox-missing`` where bubblewrap is not installed or may not make one.
    """

    name = "sandbox"

    def __init__(self, places: int | None = None) -> None:
        _require()
        super().__init__(places)

    def launch(self, task: Task) -> Launch:
        """Return how the process of a task is started, behind its walls."""
        folder = Path.cwd()
        kept = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        environ = self.environ({**kept, "HOME": _SCRATCH, "TMPDIR": _SCRATCH})
        shown = [_input(task.step, each) for each in task.limits.inputs]
        walls = walls_around(shown, folder=folder, network=task.limits.network)
        return Launch((*walls, "--"), environ, Path("/"))


def walls_around(shown: list[Path], *, folder: Path, network: bool) -> tuple[str, ...]:
    """Return the command that confines the one after it.

    Parameters
    ----------
    shown
        Files and folders to be read inside.
    folder
        The folder the command finds itself in; empty but for what is shown.
    """
    binds = dict.fromkeys((*_python(), *map(str, shown)))
    return (
        *(_program(), "--unshare-all", *(("--share-net",) if network else ())),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", _SCRATCH),
        *_bound("--ro-bind-try", (*_SYSTEM, *_TOLD, *(_OF_THE_NETWORK if network else ()))),
        *("--dir", str(folder)),
        *_bound("--ro-bind", sorted(binds)),
        *("--remount-ro", "/", "--chdir", str(folder)),
    )


def _bound(how: str, paths: Iterator[str] | tuple[str, ...] | list[str]) -> Iterator[str]:
    for path in paths:
        yield from (how, path, path)


def _python() -> Iterator[str]:
    """Give the folders that Python, its packages and mlwright lie in."""
    yield from (sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1]))
    yield str(Path(mlwright.__file__).parent)
    for entry in sys.path:
        if Path(entry).name in ("site-packages", "dist-packages") and Path(entry).is_dir():
            yield str(Path(entry).absolute())


def _input(step: str, path: str) -> Path:
    found = Path(path).absolute()
    if not found.exists():
        raise UsageError(
            "step-input-file",
            f"step {step!r} is to read {path!r}, which is not there",
            fix="name files and folders that exist: @mw.step(inputs=[...])",
            facts={"step": step, "path": path},
            looked=[str(found)],
        )
    return found


def _program() -> str:
    return shutil.which(_PROGRAM) or _PROGRAM


@cache
def why_no_sandbox() -> str | None:
    """Return why no sandbox can be made here, None where one can: one is made to see."""
    if sys.platform != "linux":
        return "bubblewrap runs on Linux alone"
    if shutil.which(_PROGRAM) is None:
        return "bubblewrap (bwrap) is not installed"
    walls = walls_around([], folder=Path("/"), network=False)
    try:
        done = subprocess.run(
            [*walls, "--", sys.executable, "-I", "-S", "-c", ""],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start: {error}"
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"bubblewrap may not make one here: {said or f'it ended with {done.returncode}'}"
    return None


def _require() -> None:
    why = why_no_sandbox()
    if why is not None:
        raise FaultError(
            "sandbox-missing",
            f"steps are to be carried out in a sandbox, and {why}",
            fix="install bubblewrap and let this user make namespaces, or set run.executor to "
            "processes: then a step reaches the network and every file of yours",
            facts={"why": why},
        )
