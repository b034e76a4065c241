"""Installers: uv where there is one, pip else; what they are given is all they may install."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from mlwright.core.errors import FaultError, NotFoundError

_ASKED = (
    "import json, platform, sys; "
    "print(json.dumps([platform.python_version(), sys.implementation.name]))"
)
_SECONDS = 600


def find_uv(environ: Mapping[str, str]) -> Path | None:
    """Return uv: the package installed beside us, or the program on the path."""
    if find_spec("uv") is not None:
        from uv import find_uv_bin

        with suppress(FileNotFoundError):  # the package may lie on a path of its own
            return Path(find_uv_bin())
    found = shutil.which("uv", path=environ.get("PATH"))
    return None if found is None else Path(found)


def find_python(version: str, implementation: str, environ: Mapping[str, str]) -> Path:
    """Return an interpreter of exactly this version.

    Looked for: the one that runs this, uv's, pyenv's, and those on the path.

    Raises
    ------
    NotFoundError
        ``environment-no-python``.
    """
    looked = []
    for python in _interpreters(version, environ):
        looked.append(str(python))
        if _asked(python) == (version, implementation):
            return python
    raise NotFoundError(
        "environment-no-python",
        f"there is no {implementation} {version} on this machine, which the run was done with",
        fix=f"install it, such as with: uv python install {version}",
        facts={"python": version, "implementation": implementation},
        looked=looked,
    )


def _interpreters(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    own = Path(getattr(sys, "_base_executable", sys.executable))
    if platform.python_version() == version:
        yield own
    uv = find_uv(environ)
    if uv is not None:
        asked = [str(uv), "python", "find", "--no-config", "--no-project", version]
        done = subprocess.run(
            asked, capture_output=True, text=True, check=False, env=_quiet(environ)
        )
        if not done.returncode:
            yield Path(done.stdout.strip())
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv")
    minor = ".".join(version.split(".")[:2])
    if (python := root / "versions" / version / "bin" / "python").exists():
        yield python
    for name in (f"python{minor}", "python3"):
        if found := shutil.which(name, path=environ.get("PATH")):
            yield Path(found)


def _asked(python: Path) -> tuple[str, str] | None:
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _ASKED], capture_output=True, check=False, timeout=60
        )
        version, implementation = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return str(version), str(implementation)


def make_environment(python: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """Make an empty virtual environment; return its interpreter."""
    uv = find_uv(environ)
    if uv is not None:
        fixed = ["--no-config", "--no-project", "--offline"]
        _run([str(uv), "venv", *fixed, "--python", str(python), str(folder)], environ)
    else:
        _run([str(python), "-I", "-m", "venv", "--without-pip", str(folder)], environ)
    return folder / "bin" / "python"


def install(
    wheels: Sequence[Path], python: Path, environ: Mapping[str, str], *, base: Path
) -> None:
    """Install exactly these wheels, nothing they ask for and nothing from elsewhere.

    Parameters
    ----------
    base
        The interpreter the environment was made with, whose pip is used where there is no uv.
    """
    if not wheels:
        return
    given = [str(path) for path in wheels]
    uv = find_uv(environ)
    if uv is not None:
        fixed = ["--no-config", "--offline", "--no-index", "--no-deps", "--no-cache"]
        _run([str(uv), "pip", "install", "--python", str(python), *fixed, *given], environ)
    else:
        fixed = ["--isolated", "--no-index", "--no-deps", "--no-cache-dir", "--no-input"]
        fixed += ["--no-compile", "--no-warn-script-location", "--disable-pip-version-check"]
        pip = [str(base), "-I", "-m", "pip", "--python", str(python)]
        _run([*pip, "install", *fixed, *given], environ)


def install_at_hand(versions: Mapping[str, str], python: Path, environ: Mapping[str, str]) -> bool:
    """Install exactly these versions from what uv has at hand; tell whether it had them all.

    Its cache and the folders it is told of are read, as it is set up on this machine; no other
    host is asked.
    """
    uv = find_uv(environ)
    if uv is None:
        return False
    given = [f"{name}=={version}" for name, version in versions.items()]
    fixed = ["--offline", "--no-deps", "--no-build"]
    own = {name: value for name, value in environ.items() if name not in _OF_ENVIRONMENTS}
    done = subprocess.run(
        [str(uv), "pip", "install", "--python", str(python), *fixed, *given],
        capture_output=True,
        check=False,
        env=own,
        timeout=_SECONDS,
    )
    return not done.returncode


_OF_ENVIRONMENTS = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")


def _run(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=_quiet(environ), timeout=_SECONDS
    )
    if done.returncode:
        said = done.stderr.strip()
        raise FaultError(
            "environment-not-built",
            f"{Path(command[0]).name} ended with {done.returncode}: {said.rpartition(chr(10))[2]}",
            fix="see with --json all it said; installing uv may help",
            facts={"command": command, "said": said[-2_000:]},
        )


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what would lead an installer elsewhere."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("UV_", "PIP_")) and name not in _OF_ENVIRONMENTS
    }
    return {**kept, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
